"""The catalogue of a repository, as its clients ask it: history of a path, search in all snapshots, changes.

    with Catalogue.open(repository) as catalogue:
        catalogue.update()                          # quick when nothing is new; raises what reading trees raises
        catalogue.versions(b"/home/me/letter.odt")  # each distinct version, oldest first, series by series
        catalogue.children(b"/home/me")             # every name that was ever there
        islice(catalogue.find(Pattern("letter*")), 100)
        catalogue.changes(older, newer)             # what differs between two snapshots of a series
        catalogue.held()                            # every content with what holds it, for adding up (du)

Paths are absolute, as in the snapshots. Answers know only snapshots that are listed at `update`. The file is a cache:
one that is damaged, of another version or of another repository is thrown away and made anew; where the cache folder
cannot be written a file that nobody else sees serves this one process, and `note` says so.

One Catalogue is for one thread at a time. `interrupt` may come from any thread: the query that runs then, and a search
that is not at its end, raise CancelledError. So a search as one types keeps a Catalogue of its own, calls `interrupt`
at each key, and starts the next query when the last has ended.

Memory is bounded by SQLite's cache (4 MiB; 48 while snapshots are taken in) and what is asked for.
"""

import sqlite3
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from yester.engine.catalogue.changing import Between, Pair, Pairs, are_many
from yester.engine.catalogue.keeping import INTERRUPTED, KeptCatalogue, Remembered, words_of
from yester.engine.catalogue.names import ROOT
from yester.engine.catalogue.patterns import Pattern
from yester.engine.catalogue.schema import is_interrupt, throw_away
from yester.engine.catalogue.searching import Search, by_path, candidates
from yester.engine.catalogue.states import ABSENT, State
from yester.engine.catalogue.timelines import Place, Run, runs
from yester.engine.entries import Owner
from yester.engine.errors import CancelledError, YesterError
from yester.engine.ids import SnapshotId
from yester.engine.selection import Listed

_FOLDERS = 100_000
"""Paths of folders that are remembered while many paths are spelled out."""
_STATE = "s.mode, s.owner, s.size, s.mtime_ns, s.content, s.extra"


@dataclass(frozen=True, slots=True)
class Version:
    """What a path was in a stretch of neighbouring snapshots of one series (host and profile)."""

    state: State
    first: Listed
    last: Listed
    """The newest snapshot that has it: restore from there."""
    count: int
    """How many snapshots have it."""
    gone: Listed | None
    """The first snapshot after `last` in which the path was not there; None when it still is, or became another."""


@dataclass(frozen=True, slots=True)
class Found:
    """A path that a search found, as the newest snapshot that has it shows it."""

    path: bytes
    state: State
    last: Listed
    deleted: bool
    """Whether no series has it in its newest snapshot."""


@dataclass(frozen=True, slots=True)
class Child:
    """A name that was ever in a folder."""

    name: bytes
    state: State
    """The newest."""
    deleted: bool
    last: Listed
    """The newest snapshot that has it."""


class Change(NamedTuple):
    """A path that differs between two snapshots; GONE where it is not there."""

    path: bytes
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class Held:
    """A content, the path that has it, and the ordinals between which it lies in a series."""

    path: int
    parent: int
    series: int
    first: int
    after: int | None
    """The first ordinal at which it is no more."""
    state: State


Wanted = Callable[[Listed], bool]


def everything(listed: Listed) -> bool:
    """Want every snapshot."""
    return True


class Catalogue(KeptCatalogue):
    """See the module."""

    def __init__(self, repository: Remembered) -> None:
        """Use `open`."""
        super().__init__(repository)
        self._folders: dict[int, bytes] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._folders.clear()
        super().close()

    @contextmanager
    def _asking(self) -> Iterator[sqlite3.Connection]:
        """Ask the file; CancelledError when `interrupt` was called, YesterError when the file fails."""
        try:
            yield self._open()
        except sqlite3.Error as error:
            if is_interrupt(error):
                raise CancelledError(INTERRUPTED) from None
            if self._path is not None and not isinstance(error, sqlite3.OperationalError):
                self.close()
                with self._alone():
                    throw_away(self._path)
            raise YesterError(
                f"The catalogue cannot be read: {words_of(error)}",
                hint="It is made anew when the command is run again.",
            ) from None

    def damage(self) -> list[tuple[Listed, int]]:
        """Return the snapshots of which folders could not be read when they were taken in, and how many."""
        there = dict(self._listed)
        with self._asking() as db:
            rows = db.execute("SELECT sid, damaged FROM snapshot WHERE damaged").fetchall()
        return [((sid, there[sid]), count) for sid, count in rows if sid in there]

    def versions(self, path: bytes, wanted: Wanted = everything) -> list[Version]:
        """Return the versions of a path, series by series, oldest first; none when no snapshot ever had it."""
        with self._asking() as db:
            id = self._id_of(db, path)
            return [] if id is None else list(self._versions(db, id, wanted))

    def _versions(self, db: sqlite3.Connection, id: int, wanted: Wanted) -> Iterator[Version]:
        for found in self._runs(db, id, wanted):
            for run, after in zip(found, [*found[1:], None], strict=True):
                if run.state is not None:
                    gone = after.first if after is not None and after.state is None else None
                    yield Version(run.state, run.first, run.last, run.count, gone)

    def _runs(self, db: sqlite3.Connection, id: int, wanted: Wanted) -> Iterator[list[Run]]:
        states: dict[int, list[tuple[int, State]]] = {}
        query = f"SELECT s.series, s.first, {_STATE} FROM state s WHERE s.path = ? ORDER BY s.series, s.first"
        for series, first, *state in db.execute(query, (id,)):
            states.setdefault(series, []).append((first, State(*state)))
        for series, found in states.items():
            places = [place for place in self._series.get(series, ()) if wanted(place.listed)]
            told = runs(found, places)
            if any(run.state is not None for run in told):
                yield told

    def _id_of(self, db: sqlite3.Connection, path: bytes) -> int | None:
        id: int = ROOT
        for name in filter(None, path.split(b"/")):
            row = db.execute("SELECT id FROM path WHERE parent = ? AND name = ?", (id, name)).fetchone()
            if row is None:
                return None
            id = row[0]
        return id

    def children(
        self, path: bytes, wanted: Wanted = everything, besides: Container[bytes] = frozenset()
    ) -> Iterator[Child]:
        """Yield the names that were ever in a folder besides some, in order of their bytes."""
        with self._asking() as db:
            folder = self._id_of(db, path)
            if folder is None:
                return
            for id, name in db.execute("SELECT id, name FROM path WHERE parent = ? ORDER BY name", (folder,)):
                newest = self._newest(db, id, wanted) if name not in besides else None
                if newest is not None:
                    yield Child(name, newest[0], newest[2], newest[1])

    def _newest(self, db: sqlite3.Connection, id: int, wanted: Wanted) -> tuple[State, Listed, bool] | None:
        """Return what a path is in the newest snapshot that has it, that snapshot, and whether it is deleted."""
        best: tuple[State, Listed] | None = None
        deleted = True
        for found in self._runs(db, id, wanted):
            deleted &= found[-1].state is None
            for run in reversed(found):
                if run.state is not None:
                    if best is None or _time(best[1]) < _time(run.last):
                        best = run.state, run.last
                    break
        return None if best is None else (*best, deleted)

    def find(self, pattern: Pattern, wanted: Wanted = everything, *, sorted_by_path: bool = False) -> Iterator[Found]:
        """Yield the paths that fit, those with the newest content first; whoever asks takes as many as he wants."""
        self._interrupted = False
        return self._find(pattern, wanted, by_path if sorted_by_path else candidates)

    def _find(self, pattern: Pattern, wanted: Wanted, search: Search) -> Iterator[Found]:
        with self._asking() as db:
            for id, parent, name in search(db, pattern, self._joined):
                if self._interrupted:
                    raise CancelledError(INTERRUPTED)
                newest = self._newest(db, id, wanted)
                if newest is not None and id != ROOT:
                    yield Found(self._joined(parent, name), *newest)

    def changes(self, before: SnapshotId, after: SnapshotId, path: bytes = b"/") -> Iterator[Change] | None:
        """Yield the paths at or below `path` that differ, in no order; None when the two are not of one series.

        A folder in which only what is in it differs is no change.
        """
        there = {
            place.listed[0]: (series, place.ordinal) for series, places in self._series.items() for place in places
        }
        if before not in there or after not in there or there[before][0] != there[after][0]:
            return None
        series, (one, other) = there[before][0], (there[before][1], there[after][1])
        return self._changes(series, one, other, path)

    def _changes(self, series: int, one: int, other: int, below: bytes) -> Iterator[Change]:
        between = Between(series, *sorted((one, other)))
        with self._asking() as db:
            for _, path, before, after in self._pairs(db, between, b"/" + below.strip(b"/")):
                yield Change(path, before, after) if one < other else Change(path, after, before)

    def _pairs(self, db: sqlite3.Connection, between: Between, below: bytes) -> Iterator[Pair]:
        pairs = Pairs(db, between, self._joined)
        if below == b"/" or not are_many(db, between):
            return pairs.by_change(below)
        top = self._id_of(db, below)
        return iter(()) if top is None else pairs.by_folder(top)

    def owner(self, number: int) -> Owner:
        """Return the owner that a state names."""
        with self._asking() as db:
            row = db.execute("SELECT uid, gid, user, team FROM owner WHERE id = ?", (number,)).fetchone()
        return Owner(*row) if row else Owner(0, 0)

    def places(self) -> dict[int, list[Place]]:
        """Return the snapshots of each series, by ordinal."""
        return self._series

    def held(self) -> Iterator[Held]:
        """Yield every state that has a content, path by path; some may lie in no snapshot that is left."""
        query = (
            f"SELECT s.path, p.parent, s.series, s.first, {_STATE} FROM state s JOIN path p ON p.id = s.path"
            " ORDER BY s.path, s.series, s.first"
        )
        last: tuple[int, int, int, int, State] | None = None
        with self._asking() as db:
            for path, parent, series, first, *state in db.execute(query):
                if last is not None:
                    after = first if (path, series) == (last[0], last[2]) else None
                    if last[4].mode != ABSENT:
                        yield Held(last[0], last[1], last[2], last[3], after, last[4])
                last = (path, parent, series, first, State(*state))
        if last is not None and last[4].mode != ABSENT:
            yield Held(last[0], last[1], last[2], last[3], None, last[4])

    def chunks(self, content: bytes) -> bytes | None:
        """Return the short ids, in a row, of a content of several blobs; None for one blob.

        Empty for a list object; with a zero before it, the list object's own short id.
        """
        with self._asking() as db:
            row = db.execute("SELECT ids FROM chunks WHERE content = ?", (content,)).fetchone()
        return None if row is None else bytes(row[0])

    def _joined(self, folder: int, name: bytes) -> bytes:
        return self.path_of(folder).rstrip(b"/") + b"/" + name

    def path_of(self, id: int) -> bytes:
        """Return the path of an id."""
        known, names, at = self._folders.get(id), list[bytes](), id
        while known is None:
            row = self._open().execute("SELECT parent, name FROM path WHERE id = ?", (at,)).fetchone()
            if row is None or not row[0]:
                known = b"/"
                break
            names.append(row[1])
            at = row[0]
            known = self._folders.get(at)
        path = known.rstrip(b"/") + b"".join(b"/" + name for name in reversed(names)) if names else known
        if len(self._folders) >= _FOLDERS:
            self._folders.clear()
        self._folders[id] = path
        return path


def _time(listed: Listed) -> tuple[int, bytes]:
    return listed[1].time_ns, listed[0]
