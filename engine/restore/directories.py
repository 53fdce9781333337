"""Directories of the target: made or merged with those that are there, and given their attributes at the end."""

import errno
import os
from stat import S_ISDIR

from yester.engine.entries import Entry, Mark
from yester.engine.errors import YesterError
from yester.engine.restore.attributes import Attributes, drop_acls, inherits_acl
from yester.engine.restore.conflicts import Conflicts, status_of
from yester.engine.restore.places import OPEN_FOLDER, Place, make_writable
from yester.engine.restore.report import Tally, in_words


class Directories:
    """Opens places. For one thread."""

    def __init__(self, attributes: Attributes, conflicts: Conflicts, tally: Tally) -> None:
        self._attributes = attributes
        self._conflicts = conflicts
        self._tally = tally
        self._counts = tally.counts
        self._open: set[Place] = set()

    def top(self, target: bytes, path: bytes, entry: Entry | None) -> Place:
        """Open the directory `target`, the only one that is reached by path and through links; make it if missing.

        It stands for the directory `path` of the snapshot. With `entry` it gets that one's attributes if it is new; one
        that was there keeps its own. YesterError when it cannot be used.
        """
        is_new = not os.path.isdir(target)
        try:
            os.makedirs(target, exist_ok=True)
            fd = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise YesterError(
                f"{os.fsdecode(target)!r} cannot be used as the target: {in_words(error)}",
                hint="Give a folder that you may write to, or the name of a new one.",
            ) from None
        return self._place(None, b"", fd, path, entry if is_new else None, is_new=is_new)

    def enter(self, parent: Place, entry: Entry) -> Place | None:
        """Make a directory, or open the one that is there; None when it is not to be, or cannot be and is reported."""
        path = parent.path_of(entry.name)
        try:
            is_new = self._made(parent, entry)
            if is_new is None:
                self._counts.skipped += 1 + (entry.summary.entries if entry.summary else 0)
                return None
            status = None if is_new else status_of(parent, entry.name)
            keeps_its_own = status is not None and self._conflicts.stays(entry, status)
            fd = self._opened(parent, entry.name, is_new, keeps_its_own)
        except OSError as error:
            self._tally.fail(path, f"{in_words(error)}; nothing of what is in it is restored")
            return None
        self._counts.directories += is_new
        self._counts.same += not is_new
        if entry.marks & Mark.UNREADABLE:
            self._tally.fail(path, "it could not be read when the snapshot was taken, so it comes back empty")
        return self._place(parent, entry.name, fd, path, None if keeps_its_own else entry, is_new=is_new)

    def abandon(self) -> None:
        """Close what is open: the restore has ended."""
        for place in self._open:
            place.abandon()
        self._open.clear()

    def _place(
        self, parent: Place | None, name: bytes, fd: int, path: bytes, entry: Entry | None, *, is_new: bool
    ) -> Place:
        if is_new and parent is not None and parent.takes_acl:
            drop_acls(fd)
            os.fchmod(fd, 0o700)  # the inherited list may have kept its owner from entering
        takes_acl = not (is_new and parent is not None) and inherits_acl(fd)
        place = Place(parent, name, fd, path=path, entry=entry, is_new=is_new, takes_acl=takes_acl, finish=self._finish)
        self._open.add(place)
        return place

    def _finish(self, place: Place) -> None:
        """Give a directory its attributes; everything in it is done."""
        self._open.discard(place)
        entry, attributes = place.entry, self._attributes
        if entry is None:
            return
        if place.is_new or not attributes.match(place.fd, os.fstat(place.fd), entry):
            attributes.apply(place.fd, entry, place.path, is_new=place.is_new, takes_acl=place.takes_acl)
        if place.parent is not None:
            attributes.lock_later(place.parent, entry)

    def _made(self, parent: Place, entry: Entry) -> bool | None:
        """Return whether the directory is new; None when something else is there and stays."""
        try:
            os.mkdir(entry.name, 0o700, dir_fd=parent.fd)
            return True
        except FileExistsError:
            status = status_of(parent, entry.name)
        if status is not None and S_ISDIR(status.st_mode):
            return False
        if status is not None and self._conflicts.stays(entry, status):
            return None
        self._conflicts.clear(parent, entry.name, self._counts)
        os.mkdir(entry.name, 0o700, dir_fd=parent.fd)
        return True

    def _opened(self, parent: Place, name: bytes, is_new: bool, keeps_its_own: bool) -> int:
        """Open a directory; one of the caller's own that was there is made writable until it gets its stored mode."""
        if not is_new and not keeps_its_own:
            make_writable(parent, name)
        fd = os.open(name, OPEN_FOLDER, dir_fd=parent.fd)
        if is_new and os.fstat(fd).st_uid != os.geteuid():
            os.close(fd)
            raise PermissionError(errno.EPERM, "replaced")
        return fd
