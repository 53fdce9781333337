"""Finding paths by name, newest first, in time that depends on what is shown and not on how many paths there are.

Two ways, and a number that decides. A pattern with three plain signs in a row is looked up in the trigram index; if at
most _ENOUGH names come back they are all there are, and are sorted. More, or nothing to look up: the pattern is broad,
and paths are gone through from the newest on until enough fit. Names shorter than three signs are searched one by one
by SQLite first, which takes a tenth of a microsecond each, since a rare one would be looked for all the way down.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from yester.engine.catalogue.intake import ROOT
from yester.engine.catalogue.patterns import Pattern
from yester.engine.catalogue.schema import has_trigrams

_ENOUGH = 4000

_EXACT = "instr(name, ?)"
_FOLDED = "(instr(lower(CAST(name AS TEXT)), ?) OR length(CAST(name AS TEXT)) <> length(name))"
"""SQLite folds no signs but ASCII's, and some others fold to such (ß to ss): names that have others are looked at."""

Row = tuple[int, int, bytes]
"""Path id, parent, name."""

Search = Callable[[sqlite3.Connection, Pattern, Callable[[int, bytes], bytes]], Iterator[Row]]
"""`candidates` or `by_path`."""


def candidates(db: sqlite3.Connection, pattern: Pattern, path_of: Callable[[int, bytes], bytes]) -> Iterator[Row]:
    """Yield the paths that fit, newest first, whether any snapshot still has them or not.

    `path_of` returns the path of a name in a folder. sqlite3.OperationalError when it is interrupted.
    """
    fits = pattern.matcher()
    rows = _few(db, pattern)
    if rows is None:
        rows = db.execute("SELECT id, parent, name FROM path ORDER BY newest DESC, id DESC")
    if pattern.of_paths:
        return (row for row in rows if fits(path_of(row[1], row[2])))
    return (row for row in rows if fits(row[2]))


def by_path(db: sqlite3.Connection, pattern: Pattern, path_of: Callable[[int, bytes], bytes]) -> Iterator[Row]:
    """Yield the paths that fit in the order of their names, folder by folder; else like `candidates`."""
    fits = pattern.matcher()
    few = _few(db, pattern)
    rows = _walked(db) if few is None else sorted(few, key=lambda row: path_of(row[1], row[2]).split(b"/"))
    if pattern.of_paths:
        return (row for row in rows if fits(path_of(row[1], row[2])))
    return (row for row in rows if fits(row[2]))


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


def _few(db: sqlite3.Connection, pattern: Pattern) -> Iterable[Row] | None:
    """Return all paths whose names may fit, newest first; None when they are many or nothing tells."""
    trigrams = pattern.trigrams()
    if trigrams and has_trigrams(db):
        words = " AND ".join('"' + three.replace('"', '""') + '"' for three in trigrams)
        query = (
            "SELECT p.id, p.parent, p.name, p.newest FROM trigram t JOIN path p ON p.id = t.rowid WHERE trigram MATCH ?"
        )
        found = db.execute(query, (words,))
    else:
        plain = max(pattern.pieces(), key=len, default="")
        if not plain or not plain.isascii():
            return None
        query = f"SELECT id, parent, name, newest FROM path WHERE {_FOLDED if pattern.ignore_case else _EXACT}"
        found = db.execute(query, (plain.casefold() if pattern.ignore_case else plain.encode(),))
    some = list(islice(found, _ENOUGH + 1))
    found.close()
    if len(some) > _ENOUGH:
        return None
    some.sort(key=lambda row: (row[3], row[0]), reverse=True)
    return [row[:3] for row in some]
