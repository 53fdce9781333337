"""Packs that no index fragment names: adopting those that a killed run left, and rebuilding a lost index."""

from collections.abc import Collection, Iterable, Iterator, Set
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from yester.engine.errors import Broken, DamageError, Missing
from yester.engine.ids import FragmentId, PackId
from yester.engine.packs.fragments import get_fragment, list_fragments
from yester.engine.packs.index import FRAGMENT_BLOBS, Index, Indexed
from yester.engine.packs.packs import PackEntry, list_packs, read_directory
from yester.engine.sealed.sealing import digest_of


class Adoption(NamedTuple):
    """How many packs and blobs the index names now that it did not, and what is wrong with packs passed over."""

    packs: int
    blobs: int
    warnings: tuple[str, ...]


def adopt_orphans(repository: Indexed, packs: Collection[str] | None = None) -> Adoption:
    """Put index fragments for packs that none names. `packs`: their names, if the store was listed just now.

    A pack that another run is storing at this moment may be adopted too: two fragments that name it do no harm.
    A write-only client adopts nothing. A damaged pack is passed over with a warning. StoreError when the store fails.
    """
    if not repository.keys.can_read:
        return Adoption(0, 0, ())
    known = repository.index.packs()
    names = list_packs(repository.store) if packs is None else packs
    orphans = (name for name in names if digest_of(name) not in known)
    return _take_in(repository, orphans, ())


def rebuild_index(repository: Indexed) -> Adoption:
    """Put index fragments made from the packs alone; they replace all that are listed.

    The last fragment put is the one that replaces the others, so that breaking off loses nothing. The replaced
    ones stay in the store until a prune. Packs that are offline stay named as they were.
    """
    fragments = sorted(list_fragments(repository.store))
    names = list(list_packs(repository.store))
    offline = repository.index.look_for_archived().offline({PackId(digest_of(name)) for name in names})
    return _take_in(repository, names, fragments, _named_offline(repository, fragments, offline))


def _named_offline(repository: Indexed, fragments: Iterable[FragmentId], offline: Set[PackId]) -> Iterator[PackEntry]:
    """Yield what the fragments that can be read say of packs that cannot be looked at."""
    left = set(offline)
    for fragment in fragments if offline else ():
        with suppress(Missing, DamageError):
            for entry in get_fragment(repository.store, repository.keys, fragment).packs:
                if entry.pack in left:
                    left.discard(entry.pack)
                    yield entry


def _take_in(
    repository: Indexed, names: Iterable[str], replaces: Collection[FragmentId], others: Iterable[PackEntry] = ()
) -> Adoption:
    warnings: list[str] = []
    index, packs, blobs = repository.index, 0, 0
    batch: list[PackEntry] = []
    for entry in chain(_entries(repository, names, warnings), others):
        if sum(other.directory.blobs for other in batch) + entry.directory.blobs > FRAGMENT_BLOBS:
            _put(index, batch)
            batch = []
        batch.append(entry)
        packs += 1
        blobs += entry.directory.blobs
    if batch or replaces:
        index.add_packs(batch, replaces)
    return Adoption(packs, blobs, tuple(warnings))


def _put(index: Index, batch: list[PackEntry]) -> None:
    if batch:
        index.add_packs(batch)


def _entries(repository: Indexed, names: Iterable[str], warnings: list[str]) -> Iterator[PackEntry]:
    """Yield what each whole pack says of itself; what is wrong with the others goes to `warnings`."""
    for name in names:
        try:
            yield read_directory(repository.store, name, repository.keys)
        except (DamageError, Broken) as error:
            warnings.append(error.what)
        except Missing:
            # Pruned since it was listed.
            continue
