"""Budget: how much of the data is kept, and what goes when it is more.

What was not read for longest goes. A hit costs nothing but a note in memory: the times of what was read are written
only when somebody looks for what may go, and at the end. Every process looks for itself, so together they may be over
the budget for a while.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress

from yester.plugins.backends.cached.files import CacheFiles

KEPT_SHARE = 0.9
"""What of the budget is left when something had to go: looking at all files again and again would take longer."""
LOOK_SHARE = 1 / 8
"""After having kept this much of the budget a process looks what others have kept."""
RESERVE = 512 << 20
"""Bytes that are left free on the disk: a cache is no reason for it to be full."""
_NOTES = 100_000


def free_size(folder: str) -> int:
    """Return how many bytes are free on the disk of a folder, or of the next one above that is there."""
    while True:
        try:
            found = os.statvfs(folder)
        except FileNotFoundError:
            folder = os.path.dirname(folder)
        else:
            return found.f_bavail * found.f_frsize


class Budget:
    """What one process knows of how much is kept."""

    def __init__(self, files: CacheFiles, limit: int, free: Callable[[str], int] = free_size) -> None:
        """`limit` in bytes."""
        self._files, self._limit, self._free = files, limit, free
        self._lock = threading.Lock()
        self._size: int | None = None
        self._since = 0
        self._read: set[str] = set()
        self._has_room = limit > 0

    def read(self, path: str) -> None:
        """Note that a file was of use."""
        if len(self._read) < _NOTES:
            self._read.add(path)

    def may_keep(self, size: int) -> bool:
        """Whether so many bytes more may be kept; makes room for them where need be."""
        if not self._limit:
            return False
        with self._lock:
            if self._size is None or self._since + size > self._limit * LOOK_SHARE or self._size + size > self._limit:
                self._look(size)
            if self._has_room and self._size is not None:
                self._size += size
                self._since += size
            return self._has_room

    def note(self) -> None:
        """Write down when what was read was read."""
        read, self._read = self._read, set()
        for path in read:
            with suppress(OSError):
                os.utime(path)

    def _look(self, size: int) -> None:
        """Look at all that is kept, and let go what is too much."""
        self.note()
        found = sorted((status.st_mtime_ns, status.st_size, path) for path, status in self._files.data())
        total = sum(each[1] for each in found)
        if total + size > self._limit:
            for _, each, path in found:
                if total + size <= self._limit * KEPT_SHARE:
                    break
                with suppress(OSError):
                    os.unlink(path)
                total -= each
        self._size, self._since = total, 0
        try:
            self._has_room = size <= self._limit and self._free(str(self._files.folder)) > RESERVE + size
        except OSError:
            self._has_room = False
