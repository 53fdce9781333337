"""Nodes of directories and lists, and attribute sets, written from docs/format.md sections 6 and 7 alone: the middle
of the independent reader. Nothing here may import yester.
"""

import itertools
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from stat import S_ISDIR, S_ISREG
from typing import Any

import msgspec
from tests.format_objects import MIB, keyed, need

UNKNOWN = -(2**63)
CHANGED, UNREADABLE, EXCLUDED, LISTED, BARE = 1, 2, 4, 8, 16
LEAF_ALWAYS = {0, 1, 2, 4, 5, 6, 9, 10, 11}
INNER_ALWAYS = {0, 1, 14, 17, 18, 19, 20, 21, 22, 30}


@dataclass(frozen=True)
class Sums:
    """What lies below a directory."""

    entries: int = 0
    files: int = 0
    size: int = 0
    newest: int = UNKNOWN
    unreadable: int = 0
    changed: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.entries + other.entries,
            self.files + other.files,
            min(self.size + other.size, 2**64 - 1),
            max(self.newest, other.newest),
            self.unreadable + other.unreadable,
            self.changed + other.changed,
        )


@dataclass(frozen=True)
class Row:
    """One entry of a directory."""

    name: bytes
    mode: int
    owner: tuple[int, int, bytes, bytes]
    mtime: int
    ctime: int
    birth: int | None
    atime: int | None
    size: int
    blocks: int
    nlink: int
    marks: int
    refs: tuple[tuple[bytes, int], ...]
    sums: Sums | None
    target: bytes | None
    device: tuple[int, int] | None
    xattrs: bytes | None
    extents: bytes | None
    flags: int
    group: int | None
    nearest_mtime: int = 0

    @property
    def own(self) -> Sums:
        """What this row adds to the sums of the directories above."""
        regular = S_ISREG(self.mode)
        mine = Sums(
            1,
            int(regular),
            self.size if regular else 0,
            self.nearest_mtime,
            int(bool(self.marks & UNREADABLE)),
            int(bool(self.marks & CHANGED)),
        )
        return mine + self.sums if self.sums else mine


@dataclass(frozen=True)
class Child:
    """One node below an inner node, as its parent says."""

    first: bytes
    id: bytes
    rows: int
    sums: Sums


@dataclass(frozen=True)
class Node:
    """The columns of a node of a directory."""

    height: int
    count: int
    entries: int
    columns: dict[int, bytes] = field(repr=False)

    @classmethod
    def parse(cls, data: bytes) -> "Node":
        version, height, flags, count, entries, mask = struct.unpack_from("<BBHIQI", data)
        need((version, flags) == (1, 0) and height <= 15 and count <= 1024 and mask < 1 << 31, "head of a node")
        present = [bit for bit in range(31) if mask >> bit & 1]
        ends = struct.unpack_from(f"<{len(present)}I", data, 20)
        starts = (20 + 4 * len(present), *ends)
        need(starts[-1] == len(data), "length of a node")
        need(all(a <= b for a, b in zip(starts, ends, strict=False)), "columns rise")
        columns = {bit: data[a:b] for bit, a, b in zip(present, starts, ends, strict=False)}
        return cls(height, count, entries, columns)

    def ints(self, bit: int, code: str, count: int) -> tuple[int, ...]:
        """The numbers of a column; zeros when it is absent."""
        if bit not in self.columns:
            return (0,) * count
        need(len(self.columns[bit]) == struct.calcsize(f"<{count}{code}"), f"length of column {bit}")
        return struct.unpack(f"<{count}{code}", self.columns[bit])

    def ids(self, count: int) -> list[bytes]:
        data = self.columns.get(14, b"")
        need(len(data) == 32 * count, "length of column 14")
        return [data[32 * i : 32 * i + 32] for i in range(count)]

    def names(self) -> list[bytes]:
        ends = self.ints(0, "I", self.count)
        names = [self.columns[1][a:b] for a, b in zip((0, *ends), ends, strict=False)] if self.count else []
        need(not names or ends[-1] == len(self.columns[1]), "names fill their column")
        need(all(a < b for a, b in itertools.pairwise(names)), "names rise")
        return names

    def sparse_rows(self, bit: int) -> tuple[int, ...]:
        data = self.columns[bit]
        (count,) = struct.unpack_from("<I", data)
        rows = struct.unpack_from(f"<{count}H", data, 4)
        need(count > 0 and rows[-1] < self.count, "rows of a sparse column")
        need(all(a < b for a, b in itertools.pairwise(rows)), "rows of a sparse column rise")
        return rows

    def sparse_fixed(self, bit: int, code: str) -> dict[int, tuple[int, ...]]:
        if bit not in self.columns:
            return {}
        rows = self.sparse_rows(bit)
        values = list(struct.iter_unpack(f"<{code}", self.columns[bit][4 + 2 * len(rows) :]))
        need(len(values) == len(rows), "values of a sparse column")
        return dict(zip(rows, values, strict=True))

    def sparse_heap(self, bit: int) -> dict[int, bytes]:
        if bit not in self.columns:
            return {}
        rows = self.sparse_rows(bit)
        at = 4 + 2 * len(rows)
        ends = struct.unpack_from(f"<{len(rows)}I", self.columns[bit], at)
        heap = self.columns[bit][at + 4 * len(rows) :]
        need(ends[-1] == len(heap), "heap of a sparse column")
        return {row: heap[a:b] for row, a, b in zip(rows, (0, *ends), ends, strict=False)}

    def sums(self, count: int) -> list[Sums]:
        """Columns 17 to 22, with the cumulative one taken apart."""
        below = self.ints(17, "Q", count)
        entries = [b - a for a, b in zip((0, *below), below, strict=False)]
        columns = [self.ints(bit, code, count) for bit, code in zip(range(18, 23), "QQqII", strict=True)]
        return [Sums(*values) for values in zip(entries, *columns, strict=True)]

    def children(self) -> list[Child]:
        """What an inner node says of the nodes below it."""
        need(set(self.columns) == INNER_ALWAYS, "columns of an inner node")
        rows = self.ints(30, "Q", self.count)
        each = [b - a for a, b in zip((0, *rows), rows, strict=False)]
        made = zip(self.names(), self.ids(self.count), each, self.sums(self.count), strict=True)
        return [Child(*values) for values in made]

    def rows(self) -> list[Row]:
        """The entries of a leaf."""
        if not self.count:
            need(not self.columns, "a node without rows has no column")
            return []
        return list(_leaf_rows(self))


def _leaf_rows(node: Node) -> Iterator[Row]:
    count = node.count
    need(set(node.columns) >= LEAF_ALWAYS and 30 not in node.columns, "columns of a leaf")
    names, modes = node.names(), node.ints(2, "H", count)
    owners = [(u, g, bytes(user), bytes(group)) for u, g, user, group in msgspec.msgpack.decode(node.columns[4])]
    owner_rows = node.ints(3, "H", count)
    need(list(dict.fromkeys(owner_rows)) == list(range(len(owners))), "owners in order of their first rows")
    mtimes, ctimes = node.ints(5, "q", count), node.ints(6, "q", count)
    births = node.ints(7, "q", count) if 7 in node.columns else (UNKNOWN,) * count
    atimes = node.ints(8, "q", count) if 8 in node.columns else (UNKNOWN,) * count
    sizes, blocks, nlinks = node.ints(9, "Q", count), node.ints(10, "Q", count), node.ints(11, "I", count)
    marks = node.ints(12, "H", count)
    ref_ends = node.ints(13, "I", count)
    refs = list(zip(node.ids(ref_ends[-1]), node.ints(15, "I", ref_ends[-1]), strict=True))
    folders = struct.unpack(f"<{len(node.columns.get(16, b'')) // 2}H", node.columns.get(16, b""))
    need(folders == tuple(i for i in range(count) if S_ISDIR(modes[i])), "directory rows")
    sums = dict(zip(folders, node.sums(len(folders)), strict=True))
    targets, devices, xattrs = node.sparse_heap(23), node.sparse_fixed(24, "II"), node.sparse_heap(25)
    extents, flags, groups = node.sparse_heap(26), node.sparse_fixed(27, "I"), node.sparse_fixed(28, "Q")
    extras = {row: msgspec.msgpack.decode(data) for row, data in node.sparse_heap(29).items()}
    _nothing_for_nothing(node, owner_rows, births, atimes, marks, refs)

    for i in range(count):
        extra = {key: s * 10**9 + ns for key, (s, ns) in extras.get(i, {}).items()}
        ctime = extra.get("c", ctimes[i])
        birth = None if births[i] == UNKNOWN else ctime - births[i]
        device = devices.get(i)
        yield Row(
            name=names[i],
            mode=modes[i],
            owner=owners[owner_rows[i]],
            mtime=extra.get("m", mtimes[i]),
            ctime=ctime,
            birth=extra.get("b", birth),
            atime=extra.get("a", None if atimes[i] == UNKNOWN else atimes[i]),
            size=sizes[i],
            blocks=blocks[i],
            nlink=nlinks[i],
            marks=marks[i],
            refs=tuple(refs[ref_ends[i - 1] if i else 0 : ref_ends[i]]),
            sums=sums.get(i),
            target=targets.get(i),
            device=(device[0], device[1]) if device else None,
            xattrs=xattrs.get(i),
            extents=extents.get(i),
            flags=flags[i][0] if i in flags else 0,
            group=groups[i][0] if i in groups else None,
            nearest_mtime=mtimes[i],
        )


def _nothing_for_nothing(
    node: Node,
    owner_rows: Sequence[int],
    births: Sequence[int],
    atimes: Sequence[int],
    marks: Sequence[int],
    refs: Sequence[object],
) -> None:
    """Whatever is absent where it may be, is absent."""
    expected = {
        3: any(owner_rows),
        7: any(value != UNKNOWN for value in births),
        8: any(value != UNKNOWN for value in atimes),
        12: any(marks),
        13: bool(refs),
        14: bool(refs),
        15: bool(refs),
    } | dict.fromkeys(range(17, 23), 16 in node.columns)
    for bit, wanted in expected.items():
        need((bit in node.columns) == wanted, f"column {bit} is there exactly when it says something")


def cut(names: Sequence[bytes], key: bytes, height: int) -> list[int]:
    """How many rows each node has at one height of a directory."""
    sizes, size = [], 0
    for i, name in enumerate(names):
        size += 1
        draw = int.from_bytes(keyed(key, name)[2 * height : 2 * height + 2], "little")
        last = i == len(names) - 1
        if last or (len(names) > 64 and ((size >= 64 and draw < 256) or size == 1024)):
            sizes.append(size)
            size = 0
    return sizes or [0]


TREE, PAGE = 1, 2
_Nodes = list[tuple[Node, Child | None]]


@dataclass(frozen=True)
class DirectoryReader:
    """Reads all of a directory; `blob` gives the bytes of a node by kind and id."""

    blob: Callable[[int, bytes], bytes]
    page_key: bytes

    def rows(self, tree: bytes) -> list[Row]:
        """All rows; every node is compared with what its parent says of it, and with where it must end."""
        nodes: _Nodes = [(Node.parse(self.blob(TREE, tree)), None)]
        height = nodes[0][0].height
        need(not height or nodes[0][0].count > 1, "an inner root has several nodes")
        while height:
            children = [child for node, _ in nodes for child in node.children()]
            self._check_level(nodes, [child.first for child in children], [child.sums for child in children], height)
            nodes = [(Node.parse(self.blob(PAGE, child.id)), child) for child in children]
            height -= 1
            need(all(node.height == height for node, _ in nodes), "height of a page")
        rows = [row for node, _ in nodes for row in node.rows()]
        self._check_level(nodes, [row.name for row in rows], [row.own for row in rows], 0)
        return rows

    def _check_level(self, nodes: _Nodes, names: list[bytes], sums: list[Sums], height: int) -> None:
        need([node.count for node, _ in nodes] == cut(names, self.page_key, height), "cuts of a directory")
        at = 0
        for node, child in nodes:
            total = sum(sums[at : at + node.count], Sums())
            rows = sum(below.rows for below in node.children()) if height else node.count
            need(node.entries == total.entries, "entries of a node")
            if child is not None:
                need((child.first, child.rows, child.sums) == (names[at], rows, total), "what a parent says of a node")
            at += node.count


def attribute_set(data: bytes) -> dict[bytes, bytes]:
    """Name to value."""
    need(len(data) <= 4 * MIB, "size of an attribute set")
    found: dict[bytes, bytes] = {}
    names, at = [], 0
    while at < len(data):
        name_length, value_length = struct.unpack_from("<HI", data, at)
        at += 6
        name = data[at : at + name_length]
        found[name] = data[at + name_length : at + name_length + value_length]
        names.append(name)
        at += name_length + value_length
    need(at == len(data) and b"" not in found, "an attribute set")
    need(names == sorted(found), "attributes rise")
    return found


# Lists (section 7)

BLOBS, EXTENTS, LINKS = range(3)
LEAF_RECORDS = ("Q32s", "QQ", "QQ")
INNER_RECORDS = ("Q32s", "QQ32s", "QQ32s")


def list_columns(data: bytes, kind: int, height: int | None) -> tuple[int, list[tuple[Any, ...]]]:
    """Height and records of one node of a list."""
    version, found, found_kind, count = struct.unpack_from("<BBHI", data)
    need((version, found_kind) == (1, kind) and 0 < count <= 1024, "head of a list node")
    need(found <= 15 if height is None else found == height, "height of a list node")
    at, columns = 8, []
    for code in ("Q", "32s") if (kind == BLOBS) else ("Q", "Q", "32s") if found else ("Q", "Q"):
        wide = struct.calcsize(f"<{code}")
        columns.append([struct.unpack_from(f"<{code}", data, at + wide * i)[0] for i in range(count)])
        at += wide * count
    need(at == len(data), "length of a list node")
    return found, list(zip(*columns, strict=True))


def apart(cumulative: Sequence[int]) -> list[int]:
    """The numbers that a cumulative column sums up."""
    return [b - a for a, b in zip((0, *cumulative), cumulative, strict=False)]


def cut_list(records: Sequence[bytes], key: bytes) -> list[int]:
    """How many records each node has at one height of a list."""
    sizes, size = [], 0
    for i, data in enumerate(records):
        size += 1
        last = i == len(records) - 1
        if last or (size >= 64 and keyed(key, data)[0] == 0) or size == 1024:
            sizes.append(size)
            size = 0
    return sizes


@dataclass(frozen=True)
class ListReader:
    """Reads a list object; `blob` gives the bytes of a node."""

    blob: Callable[[bytes], bytes]
    page_key: bytes

    def records(self, kind: int, root: bytes) -> list[tuple[Any, ...]]:
        """All records: (length, id), (hole, data) or (member, first); cuts and sums of every height are checked."""
        parents: list[tuple[Any, ...]] = [(root,)]
        height: int | None = None
        while True:
            nodes = []
            for parent in parents:
                found, stored = list_columns(self.blob(parent[-1]), kind, height)
                records = self._plain(kind, found, stored)
                height = found
                nodes.append(records)
                need(parent[-1] == root or parent[:-1] == _sums(kind, found, records), "sums of a list node")
            assert height is not None
            flat = [item for node in nodes for item in node]
            need([len(node) for node in nodes] == self._cut(kind, height, flat), "cuts of a list")
            need(height == 0 or len(flat) > 1, "an inner root has several nodes")
            if height == 0:
                return flat
            parents, height = flat, height - 1

    def _plain(self, kind: int, height: int, records: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        columns = list(zip(*records, strict=True))
        if kind == LINKS and height == 0:
            need(list(columns[0]) == sorted(set(columns[0])), "members rise")
            return records
        cumulative = {BLOBS: (0,), EXTENTS: (0, 1), LINKS: (1,)}[kind]
        made = [apart(column) if i in cumulative else column for i, column in enumerate(columns)]
        if kind == EXTENTS:
            made[0] = [both - data for both, data in zip(made[0], made[1], strict=True)]
        return list(zip(*made, strict=True))

    def _cut(self, kind: int, height: int, flat: list[tuple[Any, ...]]) -> list[int]:
        plain = height == 0 and kind != BLOBS
        return cut_list([struct.pack("<QQ", *item) if plain else item[-1] for item in flat], self.page_key)


def _sums(kind: int, height: int, records: list[tuple[Any, ...]]) -> tuple[int, ...]:
    """What an inner node says of a node below it: its records summed; for links the first member and how many."""
    if kind == LINKS:
        return records[0][0], sum(each[1] for each in records) if height else len(records)
    return tuple(sum(each[i] for each in records) for i in range(1 if kind == BLOBS else 2))
