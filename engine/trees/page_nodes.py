"""The frame of a directory node: header, which columns there are, and where (docs/format.md, section 6).

The mask of a node says which columns it has; from that and three counts (rows, refs, directories) the length of each
column follows, apart from byte strings. So a node is checked by comparing lengths; no column is looked into yet.
"""

from collections.abc import Sequence
from functools import lru_cache
from operator import sub
from typing import Final

from yester.engine.store import Buffer
from yester.engine.trees.page_columns import (
    HEADER,
    MAX_ENTRIES,
    MAX_HEIGHT,
    MAX_ROWS,
    VERSION,
    Column,
    malformed,
    unpack_ends,
)

_ROWS, _REFS, _DIRECTORIES = range(3)
"""What the length of a column is a multiple of."""

_Layout = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
_EMPTY_LAYOUT: Final[_Layout] = ((-1,) * len(Column.ALL), ())

_REF_COLUMNS = {Column.REFS: 32, Column.REF_LENGTHS: 4}
_DIRECTORY_COLUMNS = {
    Column.DIRECTORY_ROWS: 2,
    Column.ENTRIES_BELOW: 8,
    Column.FILES_BELOW: 8,
    Column.BYTES_BELOW: 8,
    Column.NEWEST_BELOW: 8,
    Column.UNREADABLE_BELOW: 4,
    Column.CHANGED_BELOW: 4,
}
_LEAF_ROW_COLUMNS = {
    Column.NAME_ENDS: 4,
    Column.MODE: 2,
    Column.OWNER: 2,
    Column.MTIME: 8,
    Column.CTIME: 8,
    Column.BIRTH: 8,
    Column.ATIME: 8,
    Column.SIZE: 8,
    Column.BLOCKS: 8,
    Column.NLINK: 4,
    Column.MARKS: 2,
    Column.REF_ENDS: 4,
}
_INNER_ROW_COLUMNS = {
    Column.NAME_ENDS: 4,
    Column.REFS: 32,
    Column.ENTRIES_BELOW: 8,
    Column.FILES_BELOW: 8,
    Column.BYTES_BELOW: 8,
    Column.NEWEST_BELOW: 8,
    Column.UNREADABLE_BELOW: 4,
    Column.CHANGED_BELOW: 4,
    Column.ROWS_BELOW: 8,
}


def _mask(columns: Sequence[int]) -> int:
    return sum(1 << column for column in columns)


_GROUPS: Final = (_mask([Column.REF_ENDS, *_REF_COLUMNS]), _mask(list(_DIRECTORY_COLUMNS)))
"""Columns that a leaf has all of, or none."""
_LEAF_NEEDS: Final = _mask(
    [
        Column.NAME_ENDS,
        Column.NAMES,
        Column.MODE,
        Column.OWNERS,
        Column.MTIME,
        Column.CTIME,
        Column.SIZE,
        Column.BLOCKS,
        Column.NLINK,
    ]
)
_LEAF_MAY_HAVE: Final = _mask([column for column in Column.ALL if column != Column.ROWS_BELOW])
_RARE: Final = _mask([column for column in Column.ALL if Column.TARGETS <= column <= Column.EXTRAS])
"""Columns of what few rows have: the sparse ones."""
_INNER_NEEDS: Final = _mask([Column.NAMES, *_INNER_ROW_COLUMNS])


@lru_cache(maxsize=1024)
def _layout(mask: int, leaf: bool) -> _Layout | None:
    """Return the place of each column by number (-1: absent) and (multiple of what, width) of
    each present column: a column of width 0 has any length. None when these columns make no node."""
    allowed, needed = (_LEAF_MAY_HAVE, _LEAF_NEEDS) if leaf else (_INNER_NEEDS, _INNER_NEEDS)
    if mask & ~allowed or needed & ~mask or (leaf and any(mask & group not in (0, group) for group in _GROUPS)):
        return None
    present = [column for column in Column.ALL if mask >> column & 1]
    places = [-1] * len(Column.ALL)
    for place, column in enumerate(present):
        places[column] = place
    return tuple(places), tuple(_rule(column, leaf) for column in present)


def _rule(column: int, leaf: bool) -> tuple[int, int]:
    if not leaf:
        return _ROWS, _INNER_ROW_COLUMNS.get(column, 0)
    for multiple, widths in ((_ROWS, _LEAF_ROW_COLUMNS), (_REFS, _REF_COLUMNS), (_DIRECTORIES, _DIRECTORY_COLUMNS)):
        if column in widths:
            return multiple, widths[column]
    return _ROWS, 0


class Node:
    """A directory node whose header and column lengths are right; DamageError for any other bytes."""

    __slots__ = ("_data", "_ends", "_places", "blob", "count", "entries", "has_rare", "height", "root")

    def __init__(self, data: Buffer, blob: bytes = b"", *, root: bool = False) -> None:
        """Read the node with this blob id (for errors); only a snapshot's `root` node has a row named "/"."""
        view = memoryview(data)
        self.blob = blob
        if len(view) < HEADER.size:
            malformed("it is too short", blob)
        version, height, flags, count, entries, mask = HEADER.unpack_from(view)
        if version != VERSION or flags or height > MAX_HEIGHT or count > MAX_ROWS or entries > MAX_ENTRIES:
            malformed("its header is impossible", blob)
        self._data = view
        self.root = root
        self.height: int = height
        self.count: int = count
        self.entries: int = entries
        self._check_columns(mask)

    def _check_columns(self, mask: int) -> None:
        """Check that the columns are those that the node needs, and of the right lengths."""
        view, count = self._data, self.count
        layout = _layout(mask, not self.height) if count else _EMPTY_LAYOUT
        if layout is None or (not count and (mask or self.height)):
            malformed("its columns are not those of a directory", self.blob)
        self._places, rules = layout
        start = HEADER.size + 4 * len(rules)
        if len(view) < start:
            malformed("it is too short", self.blob)
        ends = unpack_ends(view, len(rules))
        self._ends = (*ends, start)
        self.has_rare = bool(mask & _RARE)
        lengths = list(map(sub, ends, (start, *ends)))
        units = (count, self._length(Column.REFS) // 32, self._length(Column.DIRECTORY_ROWS) // 2)
        for length, (unit, width) in zip(lengths, rules, strict=True):
            if length != width * units[unit] if width else length < 0:
                malformed("a column of a wrong length", self.blob)
        below = self.column(Column.ENTRIES_BELOW)
        own = 0 if self.height else count
        if (ends or (start,))[-1] != len(view) or self.entries != own + int.from_bytes(below[-8:], "little"):
            malformed("its sums are wrong", self.blob)

    def has(self, column: int) -> bool:
        """Tell whether the node has this column."""
        return self._places[column] >= 0

    def _length(self, column: int) -> int:
        place = self._places[column]
        return self._ends[place] - self._ends[place - 1] if place >= 0 else 0

    def column(self, column: int) -> memoryview:
        """Return the column's bytes, none when it is absent."""
        place = self._places[column]
        return self._data[self._ends[place - 1] : self._ends[place]] if place >= 0 else self._data[:0]
