"""Segments: the index of many fragments in one local file.

A segment holds a record of fixed size for every blob, sorted by short id. Ids are evenly spread, so their
leading bits are address enough: they select a bit of a filter (16 to 32 bits for each record, so that most
misses touch nothing else) and a bucket of about eight records, which is read and searched by bytes.find. Tables
are mapped, so that the kernel keeps of them what is used; nothing is kept in memory for a record.

    head 96 | covered fragments | replaced fragments | packs | buckets | filter | digests of blocks | records

A segment is a cache: the file is not synced, and whatever is wrong with it, it is thrown away and built again
from the fragments. Its head carries a digest of all that precedes the digests of blocks, verified when it is
opened; records are verified in blocks of 64 KiB when they are first touched, so that opening does not read them
all. A record names its pack by the first 12 bytes of its id, which makes records independent of their segment:
merging is sorting.
"""

import mmap
import os
import weakref
from bisect import bisect_left
from collections.abc import Collection, Iterator
from itertools import accumulate
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import NamedTuple

from blake3 import blake3

from yester.engine.ids import ID_SIZE, SHORT_ID_SIZE, BlobKind, FragmentId, PackId
from yester.engine.sealed.sealing import HEADER_SIZE, ObjectKind, was_added_blind

SUFFIX = ".segment"
PACK_PREFIX_SIZE = 12

MAGIC = b"yseg\x00\x00\x00\x01"
HEAD = Struct("<8sIIIQBB34x")
_DIGEST_SIZE = 32
HEAD_SIZE = HEAD.size + _DIGEST_SIZE
PACK_ROW = Struct(f"<{ID_SIZE}sQ{HEADER_SIZE}s")
_RECORD = Struct("<16s12sIIIIIHBB")
PLACES = Struct(">Q44x")
"""What of a record `place_of` returns."""
RECORD_SIZE = _RECORD.size
_PREFIX, _PREFIX_END = SHORT_ID_SIZE, SHORT_ID_SIZE + PACK_PREFIX_SIZE
_BLOCK_BITS = 16
BLOCK_SIZE = 1 << _BLOCK_BITS
BLOCK_DIGEST_SIZE = 16
_KINDS = tuple(BlobKind)
_PACKS_KNOWN = 256


class SegmentDamaged(Exception):
    """A segment's file is not what was written. It never leaves the index, which builds the segment again."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = path


class Location(NamedTuple):
    """Where a blob lies: the frame in its pack, and the blob in the frame's plain text."""

    pack: PackId
    kind: ObjectKind
    offset: int
    sealed_size: int
    plain_size: int
    codec: int
    frame: int
    start: int
    size: int
    blob_kind: BlobKind
    header: bytes
    """The pack's clear header, so that a frame takes one range get."""
    pack_size: int


class Copy(NamedTuple):
    """What one record says: a blob, and where a copy of it lies."""

    short: bytes
    pack: bytes
    """The first 12 bytes of the pack's id."""
    offset: int
    sealed_size: int
    plain_size: int
    start: int
    size: int
    frame: int
    codec: int
    kind: int

    @property
    def stored_size(self) -> int:
        """What of the frame's sealed bytes are the blob's, about: each blob has its share of the compression."""
        return self.sealed_size * self.size // self.plain_size if self.plain_size else self.sealed_size


def copy_of(record: bytes) -> Copy:
    """Return what a record says."""
    return Copy._make(_RECORD.unpack(record))


class _Pack(NamedTuple):
    """A pack that a segment's records name."""

    pack: PackId
    kind: ObjectKind
    size: int
    header: bytes


def place_of(short: bytes) -> int:
    """Return the leading bits of an id, which address filters and buckets."""
    return int.from_bytes(short[:8])


def pack_prefix(record: bytes) -> bytes:
    """Return the first 12 bytes of the id of the pack that a record names."""
    return record[_PREFIX:_PREFIX_END]


class Segment:
    """One open segment file. Immutable; any number of threads look up at once."""

    def __init__(self, path: Path) -> None:
        """Open and verify all but the records; SegmentDamaged when anything is off, or when it is gone."""
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._file)
            self._lay_out()
        except (OSError, ValueError, StructError) as error:
            raise SegmentDamaged(path, str(error)) from error

    def _lay_out(self) -> None:
        head = HEAD.unpack(os.pread(self._file, HEAD.size, 0))
        magic, fragments, replaced, packs, count, bucket_bits, filter_bits = head
        plan = Plan(fragments, replaced, packs, count, bucket_bits, filter_bits)
        if magic != MAGIC or max(bucket_bits, filter_bits) > 40 or os.fstat(self._file).st_size != plan.size:
            raise ValueError("version or size")
        data = self._tables = mmap.mmap(self._file, plan.records, access=mmap.ACCESS_READ)
        view = memoryview(data)
        if head_digest(view, plan) != data[HEAD.size : HEAD_SIZE]:
            raise ValueError("digest")
        self._plan = plan
        self._count: int = count
        self.fragments = frozenset(map(FragmentId, _rows(data, plan.fragments, plan.replaced, ID_SIZE)))
        self.replaced = frozenset(map(FragmentId, _rows(data, plan.replaced, plan.packs, ID_SIZE)))
        self._buckets = view[plan.buckets : plan.filter].cast("I")
        self._bucket_shift = 64 - bucket_bits
        self._filter_at = plan.filter
        self._filter_shift = 64 - filter_bits
        self._packs: dict[bytes, _Pack] = {}
        self._blind: frozenset[bytes] | None = None
        self._trusted = bytearray((plan.size - plan.records) // BLOCK_SIZE + 1)

    def __len__(self) -> int:
        return self._count

    def find(self, short: bytes, place: int, denied: Collection[bytes] = ()) -> bytes | None:
        """Return the record of a short id, in a pack whose prefix is not `denied`; None when there is none.

        `place` is `place_of(short)`, which a look-up in several segments works out once.
        """
        bit = place >> self._filter_shift
        if not self._tables[self._filter_at + (bit >> 3)] >> (bit & 7) & 1:
            return None
        bucket = place >> self._bucket_shift
        rows = self._read(self._buckets[bucket] * RECORD_SIZE, self._buckets[bucket + 1] * RECORD_SIZE)
        at = rows.find(short)
        while at >= 0:
            if at % RECORD_SIZE == 0 and (not denied or rows[at + _PREFIX : at + _PREFIX_END] not in denied):
                return rows[at : at + RECORD_SIZE]
            at = rows.find(short, at + 1)
        return None

    def rows(self, short: bytes) -> range:
        """Return the numbers of the records of a short id; none when there is none."""
        place = place_of(short)
        bit = place >> self._filter_shift
        if not self._tables[self._filter_at + (bit >> 3)] >> (bit & 7) & 1:
            return range(0)
        bucket = place >> self._bucket_shift
        first = self._buckets[bucket]
        data = self._read(first * RECORD_SIZE, self._buckets[bucket + 1] * RECORD_SIZE)
        at = data.find(short)
        while at % RECORD_SIZE and at >= 0:
            at = data.find(short, at + 1)
        if at < 0:
            return range(0)
        end = at + RECORD_SIZE
        while data[end : end + SHORT_ID_SIZE] == short:
            end += RECORD_SIZE
        return range(first + at // RECORD_SIZE, first + end // RECORD_SIZE)

    def records(self, rows: range) -> list[bytes]:
        """Return the records with these numbers, which follow each other."""
        data = self._read(rows.start * RECORD_SIZE, rows.stop * RECORD_SIZE)
        return list(_rows(data, 0, len(data), RECORD_SIZE))

    def blind_packs(self) -> frozenset[bytes]:
        """Return the first 12 bytes of the ids of packs that came from write-only clients."""
        if self._blind is None:
            rows = (PACK_ROW.unpack(row) for row in self.pack_rows())
            self._blind = frozenset(pack[:PACK_PREFIX_SIZE] for pack, _, header in rows if was_added_blind(header))
        return self._blind

    def location(self, record: bytes) -> Location:
        """Return what a record of this segment says."""
        _, prefix, offset, sealed, plain, start, size, frame, codec, kind = _RECORD.unpack(record)
        known = self._packs.get(prefix) or self._pack(prefix)
        place = (offset, sealed, plain, codec, frame, start, size)
        return Location(known.pack, known.kind, *place, _KINDS[kind], known.header, known.size)

    def _pack(self, prefix: bytes) -> "_Pack":
        """Return what is kept of the pack whose id begins so, and remember it: look-ups come in its neighbourhood."""
        data, start = self._tables, self._plan.packs
        low, high = 0, (self._plan.buckets - start) // PACK_ROW.size
        while low < high:
            middle = (low + high) // 2
            at = start + middle * PACK_ROW.size
            if data[at : at + PACK_PREFIX_SIZE] < prefix:
                low = middle + 1
            else:
                high = middle
        pack, size, header = PACK_ROW.unpack_from(data, start + low * PACK_ROW.size)
        if len(self._packs) >= _PACKS_KNOWN:
            self._packs.clear()
        known = self._packs[prefix] = _Pack(PackId(pack), ObjectKind(header[7]), size, header)
        return known

    def packs(self) -> Iterator[PackId]:
        """Yield the ids of all packs that the records may name."""
        for row in self.pack_rows():
            yield PackId(row[:ID_SIZE])

    def pack_rows(self) -> Iterator[bytes]:
        """Yield what the segment keeps of each pack, as `pack_row` made it."""
        return _rows(self._tables, self._plan.packs, self._plan.buckets, PACK_ROW.size)

    def between(self, low: bytes, high: bytes | None) -> list[bytes]:
        """Return the records from id `low` up to, not including, `high`."""
        first = self._buckets[place_of(low) >> self._bucket_shift]
        last = self._count if high is None else self._buckets[(place_of(high) >> self._bucket_shift) + 1]
        data = self._read(first * RECORD_SIZE, last * RECORD_SIZE)
        rows = list(_rows(data, 0, len(data), RECORD_SIZE))
        return rows[bisect_left(rows, low) : None if high is None else bisect_left(rows, high)]

    def _read(self, low: int, high: int) -> bytes:
        """Return these bytes of the records, verified. They are read, not mapped: what is mapped counts as memory."""
        first = low >> _BLOCK_BITS
        if not (self._trusted[first] and self._trusted[high >> _BLOCK_BITS]):
            for block in range(first, -(-high >> _BLOCK_BITS)):
                self._verify(block)
        return os.pread(self._file, high - low, self._plan.records + low)

    def _verify(self, block: int) -> None:
        """Compare the digest of a block of the records, unless that was done before."""
        if not self._trusted[block]:
            data = os.pread(self._file, BLOCK_SIZE, self._plan.records + block * BLOCK_SIZE)
            at = self._plan.digests + block * BLOCK_DIGEST_SIZE
            if block_digest(data) != self._tables[at : at + BLOCK_DIGEST_SIZE]:
                raise SegmentDamaged(self.path, f"block {block}")
            self._trusted[block] = 1


class Plan:
    """Where each part of a segment begins."""

    __slots__ = ("buckets", "digests", "filter", "fragments", "packs", "records", "replaced", "size")

    def __init__(
        self, fragments: int, replaced: int, packs: int, count: int, bucket_bits: int, filter_bits: int
    ) -> None:
        widths = (
            fragments * ID_SIZE,
            replaced * ID_SIZE,
            packs * PACK_ROW.size,
            4 * ((1 << bucket_bits) + 1),
            1 << filter_bits >> 3,
            BLOCK_DIGEST_SIZE * (-(-count * RECORD_SIZE // BLOCK_SIZE)),
            count * RECORD_SIZE,
        )
        ends = list(accumulate(widths, initial=HEAD_SIZE))
        self.fragments, self.replaced, self.packs, self.buckets, self.filter, self.digests, self.records, self.size = (
            ends
        )


def _rows(data: mmap.mmap | bytes, start: int, end: int, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(start, end, size))


def block_digest(data: bytes) -> bytes:
    """Return the digest of a block of records."""
    return blake3(data).digest(BLOCK_DIGEST_SIZE)


def head_digest(view: memoryview, plan: Plan) -> bytes:
    """Return the digest of the head and of the tables."""
    digest = blake3(view[: HEAD.size])
    digest.update(view[HEAD_SIZE : plan.digests])
    return digest.digest()
