"""Listings as the kernel reads them."""

from struct import Struct
from typing import Any, NamedTuple

from yester.fs.file_system import FileSystem
from yester.fs.inodes import Inode
from yester.fs.records import Room

_ENTRY = Struct("<QQQQIIQQQqqqIIIIIIIIII")
_NAME = Struct("<QQII")
NS = 10**9


class Listed(NamedTuple):
    """One entry of an answer to READDIRPLUS."""

    name: bytes
    inode: int
    """What the kernel is to know the entry by; 0 for the dots."""
    number: int
    after: int
    kind: int
    st_mode: int
    st_nlink: int
    st_uid: int
    st_gid: int
    st_rdev: int
    st_size: int
    st_blocks: int
    st_atime_ns: int
    st_mtime_ns: int
    st_ctime_ns: int
    entry_timeout: float
    attr_timeout: float


def parse_listing(data: bytes) -> list[Listed]:
    """Return the entries of an answer to READDIRPLUS."""
    found = []
    while data:
        (inode, _, name_s, valid_s, name_ns, valid_ns, _, size, blocks, a, m, c, a_ns, m_ns, c_ns, *more) = (
            _ENTRY.unpack_from(data)
        )
        mode, nlink, uid, gid, rdev, _, _ = more
        number, after, length, kind = _NAME.unpack_from(data, _ENTRY.size)
        start = _ENTRY.size + _NAME.size
        name, times = data[start : start + length], (a * NS + a_ns, m * NS + m_ns, c * NS + c_ns)
        valid = (name_s + name_ns / NS, valid_s + valid_ns / NS)
        found.append(
            Listed(name, inode, number, after, kind, mode, nlink, uid, gid, rdev, size, blocks, *times, *valid)
        )
        data = data[start + -(-length // 8) * 8 :]
    return found


def listing(system: FileSystem, inode: Any, position: int = 0, size: int = 1 << 24) -> list[Listed]:
    """List a folder from a position on, as far as there is room."""
    room = Room(size)
    system.list_from(Inode(inode), position, room)
    return parse_listing(b"".join(room.taken))
