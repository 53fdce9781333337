"""What the store holds at one moment, as a writer must know it: packs, and which of them a prune is about to delete."""

from collections.abc import Iterable
from typing import NamedTuple

from blake3 import blake3

from yester.engine.errors import Broken, DamageError, Missing
from yester.engine.ids import PackId
from yester.engine.packs.packs import PACK_KINDS, list_packs
from yester.engine.repository import Repository
from yester.engine.sealed.records import Mark, decode_record
from yester.engine.sealed.sealing import (
    ObjectKind,
    digest_of,
    is_digest_name,
    name_of,
    open_record,
    was_added_blind,
)
from yester.engine.store import Store, mending


class Listed(NamedTuple):
    """What the store held at one moment."""

    packs: set[PackId]
    marks: dict[str, set[PackId]]
    """What each prune or purge is about to delete, by the name of its mark."""
    purges: frozenset[str] = frozenset()
    """Which of the marks are of purges."""

    @property
    def purging(self) -> set[PackId]:
        """What purges alone are about to delete: what an archive holds."""
        kinds: dict[bool, set[PackId]] = {True: set(), False: set()}
        for name, packs in self.marks.items():
            kinds[name in self.purges] |= packs
        return kinds[True] - kinds[False]

    @property
    def lasting(self) -> set[PackId]:
        """Packs that no prune is about to delete."""
        return self.packs.difference(*self.marks.values())


def listed(repository: Repository, *, archived: bool = False) -> Listed:
    """List packs and marks. DamageError when a mark is not what was written.

    With `archived` packs that are offline count as well: what archives hold is asked for after packs were listed.
    """
    store = repository.store
    if not repository.can_read:
        return _listed_blind(store)
    # Marks first: a prune whose mark goes meanwhile is through, and the packs then show what it deleted.
    found = {name: mark for name in store.list("mark.") if (mark := _marked(repository, name)) is not None}
    packs = {PackId(digest_of(name)) for name in list_packs(store)}
    marks = {name: set(map(PackId, mark.packs)) for name, mark in found.items()}
    if archived:
        packs |= repository.index.look_for_archived().held.keys()
    return Listed(packs, marks, frozenset(name for name, mark in found.items() if mark.purge))


def gone(store: Store, packs: Iterable[PackId]) -> set[PackId]:
    """Return those of some packs that the store does not hold: asked for each, since a listing may be behind."""
    return {pack for pack in packs if not any(_is_there(store, name_of(kind, pack)) for kind in PACK_KINDS)}


def _is_there(store: Store, name: str) -> bool:
    try:
        store.query(name)
    except Missing:
        return False
    return True


def _listed_blind(store: Store) -> Listed:
    """List packs and marks for who cannot read a mark: any of them may take every pack."""
    marks = [name for name in store.list("mark.") if is_digest_name(name)]
    packs = {PackId(digest_of(name)) for name in list_packs(store)}
    return Listed(packs, dict.fromkeys(marks, packs))


def _marked(repository: Repository, name: str) -> Mark | None:
    """Return what a prune or purge is about to delete; None when this is none, or has gone.

    Who can only add cannot prune: his mark would only keep others from building on what is there.
    """
    if not is_digest_name(name):
        return None
    try:
        return mending(repository.store, name, lambda: _read_mark(repository, name))
    except Missing:
        return None


def _read_mark(repository: Repository, name: str) -> Mark | None:
    data = repository.store.get(name)
    if was_added_blind(data):
        return None
    return decode_record(Mark, open_record(ObjectKind.MARK, repository.keys, name, data), name)


def unsound_metadata(store: Store) -> set[PackId]:
    """Read every metadata pack and return those that are not what was written."""
    metadata = [name for name in list_packs(store) if name.startswith("meta.")]
    return {PackId(digest_of(name)) for name in metadata if not _is_sound(store, name)}


def _is_sound(store: Store, name: str) -> bool:
    def compare() -> None:
        if blake3(store.get(name)).digest() != digest_of(name):
            raise DamageError(f"{name} is not what its name says")

    try:
        mending(store, name, compare)
    except (Missing, Broken, DamageError):
        return False
    return True
