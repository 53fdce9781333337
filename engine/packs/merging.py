"""Index compaction: small fragments, and those that name packs which are gone, become few (docs/format.md, 4.3).

New fragments first, without a word about the old ones; the last of them says that it replaces these; then the old ones
are deleted. Breaking off anywhere loses nothing: until the last one is put the old ones count, from then on they are
ignored. Two compactions at once each put what they have read; both are listed then, and name the same packs, which
does no harm. What this one has not read it does not replace.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import NamedTuple

from yester.engine.errors import DamageError, Missing
from yester.engine.ids import FragmentId, PackId
from yester.engine.packs.fragments import get_fragment, list_fragments
from yester.engine.packs.index import FRAGMENT_BLOBS, Index, Indexed
from yester.engine.packs.packs import PackEntry
from yester.engine.sealed.sealing import ObjectKind, name_of

MANY_FRAGMENTS = 64
"""A run that finds so many more fragments than half-full ones would be merges the small ones."""

_SMALL = FRAGMENT_BLOBS // 2
_TRIES = 5
"""How often another compaction may delete a fragment that this one is about to read."""


class Merged(NamedTuple):
    """What a compaction put, and what is not needed any more."""

    fragments: tuple[FragmentId, ...]
    replaced: tuple[FragmentId, ...]


NOTHING = Merged((), ())


def is_scattered(index: Index, spare: int = MANY_FRAGMENTS) -> bool:
    """Whether the index lies in more than `spare` fragments more than it need."""
    return len(index.fragments()) > spare + index.blobs // _SMALL


def merge_fragments(
    repository: Indexed, gone: Collection[PackId] = (), *, check: Callable[[], None] = lambda: None
) -> Merged:
    """Put fragments that name what the small ones name, and those that name packs in `gone`, without these.

    `check` is called before the last one is put, and may raise. Nothing is deleted: `delete_fragments` does. StoreError
    when the store fails.
    """
    for attempt in range(_TRIES):
        repository.index.refresh()
        try:
            return _merge(repository, gone, check)
        except Missing:
            if attempt == _TRIES - 1:
                raise
    return NOTHING


def merge_many(repository: Indexed) -> Merged:
    """Merge fragments when they are many, and delete those that this replaces; for a writer that has committed.

    Where one is damaged nothing is done: a check finds it, and says what to do.
    """
    if not repository.keys.can_read or not is_scattered(repository.index):
        return NOTHING
    try:
        merged = merge_fragments(repository)
    except DamageError:
        return NOTHING
    delete_fragments(repository, merged.replaced)
    return merged


def delete_fragments(repository: Indexed, fragments: Collection[FragmentId]) -> None:
    """Delete fragments that others replace."""
    for fragment in fragments:
        with suppress(Missing):
            repository.store.delete(name_of(ObjectKind.INDEX, fragment))


def replaced_fragments(repository: Indexed) -> set[FragmentId]:
    """Return the fragments that are listed and that others replace."""
    return repository.index.superseded() & list_fragments(repository.store)


def _merge(repository: Indexed, gone: Collection[PackId], check: Callable[[], None]) -> Merged:
    index = repository.index
    chosen = _chosen(repository, gone)
    # What was replaced and is listed still would count again once its replacement is gone.
    replaced = sorted(replaced_fragments(repository).union(chosen))
    if not chosen:
        return Merged((), tuple(replaced))
    put: list[FragmentId] = []
    batch: list[PackEntry] = []
    blobs = 0
    for entry in _entries(repository, chosen, gone):
        blobs += entry.directory.blobs
        if batch and blobs > FRAGMENT_BLOBS:
            put.append(index.add_packs(batch))
            batch, blobs = [], entry.directory.blobs
        batch.append(entry)
    check()
    put.append(index.add_packs(batch, replaced))
    return Merged(tuple(put), tuple(replaced))


def _chosen(repository: Indexed, gone: Collection[PackId]) -> list[FragmentId]:
    """Return the fragments to replace: those that name what is gone, and, if that makes two, the small ones."""
    dirty: list[FragmentId] = []
    small: list[FragmentId] = []
    for fragment in sorted(repository.index.fragments()):
        packs = get_fragment(repository.store, repository.keys, fragment).packs
        if any(entry.pack in gone for entry in packs):
            dirty.append(fragment)
        elif sum(entry.directory.blobs for entry in packs) < _SMALL:
            small.append(fragment)
    return dirty + small if len(dirty) + len(small) > 1 else dirty


def _entries(repository: Indexed, fragments: Collection[FragmentId], gone: Collection[PackId]) -> Iterator[PackEntry]:
    """Yield each pack that these fragments name and that stays, once."""
    seen: set[PackId] = set()
    for fragment in fragments:
        for entry in get_fragment(repository.store, repository.keys, fragment).packs:
            if entry.pack not in gone and entry.pack not in seen:
                seen.add(entry.pack)
                yield entry
