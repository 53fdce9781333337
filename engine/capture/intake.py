"""Taking one entry of the source: content, attributes, and its row in the directory being written.

An entry's attributes come from the listing of its directory. After a file was read it is asked again; when anything
moved it is read anew, a few times, and then kept with the mark *changed*. What vanishes between two calls was never
there; what cannot be read is kept with the mark *unreadable* and reported.

`ordinal` is the number that the next entry will have (docs/format.md, section 6). A folder takes its own when it is
entered, before all that is in it; everything else when its row is added.
"""

import errno
import os
import stat
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from yester.engine.blobs import Put
from yester.engine.capture.altering import Special, altered
from yester.engine.capture.earlier import Earlier
from yester.engine.capture.owners import OwnerRows
from yester.engine.capture.replacing import replacement
from yester.engine.capture.source import Content, ContentReader, attribute_set
from yester.engine.capture.statx import Probe, Status
from yester.engine.entries import Entry, Mark, Ref, Summary
from yester.engine.ids import BlobKind, TreeId
from yester.engine.progress import Counters
from yester.engine.trees.directories import TreeWriter
from yester.engine.trees.xattrs import INLINE_LIMIT

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_READ_QUIETLY = _READ | os.O_NOATIME

_TYPE = 0o170000
_FILE = stat.S_IFREG
_DEVICES = (stat.S_IFCHR, stat.S_IFBLK)

# Plain numbers: an operation on flags of the enum takes longer than reading an attribute.
_CHANGED = int(Mark.CHANGED)
_LIST = int(Mark.LIST)
_ATTRIBUTES_UNREADABLE = int(Mark.ATTRIBUTES_UNREADABLE)
_LACKING = int(Mark.UNREADABLE | Mark.ATTRIBUTES_UNREADABLE)

_WHOLE_SIZE = 64 << 10
"""A file up to this size is one blob and read in one call."""

_READ_AGAIN_SIZE = 64 << 20
"""A larger file that changes while it is read is not read again: it would most likely change again."""

_READ_TRIES = 3
_VANISHED = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE))
_EMPTY = Content((), (), False, None, 0)


class Vanished(Exception):
    """The entry is not there any more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A path that could not be kept whole, and why, in words."""

    path: bytes
    what: str


@dataclass(slots=True)
class Taken:
    """What a walk brings back besides blobs."""

    root: bytes = b""
    """The encoded entry of `/`."""
    summary: Summary = field(default_factory=Summary)
    failures: list[Failure] = field(default_factory=list)
    changed_while_read: int = 0
    members: "array[int]" = field(default_factory=lambda: array("Q"))
    """Ordinals of link group members, with `firsts` the ordinal of each one's first."""
    firsts: "array[int]" = field(default_factory=lambda: array("Q"))
    way: dict[bytes, bytes] = field(default_factory=dict)
    """The nodes of the folders above the sources, by their ids."""


class Attributes(NamedTuple):
    """What a row is made of."""

    status: Status
    content: Content
    xattrs: bytes
    flags: int
    marks: int = 0
    target: bytes = b""


class _Known(NamedTuple):
    """The first member of a link group; `attributes` is None when its content was not read in this run."""

    ordinal: int
    attributes: Attributes | None


def in_words(error: OSError) -> str:
    """Return the system's words for an error."""
    return error.strerror or str(error)


def vanished(error: OSError) -> bool:
    """Whether an error means that the entry is not there any more."""
    return error.errno in _VANISHED


class Intake:
    """Takes entries one by one, in preorder. Not for two threads at once."""

    def __init__(
        self,
        put: Put,
        reader: ContentReader,
        owners: OwnerRows,
        counters: Counters,
        met: Callable[[bytes, str], None] | None,
        failed: Callable[["Failure"], None],
    ) -> None:
        """`met` is told path and `new` or `changed` of every entry taken; `failed` what is not kept whole."""
        self._put, self._reader, self.owners, self._counters = put, reader, owners, counters
        self._met, self._failed = met, failed
        self.probe = Probe()
        self._links: dict[tuple[int, int], _Known] = {}
        self.ordinal = 0
        self.taken = Taken()

    def fail(self, path: bytes, what: str) -> None:
        """Report a path that is not kept whole."""
        self._counters.failed += 1
        failure = Failure(path, what)
        self.taken.failures.append(failure)
        self._failed(failure)

    def leaf(
        self,
        writer: TreeWriter,
        fd: int,
        folder: bytes,
        name: bytes,
        status: Status,
        earlier: Entry | None,
        special: Special | None = None,
    ) -> bool:
        """Take anything but a folder from the open folder `fd`; whether it is whole. Vanished when it is gone.

        `earlier` is what the snapshot before has under this name. What turns out to be the same is not told as changed.
        `special` is what hooks have decided about it.
        """
        is_altered = special is not None and special.decision.is_altering
        attributes = None if is_altered else self._plain(writer, fd, name, status)
        if special is not None and is_altered:
            attributes = self._altered(fd, folder, name, special)
            self.add(writer, name, attributes)
        elif attributes is None:
            attributes = self._known(status) or self._looked_at(fd, folder, name, status)
            self.add(writer, name, attributes)
        counters, kind = self._counters, "new"
        if earlier is None:
            counters.new += 1
        elif self._as_before(earlier, attributes):
            counters.unchanged += 1
            return not attributes.marks
        else:
            counters.changed += 1
            kind = "changed"
        if self._met is not None:
            self._met(folder + name, kind)
        return not attributes.marks

    def _as_before(self, earlier: Entry, attributes: Attributes) -> bool:
        """Whether an entry that was taken again is what it was; where the file system keeps it does not count."""
        taken = self._entry(earlier.name, attributes)
        return replace(taken, blocks=earlier.blocks) == replace(earlier, atime_ns=None)

    def _plain(self, writer: TreeWriter, fd: int, name: bytes, status: Status) -> Attributes | None:
        """Take a small file of which all is as usual, in one go; None, and nothing was done, when anything is not.

        Most files are such, and each call that they are spared shows in how long the first snapshot takes.
        """
        size = status.st_size
        if status.st_mode & _TYPE != _FILE or status.st_nlink > 1 or not 0 < size <= _WHOLE_SIZE:
            return None
        if status.st_blocks * 512 < size:
            return None
        try:
            file = os.open(name, _READ_QUIETLY, dir_fd=fd)
            try:
                data = os.read(file, size + 1)
                unusual = len(data) != size or os.listxattr(file)
                flags = self.probe.flags(file, status.st_dev)
                same = self.probe.is_still(file, status)
            finally:
                os.close(file)
        except OSError:
            return None
        if unusual or not same:
            return None
        content = Content((self._put(BlobKind.DATA, data),), (size,), False, None, size)
        writer.add_row(
            name,
            status.st_mode,
            self.owners[status.st_uid, status.st_gid],
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.birth_ns,
            size,
            status.st_blocks,
            1,
            0,
            content.refs,
            content.ref_sizes,
        )
        if flags:
            writer.set_flags(flags)
        self.ordinal += 1
        counters = self._counters
        counters.files += 1
        counters.size += size
        return Attributes(status, content, b"", flags)

    def _altered(self, fd: int, folder: bytes, name: bytes, special: Special) -> Attributes:
        """Return what there is to be of an entry that is not taken as it is. Vanished when it is gone."""
        if not special.decision.is_replacing:
            found = self._looked_at(fd, folder, name, special.status)
            return found._replace(status=altered(found.status, special.decision))
        found = self._beside_content(fd, folder, name, special.status)
        status, content = altered(special.status, special.decision), _EMPTY
        try:
            with replacement(special.decision) as read:
                content = self._reader.pour(read)
        except OSError as error:
            self.fail(folder + name, f"what a plugin puts in its place cannot be read: {in_words(error)}")
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
            self.fail(folder + name, in_words(error))
            return Attributes(status, _EMPTY, b"", 0, Mark.ATTRIBUTES_UNREADABLE)

    def _looked_at(self, fd: int, folder: bytes, name: bytes, status: Status) -> Attributes:
        """Return what there is of an entry. Vanished when it is gone."""
        try:
            regular = stat.S_ISREG(status.st_mode)
            return (self._file if regular else self.unopened)(fd, folder, name, status)
        except OSError as error:
            if vanished(error):
                raise Vanished from None
            self.fail(folder + name, in_words(error))
            return Attributes(status, _EMPTY, b"", 0, Mark.UNREADABLE | Mark.ATTRIBUTES_UNREADABLE)

    def reuse(self, writer: TreeWriter, before: Earlier, status: Status) -> None:
        """Add the entry that `before` stands at, which is still as it was."""
        if status.st_nlink > 1:
            self.link(status)
        before.copy_to(writer)
        self.ordinal += 1
        self._counters.files += 1
        self._counters.unchanged += 1
        self._counters.size += status.st_size

    def passed(self, leaves: int, size: int) -> None:
        """Count entries that were found unchanged without being looked at one by one, and the bytes of their files."""
        self._counters.unchanged += leaves
        self._counters.files += leaves
        self._counters.size += size

    def link(self, status: Status, attributes: Attributes | None = None) -> None:
        """Note that the entry with the next ordinal is one of several names of an inode."""
        key = (status.st_dev, status.st_ino)
        known = self._links.get(key)
        if known is None:
            self._links[key] = _Known(self.ordinal, attributes)
            return
        self.taken.members.append(self.ordinal)
        self.taken.firsts.append(known.ordinal)
        if known.attributes is None and attributes is not None:
            self._links[key] = _Known(known.ordinal, attributes)

    def _known(self, status: Status) -> Attributes | None:
        """Return what was read through another name of the same inode."""
        if status.st_nlink == 1:
            return None
        known = self._links.get((status.st_dev, status.st_ino))
        if known is None or known.attributes is None or not _same(known.attributes.status, status):
            return None
        return None if known.attributes.marks & _LACKING else known.attributes

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
        self.taken.changed_while_read += 1
        return attributes._replace(status=status, marks=attributes.marks | Mark.CHANGED)

    def _open(self, fd: int, name: bytes) -> int:
        try:
            return os.open(name, _READ_QUIETLY, dir_fd=fd)
        except PermissionError:
            return os.open(name, _READ, dir_fd=fd)

    def _read(self, file: int, path: bytes, status: Status) -> tuple[Attributes, bool]:
        """Return content and attributes of an open file, and whether it is still what `status` says."""
        size, data = status.st_size, b""
        if size <= _WHOLE_SIZE and status.st_blocks * 512 >= size:
            data, content = os.read(file, size + 1), _EMPTY
        else:
            content = self._reader.read(file, size, status.st_blocks)
        marks = 0
        try:
            xattrs, flags = attribute_set(file), self.probe.flags(file, status.st_dev)
        except OSError as error:
            xattrs, flags, marks = b"", 0, _ATTRIBUTES_UNREADABLE
            self.fail(path, f"attributes: {in_words(error)}")
        same = self.probe.is_still(file, status)
        if data:
            length = len(data)
            self._counters.size += length
            content = Content((self._put(BlobKind.DATA, data),), (length,), False, None, length)
        return Attributes(status, content, xattrs, flags, marks), same

    def _unreadable(self, fd: int, folder: bytes, name: bytes, status: Status, error: OSError) -> Attributes:
        if vanished(error):
            raise error
        self.fail(folder + name, in_words(error))
        attributes = self.unopened(fd, folder, name, status)
        return attributes._replace(marks=attributes.marks | Mark.UNREADABLE)

    def opened(self, fd: int, path: bytes, status: Status) -> Attributes:
        """Return the attributes of an open folder."""
        marks = 0
        try:
            xattrs, flags = attribute_set(fd), self.probe.flags(fd, status.st_dev)
        except OSError as error:
            xattrs, flags, marks = b"", 0, _ATTRIBUTES_UNREADABLE
            self.fail(path, f"attributes: {in_words(error)}")
        return Attributes(status, _EMPTY, xattrs, flags, marks)

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
            self.fail(folder + name, f"attributes: {in_words(error)}")
        return Attributes(status, _EMPTY, xattrs, 0, marks, target)

    def add(self, writer: TreeWriter, name: bytes, attributes: Attributes) -> None:
        """Add the row of anything but a folder, which takes the next ordinal."""
        status, content, xattrs, flags, marks, target = attributes
        size = content.size if marks & _CHANGED else status.st_size
        writer.add_row(
            name,
            status.st_mode,
            self.owners[status.st_uid, status.st_gid],
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.birth_ns,
            size,
            status.st_blocks,
            status.st_nlink,
            marks | _LIST if content.listed else marks,
            content.refs,
            content.ref_sizes,
        )
        if xattrs or flags:
            self._add_rare(writer, xattrs, flags)
        if content.extents is not None:
            writer.set_extents(content.extents)
        if target:
            writer.set_target(target)
        if status.st_mode & _TYPE in _DEVICES:
            writer.set_device(status.rdev_major, status.rdev_minor)
        if status.st_nlink > 1:
            writer.set_link_group(status.st_ino)
            self.link(status, attributes)
        self.ordinal += 1
        self._counters.files += 1

    def made(self, mode: int, earlier: Entry | None) -> Attributes:
        """Return the attributes of what is on no disk; its times are those of `earlier` when that is of its kind."""
        now = earlier.mtime_ns if earlier is not None and earlier.mode == mode else time.time_ns()
        moment = divmod(now, 1_000_000_000)
        status = Status(0, 1, os.geteuid(), os.getegid(), mode, 0, 0, 0, 0, 0, *moment, *moment, 0, 0, 0, 0)
        return Attributes(status, _EMPTY, b"", 0)

    def pour(self, read: Callable[[memoryview], int]) -> Content:
        """Store what a stream gives."""
        return self._reader.pour(read)

    def poured(self, writer: TreeWriter, path: bytes, content: Content, earlier: Earlier | None) -> None:
        """Add the row of a stream that came whole; `earlier` stands at what was under its name, if anything was."""
        name, counters, kind = path.rpartition(b"/")[2], self._counters, "new"
        attributes = self.made(_FILE | 0o600, None)
        attributes = attributes._replace(content=content, status=attributes.status._replace(st_size=content.size))
        if earlier is not None:
            before, now = earlier.entry(), self._entry(name, attributes)
            if (before.mode, before.marks, before.size, before.refs) == (now.mode, now.marks, now.size, now.refs):
                earlier.copy_to(writer)
                self.ordinal += 1
                counters.files += 1
                counters.unchanged += 1
                return
            kind = "changed"
        counters.new += kind == "new"
        counters.changed += kind == "changed"
        self.add(writer, name, attributes)
        if self._met is not None:
            self._met(path, kind)

    def add_folder(
        self, writer: TreeWriter, name: bytes, attributes: Attributes, below: tuple[TreeId, Summary] | None
    ) -> None:
        """Add the row of a folder that was entered; `below` is None when nothing of it is kept."""
        self.folder_row(writer, name, attributes, below)
        self._counters.directories += 1

    def folder_row(
        self, writer: TreeWriter, name: bytes, attributes: Attributes, below: tuple[TreeId, Summary] | None
    ) -> None:
        """Add the row of a folder without counting it."""
        status = attributes.status
        writer.add_row(
            name,
            status.st_mode,
            self.owners[status.st_uid, status.st_gid],
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.birth_ns,
            status.st_size,
            status.st_blocks,
            status.st_nlink,
            attributes.marks,
            (below[0],) if below else (),
            (0,) if below else (),
        )
        if below:
            writer.set_summary(below[1])
        if attributes.xattrs or attributes.flags:
            self._add_rare(writer, attributes.xattrs, attributes.flags)

    def _add_rare(self, writer: TreeWriter, xattrs: bytes, flags: int) -> None:
        if len(xattrs) > INLINE_LIMIT:
            writer.set_xattrs(self._put(BlobKind.XATTRS, xattrs), stored=True)
        elif xattrs:
            writer.set_xattrs(xattrs)
        if flags:
            writer.set_flags(flags)

    def root_entry(self, attributes: Attributes, tree: TreeId, summary: Summary) -> Entry:
        """Return the entry of `/`."""
        return replace(self._entry(b"/", attributes), refs=(Ref(tree, 0),), summary=summary)

    def _entry(self, name: bytes, attributes: Attributes) -> Entry:
        """Return what the row of these attributes says."""
        status, content, xattrs, flags, marks, target = attributes
        stored = len(xattrs) > INLINE_LIMIT
        is_linked = status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode)
        is_device = status.st_mode & _TYPE in _DEVICES
        return Entry(
            name=name,
            mode=status.st_mode,
            owner=self.owners.owner(status.st_uid, status.st_gid),
            size=content.size if marks & _CHANGED else status.st_size,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_ctime_ns,
            birth_ns=status.birth_ns,
            blocks=status.st_blocks,
            nlink=status.st_nlink,
            marks=Mark(marks | _LIST if content.listed else marks),
            refs=tuple(map(Ref, content.refs, content.ref_sizes)),
            target=target,
            device=(status.rdev_major, status.rdev_minor) if is_device else None,
            xattrs=self._put(BlobKind.XATTRS, xattrs) if stored else xattrs,
            xattrs_stored=stored,
            extents=content.extents,
            flags=flags,
            link_group=status.st_ino if is_linked else 0,
        )


def _same(one: Status, other: Status) -> bool:
    """Whether nothing says that a file changed between two looks."""
    return (one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) == (
        other.st_ino,
        other.st_size,
        other.st_mtime_ns,
        other.st_ctime_ns,
    )
