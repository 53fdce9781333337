"""Open folders. A position counts names: 0 is `.`, 1 is `..`, and the n-th name after them is at n + 1."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from yester.engine.trees.pages import Page
from yester.fs.attributes import A, AttributeFiller
from yester.fs.inodes import ORDINAL_BITS, ORDINAL_MASK, Inode, inode_of
from yester.fs.snapshot_tree import Folder, SnapshotTree

T = TypeVar("T")

DOT, DOTS = b".", b".."

Reply = Callable[[bytes, int], bool]
"""Takes a name, whose attributes are filled in, and the position after it; False when there is no more room."""


class ViewListing:
    """An open folder of the views: its children as they were when it was opened."""

    __slots__ = ("_children", "inode", "parent")

    def __init__(self, inode: Inode, parent: Inode, children: Sequence[tuple[bytes, Inode]]) -> None:
        self.inode = inode
        self.parent = parent
        self._children = children

    def after(self, position: int) -> Iterator[tuple[int, tuple[bytes, Inode]]]:
        """Yield the children from a position on, each with the position after it."""
        return _after(self._children, position)


class TreeListing:
    """An open folder of a snapshot; keeps the names of the leaf that was read last."""

    __slots__ = ("_folder", "_names", "_page", "_tree", "inode", "parent")

    def __init__(self, inode: Inode, parent: Inode, tree: SnapshotTree, folder: Folder) -> None:
        self.inode = inode
        self.parent = parent
        self._tree = tree
        self._folder = folder
        self._page: Page | None = None
        self._names: list[bytes] = []

    def rows(self, fill: AttributeFiller[A], position: int, reply: Reply) -> None:
        """Reply with the entries from `position` on; an error only when none was replied."""
        directory, start = self._folder.directory, max(position - 2, 0)
        if directory is None or start >= len(directory):
            return
        answer = _Answer(reply, position)
        try:
            for page, first, ordinal in directory.leaves(start):
                if page is not self._page:
                    self._page, self._names = page, page.names()
                answer.leaf(self._names, first + 3)
                inode = Inode(self.inode + 1 + ordinal)
                if not fill.rows(page, max(start - first, 0), inode, self._first_link, answer.row):
                    return
        except Exception:
            if not answer.given:
                raise

    def _first_link(self, inode: Inode) -> Inode:
        return inode_of(inode >> ORDINAL_BITS, self._tree.first_link(inode & ORDINAL_MASK))


class _Answer:
    """Passes rows of a leaf on as names, and knows whether any was."""

    __slots__ = ("_after", "_names", "_reply", "given")

    def __init__(self, reply: Reply, position: int) -> None:
        self._reply = reply
        self.given = position < 2
        """The dots were replied already."""

    def leaf(self, names: Sequence[bytes], after: int) -> None:
        """Go on with another leaf; `after` is the position after its first name."""
        self._names = names
        self._after = after

    def row(self, row: int) -> bool:
        """Reply with a row of the leaf."""
        self.given = True
        return self._reply(self._names[row], self._after + row)


class NamesListing:
    """An open folder of versions: its names as they were when it was opened."""

    __slots__ = ("_names", "inode", "parent")

    def __init__(self, inode: Inode, parent: Inode, names: Sequence[bytes]) -> None:
        self.inode = inode
        self.parent = parent
        self._names = names

    def after(self, position: int) -> Iterator[tuple[int, bytes]]:
        """Yield the names from a position on, each with the position after it."""
        return _after(self._names, position)


def _after(names: Sequence[T], position: int) -> Iterator[tuple[int, T]]:
    for at in range(max(position - 2, 0), len(names)):
        yield at + 3, names[at]


Listing = ViewListing | TreeListing | NamesListing
