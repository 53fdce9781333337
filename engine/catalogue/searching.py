"""Finding paths by name, newest first, in time that depends on what is shown and not on how many paths there are.

Several ways lead to the ids of paths that may fit: threes of signs in the trigram index; what is in the folders of one
name; and all names as text (names.py), for what is shorter than three signs. The first that gives at most _ENOUGH
decides: those are all there are, and are sorted. When all give more, the pattern is broad, and paths are gone through
from the newest on; mostly enough are among the newest _LOOKED. Else what fits is old: the ids that may fit are got in
full, and sorted when that is quicker than going on from the newest.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from yester.engine.catalogue.names import ROOT, containing, next_id
from yester.engine.catalogue.patterns import Pattern
from yester.engine.catalogue.schema import has_trigrams

_ENOUGH = 4000
_LOOKED = 10_000
_SORTED = 30_000
"""Ids that are looked up and sorted at most; it takes as long as going through some 200,000."""
_AT_ONCE = 500

Row = tuple[int, int, bytes]
"""Path id, parent, name."""
_Dated = tuple[int, int, bytes, int]
"""And the newest time of modification that it ever had."""

PathOf = Callable[[int, bytes], bytes]
"""Returns the path of a name in a folder."""
Search = Callable[[sqlite3.Connection, Pattern, PathOf], Iterator[Row]]
"""`candidates` or `by_path`."""
_Way = Callable[[], Iterator[int]]

_ROW = "id, parent, name, newest"


def candidates(db: sqlite3.Connection, pattern: Pattern, path_of: PathOf) -> Iterator[Row]:
    """Yield the paths that fit, newest first, whether any snapshot still has them or not.

    sqlite3.OperationalError when it is interrupted.
    """
    fits = _fitting(pattern, path_of)
    ways = _ways(db, pattern)
    few = _few(ways)
    found = _newest_first(db, few) if few is not None else _broad(db, ways)
    return (row[:3] for row in found if fits(row))


def by_path(db: sqlite3.Connection, pattern: Pattern, path_of: PathOf) -> Iterator[Row]:
    """Yield the paths that fit in the order of their names, folder by folder; else like `candidates`."""
    fits = _fitting(pattern, path_of)
    few = _few(_ways(db, pattern))
    if few is None:
        return (row for row in _walked(db) if fits(row))
    found = [row for row in _newest_first(db, few) if fits(row)]
    return (row[:3] for row in sorted(found, key=lambda row: path_of(row[1], row[2]).split(b"/")))


def _fitting(pattern: Pattern, path_of: PathOf) -> Callable[[Row | _Dated], bool]:
    fits = pattern.matcher()
    if pattern.of_paths:
        return lambda row: fits(path_of(row[1], row[2]))
    return lambda row: fits(row[2])


def _walked(db: sqlite3.Connection) -> Iterator[Row]:
    """Yield all paths, each folder before what is in it; holds one open query for each folder on the way down."""
    below = "SELECT id, parent, name FROM path WHERE parent = ? ORDER BY name"
    todo = [iter(db.execute(below, (ROOT,)))]
    while todo:
        row = next(todo[-1], None)
        if row is None:
            todo.pop()
        else:
            yield row
            todo.append(iter(db.execute(below, (row[0],))))


# The ids of what may fit


def _ways(db: sqlite3.Connection, pattern: Pattern) -> list[_Way]:
    """Return what yields the ids of all paths that may fit, the quickest first; none when any path may."""
    ways: list[_Way] = []
    trigrams, pieces, holder = pattern.trigrams(), pattern.pieces(), pattern.holder
    if trigrams and has_trigrams(db):
        ways.append(lambda: _having_trigrams(db, trigrams))
    if holder is not None:
        ways.append(lambda: _in_folders(db, pattern, holder))
    elif pieces and not ways:
        ways.append(lambda: _having_pieces(db, pattern, pieces))
    return ways


def _having_trigrams(db: sqlite3.Connection, trigrams: Sequence[str]) -> Iterator[int]:
    words = " AND ".join('"' + three.replace('"', '""') + '"' for three in trigrams)
    for (id,) in db.execute("SELECT rowid FROM trigram WHERE trigram MATCH ?", (words,)):
        yield id


def _in_folders(db: sqlite3.Connection, pattern: Pattern, name: str) -> Iterator[int]:
    folders = containing(db, [name], ignore_case=pattern.ignore_case, whole=True) if name else iter([(ROOT, b"")])
    for folder, _ in folders:
        for (id,) in db.execute("SELECT id FROM path WHERE parent = ?", (folder,)):
            yield id


def _having_pieces(db: sqlite3.Connection, pattern: Pattern, pieces: Sequence[str]) -> Iterator[int]:
    named = containing(db, pieces, ignore_case=pattern.ignore_case)
    if pattern.of_paths:
        return (id for id, _ in named)
    fits = pattern.matcher()
    return (id for id, name in named if fits(name))


def _few(ways: Sequence[_Way]) -> list[int] | None:
    """Return the ids of all paths that may fit; None when they are many by all ways."""
    for way in ways:
        ids = list(islice(way(), _ENOUGH + 1))
        if len(ids) <= _ENOUGH:
            return ids
    return None


# In order


def _newest_first(db: sqlite3.Connection, ids: Sequence[int]) -> list[_Dated]:
    found: list[_Dated] = []
    for at in range(0, len(ids), _AT_ONCE):
        some = ",".join(map(str, ids[at : at + _AT_ONCE]))
        found += db.execute(f"SELECT {_ROW} FROM path WHERE id IN ({some})").fetchall()
    found.sort(key=_age)
    return found


def _age(row: _Dated) -> tuple[int, int]:
    return -row[3], -row[0]


def _broad(db: sqlite3.Connection, ways: Sequence[_Way]) -> Iterator[_Dated]:
    """Yield what may fit from the newest on: all of the newest, and what the first way leads to of the others."""
    # No `yield from` of a cursor: it would close the cursor with the generator, maybe after the file.
    newest = iter(db.execute(f"SELECT {_ROW} FROM path ORDER BY newest DESC, id DESC").fetchone, None)
    if not ways:
        yield from newest
        return
    looked: _Dated | None = None
    for looked in islice(newest, _LOOKED):
        yield looked
    if looked is None:
        return
    last, ids = _age(looked), ways[0]()
    some = list(islice(ids, _SORTED + 1))
    if len(some) <= _SORTED:
        yield from (row for row in _newest_first(db, some) if _age(row) > last)
    else:
        yield from _marked(db, chain(some, ids), looked)


def _marked(db: sqlite3.Connection, ids: Iterator[int], last: _Dated) -> Iterator[_Dated]:
    """Yield the paths of these ids that are older than one, newest first; takes a byte for each path that there is."""
    marks = bytearray(next_id(db))
    for id in ids:
        marks[id] = 1
    order = "SELECT id FROM path WHERE (newest, id) < (?, ?) ORDER BY newest DESC, id DESC"
    row = f"SELECT {_ROW} FROM path WHERE id = ?"
    for (id,) in db.execute(order, (last[3], last[0])):
        if marks[id]:
            yield db.execute(row, (id,)).fetchone()
