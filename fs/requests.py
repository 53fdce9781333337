"""The kernel's side of a mount as bytes: linux/fuse.h, protocol 7.

A request is a header and what belongs to its kind; an answer a header with an errno or 0, and what was asked for. What
is packed of entries is in fs/records.py.
"""

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

VERSION = (7, 38)
"""What is spoken here; the kernel speaks the lower of its own version and this."""
OLDEST_MINOR = 23
REQUEST_SIZE = 64 << 10
"""Room for a request. The kernel asks for 8 KiB and more; what exceeds it is writing."""

_HEADER = Struct("<IIQQIII4x")
_ANSWER = Struct("<IiQ")
HEADER_SIZE = _HEADER.size
ANSWER_SIZE = _ANSWER.size


class Call(IntEnum):
    """The kinds of requests that are answered."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    READLINK = 5
    SYMLINK = 6
    MKNOD = 8
    MKDIR = 9
    UNLINK = 10
    RMDIR = 11
    RENAME = 12
    LINK = 13
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    SETXATTR = 21
    GETXATTR = 22
    LISTXATTR = 23
    REMOVEXATTR = 24
    INIT = 26
    OPENDIR = 27
    RELEASEDIR = 29
    CREATE = 35
    INTERRUPT = 36
    DESTROY = 38
    BATCH_FORGET = 42
    FALLOCATE = 43
    READDIRPLUS = 44
    RENAME2 = 45
    COPY_FILE_RANGE = 47
    TMPFILE = 51


WRITING = (
    Call.SETATTR,
    Call.SYMLINK,
    Call.MKNOD,
    Call.MKDIR,
    Call.UNLINK,
    Call.RMDIR,
    Call.RENAME,
    Call.LINK,
    Call.WRITE,
    Call.SETXATTR,
    Call.REMOVEXATTR,
    Call.CREATE,
    Call.FALLOCATE,
    Call.RENAME2,
    Call.COPY_FILE_RANGE,
    Call.TMPFILE,
)
UNANSWERED = (Call.FORGET, Call.BATCH_FORGET, Call.INTERRUPT)
"""For these the kernel does not wait."""


class Flag(IntEnum):
    """What of the kernel's abilities is made use of (flags of INIT)."""

    ASYNC_READ = 1 << 0
    EXPORT_SUPPORT = 1 << 4
    AUTO_INVAL_DATA = 1 << 12
    DO_READDIRPLUS = 1 << 13
    ASYNC_DIO = 1 << 15
    NO_OPEN_SUPPORT = 1 << 17
    PARALLEL_DIROPS = 1 << 18
    POSIX_ACL = 1 << 20
    MAX_PAGES = 1 << 22
    NO_OPENDIR_SUPPORT = 1 << 24


class Request(NamedTuple):
    """What the kernel wants."""

    call: int
    id: int
    inode: int
    uid: int
    body: bytes

    @property
    def call_name(self) -> str:
        """What it is called, for people."""
        return next((call.name.lower() for call in Call if call == self.call), f"call {self.call}")


class ReadRequest(NamedTuple):
    """READ and READDIRPLUS."""

    handle: int
    offset: int
    size: int


_READ = Struct("<QQI")
_INIT = Struct("<IIII")
_INIT_ANSWER = Struct("<IIIIHHIIHHI28x")
_SIZE = Struct("<I")
_FORGET = Struct("<Q")
_FORGETS = Struct("<QQ")
_OPEN_ANSWER = Struct("<QI4x")
_SPACE = Struct("<QQQQQIIII24x")
_INVALID = Struct("<Qqq")
_KEEP_CACHE, _CACHE_DIR = 1 << 1, 1 << 3
_INVALIDATE = 2
_OF_OPEN_FILE = 1

MAX_READ_AHEAD = 1 << 20
MAX_BACKGROUND = 64
_MAX_WRITE = 4096
_LARGEST_PAGES = 256
"""1 MiB: what one answer to READ holds at most."""


def parse_request(data: bytes) -> Request:
    """Return what the kernel sent."""
    _, call, id, inode, uid, _, _ = _HEADER.unpack_from(data)
    return Request(call, id, inode, uid, data[HEADER_SIZE:])


def answer_header(id: int, size: int, error: int = 0) -> bytes:
    """Return what begins an answer with so many bytes behind it."""
    return _ANSWER.pack(ANSWER_SIZE + size, -error, id)


def read_request(body: bytes) -> ReadRequest:
    """Return where and how much is to be read."""
    return ReadRequest(*_READ.unpack_from(body))


def greeting(body: bytes) -> tuple[int, int, int]:
    """Return the kernel's version of the protocol, major and minor, and its abilities."""
    major, minor, _, flags = _INIT.unpack_from(body)
    return major, minor, flags


def greeting_answer(minor: int, flags: int) -> bytes:
    """Return what is made use of."""
    # fmt: off
    return _INIT_ANSWER.pack(
        VERSION[0], min(minor, VERSION[1]), MAX_READ_AHEAD, flags, MAX_BACKGROUND, MAX_BACKGROUND * 3 // 4,
        _MAX_WRITE, 1, _LARGEST_PAGES, 0, 0,
    )
    # fmt: on


def version_answer() -> bytes:
    """Return the version spoken here to a kernel of a later one, which then greets anew."""
    return _INIT_ANSWER.pack(*VERSION, *(0,) * 9)


def name_in(body: bytes) -> bytes:
    """Return the name that a request ends in."""
    return body[: body.index(b"\0")]


def is_of_open_file(body: bytes) -> bool:
    """Whether attributes are asked for by whoever has the file open."""
    return bool(_SIZE.unpack_from(body)[0] & _OF_OPEN_FILE)


def size_in(body: bytes) -> int:
    """Return how much of an attribute is asked for; 0 asks for its size. Also the flags of OPEN."""
    size: int = _SIZE.unpack_from(body)[0]
    return size


def attribute_in(body: bytes) -> bytes:
    """Return the name of the attribute that is asked for."""
    return name_in(body[8:])


def size_answer(size: int) -> bytes:
    """Return how large an attribute is."""
    return _SIZE.pack(size) + bytes(4)


def forgotten_in(body: bytes, inode: int, *, many: bool) -> list[tuple[int, int]]:
    """Return the numbers that the kernel forgets, and how often it was told of each."""
    return (
        [*_FORGETS.iter_unpack(body[8 : 8 + _count(body) * _FORGETS.size])]
        if many
        else [(inode, _FORGET.unpack_from(body)[0])]
    )


def _count(body: bytes) -> int:
    return size_in(body)


def open_answer() -> bytes:
    """Return a handle that means nothing: all that is read may be kept."""
    return _OPEN_ANSWER.pack(0, _KEEP_CACHE | _CACHE_DIR)


def space_answer(blocks: int, entries: int, block_size: int, name_max: int) -> bytes:
    """Return what statfs(2) tells: nothing is free."""
    return _SPACE.pack(blocks, 0, 0, entries, 0, block_size, name_max, block_size, 0)


def invalidation(inode: int) -> bytes:
    """Return the notice that everything kept of an entry is out of date."""
    return _ANSWER.pack(ANSWER_SIZE + _INVALID.size, _INVALIDATE, 0) + _INVALID.pack(inode, 0, 0)
