"""List objects: long blob lists, extent lists and link tables as trees of nodes (docs/format.md, section 7).

One writer and one reader serve all three. A node is cut after records that a keyed hash picks, as directories are, so
that a change in the middle of a terabyte rewrites one leaf and the nodes above it. Numbers in a node are cumulative and
start anew in it; what a node sums up to stands in its parent too, and a reader that goes down compares the two.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from itertools import accumulate
from operator import add, le, sub
from struct import Struct
from typing import Final, NamedTuple

from blake3 import blake3

from yester.engine.blobs import BlobSource, Put
from yester.engine.entries import Ref, Span
from yester.engine.ids import ID_SIZE, BlobId, BlobKind, ListId
from yester.engine.store import Buffer
from yester.engine.trees.page_columns import (
    MAX_ENTRIES,
    MAX_HEIGHT,
    MAX_ROWS,
    MIN_ROWS,
    VERSION,
    cast,
    cumulative,
    malformed,
    pack,
    rising,
)

_HEADER = Struct("<BBHI")
_PAIR = Struct("<QQ")
_KEPT_NODES = 16
"""Of at most 40 KiB each: whoever reads a file of ten gigabytes at random places meets most of its leaves again."""


class ListType(IntEnum):
    """What a list object lists."""

    BLOBS = 0
    EXTENTS = 1
    LINKS = 2


class Record(NamedTuple):
    """A row of a node: its numbers, not yet summed up, and the id of its blob or child (empty when it has none)."""

    numbers: tuple[int, ...]
    blob: bytes


class _Shape(NamedTuple):
    """The columns of a node: which are sums, and whether ids follow."""

    summed: tuple[bool, ...]
    ids: bool


_LEAF = (_Shape((True,), True), _Shape((True, True), False), _Shape((False, False), False))
_INNER = (_Shape((True,), True), _Shape((True, True), True), _Shape((False, True), True))
"""By list type."""


def _shape(type: ListType, height: int) -> _Shape:
    return _INNER[type] if height else _LEAF[type]


class ListWriter:
    """One list object being written: records are added in order and nodes are put as soon as they are whole."""

    __slots__ = ("_levels", "_page_key", "_put", "_type")

    def __init__(self, put: Put, page_key: bytes, type: ListType) -> None:
        self._put = put
        self._page_key = page_key
        self._type = type
        self._levels: list[list[Record]] = [[]]

    def add(self, record: Record, height: int = 0) -> None:
        """Add a record; its numbers are what it adds to the columns (of a link table: its ordinals)."""
        if height == len(self._levels):
            self._levels.append([])
        level = self._levels[height]
        if len(level) >= MIN_ROWS and (len(level) >= MAX_ROWS or self._cuts(level[-1])):
            self.add(self._node(height), height + 1)
            level.clear()
        level.append(record)

    def _cuts(self, record: Record) -> bool:
        data = record.blob or self._pair(*record.numbers)
        return blake3(data, key=self._page_key).digest(length=1) == b"\0"

    def _pair(self, first: int, second: int) -> bytes:
        """Return a record without an id as the format writes it: an extent is hole and data there."""
        return _PAIR.pack(first - second if self._type is ListType.EXTENTS else first, second)

    def _node(self, height: int) -> Record:
        """Put the open node of this height and return what its parent says of it."""
        rows = self._levels[height]
        columns = list(zip(*[row.numbers for row in rows], strict=True))
        shape = _shape(self._type, height)
        packed = [
            pack("Q", list(accumulate(numbers)) if summed else numbers)
            for numbers, summed in zip(columns, shape.summed, strict=False)
        ]
        header = _HEADER.pack(VERSION, height, self._type, len(rows))
        blob = self._put(BlobKind.LIST, b"".join([header, *packed, *[row.blob for row in rows]]))
        sums = tuple(
            sum(numbers) if summed else numbers[0] for numbers, summed in zip(columns, shape.summed, strict=False)
        )
        if self._type is ListType.LINKS and not height:
            sums = (sums[0], len(rows)) if rows else (0, 0)
        return Record(sums, blob)

    def finish(self) -> ListId:
        """Put what is open and return the list's id. The writer is not used afterwards."""
        height = 0
        while height < len(self._levels) - 1:
            self.add(self._node(height), height + 1)
            height += 1
        return ListId(BlobId(self._node(height).blob))


class ListNode:
    """One node of a list object, checked as it is read; DamageError when it is malformed."""

    __slots__ = ("_ids", "blob", "columns", "count", "height")

    def __init__(self, data: Buffer, type: ListType, blob: bytes = b"") -> None:
        view = memoryview(data)
        self.blob = blob
        if len(view) < _HEADER.size:
            malformed("it is too short", blob)
        version, self.height, held, count = _HEADER.unpack_from(view)
        if version != VERSION or self.height > MAX_HEIGHT or held != type or count > MAX_ROWS:
            malformed("its header is impossible", blob)
        shape = _shape(type, self.height)
        ids = _HEADER.size + count * 8 * len(shape.summed)
        if len(view) != ids + count * ID_SIZE * shape.ids or (self.height and not count):
            malformed("it has a wrong size", blob)
        self.count: int = count
        numbers, self._ids = view[_HEADER.size : ids], view[ids:]
        self.columns = [
            cast(numbers[8 * count * place : 8 * count * (place + 1)], "Q") for place in range(len(shape.summed))
        ]
        if not _IN_ORDER[type](self):
            malformed("its numbers are out of order", blob)

    def id(self, row: int) -> BlobId:
        """Return the blob or child of this row."""
        return BlobId(bytes(self._ids[ID_SIZE * row : ID_SIZE * row + ID_SIZE]))

    def before(self, row: int) -> list[int]:
        """Return the sums over the rows before this one."""
        return [column[row - 1] if row else 0 for column in self.columns]

    def totals(self, type: ListType) -> list[int]:
        """Return what a parent says of this node, which is not empty."""
        if type is not ListType.LINKS:
            return self.before(self.count)
        return [self.columns[0][0], self.columns[1][-1] if self.height else self.count]

    def said(self, row: int, type: ListType) -> list[int]:
        """Return what this inner node says of a child."""
        sums = list(map(sub, self.before(row + 1), self.before(row)))
        return [self.columns[0][row], sums[1]] if type is ListType.LINKS else sums


def _blobs_in_order(node: "ListNode") -> bool:
    return rising((0, *node.columns[0]))


def _extents_in_order(node: "ListNode") -> bool:
    ends, data = node.columns[0].tolist(), node.columns[1].tolist()
    held = map(sub, data, [0, *data])
    return rising((0, *ends)) and cumulative(data) and all(map(le, held, map(sub, ends, [0, *ends])))


def _links_in_order(node: "ListNode") -> bool:
    members, second = node.columns[0].tolist(), node.columns[1].tolist()
    if node.height:
        return rising(members) and rising((0, *second)) and second[-1] <= MAX_ENTRIES
    return rising(members) and all(map(le, second, [member - 1 for member in members]))


_IN_ORDER: Final[tuple[Callable[["ListNode"], bool], ...]] = (_blobs_in_order, _extents_in_order, _links_in_order)


class ListReader:
    """Goes down a list object; keeps its root and the nodes that were read lately.

    Every method may raise DamageError, and what the source raises.
    """

    __slots__ = ("_recent", "_source", "_type", "root")

    def __init__(self, source: BlobSource, id: ListId, type: ListType) -> None:
        self._source = source
        self._type = type
        self._recent: OrderedDict[tuple[bytes, int], ListNode] = OrderedDict()
        self.root = ListNode(source.blob(BlobKind.LIST, id), type, id)

    def child(self, parent: ListNode, row: int) -> ListNode:
        """Return a child node, checked against what its parent says of it."""
        # By parent and row, not by the child's id: two rows may name one child and say different things of it.
        key = (parent.blob, row)
        node = self._recent.get(key)
        if node is not None:
            return node
        blob = parent.id(row)
        node = ListNode(self._source.blob(BlobKind.LIST, blob), self._type, blob)
        if (
            node.height != parent.height - 1
            or not node.count
            or node.totals(self._type) != parent.said(row, self._type)
        ):
            malformed("it is not what its parent says", blob)
        self._recent[key] = node
        if len(self._recent) > _KEPT_NODES:
            self._recent.popitem(last=False)
        return node

    def leaves(self, node: ListNode | None = None) -> Iterator[ListNode]:
        """Yield all leaves (below a node, when one is given) in order."""
        node = node or self.root
        if not node.height:
            yield node
            return
        for row in range(node.count):
            yield from self.leaves(self.child(node, row))

    def seek(self, offset: int) -> tuple[ListNode, int, list[int]]:
        """Return the leaf and row in which the first sum passes `offset`, and the sums before that leaf.

        IndexError when the list ends before.
        """
        node, sums = self.root, [0] * len(self.root.columns)
        while True:
            row = bisect_right(node.columns[0], offset - sums[0])
            if row == node.count:
                raise IndexError(offset)
            if not node.height:
                return node, row, sums
            sums = list(map(add, sums, node.before(row)))
            node = self.child(node, row)


class BlobList:
    """A long file's blobs, read from a list object."""

    __slots__ = ("_reader", "size")

    def __init__(self, source: BlobSource, id: ListId) -> None:
        """Read the root node; `size` is that of all blobs together."""
        self._reader = ListReader(source, id, ListType.BLOBS)
        self.size: int = self._reader.root.before(self._reader.root.count)[0]

    def since(self, offset: int) -> Iterator[tuple[BlobId, int, int]]:
        """Yield id, start and end of the blob that has this byte and of all after it."""
        while offset < self.size:
            node, first, (base,) = self._reader.seek(offset)
            for row in range(first, node.count):
                yield node.id(row), base + node.before(row)[0], base + node.columns[0][row]
            offset = base + node.columns[0][-1]

    def span(self, offset: int) -> tuple[Ref, int]:
        """Return the blob that has this byte, and where it starts; IndexError when the file ends before."""
        node, row, (base,) = self._reader.seek(offset)
        start, end = node.before(row)[0], node.columns[0][row]
        return Ref(node.id(row), end - start), base + start

    def __iter__(self) -> Iterator[Ref]:
        for blob, start, end in self.since(0):
            yield Ref(blob, end - start)


class ExtentList:
    """A sparse file's holes and data, read from a list object."""

    __slots__ = ("_reader", "data_size", "size")

    def __init__(self, source: BlobSource, id: ListId) -> None:
        """Read the root node; `size` is that of the file, `data_size` what of it is data."""
        self._reader = ListReader(source, id, ListType.EXTENTS)
        self.size, self.data_size = self._reader.root.before(self._reader.root.count)

    def since(self, offset: int) -> Iterator[tuple[Span, int, int]]:
        """Yield span, start in the file and start in the data stream of the span with this byte and all after it."""
        while offset < self.size:
            node, first, (base, data_base) = self._reader.seek(offset)
            for row in range(first, node.count):
                (start, data_start), (end, data_end) = node.before(row), node.before(row + 1)
                data = data_end - data_start
                yield Span(end - start - data, data), base + start, data_base + data_start
            offset = base + node.columns[0][-1]

    def __iter__(self) -> Iterator[Span]:
        for span, _, _ in self.since(0):
            yield span


def write_blob_list(put: Put, page_key: bytes, refs: Iterable[Ref]) -> ListId:
    """Put the blobs of a long file and return the list's id; ValueError for an empty blob."""
    writer = ListWriter(put, page_key, ListType.BLOBS)
    for ref in refs:
        if ref.size < 1:
            raise ValueError("an empty blob in a list")
        writer.add(Record((ref.size,), ref.blob))
    return writer.finish()


def write_extents(put: Put, page_key: bytes, spans: Iterable[Span]) -> ListId:
    """Put the holes and data of a sparse file and return the list's id; ValueError for an empty span."""
    writer = ListWriter(put, page_key, ListType.EXTENTS)
    for span in spans:
        if min(span.hole, span.data) < 0 or span.hole + span.data < 1:
            raise ValueError("an empty extent in a list")
        writer.add(Record((span.hole + span.data, span.data), b""))
    return writer.finish()
