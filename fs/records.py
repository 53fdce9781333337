"""What the kernel is told of entries, as the bytes it takes (linux/fuse.h: fuse_attr, fuse_entry_out, fuse_direntplus).

Records of a listing are made in one call of a Struct for each length of name: a first `find` spends its time here.
"""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from struct import Struct

NS = 10**9
BLOCK_SIZE = 4096

_ATTRIBUTES = "QQQqqqIIIIIIIIII"
"""ino, size, blocks, three times in seconds and their nanoseconds (access, change of content, change of inode), mode,
link count, uid, gid, device, block size, flags."""
_ENTRY = f"QQQQII{_ATTRIBUTES}"
"""nodeid, generation, how long the name and the attributes are valid in seconds and nanoseconds."""
_NAME = "QQII"
"""ino, position after it, length, type."""
_BLOCK_SIZE_AND_FLAGS = (BLOCK_SIZE, 0)
_DEVICE_MASK = 0xFFFFFFFF

_pack_attributes = Struct(f"<QII{_ATTRIBUTES}").pack
_pack_entry = Struct(f"<{_ENTRY}").pack


@dataclass(slots=True)
class Attributes:
    """What stat(2) shows of an entry, and for how many seconds the kernel may keep that and the name."""

    st_ino: int = 0
    st_mode: int = 0
    st_nlink: int = 1
    st_uid: int = 0
    st_gid: int = 0
    st_rdev: int = 0
    st_size: int = 0
    st_blocks: int = 0
    st_atime_ns: int = 0
    st_mtime_ns: int = 0
    st_ctime_ns: int = 0
    entry_timeout: float = 0.0
    attr_timeout: float = 0.0

    def fields(self) -> tuple[int, ...]:
        """Return what is packed as _ATTRIBUTES."""
        (accessed, accessed_ns), (modified, modified_ns) = divmod(self.st_atime_ns, NS), divmod(self.st_mtime_ns, NS)
        changed, changed_ns = divmod(self.st_ctime_ns, NS)
        return (
            self.st_ino,
            self.st_size,
            self.st_blocks,
            accessed,
            modified,
            changed,
            accessed_ns,
            modified_ns,
            changed_ns,
            self.st_mode,
            self.st_nlink,
            self.st_uid,
            self.st_gid,
            self.st_rdev & _DEVICE_MASK,
            *_BLOCK_SIZE_AND_FLAGS,
        )


def attributes_record(of: Attributes) -> bytes:
    """Return the answer to GETATTR."""
    seconds, ns = _valid(of.attr_timeout)
    return _pack_attributes(seconds, ns, 0, *of.fields())


def entry_record(of: Attributes) -> bytes:
    """Return the answer to LOOKUP; an entry with the number 0 says that there is no such name."""
    (name_s, name_ns), (seconds, ns) = _valid(of.entry_timeout), _valid(of.attr_timeout)
    return _pack_entry(of.st_ino, 0, name_s, seconds, name_ns, ns, *of.fields())


def listed_record(of: Attributes, name: bytes, after: int) -> bytes:
    """Return one entry of the answer to READDIRPLUS, with the position after it."""
    (name_s, name_ns), (seconds, ns) = _valid(of.entry_timeout), _valid(of.attr_timeout)
    head = (of.st_ino, 0, name_s, seconds, name_ns, ns, *of.fields())
    return listing_struct(len(name)).pack(*head, of.st_ino, after, len(name), of.st_mode >> 12, name)


def dot_record(name: bytes, inode: int, after: int) -> bytes:
    """Return `.` or `..` of a listing, of which the kernel takes the number and that it is a folder."""
    return listing_struct(len(name)).pack(*(0,) * 22, inode, after, len(name), 4, name)


@cache
def _struct_of(padded: int) -> Struct:
    return Struct(f"<{_ENTRY}{_NAME}{padded}s")


@cache
def listing_struct(length: int) -> Struct:
    """Return the shape of a listing's entry whose name has so many bytes; zeros fill it up to eight."""
    return _struct_of(-(-length // 8) * 8)


def _valid(seconds: float) -> tuple[int, int]:
    return int(seconds), int(seconds % 1 * NS)


class Room:
    """What of a listing fits into one answer."""

    __slots__ = ("_left", "taken")

    def __init__(self, size: int) -> None:
        self._left = size
        self.taken: list[bytes] = []

    def add(self, record: bytes) -> bool:
        """Take an entry; False when there is no more room for it."""
        self._left -= len(record)
        if self._left < 0:
            return False
        self.taken.append(record)
        return True

    def extend(self, records: list[bytes], start: int) -> bool:
        """Take entries from the one at `start` on; False when there was no room for all."""
        fitting = start
        for end in accumulate(map(len, records[start:])):
            if end > self._left:
                self.taken += records[start:fitting]
                self._left = 0
                return False
            fitting += 1
        self.taken += records[start:]
        self._left -= sum(map(len, records[start:]))
        return True
