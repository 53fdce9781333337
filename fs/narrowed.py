"""A mount whose root is a folder of a snapshot.

The kernel calls the root of every mount 1. So the folder has two numbers: its own, by which trees know it, and 1, by
which the kernel does; every other entry has the number that it has in any mount. What lies outside the folder has no
number here: the kernel can only have it from elsewhere, as a file handle, and asks with `.` or `..`.
"""

from collections.abc import Sequence
from stat import S_ISDIR

from yester.engine.restore.ownership import Ids, OwnerMode
from yester.fs.attributes import A
from yester.fs.file_reading import Desk
from yester.fs.file_system import BLOCK_SIZE, FileSystem, Space, stale
from yester.fs.inodes import ORDINAL_BITS, ROOT, Inode, inode_of
from yester.fs.listing import DOT, DOTS, Listing
from yester.fs.scope import OneSnapshot, Top
from yester.fs.views import ViewBuilder


class NarrowedFileSystem(FileSystem[A]):
    """The tree below one folder."""

    def __init__(self, top: Top, builder: ViewBuilder, desk: Desk, attributes: A, *, owner: OwnerMode, me: Ids) -> None:
        super().__init__(OneSnapshot(top.id, top.snapshot), builder, desk, attributes, owner=owner, me=me)
        space = next(iter(self._views.shown))
        self._entry = top.entry
        self._top = inode_of(space, top.ordinal)
        self._end = self._top + top.entries_below

    def lookup(self, parent: Inode, name: bytes) -> A:
        """Return the attributes of a name in a folder."""
        if name in (DOT, DOTS):
            self._check(parent)
        return super().lookup(self._top if parent == ROOT else parent, name)

    def attributes(self, inode: Inode) -> A:
        """Return the attributes of an entry."""
        if inode not in (ROOT, self._top):
            return super().attributes(inode)
        found = super().attributes(self._top)
        found.st_ino = ROOT
        return found

    def open_listing(self, inode: Inode) -> Listing:
        """Open a folder for reading its names."""
        return super().open_listing(self._top if inode == ROOT else inode)

    def list_xattrs(self, inode: Inode, uid: int) -> Sequence[bytes]:
        """Return the names of the attributes that this user may see."""
        return super().list_xattrs(self._top if inode == ROOT else inode, uid)

    def xattr(self, inode: Inode, name: bytes) -> bytes:
        """Return the value of an attribute."""
        return super().xattr(self._top if inode == ROOT else inode, name)

    def space(self) -> Space:
        """Return what the folder holds."""
        held = self._entry.summary
        return Space(-(-held.size // BLOCK_SIZE), held.entries) if held else Space(0, 0)

    def _parent(self, inode: Inode) -> Inode:
        return ROOT if inode in (ROOT, self._top) else self._number(super()._parent(inode))

    def _number(self, inode: Inode) -> Inode:
        return inode if self._is_below(inode) else ROOT

    def _is_below(self, inode: Inode) -> bool:
        return self._top < inode <= self._end

    def _check(self, inode: Inode) -> None:
        """OSError ESTALE for what lies outside; but a file with several names has the number of its first, anywhere."""
        if inode in (ROOT, self._top) or self._is_below(inode):
            return
        if inode >> ORDINAL_BITS != self._top >> ORDINAL_BITS:
            stale()
        page, row, _ = self._place(inode)
        if page.nlinks[row] == 1 or S_ISDIR(page.modes[row]):
            stale()
