"""What a mount's server has done so far, in a file that any process of its user may read at any time.

The server keeps the file locked for as long as it lives. So a file that is not locked is that of a server which has
ended, in whatever way, and nobody needs to ask the mount itself, which might not answer.
"""

import fcntl
import os
import struct
from pathlib import Path
from typing import NamedTuple

_SHAPE = struct.Struct("<4Q")


class Tally(NamedTuple):
    """Counts since the mount was made, and what is open now."""

    reads: int = 0
    """Reads of files that were answered, small files that were handed over when they were opened among them."""
    hits: int = 0
    """Pieces of files and folders that were wanted and lay decoded in memory."""
    misses: int = 0
    """Those that were fetched from the store."""
    open_files: int = 0
    """Files that programs have open."""


class TallyFile:
    """The file of this process's mount."""

    def __init__(self, path: Path) -> None:
        """Make the file, locked, in place of any other; OSError when it cannot be."""
        fresh = path.with_suffix(f".tally-{os.getpid()}")
        self._fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        os.pwrite(self._fd, _SHAPE.pack(*Tally()), 0)
        fresh.replace(path)
        self._written = Tally()

    def write(self, tally: Tally) -> None:
        """Write the counts if they are others than before; OSError when there is no room for them."""
        if tally != self._written:
            os.pwrite(self._fd, _SHAPE.pack(*tally), 0)
            self._written = tally


def read_tally(path: Path) -> tuple[Tally, bool]:
    """Return the counts in a file, and whether its server lives; nothing and False when there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return Tally(), False
    try:
        held = os.pread(fd, _SHAPE.size, 0)
        return Tally(*_SHAPE.unpack(held)) if len(held) == _SHAPE.size else Tally(), _is_locked(fd)
    finally:
        os.close(fd)


def _is_locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
