"""Directories of the target, reached without ever following a link.

Every entry is made relative to the open descriptor of its directory, and every directory is opened from its parent"s
with O_NOFOLLOW. So neither a snapshot that holds a link and then files "below" it, nor somebody who puts a link into
the target while we work, leads a write out of the target. Where a directory must be opened a second time, device and
inode number must be those of the first time.

A Place counts who still needs it: the walk while it is in it, each directory below, each queued file. When nobody does,
its attributes are set (so the mtime comes last), it is closed, and its parent is needed by one less.
"""

import os
from collections.abc import Callable

from yester.engine.entries import Entry
from yester.engine.errors import YesterError

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Place:
    """One directory of the target that is being filled."""

    __slots__ = (
        "_finish",
        "_identity",
        "_needed",
        "_users",
        "born",
        "depth",
        "entry",
        "fd",
        "is_new",
        "name",
        "parent",
        "path",
        "takes_acl",
    )

    def __init__(
        self,
        parent: "Place | None",
        name: bytes,
        fd: int,
        *,
        path: bytes,
        entry: Entry | None,
        is_new: bool,
        takes_acl: bool,
        finish: Callable[["Place"], None],
    ) -> None:
        """Take over the descriptor `fd`. `entry` is what `finish` will apply; None: the directory stays as it is."""
        self.parent = parent
        self.name = name
        self.fd = fd
        self.path = path
        self.entry = entry
        self.is_new = is_new
        self.takes_acl = takes_acl
        """Entries made here inherit an ACL."""
        self.born: tuple[int, int] | None = None
        """Owner and group of files made here, once one was made."""
        self.depth: int = parent.depth + 1 if parent else 0
        status = os.fstat(fd)
        self._identity = status.st_dev, status.st_ino
        self._finish = finish
        self._needed = 1
        self._users = 0
        if parent:
            parent._needed += 1

    def path_of(self, name: bytes) -> bytes:
        """Return where an entry of this directory is in the snapshot."""
        return self.path.rstrip(b"/") + b"/" + name

    def use(self) -> None:
        """Keep the directory open for one more queued entry; `release` ends it."""
        self._needed += 1
        self._users += 1

    def release(self, *, user: bool = True) -> None:
        """One less needs the directory: a queued entry, or (`user` false) the walk. The last one finishes it."""
        place: Place | None = self
        while place is not None:
            place._needed -= 1
            place._users -= user
            if place._needed:
                return
            place._close()
            place, user = place.parent, False

    def _close(self) -> None:
        self.wake()
        try:
            self._finish(self)
        finally:
            os.close(self.fd)
            self.fd = -1

    def abandon(self) -> None:
        """Close the directory as it is: the restore was ended."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def sleep(self) -> None:
        """Close the descriptor for the time being if no queued entry uses it: deep trees would need too many."""
        if self._users or self.parent is None or self.fd < 0:
            return
        os.close(self.fd)
        self.fd = -1

    def wake(self) -> None:
        """Open the descriptor again if it sleeps."""
        if self.fd < 0:
            self.fd = self.reach()

    def reach(self) -> int:
        """Return a new descriptor of this directory, be it finished or not; YesterError when it was replaced."""
        chain = []
        place = self
        while place.parent is not None:
            chain.append(place.name)
            place = place.parent
        fd = os.dup(place.fd)
        try:
            for name in reversed(chain):
                below = os.open(name, OPEN_FOLDER, dir_fd=fd)
                os.close(fd)
                fd = below
            status = os.fstat(fd)
            if (status.st_dev, status.st_ino) != self._identity:
                raise YesterError(f"{os.fsdecode(self.path)} was replaced in the target while it was restored")
        except BaseException:
            os.close(fd)
            raise
        return fd


def make_writable(parent: Place, name: bytes) -> None:
    """Let the caller write into an existing directory of his own; anything else is left as it is."""
    fd = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent.fd)
    try:
        status = os.fstat(fd)
        if status.st_uid == os.geteuid() != 0 and status.st_mode & 0o700 != 0o700:
            os.chmod(f"/proc/self/fd/{fd}", status.st_mode & 0o7777 | 0o700)
    finally:
        os.close(fd)
