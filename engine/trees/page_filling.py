"""Reads the columns of a directory node, each when it is first asked for, and checks what it reads.

What is checked here is what a column is alone: numbers that rise, names without slashes, directories that are those of
the modes. What needs a row (an owner that is there, a name that is not `..`) is checked by Page.
"""

from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Final

import msgspec

from yester.engine.entries import Owner
from yester.engine.trees.page_columns import (
    IS_DIRECTORY,
    MAX_EXTRAS_SIZE,
    MAX_ID,
    MAX_OWNERS_SIZE,
    MAX_ROWS,
    MAX_TIME,
    MIN_TIME,
    ROOT_NAME,
    SECOND_NS,
    UNKNOWN_TIME,
    VALUE_WIDTHS,
    Column,
    Extras,
    Sparse,
    cast,
    cumulative,
    malformed,
    rising,
)
from yester.engine.trees.page_nodes import Node


def _numbers(column: int, code: str) -> Callable[[Node], memoryview]:
    return lambda node: cast(node.column(column), code)


def _numbers_or(absent: int, column: int, code: str) -> Callable[[Node], memoryview]:
    """Fill an absent column with `absent`, so that readers need not care."""

    def fill(node: Node) -> memoryview:
        view = node.column(column)
        return cast(view, code) if view else memoryview(array(code, [absent]) * node.count)

    return fill


def _sums_of(column: int, in_order: Callable[[Sequence[int]], bool]) -> Callable[[Node], memoryview]:
    def fill(node: Node) -> memoryview:
        sums = cast(node.column(column), "Q")
        if not in_order(sums.tolist()) or (sums and sums[-1] > node.entries):
            malformed("its sums are wrong", node.blob)
        return sums

    return fill


def _sparse(column: int) -> Callable[[Node], Sparse | None]:
    def fill(node: Node) -> Sparse | None:
        if not node.has(column):
            return None
        return Sparse(node.column(column), node.count, VALUE_WIDTHS.get(column, 0), node.blob)

    return fill


def _heap(node: Node) -> bytes:
    heap = bytes(node.column(Column.NAMES))
    if (b"/" in heap or b"\0" in heap) and not (node.root and heap == ROOT_NAME):
        malformed("a name that no directory can have", node.blob)
    return heap


def _directory_rows(node: Node) -> memoryview:
    """Check the column against the modes: each directory once, nothing else."""
    rows = cast(node.column(Column.DIRECTORY_ROWS), "H")
    kinds = bytes(node.column(Column.MODE))[1::2].translate(IS_DIRECTORY)
    if kinds.count(1) != len(rows) or (rows and rows.tolist() != list(compress(range(node.count), kinds))):
        malformed("its directories are wrong", node.blob)
    return rows


def _owners(node: Node) -> tuple[Owner, ...]:
    column = node.column(Column.OWNERS)
    owners = _decoded_owners(bytes(column)) if len(column) <= MAX_OWNERS_SIZE else None
    if owners is None:
        malformed("its owners cannot be read", node.blob)
    return owners


_owners_decoder = msgspec.msgpack.Decoder(list[tuple[int, int, bytes, bytes]])
_extras_decoder = msgspec.msgpack.Decoder(Extras)


@lru_cache(maxsize=64)
def _decoded_owners(data: bytes) -> tuple[Owner, ...] | None:
    """Most nodes of a repository have the same few owners, so they share one table."""
    try:
        owners = _owners_decoder.decode(data)
    except msgspec.DecodeError:
        return None
    if len(owners) > MAX_ROWS or any(not (0 <= uid <= MAX_ID and 0 <= gid <= MAX_ID) for uid, gid, *_ in owners):
        return None
    return tuple(Owner(*owner) for owner in owners)


def extras_of(data: memoryview, blob: bytes) -> Extras:
    """Return a row's times outside 64 bits of ns."""
    if len(data) > MAX_EXTRAS_SIZE:
        malformed("times that cannot be read", blob)
    try:
        extras = _extras_decoder.decode(data)
    except msgspec.DecodeError:
        malformed("times that cannot be read", blob)
    for time in (extras.m, extras.c, extras.b, extras.a):
        if time is not None and not (MIN_TIME <= time[0] <= MAX_TIME and 0 <= time[1] < SECOND_NS):
            malformed("times that cannot be", blob)
    return extras


COLUMNS: Final[dict[str, Callable[[Node], object]]] = {
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
    "ref_heap": lambda node: node.column(Column.REFS),
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
