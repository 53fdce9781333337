"""Writing segments (engine/packs/segments.py): from packs in memory, or out of other segments.

Records pass through in slices of the id space, in order, so that memory is bounded however many there are. The
file appears under its name when it is whole.
"""

import mmap
import os
import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from struct import Struct
from typing import Protocol

from blake3 import blake3

from yester.engine.ids import FragmentId
from yester.engine.packs.packs import PackEntry
from yester.engine.packs.segments import (
    BLOCK_SIZE,
    HEAD,
    MAGIC,
    PACK_PREFIX_SIZE,
    PACK_ROW,
    PLACES,
    RECORD_SIZE,
    SUFFIX,
    Plan,
    Segment,
    block_digest,
    head_digest,
)

_UNFINISHED = ".unfinished"
_DAY = 86400
_PLACE = Struct("<12sIII")
_PART = Struct("<IIHBB")
_SLICE = 1 << 14
"""Records that are sorted at once when segments are merged: what a merge needs in memory."""


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
        # Opened before it has its name: once it has, another process may find that it has no use for it.
        segment = Segment(Path(temporary))
        segment.path = folder / f"{blake3(b''.join(sorted(fragments))).hexdigest()[:32]}{SUFFIX}"
        os.replace(temporary, segment.path)
    except BaseException:
        os.unlink(temporary)
        raise
    return segment


def sweep(folder: Path, now: float) -> None:
    """Delete what killed writers left half done a day ago or longer. `now` is in seconds since 1970."""
    for path in folder.glob(f".*{_UNFINISHED}"):
        with suppress(OSError):  # another swept it, or the folder cannot be written
            if path.stat().st_mtime < now - _DAY:
                path.unlink()


def pack_row(entry: PackEntry) -> bytes:
    """Return what a segment keeps of a pack."""
    return PACK_ROW.pack(entry.pack, entry.size, entry.header)


def _fill(
    file: int, runs: Sequence[Run], fragments: list[FragmentId], replaced: list[FragmentId], packs: list[bytes]
) -> None:
    """Write a whole segment: records, buckets and filter slice by slice, then the tables, then the head."""
    count = sum(map(len, runs))
    bucket_bits = max(count >> 3, 1).bit_length() - 1
    filter_bits = max(count << 4, 8).bit_length()
    plan = Plan(len(fragments), len(replaced), len(packs), count, bucket_bits, filter_bits)
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
    os.pwrite(file, HEAD.pack(MAGIC, len(fragments), len(replaced), len(packs), count, bucket_bits, filter_bits), 0)
    with mmap.mmap(file, 0) as data, memoryview(data) as view:
        os.pwrite(file, head_digest(view, plan), HEAD.size)


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
    for (place,) in PLACES.iter_unpack(data):
        bit = place >> filter_shift & mask
        bits[bit >> 3] |= 1 << (bit & 7)
        counts[(place >> bucket_shift) - first_bucket + 1] += 1
    return list(accumulate(counts))[:buckets], bits


class _Blocks:
    """Writes records, and a digest of every 64 KiB of them."""

    def __init__(self, file: int, plan: Plan) -> None:
        self.count = 0
        self._file = file
        self._at = plan.records
        self._digests_at = plan.digests
        self._rest = b""

    def write(self, rows: bytes) -> None:
        self.count += len(rows) // RECORD_SIZE
        data = self._rest + rows
        whole = len(data) - len(data) % BLOCK_SIZE
        self._put(data[:whole])
        self._rest = data[whole:]

    def close(self) -> None:
        self._put(self._rest)

    def _put(self, data: bytes) -> None:
        digests = b"".join(block_digest(data[at : at + BLOCK_SIZE]) for at in range(0, len(data), BLOCK_SIZE))
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


def _uint32s(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()
