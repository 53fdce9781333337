"""Open files: where in a file a reader is, and its content."""

from yester.engine.content import Content
from yester.engine.pages import Page
from yester.engine.store import Buffer
from yester.fs.inodes import Inode
from yester.fs.sources import MountSource


class OpenFile:
    """A file that a program has open."""

    __slots__ = ("_content", "inode")

    def __init__(self, inode: Inode, page: Page, row: int, source: MountSource) -> None:
        """YesterError when the snapshot has no content of it, or not all."""
        self.inode = inode
        self._content = Content.of_row(page, row, source)

    def read(self, offset: int, size: int) -> Buffer:
        """Return up to `size` bytes from `offset`, fewer only at the end of the file."""
        return self._content.read(offset, size)
