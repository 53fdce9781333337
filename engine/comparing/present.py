"""The files as they are now, as entries like those of snapshots: a folder's names, some of them, or one entry whole.

Nothing is kept, and no content is read. Links are followed on the way to a folder, never at its end.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from enum import StrEnum

from yester.engine.capture.owners import OwnerRows
from yester.engine.capture.source import attribute_set
from yester.engine.capture.statx import Probe, Status
from yester.engine.entries import Entry
from yester.engine.errors import UsageError

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DEVICES = (stat.S_IFCHR, stat.S_IFBLK)


class Likeness(StrEnum):
    """How an entry is elsewhere: in another snapshot, or now."""

    SAME = "same"
    CHANGED = "changed"
    """Its type, size or time of modification differs, or where a link points; of a folder, that names came or went."""
    ATTRIBUTES = "attributes"
    """Only its mode or its owner differs."""
    MISSING = "missing"


def likeness(entry: Entry, elsewhere: Entry | None) -> Likeness:
    """Return how an entry is elsewhere, by what is known without reading content; None: it is not there."""
    if elsewhere is None:
        return Likeness.MISSING
    if _content(entry) != _content(elsewhere):
        return Likeness.CHANGED
    return Likeness.SAME if _rights(entry) == _rights(elsewhere) else Likeness.ATTRIBUTES


def _content(entry: Entry) -> tuple[object, ...]:
    kind = stat.S_IFMT(entry.mode)
    if entry.is_symlink:
        return kind, entry.target
    if kind in _DEVICES:
        return kind, entry.device
    return kind, entry.mtime_ns, 0 if entry.is_directory else entry.size


def _rights(entry: Entry) -> tuple[int, int, int]:
    return stat.S_IMODE(entry.mode), entry.owner.uid, entry.owner.gid


class Present:
    """Looks at the files. For one thread."""

    def __init__(self) -> None:
        self._probe, self._owners = Probe(), OwnerRows()

    def names(self, folder: bytes) -> list[bytes]:
        """Return the names in a folder, in order of their bytes. UsageError: there is none, or it cannot be read."""
        try:
            return sorted(os.listdir(folder))
        except OSError as error:
            raise _unreadable(folder, error) from None

    def stamp(self, folder: bytes) -> tuple[int, ...]:
        """Return what changes when a name comes to a folder or goes. UsageError: there is none."""
        try:
            status = os.stat(folder)
        except OSError as error:
            raise _unreadable(folder, error) from None
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns

    def entries(self, folder: bytes, names: Sequence[bytes]) -> Iterator[Entry]:
        """Yield those of these names that are in a folder, without what takes a look at each: attributes and flags.

        One of which nothing can be told is left out, as one that is gone.
        """
        try:
            fd = os.open(folder, _ENTER)
        except OSError as error:
            raise _unreadable(folder, error) from None
        try:
            there, statuses = self._probe.statuses(fd, names, lambda name, error: None)
            for name, status in zip(there, statuses, strict=True):
                yield self._entry(name, status, _target(fd, name, status))
        except OSError as error:
            raise _unreadable(folder, error) from None
        finally:
            os.close(fd)

    def entry(self, path: bytes) -> Entry:
        """Return all that is to be told of what is at a path. UsageError: nothing is, or it cannot be looked at."""
        folder, _, name = path.rstrip(b"/").rpartition(b"/")
        try:
            fd = os.open(folder or b"/", _ENTER)
            try:
                return self._whole(fd, name or b".")
            finally:
                os.close(fd)
        except OSError as error:
            raise _unreadable(path, error) from None

    def _whole(self, fd: int, name: bytes) -> Entry:
        status = self._probe.status(fd, name)
        xattrs, flags = attribute_set(b"/proc/self/fd/%d/%s" % (fd, name)), 0
        if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
            flags = self._flags(fd, name, status)
        return self._entry(name, status, _target(fd, name, status), xattrs, flags)

    def _flags(self, fd: int, name: bytes, status: Status) -> int:
        try:
            file = os.open(name, _READ, dir_fd=fd)
        except PermissionError:
            return 0
        try:
            return self._probe.flags(file, status.st_dev)
        finally:
            os.close(file)

    def _entry(self, name: bytes, status: Status, target: bytes, xattrs: bytes = b"", flags: int = 0) -> Entry:
        is_device = stat.S_IFMT(status.st_mode) in _DEVICES
        return Entry(
            name=name,
            mode=status.st_mode,
            owner=self._owners.owner(status.st_uid, status.st_gid),
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_ctime_ns,
            birth_ns=status.birth_ns,
            blocks=status.st_blocks,
            nlink=status.st_nlink,
            target=target,
            device=(status.rdev_major, status.rdev_minor) if is_device else None,
            xattrs=xattrs,
            flags=flags,
        )


def _target(fd: int, name: bytes, status: Status) -> bytes:
    """Return where a link points; empty for what is none, or is one no more."""
    if not stat.S_ISLNK(status.st_mode):
        return b""
    try:
        return os.readlink(name, dir_fd=fd)
    except OSError:
        return b""


def _unreadable(path: bytes, error: OSError) -> UsageError:
    name = path.decode(errors="backslashreplace")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return UsageError(f"There is no {name} now", hint="[ goes to the newest snapshot that was taken.")
    return UsageError(f"{name} cannot be read: {os.strerror(error.errno or 0).lower()}")
