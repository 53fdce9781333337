"""One snapshot's entries by ordinal: which folder, node and row a number means.

An ordinal is turned into a row by a descent from the root, at each folder going into the child below which it lies.
Requests come in walk order, so the descent starts at the folder used last and climbs from it only as far as needed;
folders that were open lately are kept. A folder holds parsed nodes, never an object for an entry.
"""

import errno
import os
from bisect import bisect_left
from collections import OrderedDict
from stat import S_ISDIR
from typing import NamedTuple

from yester.engine.blobs import BlobSource
from yester.engine.entries import Mark
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, ListId
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.directories import Directory
from yester.engine.trees.links import LinkTable
from yester.engine.trees.pages import Page
from yester.fs.inodes import Inode, inode_of

ROOT_ORDINAL = 0
FOLDERS_SIZE = 32 << 20
"""Budget for open folders, bytes: a second walk over 5,000 folders takes a third of the time when they are kept."""
_FOLDER_SIZE = 4096
_ROW_SIZE = 128
_LEAVES_SIZE = 2 * 1024 * _ROW_SIZE
"""What an open folder takes: itself, a row of its root node, and the nodes below that it read last."""


class Folder:
    """A directory of a snapshot that is open."""

    __slots__ = ("directory", "entries", "ordinal", "parent")

    def __init__(self, directory: Directory | None, entries: int, ordinal: int, parent: "Folder | None") -> None:
        self.directory = directory
        """None: a mount point that was not entered, shown empty."""
        self.entries = entries
        """All that is below it."""
        self.ordinal = ordinal
        self.parent = parent

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        if self.directory is None:
            return _FOLDER_SIZE
        root = self.directory.root
        return _FOLDER_SIZE + _ROW_SIZE * root.count + (_LEAVES_SIZE if root.height else 0)

    def holds(self, ordinal: int) -> bool:
        """Whether the entry lies below this folder, at any depth."""
        return self.ordinal < ordinal <= self.ordinal + self.entries


class FolderCache:
    """The folders that were open lately, of all snapshots of a mount, by inode number."""

    def __init__(self, budget: int = FOLDERS_SIZE) -> None:
        self._room = budget
        self._folders: OrderedDict[Inode, Folder] = OrderedDict()

    def get(self, inode: Inode) -> Folder | None:
        """Return the folder, if it is still there."""
        found = self._folders.get(inode)
        if found is not None:
            self._folders.move_to_end(inode)
        return found

    def add(self, inode: Inode, folder: Folder) -> None:
        """Keep a folder, and let go of those unused for longest when they are too many."""
        self._folders[inode] = folder
        self._room -= folder.size
        while self._room < 0 and len(self._folders) > 1:
            self._room += self._folders.popitem(last=False)[1].size


class Place(NamedTuple):
    """Where an entry is kept: a row of a leaf node."""

    page: Page
    row: int
    folder: Folder | None
    """None for the snapshot's root."""


class SnapshotTree:
    """The entries of one snapshot. Not thread-safe; every method may raise DamageError or what the source raises.

    KeyError says that the snapshot has no such ordinal, NotADirectoryError that it is not a folder's.
    """

    def __init__(self, space: int, snapshot: Snapshot, source: BlobSource, folders: FolderCache) -> None:
        self.snapshot = snapshot
        self._space = space
        self._source = source
        self._folders = folders
        self._root = Place(Page(snapshot.root, root=True), 0, None)
        self._last: Folder | None = None
        self._links: LinkTable | None = None

    def place(self, ordinal: int) -> Place:
        """The row of an entry."""
        if ordinal == ROOT_ORDINAL:
            return self._root
        folder = self._nearest(ordinal)
        while True:
            if folder.directory is None:
                raise KeyError(ordinal)
            page, row, rest = folder.directory.at_ordinal(ordinal - folder.ordinal - 1)
            if not rest:
                self._last = folder
                return Place(page, row, folder)
            folder = self._enter(ordinal - rest, page, row, folder)

    def folder(self, ordinal: int) -> Folder:
        """The folder with this ordinal."""
        found = self._folders.get(inode_of(self._space, ordinal))
        if found is None:
            found = self._enter(ordinal, *self.place(ordinal))
        self._last = found
        return found

    def first_link(self, ordinal: int) -> int:
        """The ordinal that an entry with several names is shown under: that of the first of them."""
        if self.snapshot.links is None:
            return ordinal
        if self._links is None:
            self._links = LinkTable(self._source, ListId(BlobId(self.snapshot.links)))
        return self._links.first(ordinal)

    def _nearest(self, ordinal: int) -> Folder:
        folder = self._last
        while folder is not None and not folder.holds(ordinal):
            folder = folder.parent
        if folder is not None:
            return folder
        root = self.folder(ROOT_ORDINAL)
        if not root.holds(ordinal):
            raise KeyError(ordinal)
        return root

    def _enter(self, ordinal: int, page: Page, row: int, parent: Folder | None) -> Folder:
        inode = inode_of(self._space, ordinal)
        found = self._folders.get(inode)
        if found is None:
            found = _open(self._source, page, row, ordinal, parent)
            self._folders.add(inode, found)
        return found


def find(folder: Folder, name: bytes) -> tuple[Page, int, int] | None:
    """The row and the ordinal of a name in a folder; None when it has no such name."""
    found = folder.directory.find(name) if folder.directory is not None else None
    if found is None:
        return None
    page, row, index = found
    return page, row, folder.ordinal + 1 + index


def _entries_below(page: Page, row: int) -> int:
    """What `page.summary(row).entries` says, without its other sums."""
    at = bisect_left(page.directory_rows, row)
    return page.entries_below[at] - (page.entries_below[at - 1] if at else 0)


def _open(source: BlobSource, page: Page, row: int, ordinal: int, parent: Folder | None) -> Folder:
    tree = page.tree(row)
    if tree is not None:
        entries = _entries_below(page, row)
        return Folder(Directory(source, tree, entries), entries, ordinal, parent)
    if not S_ISDIR(page.modes[row]):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if page.marks[row] & Mark.EXCLUDED_MOUNT:
        return Folder(None, 0, ordinal, parent)
    raise DamageError("a folder that could not be read when the snapshot was taken")
