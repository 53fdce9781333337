"""Rows of a node as the attributes that stat(2) shows."""

import os
from bisect import bisect_left
from collections.abc import Callable
from stat import S_IFDIR, S_IFLNK, S_ISBLK, S_ISCHR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from yester.engine.entries import Owner
from yester.engine.restore.ownership import Ids, OwnerMode, opened_mode, owner_map
from yester.engine.trees.page_columns import DEVICE, UNKNOWN_TIME
from yester.engine.trees.pages import Page
from yester.fs.inodes import Inode
from yester.fs.views import ViewFolder, ViewLink

FOREVER = 10.0**7
"""Seconds that the kernel keeps what can never change: four months."""
VIEW_SECONDS = 1.0
"""Seconds that it keeps what changes when snapshots come and go."""


if TYPE_CHECKING:
    from yester.engine.catalogue.states import State

ShownInode = Callable[[Inode], Inode]
"""From the number of an entry with several names to that of the first of them."""


class Attributes(Protocol):
    """What is filled in: the binding's object, one for the whole mount, since its content is copied into each reply."""

    st_ino: int
    st_mode: int
    st_nlink: int
    st_uid: int
    st_gid: int
    st_rdev: int
    st_size: int
    st_blocks: int
    st_atime_ns: int
    st_mtime_ns: int
    st_ctime_ns: int
    entry_timeout: float | int
    attr_timeout: float | int


A = TypeVar("A", bound=Attributes)


class AttributeFiller(Generic[A]):
    """Fills attributes in, with owners shown as the person wants them."""

    def __init__(self, attributes: A, mode: OwnerMode, me: Ids) -> None:
        self.attributes = attributes
        self._map: Callable[[Owner], Ids] = owner_map(mode, me)
        self._open_modes = mode is OwnerMode.ME
        self._me = me

    def row(self, page: Page, row: int, inode: Inode) -> A:
        """Fill in a row of a leaf and return the attributes. DamageError when the node is malformed."""
        it = self.attributes
        mode = page.modes[row]
        it.st_ino = inode
        it.st_mode = opened_mode(mode) if self._open_modes else mode
        it.st_nlink = page.nlinks[row]
        it.st_uid, it.st_gid = self._map(page.owner(row))
        it.st_size = page.sizes[row]
        it.st_blocks = page.blocks[row]
        device = page.device(row) if page.devices is not None else None
        it.st_rdev = os.makedev(*device) if device else 0
        atime = page.atimes[row]
        mtime = page.mtimes[row]
        if page.extras is None:
            it.st_mtime_ns = mtime
            it.st_ctime_ns = page.ctimes[row]
            it.st_atime_ns = mtime if atime == UNKNOWN_TIME else atime
        else:
            it.st_mtime_ns = mtime = page.mtime_ns(row)
            it.st_ctime_ns = page.ctime_ns(row)
            exact = page.atime_ns(row)
            it.st_atime_ns = mtime if exact is None else exact
        it.entry_timeout = it.attr_timeout = FOREVER
        return it

    def rows(self, page: Page, start: int, first: Inode, shown_inode: ShownInode, reply: Callable[[int], bool]) -> bool:
        """Fill in the rows of a leaf from `start` on and call `reply` with each; False when it had no more room.

        `first` is the number of the leaf's first row. The same as `row` for each, at half the cost: a first `find`
        spends its time here.
        """
        it = self.attributes
        modes, nlinks, sizes, blocks = page.modes, page.nlinks, page.sizes, page.blocks
        mtimes, ctimes, atimes = page.mtimes, page.ctimes, page.atimes
        owner_rows, owners = page.owner_rows, page.owners
        plain = page.devices is None and page.extras is None and not self._open_modes
        folders, below = page.directory_rows, page.entries_below
        folder = bisect_left(folders, start)
        next_folder = folders[folder] if folder < len(folders) else page.count
        inode = first + (below[folder - 1] if folder else 0)
        owner = -1
        it.st_rdev = 0
        it.entry_timeout = it.attr_timeout = FOREVER
        for row in range(start, page.count):
            nlink = nlinks[row]
            number = Inode(inode + row)
            if row == next_folder:
                inode = first + below[folder]
                folder += 1
                next_folder = folders[folder] if folder < len(folders) else page.count
            elif nlink > 1:
                number = shown_inode(number)
            if plain:
                it.st_ino = number
                it.st_mode = modes[row]
                it.st_nlink = nlink
                if owner_rows[row] != owner:
                    owner = owner_rows[row]
                    it.st_uid, it.st_gid = self._map(owners[owner] if owner < len(owners) else page.owner(row))
                it.st_size = sizes[row]
                it.st_blocks = blocks[row]
                mtime, atime = mtimes[row], atimes[row]
                it.st_mtime_ns = mtime
                it.st_ctime_ns = ctimes[row]
                it.st_atime_ns = mtime if atime == UNKNOWN_TIME else atime
            else:
                self.row(page, row, number)
            if not reply(row):
                return False
        return True

    def dot(self, inode: Inode) -> None:
        """Fill in what the kernel takes of `.` and `..`: the number and that it is a folder."""
        self.attributes.st_ino = inode
        self.attributes.st_mode = S_IFDIR

    def nothing(self, seconds: float) -> A:
        """Fill in that there is no such name, which the kernel may remember for this long."""
        self.attributes.st_ino = 0
        self.attributes.entry_timeout = seconds
        return self.attributes

    def view(self, node: ViewFolder | ViewLink) -> A:
        """Fill in a view folder or a link, which belong to the mounter, and return the attributes."""
        if isinstance(node, ViewLink):
            return self.own_link(node.inode, node.target, node.time_ns)
        it = self.own_folder(node.inode, node.time_ns)
        it.st_mode, it.st_nlink = S_IFDIR | 0o555, node.folders + 2
        return it

    def own_folder(self, inode: Inode, time_ns: int) -> A:
        """Fill in a folder that is the mounter's alone."""
        self._own(inode, time_ns)
        self.attributes.st_mode, self.attributes.st_nlink, self.attributes.st_size = S_IFDIR | 0o500, 1, 0
        return self.attributes

    def own_link(self, inode: Inode, target: bytes, time_ns: int) -> A:
        """Fill in a link of the mounter's."""
        self._own(inode, time_ns)
        self.attributes.st_mode, self.attributes.st_nlink, self.attributes.st_size = S_IFLNK | 0o777, 1, len(target)
        return self.attributes

    def _own(self, inode: Inode, time_ns: int) -> None:
        it = self.attributes
        it.st_ino = inode
        it.st_uid, it.st_gid = self._me
        it.st_rdev = it.st_blocks = 0
        it.st_atime_ns = it.st_mtime_ns = it.st_ctime_ns = time_ns
        it.entry_timeout = it.attr_timeout = VIEW_SECONDS

    def version(self, inode: Inode, state: "State", owner: Owner) -> A:
        """Fill in what the catalogue knows of an entry: as `row` does, but for blocks, links and further times."""
        self._own(inode, state.mtime_ns)
        it, mode = self.attributes, state.st_mode
        it.st_mode = opened_mode(mode) if self._open_modes else mode
        it.st_uid, it.st_gid = self._map(owner)
        it.st_nlink, it.st_size = 1, state.size if S_ISREG(mode) else len(state.content) if S_ISLNK(mode) else 0
        it.st_blocks = -(-it.st_size // 512)
        if S_ISBLK(mode) or S_ISCHR(mode):
            it.st_rdev = os.makedev(*DEVICE.unpack(state.content))
        return it
