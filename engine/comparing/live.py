"""Differences between a snapshot and the files as they are now.

What the system says of an entry is compared first; where type, size, both times, mode and owner are those of the
snapshot it is taken to be the same, as by a run. Content is read where the size is the same and the time is not; or
always, to verify: it is cut and hashed as a run would, and where the ids differ it is compared byte by byte with
what is stored, since holes make the cuts differ where the bytes do not.

A content that differs though size and time of modification do not was not written by a program that means well: the
medium lost it, or someone hid it. Such a difference is `rotten`.

Names that the filters leave out are no additions; what the snapshot has and the filters would leave out today is
compared. An added folder is told, not what is in it.
"""

import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from yester.engine.blobs import BlobSource
from yester.engine.capture.attributes import WHOLE_SIZE, in_words, vanished
from yester.engine.capture.chunking import Chunker
from yester.engine.capture.filters import Filter
from yester.engine.capture.listing import list_directory
from yester.engine.capture.mounts import mount_table
from yester.engine.capture.owners import OwnerRows
from yester.engine.capture.roots import Root
from yester.engine.capture.source import Content as Cut
from yester.engine.capture.source import ContentReader, attribute_set
from yester.engine.capture.statx import Probe, Status
from yester.engine.comparing.differences import Difference, Happened, Look, difference
from yester.engine.comparing.trees import Damaged, row_of
from yester.engine.entries import Entry, Mark, Ref
from yester.engine.errors import DamageError, Offline
from yester.engine.ids import BlobId, BlobKind
from yester.engine.progress import Counters
from yester.engine.sealed.config import Config
from yester.engine.sealed.keys import Keys, blob_id
from yester.engine.trees.content import Content
from yester.engine.trees.directories import open_directory
from yester.engine.trees.xattrs import INLINE_LIMIT

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE = 1 << 20
_DEVICES = (stat.S_IFCHR, stat.S_IFBLK)
_DESCRIPTORS = 65_536


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A path of which it cannot be told whether it differs, and why."""

    path: bytes
    what: str


Told = Difference | Unreadable


class _Place(NamedTuple):
    """A folder on both sides: its path, the stored entry, and the open folder. `root` is None within a source."""

    path: bytes
    entry: Entry
    fd: int
    root: Root | None


class LiveComparison:
    """Compares the files as they are with one snapshot. For one thread."""

    def __init__(
        self,
        source: BlobSource,
        keys: Keys,
        config: Config,
        rules: Filter,
        *,
        reads_all: bool,
        counters: Counters,
        tick: Callable[[], None],
        damaged: Damaged,
    ) -> None:
        """`reads_all` verifies; `tick` is called often, and may raise to stop; `damaged` hears of what is not read."""
        self._source, self._keys, self._rules, self._reads_all = source, keys, rules, reads_all
        self._counters, self._tick, self._damaged = counters, tick, damaged
        self._probe, self._owners, self._mounts = Probe(), OwnerRows(), mount_table()
        chunker = Chunker(keys.chunker_seed, config.chunk_min, config.chunk_normal, config.chunk_max)
        self._reader = ContentReader(self._hash, chunker, keys.page_key, self._read_some)

    def compare(self, entry: Entry, path: bytes, root: Root | None) -> Iterator[Told]:
        """Yield what differs at and below `path`, which is `entry` in the snapshot.

        `root` says what of the folder is the way to sources only; None when all of it is in a source.
        """
        _allow_many_files()
        folder, _, name = path.rpartition(b"/")
        try:
            fd = os.open(folder or b"/", _ENTER)
        except OSError as error:
            yield self._failed(path, entry, error)
            return
        try:
            yield from self._met(_Place(folder, entry, fd, None), entry, name or b".", path, root)
        finally:
            os.close(fd)

    def _failed(self, path: bytes, entry: Entry, error: OSError) -> Told:
        if vanished(error):
            return Difference(path, Happened.REMOVED, row_of(entry).look, None)
        return Unreadable(path, in_words(error))

    def _met(self, place: _Place, entry: Entry, name: bytes, path: bytes, root: Root | None) -> Iterator[Told]:
        """Compare one stored entry, and all below it; folders are kept open on the way down."""
        todo = [self._one(place, entry, name, path, root)]
        while todo:
            try:
                found = next(todo[-1], None)
            except BaseException:
                for each in reversed(todo):
                    each.close()  # type: ignore[attr-defined]
                raise
            if found is None:
                todo.pop()
            elif isinstance(found, _Place):
                todo.append(self._below(found))
            else:
                yield found

    def _one(self, place: _Place, entry: Entry, name: bytes, path: bytes, root: Root | None) -> Iterator[Told | _Place]:
        try:
            status = self._probe.status(place.fd, name)
            self._counters.files += not stat.S_ISDIR(status.st_mode)
            found = self._difference(place.fd, name, path, entry, status)
            if found is not None:
                yield found
            if entry.is_directory and entry.refs and stat.S_ISDIR(status.st_mode):
                inner = os.open(name, _ENTER, dir_fd=place.fd)
                yield _Place(path, entry, inner, root)
        except OSError as error:
            yield self._failed(path, entry, error)

    def _below(self, place: _Place) -> Iterator[Told | _Place]:
        try:
            self._tick()
            yield from self._names(place)
        finally:
            os.close(place.fd)

    def _names(self, place: _Place) -> Iterator[Told | _Place]:
        prefix = place.path.rstrip(b"/") + b"/"
        is_way = place.root is not None and not place.root.whole
        there: dict[bytes, Status] = {}
        if not is_way:
            hidden = self._mounts.own.get(place.path, ())
            try:
                listing = list_directory(self._probe, place.fd, prefix, self._rules, hidden)
            except OSError as error:
                yield Unreadable(place.path, in_words(error))
                return
            there = dict(zip(listing.names, listing.stats, strict=True))
        try:
            for page, _, _ in open_directory(self._source, place.entry).leaves():
                for row in range(page.count):
                    entry = page.entry(row)
                    there.pop(entry.name, None)
                    child = place.root.children.get(entry.name) if is_way and place.root is not None else None
                    yield from self._one(place, entry, entry.name, prefix + entry.name, child)
        except DamageError as error:
            self._damaged(place.path, error)
            return
        for name, status in there.items():
            look = self._look(status, b"", b"", None)
            yield Difference(prefix + name, Happened.ADDED, None, look)

    # One entry

    def _difference(self, fd: int, name: bytes, path: bytes, entry: Entry, status: Status) -> Told | None:
        if _is_as_it_was(entry, status) and self._is_sound(fd, name, entry, status):
            return None
        stored = row_of(entry).look
        if stat.S_IFMT(status.st_mode) != stat.S_IFMT(entry.mode):
            return difference(path, stored, self._look(status, b"", b"", None))
        target = os.readlink(name, dir_fd=fd) if stat.S_ISLNK(status.st_mode) else b""
        xattrs, flags = self._attributes(fd, name, status)
        live = row_of(self._entry(entry, status, target, xattrs, flags)).look
        if not entry.is_file:
            return difference(path, stored, live)
        if entry.marks & Mark.UNREADABLE:
            return difference(path, stored, live._replace(content=stored.content, marks=stored.marks))
        return self._file(fd, name, path, entry, status, (stored, live))

    def _is_sound(self, fd: int, name: bytes, entry: Entry, status: Status) -> bool:
        """Whether nothing more needs to be looked at: most files are small, and most are what they were."""
        if not self._reads_all or not entry.is_file or entry.marks & Mark.UNREADABLE:
            return True
        size = status.st_size
        if size > WHOLE_SIZE or entry.extents is not None or len(entry.refs) != 1:
            return False
        file = os.open(name, _READ, dir_fd=fd)
        try:
            data = os.read(file, size + 1)
        finally:
            os.close(file)
        self._read_some(len(data))
        return len(data) == size and self._hash(BlobKind.DATA, data) == entry.refs[0].blob

    def _file(
        self, fd: int, name: bytes, path: bytes, entry: Entry, status: Status, looks: tuple[Look, Look]
    ) -> Told | None:
        """Compare a file, whose content was not looked at yet."""
        stored, live = looks
        same, offset = status.st_size == entry.size, None
        if same and (self._reads_all or status.st_mtime_ns != entry.mtime_ns):
            try:
                offset = self._first_difference(fd, name, entry, status)
            except (DamageError, Offline) as error:
                self._damaged(path, error)
                return None
            same = offset is None
        live = live._replace(content=stored.content if same else b"?", marks=stored.marks)
        found = difference(path, stored, live)
        if found is None or same:
            return found
        rotten = status.st_size == entry.size and status.st_mtime_ns == entry.mtime_ns
        return replace(found, offset=offset, rotten=rotten and not entry.marks & Mark.CHANGED)

    def _first_difference(self, fd: int, name: bytes, entry: Entry, status: Status) -> int | None:
        """Return where a file's content first differs from what is stored, None when it does not; OSError."""
        file = os.open(name, _READ, dir_fd=fd)
        try:
            cut = self._reader.read(file, status.st_size, status.st_blocks)
            if _has_same_ids(entry, cut):
                return None
            content = Content.of(entry, self._source)
            for start in range(0, entry.size, _PIECE):
                self._tick()
                one, other = os.pread(file, min(_PIECE, entry.size - start), start), content.read(start, _PIECE)
                if one != bytes(other):
                    pairs = zip(one, bytes(other), strict=False)
                    return start + next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
            return None
        finally:
            os.close(file)

    def _attributes(self, fd: int, name: bytes, status: Status) -> tuple[bytes, int]:
        xattrs = attribute_set(b"/proc/self/fd/%d/%s" % (fd, name))
        flags = 0
        if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
            with suppress(PermissionError):
                file = os.open(name, _READ, dir_fd=fd)
                try:
                    flags = self._probe.flags(file, status.st_dev)
                finally:
                    os.close(file)
        return xattrs, flags

    def _entry(self, stored: Entry, status: Status, target: bytes, xattrs: bytes, flags: int) -> Entry:
        """Return what a run would keep of an entry, but for the content of a file."""
        is_stored = len(xattrs) > INLINE_LIMIT
        return Entry(
            name=stored.name,
            mode=status.st_mode,
            owner=self._owners.owner(status.st_uid, status.st_gid),
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_ctime_ns,
            refs=stored.refs if stored.is_directory else (),
            summary=stored.summary if stored.is_directory else None,
            target=target,
            device=(status.rdev_major, status.rdev_minor) if stat.S_IFMT(status.st_mode) in _DEVICES else None,
            xattrs=self._hash(BlobKind.XATTRS, xattrs) if is_stored else xattrs,
            xattrs_stored=is_stored,
            flags=flags,
        )

    def _look(self, status: Status, target: bytes, content: bytes, extra: bytes | None) -> Look:
        owner = self._owners.owner(status.st_uid, status.st_gid)
        return Look(status.st_mode, owner, status.st_size, status.st_mtime_ns, content or target, extra)

    def _hash(self, kind: BlobKind, data: bytes) -> BlobId:
        return blob_id(self._keys.id_key(kind), data)

    def _read_some(self, size: int) -> None:
        self._counters.size += size
        self._tick()


def _is_as_it_was(entry: Entry, status: Status) -> bool:
    return (
        entry.mode == status.st_mode
        and entry.mtime_ns == status.st_mtime_ns
        and entry.ctime_ns == status.st_ctime_ns
        and (entry.is_directory or entry.size == status.st_size)
        and (entry.owner.uid, entry.owner.gid) == (status.st_uid, status.st_gid)
    )


def _has_same_ids(entry: Entry, cut: Cut) -> bool:
    refs = tuple(Ref(*pair) for pair in zip(cut.refs, cut.ref_sizes, strict=True))
    return entry.refs == refs and entry.extents == cut.extents and bool(entry.marks & Mark.LIST) == cut.listed


def _allow_many_files() -> None:
    """A folder on the way down takes a descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
