"""All names in a row, to be searched as text: a million are some 30 MB, gone through in some 30 milliseconds.

What no index answers is looked for here: fewer than three signs, one folder's name, any sign in any script. A row has
the names of CHUNK path ids, with a zero byte before, between and after them, which is in no name; the name of an id is
as far from the first one of its row as the ids are. So ids are given out one after another, and none twice: a path that
was swept up leaves an empty name behind.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import AnyStr

ROOT = 1
"""The path id of `/`, and the first of all."""
CHUNK = 1024

_LAST = "SELECT first, joined FROM names ORDER BY first DESC LIMIT 1"
_WRITE = "INSERT OR REPLACE INTO names VALUES (?, ?)"


def next_id(db: sqlite3.Connection) -> int:
    """Return the path id that the next name gets."""
    first, joined = db.execute(_LAST).fetchone() or (ROOT, b"\0")
    return int(first) + joined.count(0) - 1


def add_names(db: sqlite3.Connection, names: Sequence[bytes]) -> None:
    """Put names down for the next path ids."""
    if not names:
        return
    first, joined = db.execute(_LAST).fetchone() or (ROOT, b"\0")
    at, room = 0, CHUNK + 1 - joined.count(0)
    while at < len(names):
        if not room:
            first, joined, room = first + CHUNK, b"\0", CHUNK
        part = names[at : at + room]
        joined += b"\0".join(part) + b"\0"
        db.execute(_WRITE, (first, joined))
        at, room = at + len(part), room - len(part)


def blank_names(db: sqlite3.Connection, paths: Iterable[int]) -> None:
    """Forget the names of these path ids."""
    for number, group in groupby(sorted(paths), key=lambda path: (path - ROOT) // CHUNK):
        first = ROOT + number * CHUNK
        joined = db.execute("SELECT joined FROM names WHERE first = ?", (first,)).fetchone()[0]
        names = joined[1:-1].split(b"\0")
        for path in group:
            names[path - first] = b""
        db.execute(_WRITE, (first, b"\0" + b"\0".join(names) + b"\0"))


def containing(
    db: sqlite3.Connection, parts: Sequence[str], *, ignore_case: bool, whole: bool = False
) -> Iterator[tuple[int, bytes]]:
    """Yield the path ids and names that have these parts one after another, or with `whole` are the one that is given.

    In order of the ids. Folding goes sign by sign, so what is a part of a name is a part of the folded one.
    sqlite3.OperationalError when it is interrupted.
    """
    sought = _sought([part.casefold() for part in parts] if ignore_case else parts, whole)
    raw = re.compile(sought.encode("utf-8", "surrogateescape"))
    folded = re.compile(sought)
    for first, joined in db.execute("SELECT first, joined FROM names ORDER BY first"):
        if ignore_case:
            places = _places(folded, joined.decode("utf-8", "surrogateescape").casefold(), "\0", whole)
        else:
            places = _places(raw, joined, b"\0", whole)
        if places:
            names = joined.split(b"\0")
            yield from ((first + place - 1, names[place]) for place in places)


def _sought(parts: Sequence[str], whole: bool) -> str:
    """Return an expression that a name fits at most once."""
    if whole:
        return f"\0{re.escape(parts[0])}(?=\0)"
    return "".join(f"{re.escape(part)}[^\0]*" for part in parts)


def _places(sought: re.Pattern[AnyStr], text: AnyStr, end: AnyStr, whole: bool) -> list[int]:
    """Return which of the names that `end` stands before and after fit."""
    found: list[int] = []
    place, last = 0, 0
    for fit in sought.finditer(text):
        at = fit.start() + whole
        place += text.count(end, last, at)
        found.append(place)
        last = at
    return found
