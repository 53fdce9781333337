"""Reads directory nodes without unpacking them (docs/format.md, section 6).

A Page checks the header and the ends of its columns at once, which is cheap, and each column when it is first used.
Columns are casts of the node's bytes; no object is made for a row unless `entry` is asked for one. Every number that
comes from the bytes is checked before it is used, so that a hostile node gives DamageError and nothing else: names
above all, since a name like `..` would lead a restore out of its target. `check` looks at everything at once.

Slots of columns are filled by `__getattr__`, which Python calls only while the slot is empty: from then on a column
costs what an attribute costs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import add
from stat import S_ISDIR
from typing import TYPE_CHECKING, Any

from yester.engine.entries import Entry, Mark, Owner, Ref, Span, Summary
from yester.engine.ids import ID_SIZE, BlobId, ListId, TreeId
from yester.engine.trees.page_columns import (
    DEVICE,
    INLINE_EXTENTS,
    INLINE_REFS,
    MAX_NAME_SIZE,
    MAX_TARGET_SIZE,
    ROOT_NAME,
    SECOND_NS,
    SPAN,
    UNKNOWN_TIME,
    Column,
    Sparse,
    cumulative,
    in_order,
    malformed,
)
from yester.engine.trees.page_filling import COLUMNS, extras_of
from yester.engine.trees.page_nodes import Node
from yester.engine.trees.page_sums import NOTHING_BELOW, add_up, own_sums

_DOTS = (b".", b"..")
_NO_MARKS = Mark(0)


class Page(Node):
    """One directory node. Rows are numbered from 0; a row number that is out of range is the caller's mistake.

    Every method and column may raise DamageError. `entries` counts the rows of a leaf, or of all leaves below an inner
    node, and everything in and below the directories among them.
    """

    __slots__ = (
        "ages",
        "atimes",
        "blocks",
        "bytes_below",
        "changed_below",
        "ctimes",
        "devices",
        "directory_rows",
        "entries_below",
        "extents_column",
        "extras",
        "files_below",
        "flags_column",
        "heap",
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

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            fill = COLUMNS.get(name)
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
        if names and (ends[-1] != len(heap) or not (in_order(names, heap) or (self.root and names == [ROOT_NAME]))):
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
        exact = getattr(extras_of(found, self.blob), letter) if found is not None else None
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

    def blobs(self, start: int, stop: int) -> tuple[list[BlobId], list[int]]:
        """Return the ids that the rows from `start` to before `stop` hold, and how many of them each row ends after."""
        column = self.ref_ends
        first = column[start - 1] if start else 0
        ends = column[start:stop].tolist()
        if not cumulative([first, *ends, len(self.ref_lengths)]):
            malformed("blobs of a file out of order", self.blob)
        heap = bytes(self.ref_heap[ID_SIZE * first : ID_SIZE * (ends[-1] if ends else first)])
        ids = [BlobId(heap[at : at + ID_SIZE]) for at in range(0, len(heap), ID_SIZE)]
        return ids, [end - first for end in ends]

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
        return None if found is None else DEVICE.unpack(found)

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
        if len(value) % SPAN.size or len(value) > SPAN.size * INLINE_EXTENTS:
            malformed("extents of a wrong size", self.blob)
        return tuple(Span(hole, data) for hole, data in SPAN.iter_unpack(value))

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
            ROOT_NAME if self.root else self.name(row),
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
        if not self.has_rare:
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
        return add_up(below, own_sums(bytes(self.column(Column.MODE)), self.sizes, self.mtimes, self.marks))

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
