"""From the tree of one foreign snapshot to trees of ours: contents from its copies, owners and modes from its notes.

Snapshots there share unchanged files by hard links. So a file's inode tells its content: what one snapshot read, the
next does not read again, and importing a history costs little more than what changed in it. Links in the *source* are
those names of one inode that lie in the same snapshot; they are found before anything is written, since a row says how
many names its file has.

The change time of a copy is no change time of the source, and differs where nothing else does; the time of last
modification stands in for it, so that unchanged folders stay one tree.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from yester.engine.blobs import Put
from yester.engine.capture.attributes import in_words
from yester.engine.capture.owners import OwnerRows
from yester.engine.capture.source import Content, ContentReader, attribute_set
from yester.engine.capture.statx import Probe, Status
from yester.engine.capture.taken import Failure
from yester.engine.capture.walk import allow_many_files
from yester.engine.entries import Entry, Mark, Ref, Summary
from yester.engine.ids import BlobId, BlobKind
from yester.engine.importing.fileinfo import FileInfo
from yester.engine.trees.directories import TreeWriter, encode_root
from yester.engine.trees.page_builder import Owners
from yester.engine.trees.xattrs import INLINE_LIMIT

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WHOLE_SIZE = 64 << 10
_GONE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE))
_EMPTY = Content((), (), False, None, 0)
_UNMARKED = Mark(0)

Inode = tuple[int, int]


class Known(NamedTuple):
    """What was read of an inode, and what it was then."""

    size: int
    mtime_ns: int
    content: Content
    xattrs: bytes


@dataclass(slots=True)
class Imported:
    """What a walk brings back besides blobs."""

    root: bytes = b""
    summary: Summary = field(default_factory=Summary)
    failures: list[Failure] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    """(member, first) ordinals."""
    known: dict[Inode, Known] = field(default_factory=dict)
    """For the next snapshot."""
    read: int = 0
    """Files whose content was read."""
    unchanged: int = 0


@dataclass(slots=True)
class _Open:
    """A folder on the way down."""

    fd: int
    path: bytes
    """With a slash at its end."""
    entry: Entry
    """Its row, without what is below it."""
    writer: TreeWriter
    names: Iterator[bytes]


class TreeImport:
    """One walk over a snapshot's `backup` folder."""

    def __init__(
        self,
        put: Put,
        page_key: bytes,
        reader: ContentReader,
        notes: FileInfo | None,
        known: Mapping[Inode, Known],
        tick: Callable[[], None],
    ) -> None:
        """`known` is what the snapshot before had read; `tick` is called for each folder, and may raise to stop."""
        self._put, self._page_key, self._reader = put, page_key, reader
        self._notes, self._before, self._tick = notes, known, tick
        self._owners, self._local = Owners(), OwnerRows()
        self._probe = Probe()
        self._names: Mapping[Inode, int] = {}
        self._firsts: dict[Inode, int] = {}
        self._ordinal = 0
        """Of the entry that comes next, in preorder."""
        self._result = Imported()

    def run(self, backup: Path) -> Imported:
        """Take the tree; OSError when its top cannot be read. What cannot be read in it is marked and reported."""
        allow_many_files()
        self._names = names_of_shared(backup)
        fd = os.open(backup, _ENTER)
        opened: list[_Open] = []
        try:
            opened.append(self._opened(fd, b"/", b"/", self._probe.status(fd)))
            while opened:
                name = next(opened[-1].names, None)
                if name is not None:
                    below = self._taken(opened[-1], name)
                    opened += [below] if below is not None else []
                else:
                    self._close(opened)
        finally:
            for each in opened:
                os.close(each.fd)
        return self._result

    # Folders

    def _opened(self, fd: int, path: bytes, name: bytes, status: Status) -> _Open:
        """Begin a folder, which takes the next ordinal; OSError, with `fd` closed, when it cannot be listed."""
        try:
            self._tick()
            names = sorted(map(os.fsencode, os.listdir(fd)))
            xattrs = self._attributes(fd, path)
        except BaseException:
            os.close(fd)
            raise
        self._ordinal += 1
        entry = self._entry(name, path.rstrip(b"/") or b"/", status, xattrs)
        return _Open(fd, path, entry, TreeWriter(self._put, self._page_key, self._owners), iter(names))

    def _close(self, opened: list[_Open]) -> None:
        """End the innermost folder: its row goes into the one above, or it is the root."""
        folder = opened.pop()
        os.close(folder.fd)
        tree, summary = folder.writer.finish()
        entry = replace(folder.entry, refs=(Ref(tree, 0),), summary=summary)
        if opened:
            opened[-1].writer.add(entry)
        else:
            self._result.root, self._result.summary = encode_root(entry), summary

    def _taken(self, folder: _Open, name: bytes) -> _Open | None:
        """Take one name: begin a folder and return it, add the row of anything else."""
        path = folder.path + name
        try:
            status = self._probe.status(folder.fd, name)
            if stat.S_ISDIR(status.st_mode):
                return self._opened(os.open(name, _ENTER, dir_fd=folder.fd), path + b"/", name, status)
            folder.writer.add(self._leaf(folder.fd, path, name, status))
        except OSError as error:
            self._fail(path, error)
            if error.errno in _GONE:
                return None
            entry = self._entry(name, path, self._probe.status(folder.fd, name), b"")
            folder.writer.add(replace(entry, marks=Mark.UNREADABLE))
        self._ordinal += 1
        return None

    # Entries

    def _leaf(self, fd: int, path: bytes, name: bytes, status: Status) -> Entry:
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG:
            known = self._content(fd, path, name, status)
            nlink, link_group = self._links(status)
            return self._entry(name, path, status, known.xattrs, known.content, nlink=nlink, link_group=link_group)
        xattrs = self._attributes(b"/proc/self/fd/%d/%s" % (fd, name), path)
        entry = self._entry(name, path, status, xattrs, nlink=1)
        if kind == stat.S_IFLNK:
            return replace(entry, target=os.readlink(name, dir_fd=fd))
        is_device = kind in (stat.S_IFCHR, stat.S_IFBLK)
        return replace(entry, device=(status.rdev_major, status.rdev_minor)) if is_device else entry

    def _content(self, fd: int, path: bytes, name: bytes, status: Status) -> Known:
        """Return what is in a file: as it was read through another name of its inode, or read now."""
        inode = (status.st_dev, status.st_ino)
        for known in (self._result.known.get(inode), self._before.get(inode)):
            if known is not None and (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns):
                self._result.unchanged += 1
                break
        else:
            file = os.open(name, _READ, dir_fd=fd)
            try:
                known = self._read(file, path, status)
            finally:
                os.close(file)
            self._result.read += 1
        if status.st_nlink > 1:
            self._result.known[inode] = known
        return known

    def _read(self, file: int, path: bytes, status: Status) -> Known:
        size, content = status.st_size, _EMPTY
        if size > _WHOLE_SIZE or status.st_blocks * 512 < size:
            content = self._reader.read(file, size, status.st_blocks)
        elif size:
            data = os.read(file, size)
            content = Content((self._put(BlobKind.DATA, data),), (len(data),), False, None, len(data))
        return Known(size, status.st_mtime_ns, content, self._attributes(file, path))

    def _links(self, status: Status) -> tuple[int, int]:
        """Return how many names a file has in the snapshot, and its group; note each name after the first."""
        inode = (status.st_dev, status.st_ino)
        names = self._names.get(inode, 1)
        if names == 1:
            return 1, 0
        first = self._firsts.setdefault(inode, self._ordinal)
        if first != self._ordinal:
            self._result.links.append((self._ordinal, first))
        return names, status.st_ino

    def _entry(
        self,
        name: bytes,
        path: bytes,
        status: Status,
        xattrs: bytes,
        content: Content = _EMPTY,
        *,
        nlink: int | None = None,
        link_group: int = 0,
    ) -> Entry:
        """Return a row as the notes say, where they know of it, or as the copy is."""
        # Of a symlink they have what it leads to.
        noted = None
        if self._notes is not None and not stat.S_ISLNK(status.st_mode):
            noted = self._notes.noted(path, status.st_mode, status.st_uid, status.st_gid)
        stored = len(xattrs) > INLINE_LIMIT
        return Entry(
            name=name,
            mode=noted.mode if noted is not None else status.st_mode,
            owner=noted.owner if noted is not None else self._local.owner(status.st_uid, status.st_gid),
            size=content.size if content is not _EMPTY else status.st_size,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_mtime_ns,
            blocks=status.st_blocks,
            nlink=status.st_nlink if nlink is None else nlink,
            marks=Mark.LIST if content.listed else _UNMARKED,
            refs=tuple(map(Ref, content.refs, content.ref_sizes)),
            extents=content.extents,
            xattrs=BlobId(self._put(BlobKind.XATTRS, xattrs)) if stored else xattrs,
            xattrs_stored=stored,
            link_group=link_group,
        )

    def _attributes(self, place: int | bytes, path: bytes) -> bytes:
        try:
            return attribute_set(place)
        except OSError as error:
            self._fail(path, error, "attributes: ")
            return b""

    def _fail(self, path: bytes, error: OSError, what: str = "") -> None:
        self._result.failures.append(Failure(path, what + in_words(error)))


def names_of_shared(top: Path) -> dict[Inode, int]:
    """Return how many names the files of a tree have in it, for those that have several."""
    seen: set[Inode] = set()
    counts: dict[Inode, int] = {}
    folders = [os.fsencode(top)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
            device = os.stat(folder).st_dev
        except OSError:
            continue  # said when its content is taken
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif entry.is_file(follow_symlinks=False):
                inode = (device, entry.inode())
                if inode in seen:
                    counts[inode] = counts.get(inode, 1) + 1
                seen.add(inode)
    return counts
