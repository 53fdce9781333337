"""What there is of one entry of the source: content, attributes, and what of them cannot be had.

Its attributes come from the listing of its directory. After a file was read it is asked again; when anything moved it
is read anew, a few times, and then kept with the mark *changed*. What vanishes between two calls was never there; what
cannot be read is kept with the mark *unreadable* and reported.
"""

import errno
import os
import stat
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from yester.engine.blobs import Put
from yester.engine.capture.altering import Special, altered
from yester.engine.capture.replacing import replacement
from yester.engine.capture.source import Content, ContentReader, attribute_set
from yester.engine.capture.statx import Probe, Status
from yester.engine.capture.taken import Taken
from yester.engine.entries import Entry, Mark
from yester.engine.ids import BlobKind
from yester.engine.progress import Counters

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
READ_QUIETLY = _READ | os.O_NOATIME
"""How a file is opened; PermissionError for somebody else's."""

WHOLE_SIZE = 64 << 10
"""A file up to this size is one blob and read in one call."""

_READ_AGAIN_SIZE = 64 << 20
"""A larger file that changes while it is read is not read again: it would most likely change again."""

_READ_TRIES = 3
_VANISHED = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE))
_ATTRIBUTES_UNREADABLE = int(Mark.ATTRIBUTES_UNREADABLE)
"""A plain number: an operation on flags of the enum takes longer than reading an attribute."""
_EMPTY = Content((), (), False, None, 0)


class Vanished(Exception):
    """The entry is not there any more."""


class Attributes(NamedTuple):
    """What a row is made of."""

    status: Status
    content: Content
    xattrs: bytes
    flags: int
    marks: int = 0
    target: bytes = b""


def in_words(error: OSError) -> str:
    """Return the system's words for an error."""
    return error.strerror or str(error)


def vanished(error: OSError) -> bool:
    """Whether an error means that the entry is not there any more."""
    return error.errno in _VANISHED


class AttributeReader:
    """Reads entries that a walk has found. Not for two threads at once."""

    def __init__(
        self, put: Put, reader: ContentReader, counters: Counters, taken: Taken, fail: Callable[[bytes, str], None]
    ) -> None:
        """`fail` is told path and words of what is not whole; bytes read are counted, and files that moved."""
        self._put, self._reader, self._counters = put, reader, counters
        self._taken, self._fail = taken, fail
        self.probe = Probe()

    def as_decided(self, fd: int, folder: bytes, name: bytes, special: Special) -> Attributes:
        """Return what there is to be of an entry that is not taken as it is. Vanished when it is gone."""
        if not special.decision.is_replacing:
            found = self.looked_at(fd, folder, name, special.status)
            return found._replace(status=altered(found.status, special.decision))
        found = self._beside_content(fd, folder, name, special.status)
        status, content = altered(special.status, special.decision), _EMPTY
        try:
            with replacement(special.decision) as read:
                content = self._reader.pour(read)
        except OSError as error:
            self._fail(folder + name, f"what a plugin puts in its place cannot be read: {in_words(error)}")
            found = found._replace(marks=found.marks | Mark.UNREADABLE)
        blocks = -(-content.size // 512)
        return found._replace(content=content, status=status._replace(st_size=content.size, st_blocks=blocks))

    def _beside_content(self, fd: int, folder: bytes, name: bytes, status: Status) -> Attributes:
        """Return the attributes of a file of whose own content nothing is read. Vanished when it is gone."""
        try:
            try:
                file = self._open(fd, name)
            except PermissionError:
                return self.unopened(fd, folder, name, status)
            try:
                return self.opened(file, folder + name, status)
            finally:
                os.close(file)
        except OSError as error:
            if vanished(error):
                raise Vanished from None
            self._fail(folder + name, in_words(error))
            return Attributes(status, _EMPTY, b"", 0, Mark.ATTRIBUTES_UNREADABLE)

    def looked_at(self, fd: int, folder: bytes, name: bytes, status: Status) -> Attributes:
        """Return what there is of an entry. Vanished when it is gone."""
        try:
            regular = stat.S_ISREG(status.st_mode)
            return (self._file if regular else self.unopened)(fd, folder, name, status)
        except OSError as error:
            if vanished(error):
                raise Vanished from None
            self._fail(folder + name, in_words(error))
            return Attributes(status, _EMPTY, b"", 0, Mark.UNREADABLE | Mark.ATTRIBUTES_UNREADABLE)

    def _file(self, fd: int, folder: bytes, name: bytes, status: Status) -> Attributes:
        """Read a regular file, again when it changes meanwhile. OSError when it is gone."""
        path = folder + name
        for _ in range(_READ_TRIES):
            try:
                file = self._open(fd, name)
                try:
                    attributes, same = self._read(file, path, status)
                    if same and attributes.content.size == status.st_size:
                        return attributes
                    status = self.probe.status(file)
                finally:
                    os.close(file)
            except OSError as error:
                return self._unreadable(fd, folder, name, status, error)
            if not stat.S_ISREG(status.st_mode):
                raise Vanished
            if status.st_size > _READ_AGAIN_SIZE:
                break
        self._taken.changed_while_read += 1
        return attributes._replace(status=status, marks=attributes.marks | Mark.CHANGED)

    def _open(self, fd: int, name: bytes) -> int:
        try:
            return os.open(name, READ_QUIETLY, dir_fd=fd)
        except PermissionError:
            return os.open(name, _READ, dir_fd=fd)

    def _read(self, file: int, path: bytes, status: Status) -> tuple[Attributes, bool]:
        """Return content and attributes of an open file, and whether it is still what `status` says."""
        size, data = status.st_size, b""
        if size <= WHOLE_SIZE and status.st_blocks * 512 >= size:
            data, content = os.read(file, size + 1), _EMPTY
        else:
            content = self._reader.read(file, size, status.st_blocks, partial(self._counters.take, path))
            self._counters.let_go(path)
        xattrs, flags, marks = self._extended(file, path, status)
        same = self.probe.is_still(file, status)
        if data:
            length = len(data)
            self._counters.size += length
            content = Content((self._put(BlobKind.DATA, data),), (length,), False, None, length)
        return Attributes(status, content, xattrs, flags, marks), same

    def _unreadable(self, fd: int, folder: bytes, name: bytes, status: Status, error: OSError) -> Attributes:
        if vanished(error):
            raise error
        self._fail(folder + name, in_words(error))
        attributes = self.unopened(fd, folder, name, status)
        return attributes._replace(marks=attributes.marks | Mark.UNREADABLE)

    def opened(self, fd: int, path: bytes, status: Status) -> Attributes:
        """Return the attributes of an open folder."""
        return Attributes(status, _EMPTY, *self._extended(fd, path, status))

    def _extended(self, fd: int, path: bytes, status: Status) -> tuple[bytes, int, int]:
        """Return the attribute set and the flags of what is open, and the marks where they cannot be read."""
        try:
            return attribute_set(fd), self.probe.flags(fd, status.st_dev), 0
        except OSError as error:
            self._fail(path, f"attributes: {in_words(error)}")
            return b"", 0, _ATTRIBUTES_UNREADABLE

    def unopened(self, fd: int, folder: bytes, name: bytes, status: Status) -> Attributes:
        """Return the attributes of a link, fifo, socket or device, or of what cannot be opened.

        OSError when it is gone.
        """
        marks, xattrs = Mark(0), b""
        target = os.readlink(name, dir_fd=fd) if stat.S_ISLNK(status.st_mode) else b""
        try:
            xattrs = attribute_set(b"/proc/self/fd/%d/%s" % (fd, name))
        except OSError as error:
            if vanished(error):
                raise
            marks = Mark.ATTRIBUTES_UNREADABLE
            self._fail(folder + name, f"attributes: {in_words(error)}")
        return Attributes(status, _EMPTY, xattrs, 0, marks, target)

    def made(self, mode: int, earlier: Entry | None) -> Attributes:
        """Return the attributes of what is on no disk; its times are those of `earlier` when that is of its kind."""
        now = earlier.mtime_ns if earlier is not None and earlier.mode == mode else time.time_ns()
        moment = divmod(now, 1_000_000_000)
        status = Status(0, 1, os.geteuid(), os.getegid(), mode, 0, 0, 0, 0, 0, *moment, *moment, 0, 0, 0, 0)
        return Attributes(status, _EMPTY, b"", 0)
