"""Hands small files to the kernel's page cache as they are opened, so that reading them sends no request.

A program that opens a small file nearly always reads it, and then waits for one more request of the five or so that
copying a file takes. The bytes are in memory anyway: small files lie in frames of fifty.

The kernel locks the pages that it is given. If a program waited at that moment for a read of the same pages, it would
hold their locks and the server would wait for ever. Reads come only from open files (mapped ones are open too), and
the kernel tells of a close after its last read; so a file is handed over only while nobody has it open. Whoever
changes this must keep that.
"""

from collections.abc import Callable

from yester.engine.store import Buffer
from yester.fs.file_reading import OpenFile
from yester.fs.inodes import Inode

LARGEST = 128 << 10
"""What the kernel would read in one request, or nearly."""
REMEMBERED = 8192
"""Files whose pages are probably still there."""


class Pusher:
    """What of one mount was handed over, and which of its files are open."""

    def __init__(self, store: Callable[[int, int, Buffer], None]) -> None:
        """`store` takes inode, offset and bytes, and may raise OSError."""
        self._store = store
        self._open: dict[Inode, int] = {}
        self._recent: set[Inode] = set()
        self._older: set[Inode] = set()

    def opened(self, file: OpenFile) -> None:
        """Note that a file is being opened, and hand it over if it is small."""
        inode = file.inode
        others = self._open.get(inode, 0)
        self._open[inode] = others + 1
        if others or not 0 < file.size <= LARGEST or inode in self._recent or inode in self._older:
            return
        try:
            self._store(inode, 0, file.read(0, LARGEST))
        except Exception:  # noqa: BLE001  the kernel asks for what it was not given, and then hears what is wrong
            return
        self._recent.add(inode)
        if len(self._recent) > REMEMBERED // 2:
            self._recent, self._older = set(), self._recent

    def closed(self, file: OpenFile) -> None:
        """Note that a file was closed."""
        left = self._open[file.inode] - 1
        if left:
            self._open[file.inode] = left
        else:
            del self._open[file.inode]
