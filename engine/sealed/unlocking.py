"""Unlocking: from key slots and a secret to the keys, in a thread of its own.

Deriving a key takes a seventh of a second without the interpreter lock. Whoever opens a repository goes on meanwhile
(starts the walk, imports what comes next) and waits only where keys are needed.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, TypeVar

from yester.engine.errors import DamageError, RepositoryError, UsageError, WrongSecret
from yester.engine.lacking import WRONG
from yester.engine.sealed.clear import has_keyed_digest
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.sealed.keyslots import SlotKind, open_slot, parse_recovery_key, slot_kind, slot_rank

T = TypeVar("T")


class Unlocked(NamedTuple):
    """What a secret opened: the master key, what is derived from it, and the name of the key slot."""

    master: MasterKey
    keys: Keys
    slot: str = ""


class Pending(Generic[T]):
    """A value being worked out in a thread of its own; every `result` waits for it and gives it or its error."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._done = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, args=(work,), name="unlock", daemon=True).start()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._value = work()
        except BaseException as error:  # noqa: BLE001 - raised again in the threads that wait
            self._error = error
        finally:
            self._done.set()

    def result(self) -> T:
        """Wait for the value; what the work raised is raised here."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


def needs_secret(slots: Mapping[str, bytes]) -> bool:
    """Say whether any of these key slots (bytes by object name) wants a secret, broken ones left out.

    When none is whole, raises what is wrong with the first: DamageError, or RepositoryError for a newer version.
    """
    kinds: set[str] = set()
    problems: list[DamageError | RepositoryError] = []
    for data in slots.values():
        try:
            kinds.add(slot_kind(data))
        except (DamageError, RepositoryError) as error:
            problems.append(error)
    if problems and not kinds:
        raise problems[0]
    return kinds != {SlotKind.NONE}


def unlock(slots: Mapping[str, bytes], secret: bytes | None, config: bytes) -> Unlocked:
    """Try the secret on every slot, and return the keys that made the config. Slow: one derivation a slot.

    Slots of the newest epoch are tried first, and of one epoch the newest: a rotation that was broken off leaves two
    that open with one secret.
    A slot that opens to other keys is passed over: an interrupted init may have left it. Where any slot wants a secret,
    slots without one are ignored, lest whoever can write to the store slip in a key of his own.
    RepositoryError: wrong secret, or a newer program's slot. DamageError: nothing whole is left to open it with.
    """
    locked = needs_secret(slots)
    problems: list[DamageError | RepositoryError] = []
    strangers = False
    for name, data in sorted(slots.items(), key=lambda slot: slot_rank(slot[1]), reverse=True):
        try:
            kind = slot_kind(data)
            if locked and kind == SlotKind.NONE:
                continue
            master = open_slot(data, _fitting(secret, kind))
        except (DamageError, RepositoryError) as error:
            problems.append(error)
            continue
        if master is None:
            continue
        keys = Keys(master)
        if has_keyed_digest(config, keys.config_key):
            return Unlocked(master, keys, name)
        strangers = True
    raise _verdict(problems, strangers)


def _fitting(secret: bytes | None, kind: str) -> bytes | None:
    """Return what to try on a slot of this kind: a recovery slot takes the key that the written groups stand for."""
    if kind != SlotKind.RECOVERY or secret is None:
        return secret
    try:
        return parse_recovery_key(secret.decode("utf-8", "replace"))
    except UsageError:
        return None


def _verdict(problems: list[DamageError | RepositoryError], strangers: bool) -> DamageError | RepositoryError:
    if strangers:
        return DamageError(
            "The secret opens a key slot, but config was not written with that key: one of the two was exchanged",
            hint="Put back config and the key objects from another copy of the repository.",
        )
    if problems:
        return min(problems, key=lambda problem: not isinstance(problem, DamageError))
    return WrongSecret(
        f"{WRONG}: no key slot of the repository opens with it",
        hint="Check capitals and keyboard layout; a recovery key is accepted in its place.",
    )
