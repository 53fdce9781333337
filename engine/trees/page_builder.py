"""Builds directory nodes: rows are collected as plain tuples and turned into columns at once.

A run writes a node for each changed directory, most of about ten rows, so nothing here costs more than a tuple
a row; zip turns rows into columns and each column is packed by one call. What few rows have (targets, devices,
attributes ...) is encoded as it is set and kept by column and row. Which columns a node has follows from its rows
alone: the same rows give the same bytes, whoever adds them.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, compress
from operator import sub
from struct import Struct
from typing import NamedTuple

import msgspec

from yester.engine.entries import Entry, Owner, Span, Summary
from yester.engine.ids import ID_SIZE, BlobId, ListId
from yester.engine.trees.page_columns import (
    DEVICE,
    EMPTY_NODE,
    INLINE_EXTENTS,
    INLINE_REFS,
    IS_DIRECTORY,
    MAX_ROWS,
    MAX_TARGET_SIZE,
    MAX_TIME,
    MIN_ROWS,
    MIN_TIME,
    ROOT_NAME,
    SECOND_NS,
    SPAN,
    UNKNOWN_TIME,
    VALUE_WIDTHS,
    Column,
    Extras,
    assemble,
    in_order,
    pack,
    pack_fixed,
    pack_heap,
)
from yester.engine.trees.page_sums import NOTHING_BELOW, add_up, own_sums, raised, summary_columns

Row = tuple[bytes, int, int, int, int, int | None, int, int, int, int, Sequence[bytes], Sequence[int]]
"""name, mode, owner row, mtime, ctime, birth, size, blocks, nlink, marks, refs, ref sizes."""

_FLAGS = Struct("<I")
_GROUP = Struct("<Q")

_msgpack = msgspec.msgpack.Encoder()


class Owners:
    """Users and groups by row number. One table may serve all directories of a run: nodes keep what they use of it."""

    __slots__ = ("_encoded", "_owners", "_rows")

    def __init__(self) -> None:
        self._owners: list[Owner] = []
        self._rows: dict[Owner, int] = {}
        self._encoded: dict[int, bytes] = {}

    def row(self, owner: Owner) -> int:
        """Return the owner's row, a new one for a new owner."""
        row = self._rows.setdefault(owner, len(self._owners))
        if row == len(self._owners):
            self._owners.append(owner)
            self._encoded[row] = self._encode([row])
        return row

    def columns(self, rows: Sequence[int]) -> dict[int, bytes]:
        """Return a node's owner columns: its owners in the order in which its rows first have them."""
        first = rows[0]
        if rows.count(first) == len(rows):
            return {Column.OWNERS: self._encoded[first]}
        places = {row: place for place, row in enumerate(dict.fromkeys(rows))}
        return {
            Column.OWNER: pack("H", [places[row] for row in rows]),
            Column.OWNERS: self._encode(places),
        }

    def _encode(self, rows: Iterable[int]) -> bytes:
        owners = map(self._owners.__getitem__, rows)
        return _msgpack.encode([(owner.uid, owner.gid, owner.user, owner.group) for owner in owners])


class PageBuilder:
    """One leaf node being filled, its rows added in rising order of their names.

    The setters are for the row that was added last.
    """

    __slots__ = ("_atimes", "_root", "_rows", "_sparse", "_summaries", "owners")

    def __init__(self, owners: Owners | None = None, *, root: bool = False) -> None:
        """Share `owners` between the nodes of a run; a `root` node has one row, which alone may be named "/"."""
        self.owners = Owners() if owners is None else owners
        self._root = root
        self._clear()

    def _clear(self) -> None:
        self._rows: list[Row] = []
        self._sparse: dict[int, dict[int, bytes]] = {}
        self._summaries: dict[int, Summary] = {}
        self._atimes: dict[int, int] = {}

    def _copy_rows(self, other: "PageBuilder") -> None:
        """Give another builder, of the same owners, the rows of this one."""
        other._rows = [*self._rows]
        other._sparse = {column: {**values} for column, values in self._sparse.items()}
        other._summaries = {**self._summaries}
        other._atimes = {**self._atimes}

    def owner_row(self, owner: Owner) -> int:
        """Return the number that `add_row` wants for this owner."""
        return self.owners.row(owner)

    def add_row(
        self,
        name: bytes,
        mode: int,
        owner_row: int,
        mtime_ns: int,
        ctime_ns: int,
        birth_ns: int | None,
        size: int,
        blocks: int,
        nlink: int,
        marks: int,
        refs: Sequence[bytes],
        ref_sizes: Sequence[int],
    ) -> None:
        """Add a name with what every name has. A directory's one ref is its tree id, with size 0."""
        if len(self._rows) >= MIN_ROWS:
            self._make_room()
        self._rows.append(
            (name, mode, owner_row, mtime_ns, ctime_ns, birth_ns, size, blocks, nlink, marks, refs, ref_sizes)
        )

    def _make_room(self) -> None:
        if len(self._rows) >= MAX_ROWS:
            raise ValueError("a node of more than 1024 rows")

    def _set(self, column: int, value: bytes) -> None:
        self._sparse.setdefault(column, {})[len(self._rows) - 1] = value

    def set_target(self, target: bytes) -> None:
        """Give the last row the target of a symbolic link."""
        if len(target) > MAX_TARGET_SIZE:
            raise ValueError("a symbolic link's target over 4096 bytes")
        self._set(Column.TARGETS, target)

    def set_device(self, major: int, minor: int) -> None:
        """Give the last row the numbers of a device."""
        self._set(Column.DEVICE, DEVICE.pack(major, minor))

    def set_xattrs(self, encoded: bytes, stored: bool = False) -> None:
        """Give the last row an encoded attribute set, or with `stored` the id of the blob that is one."""
        self._set(Column.XATTRS, (b"\1" if stored else b"\0") + encoded)

    def set_extents(self, extents: Sequence[Span] | ListId) -> None:
        """Give the last row its holes and data: at most 32 spans, or the id of an extent list."""
        if isinstance(extents, bytes):
            self._set(Column.EXTENTS, b"\1" + extents)
            return
        if len(extents) > INLINE_EXTENTS:
            raise ValueError("more than 32 extents without a list object")
        self._set(Column.EXTENTS, b"\0" + b"".join([SPAN.pack(span.hole, span.data) for span in extents]))

    def set_flags(self, flags: int) -> None:
        """Give the last row inode flags."""
        self._set(Column.FLAGS, _FLAGS.pack(flags))

    def set_link_group(self, group: int) -> None:
        """Give the last row the source's inode number, which is the same for all names of one file."""
        self._set(Column.LINK_GROUP, _GROUP.pack(group))

    def set_atime(self, atime_ns: int) -> None:
        """Give the last row an access time."""
        self._atimes[len(self._rows) - 1] = atime_ns

    def set_summary(self, summary: Summary) -> None:
        """Give the last row, a directory, what is below it. `newest_ns` is raised to its own mtime by itself."""
        self._summaries[len(self._rows) - 1] = summary

    def add(self, entry: Entry) -> None:
        """Add an entry with all that it has."""
        self.add_row(
            entry.name,
            entry.mode,
            self.owners.row(entry.owner),
            entry.mtime_ns,
            entry.ctime_ns,
            entry.birth_ns,
            entry.size,
            entry.blocks,
            entry.nlink,
            int(entry.marks),
            [ref.blob for ref in entry.refs],
            [ref.size for ref in entry.refs],
        )
        self._add_rare(entry)

    def _add_rare(self, entry: Entry) -> None:
        if entry.target:
            self.set_target(entry.target)
        if entry.device is not None:
            self.set_device(*entry.device)
        if entry.xattrs:
            self.set_xattrs(entry.xattrs, entry.xattrs_stored)
        if entry.extents is not None:
            self.set_extents(entry.extents)
        if entry.flags:
            self.set_flags(entry.flags)
        if entry.link_group:
            self.set_link_group(entry.link_group)
        if entry.atime_ns is not None:
            self.set_atime(entry.atime_ns)
        if entry.summary is not None:
            self.set_summary(entry.summary)

    def encode(self) -> tuple[bytes, Summary]:
        """Return the node and the sums over its rows; ValueError for an impossible name or order of names."""
        if not self._rows:
            return EMPTY_NODE, NOTHING_BELOW
        names, modes, owners, mtimes, ctimes, births, sizes, blocks, nlinks, marks, refs, ref_sizes = zip(
            *self._rows, strict=True
        )
        times = _Times(mtimes, ctimes, births, self._atimes)
        packed_modes = pack("H", modes)
        columns = name_columns(names, self._root)
        columns[Column.MODE] = packed_modes
        columns |= self.owners.columns(owners)
        columns |= times.columns
        columns[Column.SIZE] = pack("Q", sizes)
        columns[Column.BLOCKS] = pack("Q", blocks)
        columns[Column.NLINK] = pack("I", nlinks)
        if any(marks):
            columns[Column.MARKS] = pack("H", marks)
        columns |= _ref_columns(refs, ref_sizes)
        below = self._below(packed_modes, times.mtimes, columns)
        if self._sparse or times.extras:
            columns |= self._sparse_columns(times.extras)
        summary = add_up(below, own_sums(packed_modes, sizes, times.mtimes, marks))
        return assemble(0, len(names), summary.entries, columns), summary

    def _below(self, packed_modes: bytes, mtimes: Sequence[int], columns: dict[int, bytes]) -> list[Summary]:
        rows = list(compress(range(len(mtimes)), packed_modes[1::2].translate(IS_DIRECTORY)))
        if self._summaries.keys() - set(rows):
            raise ValueError("a summary of what is not a directory")
        # An unreadable directory has no summary; one that was read but is empty looks the same.
        below = [raised(self._summaries.get(row, NOTHING_BELOW), mtimes[row]) for row in rows]
        if rows:
            columns[Column.DIRECTORY_ROWS] = pack("H", rows)
            columns |= summary_columns(below)
        return below

    def _sparse_columns(self, extras: Mapping[int, Extras]) -> dict[int, bytes]:
        packed: dict[int, bytes] = {
            column: pack_fixed(values) if column in VALUE_WIDTHS else pack_heap(values)
            for column, values in self._sparse.items()
        }
        if extras:
            packed[Column.EXTRAS] = pack_heap({row: _msgpack.encode(extras[row]) for row in sorted(extras)})
        return packed


class Child(NamedTuple):
    """A node as its parent sees it: its first name, its id, the sums over it and the rows of all its leaves."""

    first: bytes
    blob: BlobId
    summary: Summary
    rows: int


def encode_inner(height: int, children: Sequence[Child]) -> tuple[bytes, Summary]:
    """Return the inner node over these children, and the sums over it."""
    sums = [child.summary for child in children]
    columns = name_columns([child.first for child in children])
    columns |= summary_columns(sums)
    columns[Column.REFS] = b"".join([child.blob for child in children])
    columns[Column.ROWS_BELOW] = pack("Q", list(accumulate([child.rows for child in children])))
    total = add_up(sums, NOTHING_BELOW)
    return assemble(height, len(children), total.entries, columns), total


def name_columns(names: Sequence[bytes], root: bool = False) -> dict[int, bytes]:
    """Return the columns of sorted names, or of the one name of a `root`; ValueError when they are impossible."""
    heap = b"".join(names)
    if names != (ROOT_NAME,) if root else not in_order(names, heap):
        raise ValueError("names of a directory that are not sorted, or that no directory can have")
    return {Column.NAME_ENDS: pack("I", list(accumulate(map(len, names)))), Column.NAMES: heap}


def _ref_columns(refs: Sequence[Sequence[bytes]], sizes: Sequence[Sequence[int]]) -> dict[int, bytes]:
    counts = list(map(len, refs))
    blobs = b"".join(chain.from_iterable(refs))
    if not blobs:
        return {}
    lengths = list(chain.from_iterable(sizes))
    if max(counts) > INLINE_REFS or len(blobs) != ID_SIZE * len(lengths) or counts != list(map(len, sizes)):
        raise ValueError("more than 32 refs in a row, or refs without their sizes")
    return {
        Column.REF_ENDS: pack("I", list(accumulate(counts))),
        Column.REFS: blobs,
        Column.REF_LENGTHS: pack("I", lengths),
    }


class _Times:
    """The time columns of a leaf, and what does not fit into them."""

    __slots__ = ("columns", "extras", "mtimes")

    def __init__(
        self,
        mtimes: Sequence[int],
        ctimes: Sequence[int],
        births: Sequence[int | None],
        atimes: Mapping[int, int],
    ) -> None:
        self.extras: dict[int, Extras] = {}
        self.columns: dict[int, bytes] = {}
        self.mtimes = self._add(Column.MTIME, "m", mtimes)
        self._add(Column.CTIME, "c", ctimes)
        if births.count(None) < len(births):
            self._add_births(ctimes, births)
        if atimes:
            times = [atimes.get(row) for row in range(len(mtimes))]
            self._add_sparing(Column.ATIME, "a", times, times)

    def _add(self, column: int, letter: str, times: Sequence[int]) -> Sequence[int]:
        """Add the column and return what it holds: the times, or the nearest that fit."""
        try:
            self.columns[column] = pack("q", times)
        except OverflowError:
            held = [min(max(time, MIN_TIME), MAX_TIME) for time in times]
            self.columns[column] = pack("q", held)
            for row, time in enumerate(times):
                if time != held[row]:
                    self._add_extra(row, letter, time)
            return held
        return times

    def _add_births(self, ctimes: Sequence[int], births: Sequence[int | None]) -> None:
        """Add birth times as ages; the fast way out serves file systems that know the birth of all their files."""
        try:
            ages = list(map(sub, ctimes, births))
            self.columns[Column.BIRTH] = pack("q", ages)
        except (TypeError, OverflowError):
            ages = [UNKNOWN_TIME]
        if UNKNOWN_TIME in ages:
            pairs = zip(ctimes, births, strict=True)
            known = [None if birth is None else ctime - birth for ctime, birth in pairs]
            self._add_sparing(Column.BIRTH, "b", known, births)

    def _add_sparing(self, column: int, letter: str, values: Sequence[int | None], times: Sequence[int | None]) -> None:
        """Add a column in which the least number means that a row's time is not known."""
        known = [UNKNOWN_TIME if value is None else min(max(value, MIN_TIME + 1), MAX_TIME) for value in values]
        self.columns[column] = pack("q", known)
        for row, time in enumerate(times):
            if time is not None and known[row] != values[row]:
                self._add_extra(row, letter, time)

    def _add_extra(self, row: int, letter: str, time: int) -> None:
        known = self.extras.get(row, Extras())
        self.extras[row] = msgspec.structs.replace(known, **{letter: divmod(time, SECOND_NS)})
