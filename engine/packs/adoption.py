"""Packs that no index fragment names are adopted: those of a run that was killed, and all where an index was lost."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from yester.engine.errors import Broken, DamageError, Missing
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
    return _take_in(repository, orphans)


def _take_in(repository: Indexed, names: Iterable[str]) -> Adoption:
    warnings: list[str] = []
    index, packs, blobs = repository.index, 0, 0
    batch: list[PackEntry] = []
    for entry in _entries(repository, names, warnings):
        if sum(other.directory.blobs for other in batch) + entry.directory.blobs > FRAGMENT_BLOBS:
            _put(index, batch)
            batch = []
        batch.append(entry)
        packs += 1
        blobs += entry.directory.blobs
    _put(index, batch)
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
