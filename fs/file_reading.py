"""Open files: a read is a slice of a blob, or several put together.

Whoever reads on where the last read ended is taken to read the file to its end: WINDOW bytes ahead of such a reader
are kept on their way. Joined pieces lie in one buffer of the mount, for the answer is copied before the next read.
"""

from yester.engine.errors import DamageError
from yester.engine.ids import BlobKind
from yester.engine.store import Buffer
from yester.engine.trees.content import Content
from yester.engine.trees.pages import Page
from yester.fs.inodes import Inode
from yester.fs.read_ahead import ReadAhead
from yester.fs.sources import MountSource
from yester.fs.tally import Tally

WINDOW = 6 << 20
"""Twenty frames, more than a processor opens while a program reads one."""
STEP = 1 << 20
"""Blobs are asked for in such stretches of a file."""
_LARGEST_READ = 1 << 20


class Desk:
    """What the open files of a mount share: where blobs come from, and a buffer."""

    def __init__(self, source: MountSource, ahead: ReadAhead) -> None:
        self.source = source
        self.ahead = ahead
        self.buffer = memoryview(bytearray(_LARGEST_READ))
        self.reads = 0
        """How many reads were answered."""
        self.open_files = 0

    @property
    def tally(self) -> Tally:
        """What was done for all of them."""
        return Tally(self.reads, self.source.hits, self.source.misses, self.open_files)


class OpenFile:
    """A file that a program has open."""

    __slots__ = ("_asked", "_content", "_desk", "_expected", "inode")

    def __init__(self, inode: Inode, page: Page, row: int, desk: Desk) -> None:
        """YesterError when the snapshot has no content of it, or not all."""
        self.inode = inode
        self._desk = desk
        self._content = Content.of_row(page, row, desk.source)
        self._expected = 0
        self._asked = 0

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._content.size

    def opened(self) -> None:
        """Count it among the open files of the mount."""
        self._desk.open_files += 1

    def closed(self) -> None:
        """Count it there no more."""
        self._desk.open_files -= 1

    def read(self, offset: int, size: int) -> Buffer:
        """Return up to `size` bytes from `offset`, fewer only at the end of the file. Valid until the next read."""
        content = self._content
        self._desk.reads += 1
        end = min(offset + size, content.size)
        if offset == self._expected and content.size > STEP:
            self._look_ahead(end)
        pieces = list(content.pieces(offset, size))
        self._expected = end
        if len(pieces) == 1:
            return self._piece(*pieces[0])
        filled = 0
        buffer = self._desk.buffer if size <= _LARGEST_READ else memoryview(bytearray(size))
        for piece in pieces:
            buffer[filled : filled + piece[2]] = self._piece(*piece)
            filled += piece[2]
        return buffer[:filled]

    def _piece(self, blob: bytes | None, start: int, length: int) -> Buffer:
        if blob is None:
            return bytes(length)
        part = memoryview(self._desk.source.blob(BlobKind.DATA, blob))[start : start + length]
        if len(part) != length:
            raise DamageError("the stored parts of a file are not as long as the file")
        return part

    def _look_ahead(self, offset: int) -> None:
        """Ask for what lies up to WINDOW after `offset`, and was not asked for before."""
        end = min(offset + WINDOW, self._content.size)
        start = max(self._asked, offset)
        if end - start >= STEP or end == self._content.size > start:
            blobs = (blob for blob, _, _ in self._content.pieces(start, end - start) if blob is not None)
            self._desk.ahead.want(blobs)
            self._asked = end
