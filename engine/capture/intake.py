"""Taking one entry of the source: its row in the directory being written, of what attributes.py finds of it.

`ordinal` is the number that the next entry will have (docs/format.md, section 6). A folder takes its own when it is
entered, before all that is in it; everything else when its row is added.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from yester.engine.blobs import Put
from yester.engine.capture.altering import Special
from yester.engine.capture.attributes import READ_QUIETLY, WHOLE_SIZE, AttributeReader, Attributes
from yester.engine.capture.earlier import Earlier
from yester.engine.capture.owners import OwnerRows
from yester.engine.capture.source import Content, ContentReader
from yester.engine.capture.statx import Status
from yester.engine.capture.taken import Failure, Taken
from yester.engine.entries import Entry, Mark, Ref, Summary
from yester.engine.ids import BlobKind, TreeId
from yester.engine.progress import Counters
from yester.engine.trees.directories import TreeWriter
from yester.engine.trees.xattrs import INLINE_LIMIT

_TYPE = 0o170000
_FILE = stat.S_IFREG
_DEVICES = (stat.S_IFCHR, stat.S_IFBLK)

# Plain numbers: an operation on flags of the enum takes longer than reading an attribute.
_CHANGED = int(Mark.CHANGED)
_LIST = int(Mark.LIST)
_LACKING = int(Mark.UNREADABLE | Mark.ATTRIBUTES_UNREADABLE)


class _Known(NamedTuple):
    """The first member of a link group; `attributes` is None when its content was not read in this run."""

    ordinal: int
    attributes: Attributes | None


class Intake:
    """Takes entries one by one, in preorder. Not for two threads at once."""

    def __init__(
        self,
        put: Put,
        reader: ContentReader,
        owners: OwnerRows,
        counters: Counters,
        met: Callable[[bytes, str], None] | None,
        failed: Callable[[Failure], None],
    ) -> None:
        """`met` is told path and `new` or `changed` of every entry taken; `failed` what is not kept whole."""
        self._put, self._reader, self.owners, self._counters = put, reader, owners, counters
        self._met, self._failed = met, failed
        self._links: dict[tuple[int, int], _Known] = {}
        self.ordinal = 0
        self.taken = Taken()
        self.attributes = AttributeReader(put, reader, counters, self.taken, self.fail)
        self._probe = self.attributes.probe

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
        self._counters.path = folder + name
        is_altered = special is not None and special.decision.is_altering
        attributes = None if is_altered else self._plain(writer, fd, name, status)
        if special is not None and is_altered:
            attributes = self.attributes.as_decided(fd, folder, name, special)
            self.add(writer, name, attributes)
        elif attributes is None:
            attributes = self._known(status) or self.attributes.looked_at(fd, folder, name, status)
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
        if status.st_mode & _TYPE != _FILE or status.st_nlink > 1 or not 0 < size <= WHOLE_SIZE:
            return None
        if status.st_blocks * 512 < size:
            return None
        try:
            file = os.open(name, READ_QUIETLY, dir_fd=fd)
            try:
                data = os.read(file, size + 1)
                unusual = len(data) != size or os.listxattr(file)
                flags = self._probe.flags(file, status.st_dev)
                same = self._probe.is_still(file, status)
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

    def enter(self, folder: bytes) -> None:
        """Note that the walk is in a folder."""
        self._counters.path = folder

    def pour(self, path: bytes, read: Callable[[memoryview], int]) -> Content:
        """Store what a stream gives."""
        self._counters.take(path, None)
        content = self._reader.pour(read)
        self._counters.let_go()
        return content

    def poured(self, writer: TreeWriter, path: bytes, content: Content, earlier: Earlier | None) -> None:
        """Add the row of a stream that came whole; `earlier` stands at what was under its name, if anything was."""
        name, counters, kind = path.rpartition(b"/")[2], self._counters, "new"
        attributes = self.attributes.made(_FILE | 0o600, None)
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
