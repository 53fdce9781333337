"""What differs between two snapshots of one series, in one of two ways.

*By change*: the index of changes gives the paths that differed from one snapshot to the next between the two; each is
looked up on both sides. That takes as long as much was changed between the two, wherever it is.

*By folder*: from a folder down, what is in it is looked up on both sides, and folders are gone into where they differ.
That takes as long as the folders that differ are large. It is for a part of the tree, when many changes lie elsewhere.

A folder in which only what is in it differs is no difference.
"""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from yester.engine.catalogue.searching import PathOf
from yester.engine.catalogue.states import GONE, State, only_below

_MANY = 20_000
"""Changes between two snapshots that are gone through for a folder; more would take a tenth of a second."""
_FOLDERS = 100_000
"""Paths of folders that are remembered."""

_SIDES = ", ".join(
    f"{side}.{column}" for side in ("o", "n") for column in ("mode", "owner", "size", "mtime_ns", "content", "extra")
)
_NAMES = "p.id, p.name, p.parent, f.name, f.parent"
_FOLDER = " LEFT JOIN path f ON f.id = p.parent"
_FIRST = "(SELECT max(first) FROM state WHERE path = p.id AND series = ?1 AND first <= {})"
_OLD = f" LEFT JOIN state o ON o.path = p.id AND o.series = ?1 AND o.first = {_FIRST.format('?2')}"
_BETWEEN = "c.differs = 1 AND c.series = ?1 AND c.first > ?2 AND c.first <= ?3"
_CHANGED = " FROM state c INDEXED BY state_change CROSS JOIN path p ON p.id = c.path"
_IS_LAST = (
    " AND NOT (c.first < ?3 AND EXISTS (SELECT 1 FROM state l WHERE l.path = c.path AND l.series = ?1"
    " AND l.first > c.first AND l.first <= ?3 AND l.differs = 1))"
)
"""The last change of a path between the two: so no path comes twice, and none is kept."""

CHANGES = (
    f"SELECT {_NAMES}, {_SIDES}{_CHANGED} CROSS JOIN state n ON n.path = p.id AND n.series = ?1"
    f" AND n.first = CASE c.first WHEN ?3 THEN ?3 ELSE {_FIRST.format('?3')} END{_OLD}{_FOLDER}"
    f" WHERE {_BETWEEN}{_IS_LAST}"
)
"""Names and both sides of what changed; needs no more than what it tells of is read."""
_CHANGED_PLACES = f"SELECT {_NAMES}{_CHANGED}{_FOLDER} WHERE {_BETWEEN}{_IS_LAST}"
_COUNTED = f"SELECT count(*) FROM (SELECT 1 FROM state c INDEXED BY state_change WHERE {_BETWEEN} LIMIT ?4)"
_THERE = (
    f"SELECT {_NAMES}, {_SIDES} FROM path p CROSS JOIN state n ON n.path = p.id AND n.series = ?1"
    f" AND n.first = {_FIRST.format('?3')}{_OLD}{_FOLDER} WHERE p.{{}} = ?4 AND n.first IS NOT o.first"
)


class Between(NamedTuple):
    """The ordinals of two snapshots of a series; what differs is what changed after `low`, up to `high`."""

    series: int
    low: int
    high: int


class Pair(NamedTuple):
    """A path, and what it is on both sides."""

    id: int
    path: bytes
    before: State
    after: State


class Pairs:
    """Answers what differs between two snapshots."""

    def __init__(self, db: sqlite3.Connection, between: Between, path_of: PathOf) -> None:
        self._db, self._between, self._path_of = db, between, path_of
        self._folders: dict[int, bytes] = {}

    def by_change(self, below: bytes) -> Iterator[Pair]:
        """Yield the paths at and below a path that differ."""
        if below == b"/":
            yield from self._differing(self._db.execute(CHANGES, self._between))
            return
        for id, *names in self._db.execute(_CHANGED_PLACES, self._between):
            path = self._path(*names)
            if path == below or path.startswith(below + b"/"):
                yield from self._differing(self._there("id", id))

    def by_folder(self, top: int) -> Iterator[Pair]:
        """Yield the paths at and below the one with an id that differ.

        Holds one open query for each folder on the way down.
        """
        todo = [self._pairs(self._there("id", top))]
        while todo:
            pair = next(todo[-1], None)
            if pair is None:
                todo.pop()
                continue
            if _differs(pair):
                yield pair
            if _is_entered(pair):
                todo.append(self._pairs(self._there("parent", pair.id)))

    def _there(self, column: str, id: int) -> Iterator[Any]:
        return self._db.execute(_THERE.format(column), (*self._between, id))

    def _differing(self, rows: Iterator[Any]) -> Iterator[Pair]:
        return (pair for pair in self._pairs(rows) if _differs(pair))

    def _pairs(self, rows: Iterator[Any]) -> Iterator[Pair]:
        for id, name, parent, folder, above, *sides in rows:
            before = State(*sides[:6]) if sides[0] is not None else GONE
            yield Pair(id, self._path(name, parent, folder, above), before, State(*sides[6:]))

    def _path(self, name: bytes, parent: int, folder: bytes | None, above: int | None) -> bytes:
        """Return a path; the folder's own name came with it, which spares a query for each folder."""
        known = self._folders.get(parent)
        if known is None:
            if len(self._folders) >= _FOLDERS:
                self._folders.clear()
            known = b"" if folder is None or above is None else self._path_of(above, folder).rstrip(b"/")
            self._folders[parent] = known
        return known + b"/" + name


def are_many(db: sqlite3.Connection, between: Between) -> bool:
    """Tell whether more changed than can be gone through for a part of it."""
    return int(db.execute(_COUNTED, (*between, _MANY + 1)).fetchone()[0]) > _MANY


def _differs(pair: Pair) -> bool:
    before, after = pair.before, pair.after
    return before != after and not only_below(before, after)


def _is_entered(pair: Pair) -> bool:
    """Whether what is in it may differ: not where both sides have one tree. No content: it could not be read."""
    folders = [state for state in (pair.before, pair.after) if state.is_directory]
    return bool(folders) and (len(folders) == 1 or pair.before.content != pair.after.content or not pair.after.content)
