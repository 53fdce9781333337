"""What a person has to recall: the packs that a part of a snapshot needs, and which of them are offline."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from stat import S_ISREG

from yester.engine.archive.holdings import Holding
from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry
from yester.engine.errors import DamageError, UsageError
from yester.engine.ids import SHORT_ID_SIZE, BlobKind, PackId
from yester.engine.packs.index import Index
from yester.engine.packs.packs import list_packs
from yester.engine.repository import Repository
from yester.engine.sealed.records import Snapshot
from yester.engine.sealed.sealing import digest_of
from yester.engine.trees.directories import decode_root, resolve
from yester.engine.trees.referring import of_entry, of_node

Tick = Callable[[int, int], None]

_READER_SIZE = 32 << 20


def _no_tick(directories: int, pieces: int) -> None:
    """Nothing is told."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Data packs that something needs."""

    packs: frozenset[PackId]
    """Where each piece lies: in a pack that is online, where one has it."""
    offline: dict[PackId, tuple[Holding, ...]]
    """Those of them that are offline, and what archives hold of them."""
    size: int
    """Plain bytes of the pieces that lie in offline packs."""

    @property
    def volumes(self) -> tuple[str, ...]:
        """What the copies of offline packs lie on, of each pack the first one."""
        firsts = (holdings[0] for holdings in self.offline.values())
        return tuple(sorted({volume for holding in firsts for volume in holding.volumes}))


def packs_of(repository: Repository, snapshot: Snapshot, path: bytes = b"/", tick: Tick = _no_tick) -> Needed:
    """Return the data packs that an entry of a snapshot, and all below it, needs.

    UsageError when there is no such entry; otherwise as `packs_of_entries`.
    """
    entry = resolve(repository.reader(_READER_SIZE), decode_root(snapshot.root), path)
    if entry is None:
        raise UsageError(f"{path.decode(errors='backslashreplace')} is not in the snapshot")
    return packs_of_entries(repository, [entry], tick)


def packs_of_entries(repository: Repository, entries: Iterable[Entry], tick: Tick = _no_tick) -> Needed:
    """Return the data packs that files, or folders with all below them, need together.

    `tick` is called with numbers of directories and pieces that come to be looked at, and may raise to stop.
    DamageError when a tree cannot be read, or a piece lies in no pack that the index names. StoreError.
    """
    offline = offline_packs(repository)
    search = _Search(repository.reader(_READER_SIZE), repository.index, offline.keys(), tick)
    for entry in entries:
        search.entry(entry)
    return Needed(
        frozenset(search.packs), {pack: offline[pack] for pack in sorted(search.packs & offline.keys())}, search.size
    )


def offline_packs(repository: Repository) -> dict[PackId, tuple[Holding, ...]]:
    """Return the packs that are offline, and what archives hold of them; blobs are looked for in others first."""
    index = repository.index
    if not index.look_for_archived().held:
        return {}
    # Packs first: what a purge deletes is held before it goes.
    there = {PackId(digest_of(name)) for name in list_packs(repository.store)}
    held = index.look_for_archived(there).held
    return {pack: holdings for pack, holdings in held.items() if pack not in there}


def offline_size(repository: Repository, root: Entry, paths: Iterable[bytes], tick: Tick = _no_tick) -> int:
    """Return how many plain bytes of what is at and below these paths are in archives only. StoreError.

    What is not there, or damaged, counts nothing: who reads it is told. `tick` as for `packs_of_entries`.
    """
    if not offline_packs(repository):
        return 0
    reader = repository.reader(_READER_SIZE)
    try:
        found = [entry for path in paths if (entry := resolve(reader, root, path)) is not None]
        return packs_of_entries(repository, found, tick).size
    except DamageError:
        return 0


def offline_among(repository: Repository, entries: Sequence[Entry]) -> list[bool]:
    """Return of each file whether a part of its content is in archives only; of all else that it is not. StoreError.

    Nothing is looked at where nothing is offline. DamageError as for `packs_of_entries`.
    """
    offline = offline_packs(repository).keys()
    if not offline:
        return [False] * len(entries)
    reader = repository.reader(_READER_SIZE)

    def is_offline(entry: Entry) -> bool:
        search = _Search(reader, repository.index, offline, _no_tick)
        search.entry(entry)
        return not search.packs.isdisjoint(offline)

    return [S_ISREG(entry.mode) and is_offline(entry) for entry in entries]


class _Search:
    """Walks entries, and collects packs. For one thread."""

    def __init__(self, source: BlobSource, index: Index, offline: Set[PackId], tick: Tick) -> None:
        self._source, self._index, self._offline, self._tick = source, index, offline, tick
        self._met: set[bytes] = set()
        """Nodes, and pieces in offline packs."""
        self.packs: set[PackId] = set()
        self.size = 0

    def entry(self, entry: Entry) -> None:
        """Look at an entry and all below it."""
        todo = list(of_entry(entry))
        while todo:
            reference = todo.pop()
            if reference.kind is BlobKind.DATA:
                self._piece(reference.blob)
            elif reference.is_node and self._is_new(reference.blob):
                below = list(of_node(reference, self._source.blob(reference.kind, reference.blob)))
                self._tick(int(reference.kind is BlobKind.TREE), len(below))
                # The first one is read next: the order in which they were written.
                todo.extend(reversed(below))

    def _piece(self, blob: bytes) -> None:
        place = self._index.locate(blob)
        if place is None:
            raise DamageError(f"Blob {blob.hex()} is in no pack that the index names", hint="Run `yester check`.")
        self.packs.add(place.pack)
        if place.pack in self._offline and self._is_new(blob):
            self.size += place.size

    def _is_new(self, blob: bytes) -> bool:
        short = blob[:SHORT_ID_SIZE]
        if short in self._met:
            return False
        self._met.add(short)
        return True
