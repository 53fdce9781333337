"""What the last snapshot of a series saw: one record a directory, so that an unchanged one costs a listing and a
comparison.

A record holds the digest of the directory's listing (names and stamps), its tree id and summary, and the stamp of
each entry, in name order. A *stamp* is a 64-bit hash of what stat says of an entry; it decides for single files in a
directory whose digest moved. Python's hash of a tuple of integers serves: it is the same in every process of one
interpreter build, whose hash parameters are part of the cache's key, so another interpreter reads the files again
instead of trusting it.

The file of a finished run is valid only while its snapshot is listed. A run writes its records to a `.partial` file
as directories are done; when the run is killed, the next one may use them, but only for trees of which it has found
every blob in the index. The two are never mixed: what a killed run recorded does not pass for what a finished one
did. Names are not in it, only hashes of paths. Of a directory that a run was in the middle of it may hold a *half*
record, of its first entries.

The cache also remembers which packs there were when it was made: when one of them is gone, so may be what its trees
need, whatever the index still tells.
"""

import mmap
import os
import struct
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from blake3 import blake3

from yester.engine.entries import Summary
from yester.engine.ids import BlobId, SnapshotId, TreeId

_MAGIC = b"yester files 2\n\0"
_HEADER = struct.Struct("<16s32s32s")
_RECORD = struct.Struct("<8s16s16s32sQQQqIII")
_CHECK_SIZE = 8
_NO_SNAPSHOT = SnapshotId(bytes(32))
_PACKS = bytes(16)
"""Stands in a path's place in the record of the packs, whose first 8 bytes stand in the place of stamps."""
_PACK_SIZE = 8
_HALF = bytes(16)
"""Stands in the place of the digest of a listing of which only the first entries were taken; equal to none."""
_WRITE_BUFFER = 1 << 20
_HASHING = repr((sys.hash_info.algorithm, sys.hash_info.width, sys.hash_info.modulus, sys.version_info[:2])).encode()


def cache_key(repository: bytes, *rules: bytes) -> bytes:
    """Return what a cache must have been made under to be used: repository, filter rules, this interpreter's hash."""
    hasher = blake3(_HASHING)
    for part in (repository, *rules):
        hasher.update(len(part).to_bytes(8, "little") + part)
    return hasher.digest()


def _path_key(path: bytes) -> bytes:
    return blake3(path).digest(16)


def _half_key(path: bytes) -> bytes:
    """No path holds a zero byte."""
    return blake3(path + b"\0").digest(16)


def _check(record: bytes | memoryview) -> bytes:
    return blake3(record).digest(_CHECK_SIZE)


class DirectoryRecord(NamedTuple):
    """One directory as the last run saw it; `stamps` are 8 bytes an entry, in name order."""

    digest: bytes
    tree: TreeId
    summary: Summary
    stamps: memoryview
    finished: bool
    """Whether the run ended: then the tree of the folder above refers to this one's."""


class FileCache:
    """The records of an earlier run. Empty when there is no file or it was made under another key."""

    def __init__(self, data: bytes | mmap.mmap = b"", key: bytes = b"") -> None:
        self._view = memoryview(data)
        self._offsets: dict[bytes, int] = {}
        self.snapshot: SnapshotId | None = None
        if len(data) < _HEADER.size:
            return
        magic, made_under, snapshot = _HEADER.unpack_from(data)
        if magic != _MAGIC or made_under != key:
            return
        if snapshot != _NO_SNAPSHOT:
            self.snapshot = SnapshotId(snapshot)
        self._offsets = dict(_scan(self._view))

    @classmethod
    def load(cls, path: Path, key: bytes) -> Self:
        """Map the file at `path`; an unreadable or foreign one gives an empty cache."""
        try:
            with path.open("rb") as file:
                return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), key)
        except (OSError, ValueError):
            return cls()

    def __len__(self) -> int:
        return len(self._offsets)

    def find(self, path: bytes) -> DirectoryRecord | None:
        """Return the record of the directory at `path`."""
        return self._find(_path_key(path))

    def find_half(self, path: bytes) -> DirectoryRecord | None:
        """Return the record of the first entries of the directory at `path`, which a run did not come to the end of."""
        return self._find(_half_key(path))

    def packs_are_in(self, listed: Collection[bytes]) -> bool:
        """Whether every pack that was there when the run ended is among `listed`; an empty cache needs none."""
        if not self._offsets:
            return True
        record = self._find(_PACKS)
        if record is None:
            return False
        known, there = record.stamps, {pack[:_PACK_SIZE] for pack in listed}
        return all(bytes(known[at : at + _PACK_SIZE]) in there for at in range(0, len(known), _PACK_SIZE))

    def whole_records(self) -> dict[bytes, bytes]:
        """Return the bytes of each record by the hash of its path."""
        ends = {at: at + _RECORD.size + 8 * _rows_at(self._view, at) for at in self._offsets.values()}
        return {key: bytes(self._view[at : ends[at]]) for key, at in self._offsets.items()}

    def rows(self, key: bytes) -> int:
        """Return how many entries the record under the hash of a path has; 0 when there is none."""
        return _rows_at(self._view, self._offsets[key]) if key in self._offsets else 0

    def _find(self, key: bytes) -> DirectoryRecord | None:
        offset = self._offsets.get(key)
        if offset is None:
            return None
        check, _, digest, tree, *sums, rows = _RECORD.unpack_from(self._view, offset)
        start = offset + _RECORD.size
        # A power cut may leave a page of zeros, and a tree id out of that would end in a snapshot.
        if check != _check(self._view[offset + _CHECK_SIZE : start + 8 * rows]):
            return None
        summary = Summary(*sums)
        stamps = self._view[start : start + 8 * rows]
        return DirectoryRecord(digest, TreeId(BlobId(tree)), summary, stamps, self.snapshot is not None)


def _rows_at(view: memoryview, offset: int) -> int:
    """Return how many rows the record at `offset` says that it has."""
    return int.from_bytes(view[offset + _RECORD.size - 4 : offset + _RECORD.size], "little")


def _scan(view: memoryview) -> Iterator[tuple[bytes, int]]:
    """Yield the path key and offset of each whole record; a torn tail (killed run) ends it."""
    offset, end = _HEADER.size, len(view)
    while offset + _RECORD.size <= end:
        following = offset + _RECORD.size + 8 * _rows_at(view, offset)
        if following > end:
            return
        yield bytes(view[offset + _CHECK_SIZE : offset + _CHECK_SIZE + 16]), offset
        offset = following


class FileCacheWriter:
    """Writes the records of a run beside the cache of the last one and takes its place on commit."""

    def __init__(self, path: Path, key: bytes) -> None:
        """`path` is the cache of the last finished run, which stays until `commit`."""
        self._path = path
        self.partial = partial_path(path)
        self._key = key
        self._temporary = path.with_suffix(".new")
        self._file: BinaryIO | None = None
        self._committed = False
        self.failure: OSError | None = None
        """Why records are lost. The next run then reads more than it need, which is no reason to end this one."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = open(self._temporary, "wb", buffering=_WRITE_BUFFER)  # noqa: SIM115 - closed by __exit__
            self._file.write(_HEADER.pack(_MAGIC, key, _NO_SNAPSHOT))
        except OSError as error:
            self._give_up(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        try:
            self._file.close()
            if not self._committed:
                recover_killed(self._path, self._key)
        except OSError as failed:
            self._give_up(failed)

    def _give_up(self, error: OSError) -> None:
        """Write nothing more, and leave nothing half written."""
        self.failure = error
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def add(self, path: bytes, digest: bytes, tree: TreeId, summary: Summary, stamps: bytes) -> None:
        """Record a directory that is captured whole."""
        self._add(_path_key(path), digest, tree, summary, stamps)

    def add_half(self, path: bytes, tree: TreeId, summary: Summary, stamps: bytes) -> None:
        """Record the first entries of a directory that is being walked."""
        self._add(_half_key(path), _HALF, tree, summary, stamps)

    def flush(self) -> None:
        """Let what was recorded outlive this process."""
        if self._file is None:
            return
        try:
            self._file.flush()
        except OSError as error:
            self._give_up(error)

    def _add(self, key: bytes, digest: bytes, tree: bytes, summary: Summary, stamps: bytes) -> None:
        head = _RECORD.pack(
            bytes(_CHECK_SIZE),
            key,
            digest,
            tree,
            summary.entries,
            summary.files,
            summary.size,
            summary.newest_ns,
            summary.unreadable,
            summary.changed,
            len(stamps) // 8,
        )
        if self._file is None:
            return
        record = head[_CHECK_SIZE:] + stamps
        try:
            self._file.write(_check(record) + record)
        except OSError as error:
            self._give_up(error)

    def commit(self, snapshot: SnapshotId, packs: Collection[bytes]) -> None:
        """Make these records the ones that the next run trusts, as what `snapshot` holds while `packs` are there."""
        self._add(_PACKS, bytes(16), bytes(32), Summary(), b"".join(sorted(pack[:_PACK_SIZE] for pack in packs)))
        if self._file is None:
            return
        try:
            self._file.flush()
            os.pwrite(self._file.fileno(), _HEADER.pack(_MAGIC, self._key, snapshot), 0)
            os.replace(self._temporary, self._path)
            self._committed = True
            self.partial.unlink(missing_ok=True)
        except OSError as error:
            self._give_up(error)


def _is_half(record: bytes) -> bool:
    return record[_CHECK_SIZE + 16 : _CHECK_SIZE + 32] == _HALF


def partial_path(path: Path) -> Path:
    """Where the records of a run that did not end are."""
    return path.with_suffix(".partial")


def recover_killed(path: Path, key: bytes) -> None:
    """Let the records of a run that was killed stand as partial ones, with those of such runs before it.

    The caller holds the profile's lock. OSError when they cannot be written.
    """
    new, partial = path.with_suffix(".new"), partial_path(path)
    if not new.exists():
        return
    earlier, later = FileCache.load(partial, key), FileCache.load(new, key)
    records = earlier.whole_records()
    for hashed, record in later.whole_records().items():
        if not _is_half(record) or earlier.rows(hashed) <= later.rows(hashed):
            records[hashed] = record
    new.write_bytes(b"".join((_HEADER.pack(_MAGIC, key, _NO_SNAPSHOT), *records.values())))
    os.replace(new, partial)
