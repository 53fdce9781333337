"""What the store's bytes are there for: what only one snapshot needs, and which paths take the space.

Every blob that any state has is counted once, with the share of its frame that it takes in the store, compression
included. It belongs to a snapshot, or to a group of them, when all states that have it lie in there alone; and to the
first of the paths that have it. All this goes through a file that only this process sees, so memory does not grow with
the repository.

Left out, being small: packs' own directories and padding, stored attribute sets, and nodes of large folders but their
roots.
"""

import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from yester.engine.blobs import BlobSource
from yester.engine.catalogue.catalogue import Catalogue, Held, Wanted
from yester.engine.catalogue.schema import connect
from yester.engine.errors import DamageError, YesterError
from yester.engine.ids import SHORT_ID_SIZE, BlobId, ListId, SnapshotId
from yester.engine.packs.segments import Location
from yester.engine.selection import Listed
from yester.engine.trees.lists import BlobList

_SHARED = -1
_TICK = 4096
_BATCH = 10_000
_KEEP = (
    "INSERT INTO held VALUES (?, ?, ?) ON CONFLICT(blob) DO UPDATE SET"
    " owner = CASE WHEN owner = excluded.owner THEN owner ELSE -1 END, path = coalesce(path, excluded.path)"
)


class Located(Protocol):
    """What tells where a blob lies (engine/packs/index.py)."""

    def locate(self, blob: bytes) -> Location | None:
        """Return where a blob lies; None when it is nowhere."""
        ...


@dataclass(frozen=True, slots=True)
class Usage:
    """Sizes are bytes in the store."""

    size: int
    """Of all that the wanted snapshots have at and below the path."""
    unique: Sequence[tuple[Listed, int]]
    """Of each wanted snapshot, what would go with it: wherever it lies, and no other snapshot of any series has it."""
    paths: Sequence[tuple[bytes, int]]
    """Folders, and files among them, with what is at and below them; the heaviest first."""
    missing: int
    """Blobs that no pack has, and list objects that cannot be read."""
    plain_size: int = 0
    """What `size` is when it is not compressed."""


def freed_by(
    catalogue: Catalogue,
    index: Located,
    source: BlobSource,
    going: Collection[SnapshotId],
    tick: Callable[[int], None],
) -> int:
    """Return how much no snapshot would need any more without these: bytes in the store, which a prune gives back.

    `tick` and errors as for `usage`.
    """
    found = usage(catalogue, index, source, lambda listed: listed[0] in going, b"", 0, tick, together=going)
    return found.unique[0][1] if found.unique else 0


def usage(
    catalogue: Catalogue,
    index: Located,
    source: BlobSource,
    wanted: Wanted,
    below: bytes,
    depth: int,
    tick: Callable[[int], None],
    *,
    together: Collection[SnapshotId] = (),
) -> Usage:
    """Add up what the snapshots that are `wanted` take, and paths at most `depth` names below a folder.

    Those that are taken `together` count as one: `unique` tells of the first of them what no other snapshot has.
    `tick` is told of numbers of states and blobs that were counted, and may raise to stop. YesterError when there is no
    room for the file, StoreError from reading list objects.
    """
    try:
        with closing(connect(None)) as db:
            db.execute("CREATE TABLE held(blob BLOB PRIMARY KEY, owner INTEGER, path INTEGER) WITHOUT ROWID")
            db.execute("BEGIN")
            count = _Count(catalogue, source, wanted, tick, together)
            count.collect(db)
            return count.add_up(db, index, below.rstrip(b"/"), depth)
    except sqlite3.Error as error:
        raise YesterError(
            f"There is no room to add up what is stored: {error}", hint="SQLITE_TMPDIR says where the file goes."
        ) from None


class _Count:
    def __init__(
        self,
        catalogue: Catalogue,
        source: BlobSource,
        wanted: Wanted,
        tick: Callable[[int], None],
        together: Collection[SnapshotId],
    ) -> None:
        self._catalogue, self._source, self._tick = catalogue, source, tick
        self._numbers: dict[tuple[int, int], int] = {}
        self._listed: list[tuple[Listed, bool]] = []
        self._ordinals: dict[int, list[int]] = {}
        self._wanted: Mapping[int, list[int]] = {}
        self._lost = 0
        self._lay_out(wanted, together)

    def _lay_out(self, wanted: Wanted, together: Collection[SnapshotId]) -> None:
        """Number all snapshots, those that are taken together alike.

        Learn, too, by series at which ordinals there are any, and any that are wanted.
        """
        asked: dict[int, list[int]] = {}
        group: int | None = None
        for series, places in self._catalogue.places().items():
            self._ordinals[series] = [place.ordinal for place in places]
            asked[series] = [place.ordinal for place in places if wanted(place.listed)]
            for place in places:
                is_grouped = place.listed[0] in together
                if is_grouped and group is not None:
                    self._numbers[series, place.ordinal] = group
                    continue
                group = len(self._listed) if is_grouped else group
                self._numbers[series, place.ordinal] = len(self._listed)
                self._listed.append((place.listed, wanted(place.listed)))
        self._wanted = asked

    def collect(self, db: sqlite3.Connection) -> None:
        """Put down each blob with the number of the one snapshot that has it, and a wanted path."""
        rows: list[tuple[bytes, int, int | None]] = []
        for number, held in enumerate(self._catalogue.held()):
            owner = self._owner(held)
            if owner is not None and held.state.content:
                path = held.path if _between(self._wanted[held.series], held) else None
                rows += [(blob, owner, path) for blob in self._blobs(held)]
            if len(rows) >= _BATCH:
                db.executemany(_KEEP, rows)
                rows.clear()
            if not number % _TICK:
                self._tick(_TICK)
        db.executemany(_KEEP, rows)

    def _owner(self, held: Held) -> int | None:
        """Return the number of the one snapshot in which a state lies, _SHARED for several; None when in none."""
        found = _between(self._ordinals.get(held.series, ()), held)
        if not found:
            return None
        number = self._numbers[held.series, found[0]]
        return number if all(self._numbers[held.series, other] == number for other in found[1:]) else _SHARED

    def _blobs(self, held: Held) -> Iterator[bytes]:
        state = held.state
        if not (state.is_directory or state.is_file):
            return
        chunks = None if state.is_directory else self._catalogue.chunks(state.content)
        if chunks is None:
            yield state.content
        elif chunks and not len(chunks) % SHORT_ID_SIZE:
            yield from (chunks[at : at + SHORT_ID_SIZE] for at in range(0, len(chunks), SHORT_ID_SIZE))
        else:
            list_id = ListId(BlobId(chunks[1:] or state.content))
            yield list_id
            try:
                for ref in BlobList(self._source, list_id):
                    yield ref.blob[:SHORT_ID_SIZE]
            except DamageError:
                self._lost += 1

    def add_up(self, db: sqlite3.Connection, index: Located, below: bytes, depth: int) -> Usage:
        """Look up what each blob takes, and add it where it belongs."""
        unique: Counter[int] = Counter()
        paths: Counter[bytes] = Counter()
        total = plain = 0
        for number, (blob, owner, path) in enumerate(db.execute("SELECT blob, owner, path FROM held ORDER BY path")):
            if not number % _TICK:
                self._tick(_TICK)
            location = index.locate(blob)
            if location is None:
                self._lost += 1
                continue
            size = _share(location)
            unique[owner] += size
            if path is not None:
                places = _places(self._catalogue.path_of(path), below, depth)
                total += size if places else 0
                plain += location.size if places else 0
                paths.update(dict.fromkeys(places, size))
        told = [(listed, unique[number]) for number, (listed, asked) in enumerate(self._listed) if asked]
        told.sort(key=lambda each: (each[0][1].time_ns, each[0][0]))
        return Usage(total, told, paths.most_common(), self._lost, plain)


def _between(ordinals: Sequence[int], held: Held) -> Sequence[int]:
    end = len(ordinals) if held.after is None else bisect_left(ordinals, held.after)
    return ordinals[bisect_left(ordinals, held.first) : end]


def _share(location: Location) -> int:
    """Return the bytes of a blob in the store: its part of its frame."""
    return location.sealed_size * location.size // location.plain_size if location.plain_size else 0


def _places(path: bytes, below: bytes, depth: int) -> list[bytes]:
    """Return the folder and what is up to `depth` names below it on the way to a path; none for a path elsewhere."""
    if path != (below or b"/") and not path.startswith(below + b"/"):
        return []
    names = path[len(below) :].split(b"/")[1 : depth + 1]
    found = [below or b"/"]
    for name in filter(None, names):
        found.append(found[-1].rstrip(b"/") + b"/" + name)
    return found
