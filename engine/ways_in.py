"""The ways into a repository: listing, adding, replacing and removing key slots, and rotating the key.

Every change puts what is new before it deletes what is old, so that a change which is broken off leaves more ways in,
never fewer; run again, it goes on. All that holds the master key opens everything, so only who opened the repository
with a whole one may change its slots.

A rotation cannot seal the new key for a passphrase that is not at hand: the others go. That is what it is for, too:
whoever kept a copy of a removed slot opens old epochs with it, and never the new one.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from blake3 import blake3

from yester.engine.errors import DamageError, Missing, RepositoryError, UsageError
from yester.engine.repository import Repository
from yester.engine.sealed.keys import MasterKey
from yester.engine.sealed.keyslots import (
    SlotKind,
    new_recovery_key,
    new_slot,
    open_slot,
    parse_recovery_key,
    slot_facts,
)

RECOVERY_LABEL = "recovery"
_BY_PASSPHRASE = (SlotKind.PASSPHRASE, SlotKind.PUBLIC)
_FULL = (SlotKind.PASSPHRASE, SlotKind.RECOVERY, SlotKind.NONE)


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: a key slot. `in_use`: it opened the repository now; `problem`: why it opens nothing."""

    name: str
    kind: str
    label: str
    created_ns: int
    epoch: int
    in_use: bool = False
    problem: str = ""

    @property
    def id(self) -> str:
        """What a person names it by: the beginning of its object's digest."""
        return self.name.partition(".")[2][:8]

    @property
    def opens_all(self) -> bool:
        """Whether it is a way to everything in the repository."""
        return not self.problem and self.kind in _FULL


@dataclass(frozen=True, slots=True)
class NewWay:
    """A secret that is to open the repository."""

    kind: SlotKind
    secret: bytes | None
    label: str = ""


def ways_in(repository: Repository) -> list[Way]:
    """Return all key slots, oldest first."""
    found = [_way(repository, name, data) for name, data in _slots(repository)]
    return sorted(found, key=lambda way: (way.created_ns, way.name))


def _slots(repository: Repository) -> Iterable[tuple[str, bytes]]:
    for name in repository.store.list("key."):
        with suppress(Missing):
            yield name, repository.store.get(name)


def _way(repository: Repository, name: str, data: bytes) -> Way:
    try:
        facts = slot_facts(data)
    except (DamageError, RepositoryError) as error:
        return Way(name, "", "", 0, 0, problem=error.what)
    return Way(name, *facts, in_use=name == repository.slot)


def way_meant(ways: Sequence[Way], text: str) -> Way:
    """Return the one that a person names by the beginning of its id, or by its label; UsageError when it is not one."""
    found = [way for way in ways if len(text) >= 4 and way.name.startswith(f"key.{text.lower()}")]
    found = found or [way for way in ways if way.label == text]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{way.id} ({way.label or way.kind})" for way in ways)
    words = f"{text} may be any of {len(found)} keys" if found else f"There is no key {text}"
    raise UsageError(words, hint=f"Keys of this repository: {known}.")


def add_way(repository: Repository, way: NewWay) -> Way:
    """Add a way in. UsageError: the secret opens the repository already, or is empty."""
    if way.secret is not None and _opens_any(repository, way):
        raise UsageError(
            "This passphrase opens the repository already", hint="Give another one; `yester key list` shows all."
        )
    return _put(repository, repository.master, way)


def _opens_any(repository: Repository, way: NewWay) -> bool:
    for _, data in _slots(repository):
        with suppress(DamageError, RepositoryError):
            if slot_facts(data).kind in _BY_PASSPHRASE and open_slot(data, way.secret) is not None:
                return True
    return False


def _put(repository: Repository, master: MasterKey, way: NewWay) -> Way:
    slot = new_slot(master, kind=way.kind, secret=way.secret, label=way.label, now_ns=time.time_ns())
    name = f"key.{blake3(slot).hexdigest()}"
    repository.store.put(name, [slot])
    return Way(name, *slot_facts(slot))


def remove_way(repository: Repository, way: Way) -> None:
    """Remove a way in. UsageError when nothing would be left that opens everything."""
    if not any(other.opens_all for other in ways_in(repository) if other.name != way.name):
        raise UsageError(
            f"{way.id} is the last key that opens the repository: without it nobody could ever read it again",
            hint="Add another one first: yester key add",
        )
    with suppress(Missing):
        repository.store.delete(way.name)


def replace_way(repository: Repository, old: Way, new: NewWay) -> Way:
    """Change a passphrase: the new one opens the repository before the old one ceases to."""
    added = add_way(repository, new)
    remove_way(repository, old)
    return added


def add_recovery(repository: Repository, label: str = RECOVERY_LABEL) -> tuple[str, Way]:
    """Make a new recovery key; return it, to be shown once, and its slot."""
    key = new_recovery_key()
    return key, _put(repository, repository.master, NewWay(SlotKind.RECOVERY, parse_recovery_key(key), label))


def lost_by_rotation(ways: Iterable[Way], kept: Iterable[str]) -> list[Way]:
    """Return the ways in that a rotation ends, but for recovery keys, of which it makes one anew."""
    names = set(kept)
    return [way for way in ways if way.name not in names and way.kind != SlotKind.RECOVERY]


def rotate(repository: Repository, kept: Sequence[NewWay]) -> str:
    """Let everything from now on be sealed under a new secret, which only `kept` and a new recovery key open.

    All other ways in go. Returns the recovery key. What is stored stays sealed as it is, and whoever has a copy of an
    old slot can still open that. Other programs that have the repository open go on under the old secret until they
    open it again.
    """
    master = repository.master.rotated()
    old = [way.name for way in ways_in(repository)]
    key = new_recovery_key()
    ways = [*kept, NewWay(SlotKind.RECOVERY, parse_recovery_key(key), RECOVERY_LABEL)]
    for way in ways:
        _put(repository, master, way)
    for name in old:
        with suppress(Missing):
            repository.store.delete(name)
    return key


def opened_by(repository: Repository, secret: bytes) -> Way | None:
    """Return the way in that a secret opens, None when it opens none. Slow: one derivation a slot."""
    for name, data in _slots(repository):
        with suppress(DamageError, RepositoryError):
            facts = slot_facts(data)
            if facts.kind == SlotKind.PASSPHRASE and open_slot(data, secret) is not None:
                return Way(name, *facts)
    return None
