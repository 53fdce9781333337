"""Reads directory nodes without unpacking them (docs/format.md, section 6).

A Page checks the header and the ends of its columns at once, which is cheap, and each column when it is first used.
Columns are casts of the node's bytes; no object is made for a row unless `entry` is asked for one. Every number that
comes from the bytes is checked before it is used, so that a hostile node gives DamageError and nothing else: names
above all, since a name like `..` would lead a restore out of its target. `check` looks at everything at once.

Slots of columns are filled by `__getattr__`, which Python calls only while the slot is empty: from then on a column
costs what an attribute costs.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, compress
from operator import add, sub
from stat import S_ISDIR
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

import msgspec

from yester.engine.entries import Entry, Mark, Owner, Ref, Span, Summary
from yester.engine.ids import ID_SIZE, BlobId, ListId, TreeId
from yester.engine.page_builder import NOTHING_BELOW, add_up, own_sums
from yester.engine.page_columns import (
    HEADER,
    INLINE_EXTENTS,
    INLINE_REFS,
    IS_DIRECTORY,
    MAX_ENTRIES,
    MAX_HEIGHT,
    MAX_ID,
    MAX_NAME_SIZE,
    MAX_ROWS,
    MAX_TARGET_SIZE,
    MAX_TIME,
    MIN_TIME,
    ROOT_NAME,
    SECOND_NS,
    UNKNOWN_TIME,
    VALUE_WIDTHS,
    VERSION,
    Column,
    Extras,
    Sparse,
    cast,
    cumulative,
    in_order,
    malformed,
    rising,
    unpack_ends,
)
from yester.engine.store import Buffer

_DEVICE = Struct("<II")
_SPAN = Struct("<QQ")
_DOTS = (b".", b"..")
_NO_MARKS = Mark(0)

_ROWS, _REFS, _DIRECTORIES = range(3)
"""What the length of a column is a multiple of."""

_Layout = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
_EMPTY_LAYOUT: Final[_Layout] = ((-1,) * len(Column), ())

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


def _mask(columns: Sequence[Column]) -> int:
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
_LEAF_MAY_HAVE: Final = _mask([column for column in Column if column is not Column.ROWS_BELOW])
_RARE: Final = _mask([column for column in Column if Column.TARGETS <= column <= Column.EXTRAS])
"""Columns of what few rows have: the sparse ones."""
_INNER_NEEDS: Final = _mask([Column.NAMES, *_INNER_ROW_COLUMNS])


@lru_cache(maxsize=1024)
def _layout(mask: int, leaf: bool) -> _Layout | None:
    """Return the place of each column by number (-1: absent) and (multiple of what, width) of
    each present column: a column of width 0 has any length. None when these columns make no node."""
    allowed, needed = (_LEAF_MAY_HAVE, _LEAF_NEEDS) if leaf else (_INNER_NEEDS, _INNER_NEEDS)
    if mask & ~allowed or needed & ~mask or (leaf and any(mask & group not in (0, group) for group in _GROUPS)):
        return None
    present = [column for column in Column if mask >> column & 1]
    places = [-1] * len(Column)
    for place, column in enumerate(present):
        places[column] = place
    return tuple(places), tuple(_rule(column, leaf) for column in present)


def _rule(column: Column, leaf: bool) -> tuple[int, int]:
    if not leaf:
        return _ROWS, _INNER_ROW_COLUMNS.get(column, 0)
    for multiple, widths in ((_ROWS, _LEAF_ROW_COLUMNS), (_REFS, _REF_COLUMNS), (_DIRECTORIES, _DIRECTORY_COLUMNS)):
        if column in widths:
            return multiple, widths[column]
    return _ROWS, 0


class Page:
    """One directory node. Rows are numbered from 0; a row number that is out of range is the caller's mistake.

    Every method and column may raise DamageError. `entries` counts the rows of a leaf, or of all leaves below an inner
    node, and everything in and below the directories among them.
    """

    __slots__ = (
        "_data",
        "_ends",
        "_has_rare",
        "_places",
        "_root",
        "ages",
        "atimes",
        "blob",
        "blocks",
        "bytes_below",
        "changed_below",
        "count",
        "ctimes",
        "devices",
        "directory_rows",
        "entries",
        "entries_below",
        "extents_column",
        "extras",
        "files_below",
        "flags_column",
        "heap",
        "height",
        "link_groups",
        "marks",
        "modes",
        "mtimes",
        "name_ends",
        "newest_below",
        "nlinks",
        "owner_rows",
        "owners",
        "ref_ends",
        "ref_heap",
        "ref_lengths",
        "rows_below",
        "sizes",
        "targets",
        "unreadable_below",
        "xattrs_column",
    )

    name_ends: memoryview
    heap: bytes
    modes: memoryview
    """st_mode of each row; so are all the following columns by row."""
    owner_rows: memoryview
    """Row in `owners` of each row; `owner` checks it."""
    owners: tuple[Owner, ...]
    mtimes: memoryview
    """In ns, as near as 64 bits come; exact unless `extras` is there. So are `ctimes`."""
    ctimes: memoryview
    ages: memoryview
    """ctime - birth time in ns, UNKNOWN_TIME when the birth is not known."""
    atimes: memoryview
    """In ns, UNKNOWN_TIME when not known."""
    sizes: memoryview
    blocks: memoryview
    """Of 512 bytes."""
    nlinks: memoryview
    marks: memoryview
    ref_ends: memoryview
    ref_heap: memoryview
    ref_lengths: memoryview
    directory_rows: memoryview
    """Which rows are directories, rising; the columns named `..._below` of a leaf have one row for each of these."""
    entries_below: memoryview
    """Cumulative; in an inner node over its children."""
    files_below: memoryview
    bytes_below: memoryview
    newest_below: memoryview
    unreadable_below: memoryview
    changed_below: memoryview
    rows_below: memoryview
    """Only in inner nodes: cumulative number of rows of all leaves."""
    targets: Sparse | None
    """None, as for all sparse columns, when no row has such a thing."""
    devices: Sparse | None
    xattrs_column: Sparse | None
    extents_column: Sparse | None
    flags_column: Sparse | None
    link_groups: Sparse | None
    extras: Sparse | None
    """Rows with times outside 64 bits of ns. While this is None, the time columns are exact."""

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
        self._root = root
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
        self._has_rare = bool(mask & _RARE)
        lengths = list(map(sub, ends, (start, *ends)))
        units = (count, self._length(Column.REFS) // 32, self._length(Column.DIRECTORY_ROWS) // 2)
        for length, (unit, width) in zip(lengths, rules, strict=True):
            if length != width * units[unit] if width else length < 0:
                malformed("a column of a wrong length", self.blob)
        below = self._column(Column.ENTRIES_BELOW)
        own = 0 if self.height else count
        if (ends or (start,))[-1] != len(view) or self.entries != own + int.from_bytes(below[-8:], "little"):
            malformed("its sums are wrong", self.blob)

    def _length(self, column: Column) -> int:
        place = self._places[column]
        return self._ends[place] - self._ends[place - 1] if place >= 0 else 0

    def _column(self, column: int) -> memoryview:
        """Return the column's bytes, none when it is absent."""
        place = self._places[column]
        return self._data[self._ends[place - 1] : self._ends[place]] if place >= 0 else self._data[:0]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            fill = _COLUMNS.get(name)
            if fill is None:
                raise AttributeError(name)
            value = fill(self)
            setattr(self, name, value)
            return value

    # Names

    def name(self, row: int) -> bytes:
        """Return the row's name; in an inner node, the first name below the child."""
        ends = self.name_ends
        start, end = ends[row - 1] if row else 0, ends[row]
        name = self.heap[start:end]
        if not 0 < end - start == len(name) <= MAX_NAME_SIZE or name in _DOTS:
            malformed("a name that no directory can have", self.blob)
        return name

    def names(self) -> list[bytes]:
        """Return all names, which are sorted and all different."""
        ends = self.name_ends.tolist()
        heap = self.heap
        names = [heap[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        if names and (ends[-1] != len(heap) or not (in_order(names) or (self._root and names == [ROOT_NAME]))):
            malformed("names that no directory can have", self.blob)
        return names

    def bisect(self, name: bytes) -> int:
        """Return the first row whose name is `name` or greater."""
        ends, heap = self.name_ends, self.heap
        low, high = 0, self.count
        while low < high:
            middle = (low + high) >> 1
            if heap[ends[middle - 1] if middle else 0 : ends[middle]] < name:
                low = middle + 1
            else:
                high = middle
        return low

    def after(self, name: bytes) -> int:
        """Return the first row whose name is greater than `name`."""
        row = self.bisect(name)
        return row + 1 if row < self.count and self.name(row) == name else row

    def find(self, name: bytes) -> int:
        """Return the row of this name, -1 when there is none."""
        row = self.bisect(name)
        return row if row < self.count and self.name(row) == name else -1

    # Rows of a leaf

    def owner(self, row: int) -> Owner:
        """Return whose the row is."""
        place = self.owner_rows[row]
        if place >= len(self.owners):
            malformed("an owner that is not there", self.blob)
        return self.owners[place]

    def mtime_ns(self, row: int) -> int:
        """Return the exact time of the last change of content."""
        return self._exact(row, "m", self.mtimes[row])

    def ctime_ns(self, row: int) -> int:
        """Return the exact time of the last change of the inode."""
        return self._exact(row, "c", self.ctimes[row])

    def birth_ns(self, row: int) -> int | None:
        """Return the exact time of birth, None when it is not known."""
        age = self.ages[row]
        return None if age == UNKNOWN_TIME else self._exact(row, "b", self.ctime_ns(row) - age)

    def atime_ns(self, row: int) -> int | None:
        """Return the exact time of the last access, None when it was not kept."""
        atime = self.atimes[row]
        return None if atime == UNKNOWN_TIME else self._exact(row, "a", atime)

    def _exact(self, row: int, letter: str, time: int) -> int:
        if self.extras is None:
            return time
        found = self.extras.get(row)
        exact = getattr(_extras(found, self.blob), letter) if found is not None else None
        return time if exact is None else exact[0] * SECOND_NS + exact[1]

    def _refs_of(self, row: int) -> tuple[int, int]:
        ends = self.ref_ends
        start, end = ends[row - 1] if row else 0, ends[row]
        if not start <= end <= len(self.ref_lengths) or end - start > INLINE_REFS:
            malformed("blobs of a file out of order", self.blob)
        return start, end

    def refs(self, row: int) -> tuple[Ref, ...]:
        """Return the row's blobs: of a file, its list object's id, or a directory's tree id."""
        start, end = self._refs_of(row)
        heap, lengths = self.ref_heap, self.ref_lengths
        return tuple(
            [Ref(BlobId(bytes(heap[ID_SIZE * at : ID_SIZE * at + ID_SIZE])), lengths[at]) for at in range(start, end)]
        )

    def tree(self, row: int) -> TreeId | None:
        """Return a directory's tree id, None when it could not be read (or the row is no directory)."""
        start, end = self._refs_of(row)
        if start == end or not S_ISDIR(self.modes[row]):
            return None
        return TreeId(BlobId(bytes(self.ref_heap[ID_SIZE * start : ID_SIZE * start + ID_SIZE])))

    def target(self, row: int) -> bytes:
        """Return a symbolic link's target, empty for all else."""
        found = self.targets.get(row) if self.targets is not None else None
        if found is not None and len(found) > MAX_TARGET_SIZE:
            malformed("a target of a symbolic link that is too long", self.blob)
        return b"" if found is None else bytes(found)

    def device(self, row: int) -> tuple[int, int] | None:
        """Return a device's major and minor numbers."""
        found = self.devices.get(row) if self.devices is not None else None
        return None if found is None else _DEVICE.unpack(found)

    def xattrs(self, row: int) -> tuple[bytes, bool]:
        """Return the row's encoded attribute set, empty when it has none; or the id of its blob, and True."""
        found = self.xattrs_column.get(row) if self.xattrs_column is not None else None
        if found is None:
            return b"", False
        return self._plain_or_id(found), bool(found[0])

    def extents(self, row: int) -> tuple[Span, ...] | ListId | None:
        """Return a file's holes and data, or the id of the list object that has them; None for data without holes."""
        found = self.extents_column.get(row) if self.extents_column is not None else None
        if found is None:
            return None
        value = self._plain_or_id(found)
        if found[0]:
            return ListId(BlobId(value))
        if len(value) % _SPAN.size or len(value) > _SPAN.size * INLINE_EXTENTS:
            malformed("extents of a wrong size", self.blob)
        return tuple(Span(hole, data) for hole, data in _SPAN.iter_unpack(value))

    def _plain_or_id(self, value: memoryview) -> bytes:
        if not value or value[0] > 1 or (value[0] and len(value) != 1 + ID_SIZE):
            malformed("a value that is neither plain nor an id", self.blob)
        return bytes(value[1:])

    def flags(self, row: int) -> int:
        """Return the row's inode flags."""
        found = self.flags_column.get(row) if self.flags_column is not None else None
        return 0 if found is None else int.from_bytes(found, "little")

    def link_group(self, row: int) -> int:
        """Return what is the same for all names of one file and no other; 0 when the file has one name."""
        found = self.link_groups.get(row) if self.link_groups is not None else None
        return 0 if found is None else int.from_bytes(found, "little")

    def entry(self, row: int) -> Entry:
        """Return the row as an Entry."""
        mode, marks = self.modes[row], self.marks[row]
        common = (
            ROOT_NAME if self._root else self.name(row),
            mode,
            self.owner(row),
            self.sizes[row],
            self.mtime_ns(row),
            self.ctime_ns(row),
            self.birth_ns(row),
            self.atime_ns(row),
            self.blocks[row],
            self.nlinks[row],
            Mark(marks) if marks else _NO_MARKS,
            self.refs(row),
            self.summary(row) if S_ISDIR(mode) else None,
        )
        if not self._has_rare:
            return Entry(*common)
        xattrs, stored = self.xattrs(row)
        return Entry(
            *common,
            self.target(row),
            self.device(row),
            xattrs,
            stored,
            self.extents(row),
            self.flags(row),
            self.link_group(row),
        )

    # Sums and ordinals

    def summary(self, row: int) -> Summary:
        """Return what is below a directory (of an inner node: the sums over a child)."""
        at = row
        if not self.height:
            at = bisect_left(self.directory_rows, row)
            if at == len(self.directory_rows) or self.directory_rows[at] != row:
                raise ValueError("only directories have a summary")
        return self._sums(at)

    def _sums(self, at: int) -> Summary:
        below = self.entries_below
        return Summary(
            below[at] - (below[at - 1] if at else 0),
            self.files_below[at],
            self.bytes_below[at],
            self.newest_below[at],
            self.unreadable_below[at],
            self.changed_below[at],
        )

    def total(self) -> Summary:
        """Return the sums over all rows and everything below them: of a root node, its directory's summary."""
        below = [self._sums(at) for at in range(len(self.entries_below))]
        if self.height or not self.count:
            return add_up(below, NOTHING_BELOW)
        return add_up(below, own_sums(bytes(self._column(Column.MODE)), self.sizes, self.mtimes, self.marks))

    def ordinal(self, row: int) -> int:
        """Return the row's ordinal, counted from the first row's."""
        at = bisect_left(self.directory_rows, row)
        return row + self.entries_below[at - 1] if at else row

    def ordinals(self) -> Sequence[int]:
        """Return the ordinals of all rows of a leaf."""
        if not self.directory_rows:
            return range(self.count)
        gaps = [0] * self.count
        rows = self.directory_rows.tolist()
        for row, below in zip(rows, self.entries_below.tolist(), strict=True):
            if row + 1 < self.count:
                gaps[row + 1] = below
        return list(map(add, range(self.count), accumulate(gaps, max)))

    def at_ordinal(self, ordinal: int) -> tuple[int, int]:
        """Return the row that has the ordinal, and 0; or the directory below which it lies, and its place there from 1.

        IndexError when the ordinal is not in this leaf.
        """
        if not 0 <= ordinal < self.entries:
            raise IndexError(ordinal)
        rows, below = self.directory_rows, self.entries_below
        after = bisect_right(range(len(rows)), ordinal, key=lambda at: rows[at] + (below[at - 1] if at else 0))
        if not after:
            return ordinal, 0
        row, last = rows[after - 1], rows[after - 1] + below[after - 1]
        if ordinal > last:
            return row + ordinal - last, 0
        return row, ordinal - self.ordinal(row)

    # Children of an inner node

    def child(self, row: int) -> BlobId:
        """Return the id of a child node, a page."""
        return BlobId(bytes(self.ref_heap[ID_SIZE * row : ID_SIZE * row + ID_SIZE]))

    def before(self, row: int) -> tuple[int, int]:
        """Return how many rows of leaves and how many entries lie before this child."""
        return (self.rows_below[row - 1], self.entries_below[row - 1]) if row else (0, 0)

    @property
    def rows(self) -> int:
        """How many names the leaves of this node have: itself, when it is one."""
        return self.rows_below[-1] if self.height else self.count

    def check(self) -> None:
        """Look at every value of the node; DamageError when any is impossible."""
        self.names()
        for row in range(self.count):
            if self.height:
                self.summary(row)
            else:
                self.entry(row)
        self.total()


def _numbers(column: int, code: str) -> Callable[[Page], memoryview]:
    return lambda page: cast(page._column(column), code)


def _numbers_or(absent: int, column: Column, code: str) -> Callable[[Page], memoryview]:
    """Fill an absent column with `absent`, so that readers need not care."""

    def fill(page: Page) -> memoryview:
        view = page._column(column)
        return cast(view, code) if view else memoryview(array(code, [absent]) * page.count)

    return fill


def _sums_of(column: Column, in_order: Callable[[Sequence[int]], bool]) -> Callable[[Page], memoryview]:
    def fill(page: Page) -> memoryview:
        sums = cast(page._column(column), "Q")
        if not in_order(sums.tolist()) or (sums and sums[-1] > page.entries):
            malformed("its sums are wrong", page.blob)
        return sums

    return fill


def _sparse(column: Column) -> Callable[[Page], Sparse | None]:
    def fill(page: Page) -> Sparse | None:
        view = page._column(column)
        if not view and page._places[column] < 0:
            return None
        return Sparse(view, page.count, VALUE_WIDTHS.get(column, 0), page.blob)

    return fill


def _heap(page: Page) -> bytes:
    heap = bytes(page._column(Column.NAMES))
    if (b"/" in heap or b"\0" in heap) and not (page._root and heap == ROOT_NAME):
        malformed("a name that no directory can have", page.blob)
    return heap


def _directory_rows(page: Page) -> memoryview:
    """Check the column against the modes: each directory once, nothing else."""
    rows = cast(page._column(Column.DIRECTORY_ROWS), "H")
    kinds = bytes(page._column(Column.MODE))[1::2].translate(IS_DIRECTORY)
    if kinds.count(1) != len(rows) or (rows and rows.tolist() != list(compress(range(page.count), kinds))):
        malformed("its directories are wrong", page.blob)
    return rows


def _owners(page: Page) -> tuple[Owner, ...]:
    owners = _decoded_owners(bytes(page._column(Column.OWNERS)))
    if owners is None:
        malformed("its owners cannot be read", page.blob)
    return owners


_owners_decoder = msgspec.msgpack.Decoder(list[tuple[int, int, bytes, bytes]])
_extras_decoder = msgspec.msgpack.Decoder(Extras)


@lru_cache(maxsize=256)
def _decoded_owners(data: bytes) -> tuple[Owner, ...] | None:
    """Most nodes of a repository have the same few owners, so they share one table."""
    try:
        owners = _owners_decoder.decode(data)
    except msgspec.DecodeError:
        return None
    if len(owners) > MAX_ROWS or any(not (0 <= uid <= MAX_ID and 0 <= gid <= MAX_ID) for uid, gid, *_ in owners):
        return None
    return tuple(Owner(*owner) for owner in owners)


def _extras(data: memoryview, blob: bytes) -> Extras:
    try:
        extras = _extras_decoder.decode(data)
    except msgspec.DecodeError:
        malformed("times that cannot be read", blob)
    for time in (extras.m, extras.c, extras.b, extras.a):
        if time is not None and not (MIN_TIME <= time[0] <= MAX_TIME and 0 <= time[1] < SECOND_NS):
            malformed("times that cannot be", blob)
    return extras


_COLUMNS: Final[dict[str, Callable[[Page], object]]] = {
    "name_ends": _numbers(Column.NAME_ENDS, "I"),
    "heap": _heap,
    "modes": _numbers(Column.MODE, "H"),
    "owner_rows": _numbers_or(0, Column.OWNER, "H"),
    "owners": _owners,
    "mtimes": _numbers(Column.MTIME, "q"),
    "ctimes": _numbers(Column.CTIME, "q"),
    "ages": _numbers_or(UNKNOWN_TIME, Column.BIRTH, "q"),
    "atimes": _numbers_or(UNKNOWN_TIME, Column.ATIME, "q"),
    "sizes": _numbers(Column.SIZE, "Q"),
    "blocks": _numbers(Column.BLOCKS, "Q"),
    "nlinks": _numbers(Column.NLINK, "I"),
    "marks": _numbers_or(0, Column.MARKS, "H"),
    "ref_ends": _numbers_or(0, Column.REF_ENDS, "I"),
    "ref_heap": lambda page: page._column(Column.REFS),
    "ref_lengths": _numbers(Column.REF_LENGTHS, "I"),
    "directory_rows": _directory_rows,
    "entries_below": _sums_of(Column.ENTRIES_BELOW, cumulative),
    "files_below": _numbers(Column.FILES_BELOW, "Q"),
    "bytes_below": _numbers(Column.BYTES_BELOW, "Q"),
    "newest_below": _numbers(Column.NEWEST_BELOW, "q"),
    "unreadable_below": _numbers(Column.UNREADABLE_BELOW, "I"),
    "changed_below": _numbers(Column.CHANGED_BELOW, "I"),
    "rows_below": _sums_of(Column.ROWS_BELOW, rising),
    "targets": _sparse(Column.TARGETS),
    "devices": _sparse(Column.DEVICE),
    "xattrs_column": _sparse(Column.XATTRS),
    "extents_column": _sparse(Column.EXTENTS),
    "flags_column": _sparse(Column.FLAGS),
    "link_groups": _sparse(Column.LINK_GROUP),
    "extras": _sparse(Column.EXTRAS),
}
"""How each lazy slot of a Page is filled."""
