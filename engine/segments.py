"""Segments: the index of many fragments in one local file.

A segment holds a record of fixed size for every blob, sorted by short id. Ids are evenly spread, so their
leading bits are address enough: they select a bit of a filter (16 to 32 bits for each record, so that most
misses touch nothing else) and a bucket of about eight records, which is searched by bytes.find. Nothing is kept
in memory for a record, and nothing is unpacked before a record is wanted.

    head 96 | covered fragments | replaced fragments | packs | buckets | filter | digests of blocks | records

A segment is a cache: the file is not synced, and whatever is wrong with it, it is thrown away and built again
from the fragments. Its head carries a digest of all that precedes the digests of blocks, verified when it is
opened; records are verified in blocks of 64 KiB when they are first touched, so that opening does not read them
all. A record names its pack by the first 12 bytes of its id, which makes records independent of their segment:
merging is sorting.
"""

import mmap
import os
import tempfile
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import NamedTuple, Protocol

from blake3 import blake3

from yester.engine.ids import ID_SIZE, SHORT_ID_SIZE, BlobKind, FragmentId, PackId
from yester.engine.packs import PackEntry
from yester.engine.sealing import HEADER_SIZE, ObjectKind

SUFFIX = ".segment"
_UNFINISHED = ".unfinished"
_DAY = 86400
PACK_PREFIX_SIZE = 12

_MAGIC = b"yseg\x00\x00\x00\x01"
_HEAD = Struct("<8sIIIQBB34x")
_DIGEST_SIZE = 32
_HEAD_SIZE = _HEAD.size + _DIGEST_SIZE
_PACK = Struct(f"<{ID_SIZE}sQ{HEADER_SIZE}s")
_RECORD = Struct("<16s12sIIIIIHBB")
_PLACE = Struct("<12sIII")
_PART = Struct("<IIHBB")
_PLACES = Struct(">Q44x")
"""What of a record `place_of` returns."""
_SIZE = _RECORD.size
_PREFIX, _PREFIX_END = SHORT_ID_SIZE, SHORT_ID_SIZE + PACK_PREFIX_SIZE
_BLOCK_BITS = 16
_BLOCK = 1 << _BLOCK_BITS
_BLOCK_DIGEST_SIZE = 16
_KINDS = tuple(BlobKind)
_PACKS_KNOWN = 256
_SLICE = 1 << 14
"""Records that are sorted at once when segments are merged: what a merge needs in memory."""


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


class _Pack(NamedTuple):
    """A pack that a segment's records name."""

    pack: PackId
    kind: ObjectKind
    size: int
    header: bytes


class Run(Protocol):
    """Records in order, from memory or from a segment."""

    def __len__(self) -> int: ...

    def between(self, low: bytes, high: bytes | None) -> list[bytes]:
        """Return the records from id `low` up to, not including, `high`."""
        ...


class Records:
    """Records in memory, of packs that no segment covers yet."""

    def __init__(self, packs: Iterable[PackEntry]) -> None:
        rows = [record for entry in packs for record in _records(entry)]
        rows.sort()
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def between(self, low: bytes, high: bytes | None) -> list[bytes]:
        """Return the records from id `low` up to, not including, `high`."""
        rows = self._rows
        return rows[bisect_left(rows, low) : len(rows) if high is None else bisect_left(rows, high)]


def _records(entry: PackEntry) -> Iterator[bytes]:
    """Yield the record of each blob of a pack."""
    directory = entry.directory
    prefix = entry.pack[:PACK_PREFIX_SIZE]
    ids, kinds, lengths = directory.ids, directory.kinds, directory.lengths
    part = _PART.pack
    blob = 0
    for frame in range(directory.frames):
        place = _PLACE.pack(
            prefix, directory.offsets[frame], directory.sealed_sizes[frame], directory.plain_sizes[frame]
        )
        codec = directory.codecs[frame]
        start = 0
        for _ in range(directory.blob_counts[frame]):
            size = lengths[blob]
            yield ids[16 * blob : 16 * blob + 16] + place + part(start, size, frame, codec, kinds[blob])
            start += size
            blob += 1


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
        head = _HEAD.unpack(os.pread(self._file, _HEAD.size, 0))
        magic, fragments, replaced, packs, count, bucket_bits, filter_bits = head
        plan = _Plan(fragments, replaced, packs, count, bucket_bits, filter_bits)
        if magic != _MAGIC or max(bucket_bits, filter_bits) > 40 or os.fstat(self._file).st_size != plan.size:
            raise ValueError("version or size")
        data = self._tables = mmap.mmap(self._file, plan.records, access=mmap.ACCESS_READ)
        view = memoryview(data)
        if _head_digest(view, plan) != data[_HEAD.size : _HEAD_SIZE]:
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
        self._trusted = bytearray((plan.size - plan.records) // _BLOCK + 1)

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
        rows = self._read(self._buckets[bucket] * _SIZE, self._buckets[bucket + 1] * _SIZE)
        at = rows.find(short)
        while at >= 0:
            if at % _SIZE == 0 and (not denied or rows[at + _PREFIX : at + _PREFIX_END] not in denied):
                return rows[at : at + _SIZE]
            at = rows.find(short, at + 1)
        return None

    def location(self, record: bytes) -> Location:
        """Return what a record of this segment says."""
        _, prefix, offset, sealed, plain, start, size, frame, codec, kind = _RECORD.unpack(record)
        known = self._packs.get(prefix) or self._pack(prefix)
        place = (offset, sealed, plain, codec, frame, start, size)
        return Location(known.pack, known.kind, *place, _KINDS[kind], known.header, known.size)

    def _pack(self, prefix: bytes) -> "_Pack":
        """Return what is kept of the pack whose id begins so, and remember it: look-ups come in its neighbourhood."""
        data, start = self._tables, self._plan.packs
        low, high = 0, (self._plan.buckets - start) // _PACK.size
        while low < high:
            middle = (low + high) // 2
            at = start + middle * _PACK.size
            if data[at : at + PACK_PREFIX_SIZE] < prefix:
                low = middle + 1
            else:
                high = middle
        pack, size, header = _PACK.unpack_from(data, start + low * _PACK.size)
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
        return _rows(self._tables, self._plan.packs, self._plan.buckets, _PACK.size)

    def between(self, low: bytes, high: bytes | None) -> list[bytes]:
        """Return the records from id `low` up to, not including, `high`."""
        first = self._buckets[place_of(low) >> self._bucket_shift]
        last = self._count if high is None else self._buckets[(place_of(high) >> self._bucket_shift) + 1]
        data = self._read(first * _SIZE, last * _SIZE)
        rows = list(_rows(data, 0, len(data), _SIZE))
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
            data = os.pread(self._file, _BLOCK, self._plan.records + block * _BLOCK)
            at = self._plan.digests + block * _BLOCK_DIGEST_SIZE
            if _block_digest(data) != self._tables[at : at + _BLOCK_DIGEST_SIZE]:
                raise SegmentDamaged(self.path, f"block {block}")
            self._trusted[block] = 1


class _Plan:
    """Where each part of a segment begins."""

    __slots__ = ("buckets", "digests", "filter", "fragments", "packs", "records", "replaced", "size")

    def __init__(
        self, fragments: int, replaced: int, packs: int, count: int, bucket_bits: int, filter_bits: int
    ) -> None:
        widths = (
            fragments * ID_SIZE,
            replaced * ID_SIZE,
            packs * _PACK.size,
            4 * ((1 << bucket_bits) + 1),
            1 << filter_bits >> 3,
            _BLOCK_DIGEST_SIZE * (-(-count * _SIZE // _BLOCK)),
            count * _SIZE,
        )
        ends = list(accumulate(widths, initial=_HEAD_SIZE))
        self.fragments, self.replaced, self.packs, self.buckets, self.filter, self.digests, self.records, self.size = (
            ends
        )


def write_segment(
    folder: Path,
    runs: Sequence[Run],
    fragments: Collection[FragmentId],
    replaced: Collection[FragmentId],
    pack_rows: Iterable[bytes],
) -> Segment:
    """Write the records of all runs as one segment into `folder`, and open it.

    Memory is bounded: records pass through in slices of the id space. The file appears under its name when it
    is whole. OSError when the folder cannot be written to.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=_UNFINISHED, dir=folder)
    try:
        with open(descriptor, "r+b") as file:
            _fill(file.fileno(), runs, sorted(fragments), sorted(replaced), sorted(set(pack_rows)))
        path = folder / f"{blake3(b''.join(sorted(fragments))).hexdigest()[:32]}{SUFFIX}"
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return Segment(path)


def sweep(folder: Path, now: float) -> None:
    """Delete what killed writers left half done a day ago or longer. `now` is in seconds since 1970."""
    for path in folder.glob(f".*{_UNFINISHED}"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < now - _DAY:
                path.unlink()


def pack_row(entry: PackEntry) -> bytes:
    """Return what a segment keeps of a pack."""
    return _PACK.pack(entry.pack, entry.size, entry.header)


def _fill(
    file: int, runs: Sequence[Run], fragments: list[FragmentId], replaced: list[FragmentId], packs: list[bytes]
) -> None:
    """Write a whole segment: records, buckets and filter slice by slice, then the tables, then the head."""
    count = sum(map(len, runs))
    bucket_bits = max(count >> 3, 1).bit_length() - 1
    filter_bits = max(count << 4, 8).bit_length()
    plan = _Plan(len(fragments), len(replaced), len(packs), count, bucket_bits, filter_bits)
    os.ftruncate(file, plan.size)
    os.pwrite(file, b"".join((*fragments, *replaced, *packs)), plan.fragments)
    records = _Blocks(file, plan)
    slice_bits = min(max(count // _SLICE, 1).bit_length() - 1, bucket_bits)
    buckets_each, filter_each = 1 << bucket_bits >> slice_bits, 1 << filter_bits >> slice_bits
    for number in range(1 << slice_bits):
        rows = b"".join(_slice(runs, number, slice_bits))
        before = records.count
        starts, bits = _address(rows, bucket_bits, filter_bits, number * buckets_each, buckets_each, filter_each)
        os.pwrite(file, _uint32s(before + start for start in starts), plan.buckets + 4 * number * buckets_each)
        os.pwrite(file, bits, plan.filter + (number * filter_each >> 3))
        records.write(rows)
    records.close()
    os.pwrite(file, _uint32s([count]), plan.buckets + 4 * (1 << bucket_bits))
    os.pwrite(file, _HEAD.pack(_MAGIC, len(fragments), len(replaced), len(packs), count, bucket_bits, filter_bits), 0)
    with mmap.mmap(file, 0) as data, memoryview(data) as view:
        os.pwrite(file, _head_digest(view, plan), _HEAD.size)


def _slice(runs: Sequence[Run], number: int, slice_bits: int) -> list[bytes]:
    """Return the sorted records whose ids begin with these bits."""
    low = (number << (64 - slice_bits)).to_bytes(8)
    high = ((number + 1) << (64 - slice_bits)).to_bytes(8) if number + 1 < 1 << slice_bits else None
    parts = [run.between(low, high) for run in runs]
    rows = [row for part in parts for row in part]
    if len(parts) > 1:
        rows.sort()
    return rows


def _address(
    data: bytes, bucket_bits: int, filter_bits: int, first_bucket: int, buckets: int, filter_size: int
) -> tuple[list[int], bytearray]:
    """Return where each bucket of a slice begins among its records, and the slice's bits of the filter."""
    bits = bytearray(filter_size >> 3)
    counts = [0] * (buckets + 1)
    bucket_shift, filter_shift, mask = 64 - bucket_bits, 64 - filter_bits, filter_size - 1
    for (place,) in _PLACES.iter_unpack(data):
        bit = place >> filter_shift & mask
        bits[bit >> 3] |= 1 << (bit & 7)
        counts[(place >> bucket_shift) - first_bucket + 1] += 1
    return list(accumulate(counts))[:buckets], bits


class _Blocks:
    """Writes records, and a digest of every 64 KiB of them."""

    def __init__(self, file: int, plan: _Plan) -> None:
        self.count = 0
        self._file = file
        self._at = plan.records
        self._digests_at = plan.digests
        self._rest = b""

    def write(self, rows: bytes) -> None:
        self.count += len(rows) // _SIZE
        data = self._rest + rows
        whole = len(data) - len(data) % _BLOCK
        self._put(data[:whole])
        self._rest = data[whole:]

    def close(self) -> None:
        self._put(self._rest)

    def _put(self, data: bytes) -> None:
        digests = b"".join(_block_digest(data[at : at + _BLOCK]) for at in range(0, len(data), _BLOCK))
        self._at += os.pwrite(self._file, data, self._at)
        self._digests_at += os.pwrite(self._file, digests, self._digests_at)


def plan_merge(counts: Sequence[int], limit: int = 8) -> int:
    """Return how many segments, the smallest ones, are to become one; 0 when none. `counts` falls.

    A segment is merged with all smaller ones when it is not twice as large as they are together, so that each record
    is copied only a few times in its life; and never more than `limit` segments stay.
    """
    merged, total = 0, 0
    for position in range(len(counts) - 1, -1, -1):
        behind = len(counts) - 1 - position
        if behind and (counts[position] < 2 * total or position >= limit - 1):
            merged = behind + 1
        total += counts[position]
    return merged


def _rows(data: mmap.mmap | bytes, start: int, end: int, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(start, end, size))


def _uint32s(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()


def _block_digest(data: bytes) -> bytes:
    return blake3(data).digest(_BLOCK_DIGEST_SIZE)


def _head_digest(view: memoryview, plan: _Plan) -> bytes:
    """Return the digest of the head and of the tables."""
    digest = blake3(view[: _HEAD.size])
    digest.update(view[_HEAD_SIZE : plan.digests])
    return digest.digest()
