"""Birth time and inode flags: what os.stat leaves out.

Both cost about a microsecond, and only entries that are new or changed pay it: a chattr moves ctime, and an inode's
birth time never changes.
"""

import ctypes
import errno
import fcntl
import os
import struct

_AT_EMPTY_PATH = 0x1000
_AT_SYMLINK_NOFOLLOW = 0x100
_STATX_BTIME = 0x800
_STATX_BASIC_AND_BTIME = 0xFFF
_FS_IOC_GETFLAGS = 0x80086601

SETTABLE_FLAGS = sum(
    (
        0x00000001,  # s secure deletion
        0x00000002,  # u undeletable
        0x00000004,  # c compressed
        0x00000008,  # S synchronous
        0x00000010,  # i immutable
        0x00000020,  # a append only
        0x00000040,  # d no dump
        0x00000080,  # A no atime
        0x00004000,  # j data journalling
        0x00008000,  # t no tail-merging
        0x00010000,  # D synchronous directory
        0x00020000,  # T top of directory hierarchy
        0x00800000,  # C no copy-on-write
        0x02000000,  # x direct access
        0x20000000,  # P project hierarchy
        0x40000000,  # F case-insensitive directory
    )
)
"""The inode flags that a person sets with chattr; the others describe how the file system keeps the file."""

# Without argtypes, which would be checked at each call and take as long as the system does; hence c_void_p below.
_statx = ctypes.CDLL(None).statx
_fields = struct.Struct("<I28xQQ32xqI4xqI4xqI").unpack_from
"""Of struct statx: mask, inode, size, birth, change and modification time, each time in seconds and ns."""

_UNSUPPORTED = {errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


class Probe:
    """Asks the kernel for birth times and flags; owns its buffers, so one thread at a time uses it."""

    def __init__(self) -> None:
        self._buffer = ctypes.create_string_buffer(256)
        self._address = ctypes.c_void_p(ctypes.addressof(self._buffer))
        self._flags = bytearray(8)
        self._flag_words = memoryview(self._flags).cast("I")
        self._without_flags: set[int] = set()

    def birth_ns(self, fd: int, name: bytes = b"") -> int | None:
        """Return the birth time of `name` in the directory `fd`, or of `fd` itself; None when unknown."""
        how = _AT_SYMLINK_NOFOLLOW if name else _AT_EMPTY_PATH
        if _statx(fd, name, how, _STATX_BTIME, self._address) != 0:
            return None
        mask, _, _, seconds, ns, _, _, _, _ = _fields(self._buffer)
        return seconds * 1_000_000_000 + ns if mask & _STATX_BTIME else None

    def look_again(self, fd: int, status: os.stat_result) -> tuple[bool, int | None]:
        """Return whether an open file is still what `status` says of it, and its birth time."""
        if _statx(fd, b"", _AT_EMPTY_PATH, _STATX_BASIC_AND_BTIME, self._address) != 0:
            return False, None
        mask, inode, size, born, born_ns, changed, changed_ns, modified, modified_ns = _fields(self._buffer)
        same = (
            changed * 1_000_000_000 + changed_ns == status.st_ctime_ns
            and modified * 1_000_000_000 + modified_ns == status.st_mtime_ns
            and size == status.st_size
            and inode == status.st_ino
        )
        return same, born * 1_000_000_000 + born_ns if mask & _STATX_BTIME else None

    def flags(self, fd: int, device: int) -> int:
        """Return the settable inode flags of an open file on `device` (st_dev); 0 where the file system has none."""
        if device in self._without_flags:
            return 0
        try:
            fcntl.ioctl(fd, _FS_IOC_GETFLAGS, self._flags, True)
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                self._without_flags.add(device)
                return 0
            raise
        return self._flag_words[0] & SETTABLE_FLAGS
