"""What the kernel says of entries, by statx: all that os.stat does, and birth times; and inode flags.

Called directly, it takes half as long as os.stat, and what it fills is the table of a directory: an unchanged one is
compared without an object for each entry. Flags cost a call for each file, which only new and changed ones pay: a
chattr moves ctime.
"""

import ctypes
import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import NamedTuple

_OF_FILE = 0x1000
"""AT_EMPTY_PATH."""
_OF_NAME = 0x900
"""AT_SYMLINK_NOFOLLOW and AT_NO_AUTOMOUNT, which is what os.stat does."""
_STATX_BTIME = 0x800
_STATX_BASIC = 0x7FF
_WANTED = _STATX_BASIC | _STATX_BTIME
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
_ROW_SIZE = 256
"""sizeof (struct statx)."""
_BLOCK = 256
"""Entries that are asked for before their rows are copied out of the buffer."""
_FIELDS = struct.Struct("<I12xIIIHxxQQQ24xqI4xqI4xqI4xIIII112x")
_STAMPED = struct.Struct("<16xIIIHxxQQ48xqI4xqI4x128x")
_MOVING = struct.Struct("<32xQQ48xqI4xqI").unpack_from
"""What changes when anything of a file does: inode, size, change and modification time."""
_SECOND_NS = 1_000_000_000

ALTERED_NS = -1
"""In the place of st_ctime_ns of what is kept otherwise than the file system has it; none has this."""

_UNSUPPORTED = {errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


class Status(NamedTuple):
    """What the kernel says of one entry; `st_` as in os.stat_result. Times are in two parts, as they come."""

    mask: int
    st_nlink: int
    st_uid: int
    st_gid: int
    st_mode: int
    st_ino: int
    st_size: int
    st_blocks: int
    birth_s: int
    birth_fraction_ns: int
    ctime_s: int
    ctime_fraction_ns: int
    mtime_s: int
    mtime_fraction_ns: int
    rdev_major: int
    rdev_minor: int
    dev_major: int
    dev_minor: int

    @property
    def st_mtime_ns(self) -> int:
        """When the content changed last."""
        return self.mtime_s * _SECOND_NS + self.mtime_fraction_ns

    @property
    def st_ctime_ns(self) -> int:
        """When anything changed last."""
        return self.ctime_s * _SECOND_NS + self.ctime_fraction_ns

    @property
    def birth_ns(self) -> int | None:
        """When the inode was made; None when the file system does not know."""
        return self.birth_s * _SECOND_NS + self.birth_fraction_ns if self.mask & _STATX_BTIME else None

    @property
    def st_dev(self) -> int:
        """The device of the file system."""
        return os.makedev(self.dev_major, self.dev_minor)


_status_of = partial(tuple.__new__, Status)


class Statuses:
    """What the kernel says of many entries: columns over all of them, and a Status of each that is wanted."""

    __slots__ = ("_rows",)

    def __init__(self, rows: bytes) -> None:
        """`rows` are statx structures, one after the other."""
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows) // _ROW_SIZE

    def __getitem__(self, row: int) -> Status:
        return Status(*_FIELDS.unpack_from(self._rows, _ROW_SIZE * row))

    def __iter__(self) -> Iterator[Status]:
        return map(_status_of, _FIELDS.iter_unpack(self._rows))

    def selected(self, rows: Iterable[int]) -> "Statuses":
        """Return those of some rows."""
        return Statuses(b"".join([self._rows[_ROW_SIZE * row : _ROW_SIZE * (row + 1)] for row in rows]))

    def stamped(self) -> Iterator[tuple[int, ...]]:
        """Yield of each entry all that tells whether it changed."""
        return _STAMPED.iter_unpack(self._rows)

    def with_rows(self, statuses: Mapping[int, Status]) -> "Statuses":
        """Return the same with other statuses in some rows."""
        if not statuses:
            return self
        rows = bytearray(self._rows)
        for row, status in statuses.items():
            _FIELDS.pack_into(rows, _ROW_SIZE * row, *status)
        return Statuses(bytes(rows))

    @property
    def links(self) -> list[int]:
        """st_nlink of each."""
        return memoryview(self._rows).cast("I")[4 :: _ROW_SIZE // 4].tolist()

    def replaced(self, row: int, by: "Statuses") -> "Statuses":
        """Return the same with the one of `by` in a row's place."""
        return Statuses(self._rows[: _ROW_SIZE * row] + by._rows + self._rows[_ROW_SIZE * (row + 1) :])

    @property
    def inodes(self) -> list[int]:
        """st_ino of each."""
        return memoryview(self._rows).cast("Q")[4 :: _ROW_SIZE // 8].tolist()

    @property
    def modes(self) -> list[int]:
        """st_mode of each."""
        return memoryview(self._rows).cast("H")[14 :: _ROW_SIZE // 2].tolist()

    @property
    def sizes(self) -> list[int]:
        """st_size of each."""
        return memoryview(self._rows).cast("Q")[5 :: _ROW_SIZE // 8].tolist()

    @property
    def changes_s(self) -> list[int]:
        """The whole seconds of each one's st_ctime."""
        return memoryview(self._rows).cast("q")[12 :: _ROW_SIZE // 8].tolist()


class Probe:
    """Asks the kernel; owns its buffers, so one thread at a time uses it."""

    def __init__(self) -> None:
        buffer = ctypes.create_string_buffer(_ROW_SIZE * _BLOCK)
        first = ctypes.addressof(buffer)
        self._buffer = memoryview(buffer).cast("B")
        self._places = [ctypes.c_void_p(first + _ROW_SIZE * row) for row in range(_BLOCK)]
        self._flags = bytearray(8)
        self._flag_words = memoryview(self._flags).cast("I")
        self._without_flags: set[int] = set()

    def statuses(
        self, fd: int, names: Sequence[bytes], failed: Callable[[bytes, OSError], None]
    ) -> tuple[list[bytes], Statuses]:
        """Return the names in the open directory `fd` that are still there, and what they are. Links are not followed.

        `failed` is told of each whose attributes cannot be had: the mount of a server that died, or another person's.
        OSError when the directory itself cannot be searched.
        """
        blocks = []
        for start in range(0, len(names), _BLOCK):
            some = names[start : start + _BLOCK]
            results = map(_statx, repeat(fd), some, repeat(_OF_NAME), repeat(_WANTED), self._places)
            if any(list(results)):
                return self._those_there(fd, names, failed)
            blocks.append(bytes(self._buffer[: _ROW_SIZE * len(some)]))
        return list(names), Statuses(b"".join(blocks))

    def _those_there(
        self, fd: int, names: Sequence[bytes], failed: Callable[[bytes, OSError], None]
    ) -> tuple[list[bytes], Statuses]:
        there, rows = [], []
        for name in names:
            try:
                rows.append(self._row(fd, name))
                there.append(name)
            except FileNotFoundError:
                continue
            except OSError as error:
                os.stat(b".", dir_fd=fd)
                failed(name, error)
        return there, Statuses(b"".join(rows))

    def _row(self, fd: int, name: bytes) -> bytes:
        """Return the statx structure of one entry, or of `fd` itself; OSError when there is none."""
        if _statx(fd, name, _OF_NAME if name else _OF_FILE, _WANTED, self._places[0]) == 0:
            return bytes(self._buffer[:_ROW_SIZE])
        # The call itself may be what failed: old sandboxes forbid it. This says why, or does without birth times.
        found = os.stat(name, dir_fd=fd, follow_symlinks=False) if name else os.fstat(fd)
        return _as_row(found)

    def status(self, fd: int, name: bytes = b"") -> Status:
        """Return what `name` in the directory `fd` is, or `fd` itself; OSError when it is not there."""
        return Statuses(self._row(fd, name))[0]

    def is_still(self, fd: int, status: Status) -> bool:
        """Tell whether an open file is still what `status` says of it."""
        if _statx(fd, b"", _OF_FILE, _WANTED, self._places[0]) != 0:
            self._buffer[:_ROW_SIZE] = _as_row(os.fstat(fd))
        inode, size, ctime_s, ctime_ns, mtime_s, mtime_ns = _MOVING(self._buffer)
        return bool(
            ctime_ns == status.ctime_fraction_ns
            and ctime_s == status.ctime_s
            and mtime_ns == status.mtime_fraction_ns
            and mtime_s == status.mtime_s
            and size == status.st_size
            and inode == status.st_ino
        )

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


def _as_row(found: os.stat_result) -> bytes:
    """Return what os.stat gives as a statx structure without a birth time."""
    times = (0, 0, *divmod(found.st_ctime_ns, _SECOND_NS), *divmod(found.st_mtime_ns, _SECOND_NS))
    numbers = (found.st_nlink, found.st_uid, found.st_gid, found.st_mode, found.st_ino, found.st_size, found.st_blocks)
    devices = (os.major(found.st_rdev), os.minor(found.st_rdev), os.major(found.st_dev), os.minor(found.st_dev))
    return _FIELDS.pack(_STATX_BASIC, *numbers, *times, *devices)
