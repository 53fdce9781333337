"""Listings of folders, made anew for each answer: the kernel opens no folder, so nothing is kept for an open one.

A position says after which name a listing goes on. In a folder of a snapshot, which never changes, it counts names:
0 is `.`, 1 is `..`, and the n-th name after them is at n + 1. Folders that change while they are read are listed in the
order of something that each name keeps (its number, a hash of the name), and that is the position, so that what comes
and goes moves nothing else.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from yester.engine.trees.pages import Page
from yester.fs.attributes import AttributeFiller
from yester.fs.inodes import ORDINAL_BITS, ORDINAL_MASK, Inode, inode_of
from yester.fs.records import Room
from yester.fs.snapshot_tree import Folder, SnapshotTree

T = TypeVar("T")

DOT, DOTS = b".", b".."
_BEYOND_DOTS = 2
_HASH_MASK = (1 << 62) - 1
_KEPT_LEAVES = 4


def key_of_number(inode: Inode) -> int:
    """Return where an entry of a view's folder stands: by its number."""
    return inode + _BEYOND_DOTS


def key_of_name(name: bytes) -> int:
    """Return where a name stands that has no number yet."""
    return (hash(name) & _HASH_MASK) + _BEYOND_DOTS + 1


def after(entries: Iterable[tuple[int, T]], position: int) -> Iterator[tuple[int, T]]:
    """Yield what stands after a position, in order, each with the position after it."""
    return iter(sorted((entry for entry in entries if entry[0] > position), key=lambda entry: entry[0]))


class TreeListing:
    """Lists folders of snapshots, a leaf at once; the last ones are kept, as large folders take many answers."""

    def __init__(self, fill: AttributeFiller) -> None:
        self._fill = fill
        self._leaves: OrderedDict[tuple[Inode, int], list[bytes]] = OrderedDict()

    def give(self, inode: Inode, tree: SnapshotTree, folder: Folder, position: int, room: Room) -> None:
        """Give the entries from `position` on until there is no more room; an error only when none was given."""
        directory, start = folder.directory, max(position - _BEYOND_DOTS, 0)
        if directory is None or start >= len(directory):
            return
        try:
            for page, first, ordinal in directory.leaves(start):
                records = self._records(inode, tree, page, first, ordinal)
                if not room.extend(records, max(start - first, 0)):
                    return
        except Exception:
            if not room.taken:
                raise

    def _records(self, inode: Inode, tree: SnapshotTree, page: Page, first: int, ordinal: int) -> list[bytes]:
        def first_link(number: Inode) -> Inode:
            return inode_of(number >> ORDINAL_BITS, tree.first_link(number & ORDINAL_MASK))

        records = self._leaves.pop((inode, first), None)
        if records is None:
            records = self._fill.records(page, page.names(), Inode(inode + 1 + ordinal), first + 3, first_link)
        if len(records) >= _WORTH_KEEPING:
            self._leaves[inode, first] = records
            if len(self._leaves) > _KEPT_LEAVES:
                self._leaves.popitem(last=False)
        return records


_WORTH_KEEPING = 64
"""Fewer fit into one answer of the usual size, and are not asked for twice."""
