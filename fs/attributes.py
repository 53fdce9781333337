"""Rows of a node as the attributes that stat(2) shows, one at a time or a leaf at once."""

import os
from collections.abc import Callable, Sequence
from stat import S_IFDIR, S_IFLNK, S_ISBLK, S_ISCHR, S_ISDIR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING

from yester.engine.entries import Mark, Owner
from yester.engine.restore.ownership import Ids, OwnerMode, opened_mode, owner_map
from yester.engine.trees.page_columns import DEVICE, UNKNOWN_TIME
from yester.engine.trees.pages import Page
from yester.fs.inodes import Inode
from yester.fs.records import BLOCK_SIZE, NS, Attributes, listed_record, listing_struct
from yester.fs.views import ViewFolder, ViewLink

FOREVER = 10**7
"""Seconds that the kernel keeps what can never change: four months."""
VIEW_SECONDS = 1.0
"""Seconds that it keeps what changes when snapshots come and go."""


if TYPE_CHECKING:
    from yester.engine.catalogue.states import State

ShownInode = Callable[[Inode], Inode]
"""From the number of an entry with several names to that of the first of them."""


_UNREADABLE = Mark.UNREADABLE.value


class AttributeFiller:
    """Fills in the one object that there is, with owners shown as the person wants them."""

    def __init__(self, mode: OwnerMode, me: Ids) -> None:
        self.attributes = Attributes()
        self._map: Callable[[Owner], Ids] = owner_map(mode, me)
        self._open_modes = mode is OwnerMode.ME
        self._me = me

    def row(self, page: Page, row: int, inode: Inode) -> Attributes:
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
        if not it.st_size and is_unreadable_file(page, row):
            # So that the kernel asks again when it is read, and hears that it cannot be.
            it.attr_timeout = 0
        return it

    def records(
        self, page: Page, names: Sequence[bytes], first: Inode, after: int, shown_inode: ShownInode
    ) -> list[bytes]:
        """Return the rows of a leaf as entries of a listing. DamageError when the node is malformed.

        `first` is the number of the leaf's first row, `after` the position after that. The same as `row` for each, at
        a fraction of the cost.
        """
        numbers = [first + ordinal for ordinal in page.ordinals()]
        for row, nlink in enumerate(page.nlinks):
            if nlink > 1 and not S_ISDIR(page.modes[row]):
                numbers[row] = shown_inode(Inode(numbers[row]))
        if page.devices is not None or page.extras is not None or any(mark & _UNREADABLE for mark in page.marks):
            return [
                listed_record(self.row(page, row, Inode(numbers[row])), name, after + row)
                for row, name in enumerate(names)
            ]
        return self._plain_records(page, names, numbers, after)

    def _plain_records(self, page: Page, names: Sequence[bytes], numbers: Sequence[int], after: int) -> list[bytes]:
        modes = page.modes.tolist()
        if self._open_modes:
            modes = [opened_mode(mode) for mode in modes]
        ids = [self._map(owner) for owner in page.owners]
        owners = [
            ids[owner] if owner < len(ids) else self._map(page.owner(row)) for row, owner in enumerate(page.owner_rows)
        ]
        mtimes = page.mtimes.tolist()
        atimes = [
            mtime if atime == UNKNOWN_TIME else atime for atime, mtime in zip(page.atimes.tolist(), mtimes, strict=True)
        ]
        columns = (names, numbers, modes, owners, mtimes, atimes)
        more = (page.ctimes.tolist(), page.sizes.tolist(), page.blocks.tolist(), page.nlinks.tolist())
        records = []
        for name, number, mode, (uid, gid), mtime, atime, ctime, size, blocks, nlink in zip(
            *columns, *more, strict=True
        ):
            length = len(name)
            modified, modified_ns = divmod(mtime, NS)
            changed, changed_ns = divmod(ctime, NS)
            accessed, accessed_ns = (modified, modified_ns) if atime == mtime else divmod(atime, NS)
            # fmt: off
            records.append(
                listing_struct(length).pack(
                    number, 0, FOREVER, FOREVER, 0, 0,
                    number, size, blocks, accessed, modified, changed, accessed_ns, modified_ns, changed_ns,
                    mode, nlink, uid, gid, 0, BLOCK_SIZE, 0,
                    number, after, length, mode >> 12, name,
                )
            )
            # fmt: on
            after += 1
        return records

    def nothing(self, seconds: float) -> Attributes:
        """Fill in that there is no such name, which the kernel may remember for this long."""
        self.attributes.st_ino = 0
        self.attributes.entry_timeout = seconds
        return self.attributes

    def view(self, node: ViewFolder | ViewLink) -> Attributes:
        """Fill in a view folder or a link, which belong to the mounter, and return the attributes."""
        if isinstance(node, ViewLink):
            return self.own_link(node.inode, node.target, node.time_ns)
        it = self.own_folder(node.inode, node.time_ns)
        it.st_mode, it.st_nlink = S_IFDIR | 0o555, node.folders + 2
        return it

    def own_folder(self, inode: Inode, time_ns: int) -> Attributes:
        """Fill in a folder that is the mounter's alone."""
        self._own(inode, time_ns)
        self.attributes.st_mode, self.attributes.st_nlink, self.attributes.st_size = S_IFDIR | 0o500, 1, 0
        return self.attributes

    def own_link(self, inode: Inode, target: bytes, time_ns: int) -> Attributes:
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

    def version(self, inode: Inode, state: "State", owner: Owner) -> Attributes:
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


def is_unreadable_file(page: Page, row: int) -> bool:
    """Whether a row is a file that could not be read when the snapshot was taken."""
    return bool(page.marks[row] & _UNREADABLE) and S_ISREG(page.modes[row])
