"""The columns of a directory node: their numbers, widths and encodings (docs/format.md, section 6).

Builder (engine/trees/page_builder.py) and reader (engine/trees/pages.py) share this one account of the layout. All
numbers are little-endian; on a host that is not, columns are swapped as they are packed or cast.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter, le, lt
from struct import Struct
from typing import Final, NoReturn

import msgspec
from blake3 import blake3

from yester.engine.errors import DamageError

VERSION = 1
ROOT_NAME = b"/"
MAX_NAME_SIZE = 1024
MAX_TARGET_SIZE = 4096
MAX_HEIGHT = 15
"""Each height takes two bytes of a 32-byte hash; 64 to the power of 15 names are more than there can be."""
MAX_ENTRIES = 2**48
"""Far more than any snapshot has; sums below it are safe wherever they are used."""
MIN_ROWS = 64
MAX_ROWS = 1024
MAX_OWNERS_SIZE = 2**20
"""1024 owners with names of 256 bytes take half of this."""
MAX_EXTRAS_SIZE = 256
INLINE_REFS = 32
INLINE_EXTENTS = 32
UNKNOWN_TIME = -(2**63)
MIN_TIME = -(2**63)
MAX_TIME = 2**63 - 1
MAX_ID = 2**32 - 1
MAX_COUNT = 2**32 - 1
MAX_SUM = 2**64 - 1
"""Sums of file sizes stop here: three sparse files of 8 EiB are more than 64 bits hold."""
SECOND_NS = 1_000_000_000

HEADER = Struct("<BBHIQI")
EMPTY_NODE = HEADER.pack(VERSION, 0, 0, 0, 0, 0)
DEVICE = Struct("<II")
SPAN = Struct("<QQ")


class Column:
    """The bit of each column in a node's mask, which is also their order.

    No enum: the hash of an enum's member is a call into Python, and a run uses these as keys some thirty times a node.
    """

    NAME_ENDS: Final = 0
    NAMES: Final = 1
    MODE: Final = 2
    OWNER: Final = 3
    OWNERS: Final = 4
    MTIME: Final = 5
    CTIME: Final = 6
    BIRTH: Final = 7
    ATIME: Final = 8
    SIZE: Final = 9
    BLOCKS: Final = 10
    NLINK: Final = 11
    MARKS: Final = 12
    REF_ENDS: Final = 13
    REFS: Final = 14
    REF_LENGTHS: Final = 15
    DIRECTORY_ROWS: Final = 16
    ENTRIES_BELOW: Final = 17
    FILES_BELOW: Final = 18
    BYTES_BELOW: Final = 19
    NEWEST_BELOW: Final = 20
    UNREADABLE_BELOW: Final = 21
    CHANGED_BELOW: Final = 22
    TARGETS: Final = 23
    DEVICE: Final = 24
    XATTRS: Final = 25
    EXTENTS: Final = 26
    FLAGS: Final = 27
    LINK_GROUP: Final = 28
    EXTRAS: Final = 29
    ROWS_BELOW: Final = 30

    ALL = range(31)


VALUE_WIDTHS = {Column.DEVICE: 8, Column.FLAGS: 4, Column.LINK_GROUP: 8}
"""Sizes of the values of sparse columns; all others hold byte strings of any size."""

IS_DIRECTORY = bytes(kind >> 4 == 0x4 for kind in range(256))
"""Translates the high byte of a mode to 1 for directories, 0 else."""

IS_FILE = bytes(kind >> 4 == 0x8 for kind in range(256))
"""Translates the high byte of a mode to 1 for regular files, 0 else."""


class Extras(msgspec.Struct, frozen=True, omit_defaults=True):
    """Times outside 64 bits of nanoseconds, as (seconds, ns): modification, change, birth, access."""

    m: tuple[int, int] | None = None
    c: tuple[int, int] | None = None
    b: tuple[int, int] | None = None
    a: tuple[int, int] | None = None


def malformed(what: str, blob: bytes = b"") -> NoReturn:
    """Raise DamageError: a node (of this blob id, when known) breaks the format."""
    name = f" {blob.hex()[:16]}" if blob else ""
    raise DamageError(
        f"Metadata node{name} is malformed: {what}",
        hint="Run `yester check` to see which snapshots it belongs to.",
    )


@lru_cache(maxsize=4096)
def _struct(count: int, code: str) -> Struct:
    return Struct(f"<{count}{code}")


def pack(code: str, values: Sequence[int]) -> bytes:
    """Return the numbers as one column of struct code `code`; OverflowError when one does not fit."""
    column = array(code, values)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def cast(view: memoryview, code: str) -> memoryview:
    """Return the bytes as a column of numbers, without a copy on a little-endian host."""
    if sys.byteorder == "big":
        column = array(code, view.tobytes())
        column.byteswap()
        return memoryview(column)
    return view.cast(code)  # type: ignore[call-overload, no-any-return]


def unpack_ends(data: memoryview, count: int) -> tuple[int, ...]:
    """Return the `count` column ends that follow a node's header; the caller has checked that they are there."""
    return _struct(count, "I").unpack_from(data, HEADER.size)


@lru_cache(maxsize=1024)
def _plan(numbers: tuple[int, ...]) -> tuple[Callable[[Mapping[int, bytes]], tuple[bytes, ...]], Struct, int]:
    """Return how columns with these numbers are put in order, the struct of their node's header, and its mask."""
    in_order = sorted(numbers)
    pick = itemgetter(*in_order)
    return pick, Struct(f"{HEADER.format}{len(numbers)}I"), sum(1 << number for number in numbers)


def assemble(height: int, count: int, entries: int, columns: Mapping[int, bytes]) -> bytes:
    """Return a whole node: header, column ends, columns in order of their numbers (two at least)."""
    pick, header, mask = _plan(tuple(columns))
    parts = pick(columns)
    _, *ends = accumulate(map(len, parts), initial=header.size)
    return header.pack(VERSION, height, 0, count, entries, mask, *ends) + b"".join(parts)


def rising(values: Sequence[int]) -> bool:
    """Tell whether each number is greater than the one before."""
    return all(map(lt, values, values[1:]))


def cumulative(values: Sequence[int]) -> bool:
    """Tell whether no number is less than the one before."""
    return all(map(le, values, values[1:]))


def cuts(name: bytes, page_key: bytes, height: int) -> bool:
    """Tell whether a node of at least MIN_ROWS at this height ends after `name`: one name in 256, by a keyed hash."""
    return blake3(name, key=page_key).digest(length=2 * height + 2)[-1] == 0


def pack_fixed(values: Mapping[int, bytes]) -> bytes:
    """Return a sparse column of values of one size, given by row in rising order."""
    return b"".join([pack("I", [len(values)]), pack("H", list(values)), *values.values()])


def pack_heap(values: Mapping[int, bytes]) -> bytes:
    """Return a sparse column of byte strings, given by row in rising order."""
    ends = list(accumulate(map(len, values.values())))
    return b"".join([pack("I", [len(values)]), pack("H", list(values)), pack("I", ends), *values.values()])


class Sparse:
    """A sparse column being read: values of a few of a node's rows."""

    __slots__ = ("_ends", "_heap", "rows")

    def __init__(self, data: memoryview, count: int, width: int, blob: bytes) -> None:
        """Check the column of a node of `count` rows; `width` is the size of each value, 0 for a heap."""
        held = int.from_bytes(data[:4], "little")
        at = 4 + 2 * held
        if not 0 < held <= count or len(data) < at + (width or 4) * held:
            malformed("a sparse column of a wrong size", blob)
        self.rows = cast(data[4:at], "H")
        if self.rows[held - 1] >= count or not rising(self.rows.tolist()):
            malformed("rows of a sparse column out of order", blob)
        heap = at if width else at + 4 * held
        self._ends: Sequence[int] = range(width, width * held + 1, width) if width else cast(data[at:heap], "I")
        self._heap = data[heap:]
        if self._ends[held - 1] != len(self._heap) or not (width or cumulative(list(self._ends))):
            malformed("values of a sparse column out of order", blob)

    def get(self, row: int) -> memoryview | None:
        """Return the row's value, None when it has none."""
        at = bisect_left(self.rows, row)
        if at == len(self.rows) or self.rows[at] != row:
            return None
        return self._heap[self._ends[at - 1] if at else 0 : self._ends[at]]


def in_order(names: Sequence[bytes], heap: bytes) -> bool:
    """Tell whether these, which make up the heap, may be the names of a directory.

    They are sorted, all different, not empty, of at most 1024 bytes, without '/' and NUL, and neither '.' nor '..'. A
    hostile repository must not make a restore leave its target.
    """
    return (
        all(map(lt, names, names[1:]))
        and names[0] != b""
        and b"/" not in heap
        and b"\0" not in heap
        and max(map(len, names)) <= MAX_NAME_SIZE
        and not (_holds(names, b".") or _holds(names, b".."))
    )


def _holds(names: Sequence[bytes], name: bytes) -> bool:
    at = bisect_left(names, name)
    return at < len(names) and names[at] == name
