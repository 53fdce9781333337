"""Files that are read: an answer is slices of blobs, which nobody joins.

The kernel tells of no opening, so the files that were read last are kept. Whoever reads on where a read ended is taken
to read the file to its end: WINDOW bytes ahead of such a reader are kept on their way.
"""

from collections import OrderedDict
from collections.abc import Callable

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
KEPT_FILES = 64
_READERS = 4
"""So many may read one file forward at once."""


class Desk:
    """What the files of a mount share: where blobs come from, and a count."""

    def __init__(self, source: MountSource, ahead: ReadAhead) -> None:
        self.source = source
        self.ahead = ahead
        self.reads = 0
        """How many reads were answered."""

    @property
    def tally(self) -> Tally:
        """What was done for all of them."""
        return Tally(self.reads, self.source.hits, self.source.misses)


class OpenFile:
    """A file that programs read."""

    __slots__ = ("_asked", "_content", "_desk", "_ends", "inode")

    def __init__(self, inode: Inode, page: Page, row: int, desk: Desk) -> None:
        """YesterError when the snapshot has no content of it, or not all."""
        self.inode = inode
        self._desk = desk
        self._content = Content.of_row(page, row, desk.source)
        self._ends = [0]
        """Where the last reads ended, and where the file begins."""
        self._asked = 0

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._content.size

    def read(self, offset: int, size: int) -> list[Buffer]:
        """Return up to `size` bytes from `offset`, in pieces; fewer only at the end of the file."""
        content = self._content
        self._desk.reads += 1
        if content.size > STEP:
            self._look_ahead(offset, min(offset + size, content.size))
        return [self._piece(*piece) for piece in content.pieces(offset, size)]

    def _piece(self, blob: bytes | None, start: int, length: int) -> Buffer:
        if blob is None:
            return bytes(length)
        part = memoryview(self._desk.source.blob(BlobKind.DATA, blob))[start : start + length]
        if len(part) != length:
            raise DamageError("the stored parts of a file are not as long as the file")
        return part

    def _look_ahead(self, offset: int, end: int) -> None:
        """Ask for what lies up to WINDOW after a forward reader, and was not asked for before."""
        if offset not in self._ends:
            self._ends = [*self._ends[1 - _READERS :], end]
            return
        self._ends[self._ends.index(offset)] = end
        last = min(end + WINDOW, self._content.size)
        first = self._asked if end <= self._asked <= last else end
        if last - first >= STEP or last == self._content.size > first:
            blobs = (blob for blob, _, _ in self._content.pieces(first, last - first) if blob is not None)
            self._desk.ahead.want(blobs)
            self._asked = last


class OpenFiles:
    """The files that were read last."""

    def __init__(self, opening: Callable[[Inode], OpenFile]) -> None:
        self._opening = opening
        self._files: OrderedDict[Inode, OpenFile] = OrderedDict()

    def get(self, inode: Inode) -> OpenFile:
        """Return a file, opened if need be; raises what `opening` does."""
        file = self._files.get(inode)
        if file is None:
            file = self._files[inode] = self._opening(inode)
            if len(self._files) > KEPT_FILES:
                self._files.popitem(last=False)
        else:
            self._files.move_to_end(inode)
        return file
