"""Which folders that may change the kernel has listings of, so that it lets go of them when they do change.

It keeps a listing by itself as soon as that was read to its end, for as long as the folder's time stays the same; what
is shown here may change without that. A listing that was being read while something changed is of both, before and
after, and is to be let go at its end.
"""

from collections.abc import Callable, Iterable

from yester.fs.inodes import Inode


class KeptListings:
    """The listings that the kernel has, or is reading."""

    def __init__(self, invalidate: Callable[[Inode], None]) -> None:
        """`invalidate` tells the kernel to let go of the listing of one folder."""
        self._invalidate = invalidate
        self._kept: set[Inode] = set()
        self._outdated: set[Inode] = set()

    def told(self, inode: Inode, *, is_end: bool) -> None:
        """Note that names of a folder are about to be told, or that there are no more of them."""
        if inode not in self._outdated:
            self._kept.add(inode)
        elif is_end:
            self._invalidate(inode)
            self._outdated.discard(inode)

    def changed(self) -> None:
        """Let all go: other things are shown now."""
        for inode in self._kept:
            self._invalidate(inode)
        self._outdated |= self._kept
        self._kept.clear()

    def forget(self, inodes: Iterable[Inode]) -> None:
        """The kernel has forgotten these folders."""
        for inode in inodes:
            self._kept.discard(inode)
            self._outdated.discard(inode)
