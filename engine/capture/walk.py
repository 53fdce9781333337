"""The walk: every directory of the source, in preorder, compared with what was seen before and stored where it differs.

Directories are walked depth first and names in byte order, files and folders mixed: the order of ordinals, and of
what a copying program reads later, so that small files of one place share a frame.

There are three ways through a directory. Its listing's digest equals the cached one: its files are not looked at
again, only its folders are entered, and when all of them come back with the trees they had, so does it. One came back
different: the entries are copied from the earlier tree with the new tree ids put in. The digest differs: every entry
is compared with the earlier tree and read when it differs.

A directory is recorded for the next run only when each of its own entries was taken whole, so that whatever failed is
tried again.
"""

import os
import resource
import stat
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from yester.engine.blobs import Put
from yester.engine.capture.earlier import EarlierDirectory, entries_of
from yester.engine.capture.filecache import DirectoryRecord, FileCacheWriter
from yester.engine.capture.filters import Filter
from yester.engine.capture.intake import Attributes, Intake, Taken, Vanished, in_words, vanished
from yester.engine.capture.listing import UNSETTLED, Listing, list_directory
from yester.engine.capture.mounts import MountTable
from yester.engine.capture.roots import Root
from yester.engine.capture.seen import Seen
from yester.engine.capture.statx import Status
from yester.engine.entries import Entry, Mark, Ref, Summary
from yester.engine.ids import TreeId
from yester.engine.trees.directories import TreeWriter, encode_root
from yester.engine.trees.page_builder import Owners

_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PASS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = stat.S_IFDIR
_FILE = stat.S_IFREG
_TYPE = 0o170000
_MAX_DEPTH = 16_000
"""Calls deep: four thousand folders. Decoders written in C count by the same limit and stand on a thread's 8 MiB of
stack, which hostile bytes would overflow at 30,000 (tried). Raised for good, so that no other walk's end undoes it."""
_NOT_ENTERED = Mark.UNREADABLE | Mark.EXCLUDED_MOUNT


_NEVER_TAKEN = "never taken: it is a repository, yester's own, or no real file system; no source can lie in it"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a walk must know of the machine it runs on."""

    mounts: MountTable
    never: Collection[tuple[int, int]]
    """(st_dev, st_ino) of folders never entered: the repository, yester's cache and state."""
    sources: Collection[tuple[int, int]] = ()
    """(st_dev, st_ino) of the sources: entered also where one lies in another, on a file system of its own."""


Below = tuple[TreeId, Summary]
"""A directory's tree and what is in it."""


@dataclass(frozen=True, slots=True)
class _Place:
    """An open directory on the way: its path with a closing slash, and what stat says of it."""

    fd: int
    folder: bytes
    status: Status


class Capture:
    """One walk. Not for two threads at once."""

    def __init__(
        self,
        put: Put,
        page_key: bytes,
        owners: Owners,
        intake: Intake,
        rules: Filter,
        surroundings: Surroundings,
        before: Seen,
        records: FileCacheWriter | None,
        tick: Callable[[], None],
    ) -> None:
        """`records` takes what the next run compares with; `tick` is called for each directory, may raise to stop."""
        self._put, self._page_key, self._owners = put, page_key, owners
        self._intake, self._rules, self._surroundings = intake, rules, surroundings
        self._before, self._records, self._tick = before, records, tick
        self._probe = intake.probe

    def run(self, top: Root) -> Taken:
        """Take everything below `top` and return what came back; the blobs went to `put`."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _MAX_DEPTH))
        _allow_many_files()
        fd = os.open(b"/", _ENTER)
        try:
            status = self._probe.status(fd)
            self._intake.ordinal = 1
            tree, summary = self._at_root(_Place(fd, b"/", status), top, self._before.root)
            attributes = self._intake.opened(fd, b"/", status)
        finally:
            os.close(fd)
        taken = self._intake.taken
        taken.summary = summary
        taken.root = encode_root(self._intake.root_entry(attributes, tree, summary))
        return taken

    def _writer(self) -> TreeWriter:
        return TreeWriter(self._put, self._page_key, self._owners)

    def _at_root(self, place: _Place, root: Root, earlier: TreeId | None) -> Below:
        """Take a source, or a folder of which only the way to the sources is kept."""
        if root.whole:
            return self._directory(place, earlier)
        writer = self._writer()
        before = EarlierDirectory(self._before.source, earlier) if earlier is not None else None
        for name, child in sorted(root.children.items()):
            known = before is not None and before.seek(name)
            try:
                status = self._probe.status(place.fd, name)
                if stat.S_ISDIR(status.st_mode):
                    found = before.tree() if before is not None and known else None
                    self._folder(writer, place, name, status, found, child)
                else:
                    entry = before.entry() if before is not None and known else None
                    self._intake.leaf(writer, place.fd, place.folder, name, status, entry)
            except (FileNotFoundError, Vanished):
                self._intake.fail(place.folder + name, "vanished before it could be read")
            except OSError as error:
                self._intake.fail(place.folder + name, in_words(error))
        return writer.finish()

    def _directory(self, place: _Place, earlier: TreeId | None) -> Below:
        """Take all of an open directory. OSError when it cannot be listed."""
        return self._walked(place, self._before.record(place.folder.rstrip(b"/") or b"/"), earlier)

    def _walked(self, place: _Place, record: DirectoryRecord | None, earlier: TreeId | None) -> Below:
        self._tick()
        path = place.folder.rstrip(b"/") or b"/"
        hidden = self._surroundings.mounts.own.get(path, ())
        listing = list_directory(self._probe, place.fd, place.folder, self._rules, hidden)
        for name, error in listing.failed:
            self._intake.fail(place.folder + name, in_words(error))
        if record is not None and record.digest == listing.digest != UNSETTLED:
            below, whole = self._unmoved(place, listing, record)
        else:
            below, whole = self._moved(place, listing, record, earlier)
        if whole and self._records is not None:
            self._records.add(path, listing.digest, *below, listing.stamps)
        return below

    # A directory whose own listing is as it was.

    def _unmoved(self, place: _Place, listing: Listing, record: DirectoryRecord) -> tuple[Below, bool]:
        intake, names, stats = self._intake, listing.names, listing.stats
        found: dict[bytes, Below | None] = {}
        gone: set[bytes] = set()
        passed = leaves = 0
        modes, links = stats.modes, stats.links
        for row in [row for row, mode in enumerate(modes) if links[row] > 1 or mode & _TYPE == _DIRECTORY]:
            status = stats[row]
            intake.ordinal += row - passed
            leaves += row - passed
            passed = row + 1
            if status.st_mode & _TYPE != _DIRECTORY:
                intake.link(status)
                leaves += 1
                intake.ordinal += 1
            elif not self._is_entered(status, place.status):
                intake.ordinal += 1
            else:
                try:
                    below, moved = self._entered(place, names[row], status, record)
                    if moved:
                        found[names[row]] = below
                except Vanished:
                    gone.add(names[row])
        intake.ordinal += len(names) - passed
        files = [size for size, mode in zip(stats.sizes, modes, strict=True) if mode & _TYPE == _FILE]
        intake.passed(leaves + len(names) - passed, sum(files))
        below = (record.tree, record.summary)
        if found or gone:
            below = self._patched(below, found, gone)
        return below, not gone and all(found.values())

    def _entered(
        self, place: _Place, name: bytes, status: Status, parent: DirectoryRecord
    ) -> tuple[Below | None, bool]:
        """Walk a folder whose entry is as it was; None when it cannot be read any more.

        And whether the tree that came back may be another than the one that the folder above refers to.
        """
        path = place.folder + name
        inner = None
        try:
            inner = _open_folder(place.fd, name)
            self._intake.ordinal += 1
            record = self._before.record(path)
            earlier = self._tree_in(parent.tree, name) if record is None else None
            below = self._walked(_Place(inner, path + b"/", status), record, earlier)
            agree = record is not None and record.finished and parent.finished
            return below, not agree or record is None or record.tree != below[0]
        except OSError as error:
            if vanished(error) and inner is None:
                raise Vanished from None
            self._intake.ordinal += inner is None
            self._intake.fail(path, in_words(error))
            return None, True
        finally:
            if inner is not None:
                os.close(inner)

    def _tree_in(self, tree: TreeId, name: bytes) -> TreeId | None:
        before = EarlierDirectory(self._before.source, tree)
        return before.tree() if before.seek(name) else None

    def _patched(self, below: Below, found: dict[bytes, Below | None], gone: set[bytes]) -> Below:
        """Return what was there, or a copy in which the folders that came back different are put in."""
        before = EarlierDirectory(self._before.source, below[0])
        different = {
            name: new for name, new in found.items() if not before.seek(name) or new is None or before.tree() != new[0]
        }
        if not different and not gone:
            return below
        writer = self._writer()
        for entry in entries_of(self._before.source, below[0]):
            if entry.name in different:
                writer.add(_with_tree(entry, different[entry.name]))
            elif entry.name not in gone:
                writer.add(entry)
        return writer.finish()

    # A directory in which something moved, or that was not seen before.

    def _moved(
        self, place: _Place, listing: Listing, record: DirectoryRecord | None, earlier: TreeId | None
    ) -> tuple[Below, bool]:
        writer, intake, stamps = self._writer(), self._intake, listing.stamps
        before = None
        if record is not None:
            before = EarlierDirectory(self._before.source, record.tree, record.stamps)
        elif earlier is not None:
            before = EarlierDirectory(self._before.source, earlier, taken_ns=self._before.taken_ns)
        whole = not listing.failed
        for row, (name, status) in enumerate(zip(listing.names, listing.stats, strict=True)):
            known = before is not None and before.seek(name)
            try:
                if status.st_mode & _TYPE == _DIRECTORY:
                    tree = before.tree() if before is not None and known else None
                    whole &= self._folder(writer, place, name, status, tree)
                    continue
                if before is None or not known:
                    whole &= intake.leaf(writer, place.fd, place.folder, name, status, None)
                elif self._is_kept(before, status, stamps[8 * row : 8 * row + 8], is_there=record is not None):
                    intake.reuse(writer, before, status)
                else:
                    whole &= intake.leaf(writer, place.fd, place.folder, name, status, before.entry())
            except Vanished:
                whole = False
        return writer.finish(), whole

    def _is_kept(self, before: EarlierDirectory, status: Status, stamp: bytes, *, is_there: bool) -> bool:
        """Whether the entry that `before` found is as it was, and all of it is in the repository.

        `is_there`: the file cache answers for the directory, and it gives no record of a tree that is not whole.
        """
        return before.unchanged(status, stamp) and (is_there or self._before.whole(before.entry()))

    def _folder(
        self,
        writer: TreeWriter,
        place: _Place,
        name: bytes,
        status: Status,
        earlier: TreeId | None,
        root: Root | None = None,
    ) -> bool:
        """Walk a folder and add its row; whether its own attributes and content could be read.

        Vanished when it is gone.
        """
        intake, path, inner, below = self._intake, place.folder + name, None, None
        entered = self._is_entered(status, place.status, root)
        on_the_way, is_listable = root is not None and not root.whole, True
        try:
            if entered:
                inner, is_listable = _open_way(place.fd, name) if on_the_way else (_open_folder(place.fd, name), True)
            attributes = self._attributes(place, inner if is_listable else None, name, status)
            intake.ordinal += 1
            if inner is None:
                attributes = attributes._replace(marks=attributes.marks | Mark.EXCLUDED_MOUNT)
                if root is not None:
                    intake.fail(path, _NEVER_TAKEN)
            else:
                here = _Place(inner, path + b"/", status)
                below = self._directory(here, earlier) if root is None else self._at_root(here, root, earlier)
        except OSError as error:
            if inner is None:
                if vanished(error):
                    raise Vanished from None
                attributes = self._attributes(place, None, name, status)
                intake.ordinal += 1
            intake.fail(path, in_words(error))
            attributes = attributes._replace(marks=attributes.marks | Mark.UNREADABLE)
        finally:
            if inner is not None:
                os.close(inner)
        intake.add_folder(writer, name, attributes, below)
        return not attributes.marks & ~Mark.EXCLUDED_MOUNT

    def _attributes(self, place: _Place, inner: int | None, name: bytes, status: Status) -> Attributes:
        if inner is not None:
            return self._intake.opened(inner, place.folder + name, status)
        try:
            return self._intake.unopened(place.fd, place.folder, name, status)
        except OSError:
            raise Vanished from None

    def _is_entered(self, entry: Status, parent: Status, root: Root | None = None) -> bool:
        """`root`: a source, or on the way to one. A source may lie on a file system of its own, and is stayed on.

        The way may lead through a pseudo file system (/dev, to /dev/shm); a source may not lie in one.
        """
        place = (entry.st_dev, entry.st_ino)
        crossing, is_source = entry.st_dev != parent.st_dev, root is not None and root.whole
        if place in self._surroundings.never:
            return False
        if root is None or is_source:
            is_pseudo = entry.st_dev in self._surroundings.mounts.pseudo_devices
            if is_pseudo and (crossing or is_source):
                return False
        stays = self._rules.one_file_system and root is None and place not in self._surroundings.sources
        return not (crossing and stays)


def _allow_many_files() -> None:
    """Raise the limit of open files as far as it goes: each folder on the way down is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _open_folder(fd: int, name: bytes) -> int:
    try:
        return os.open(name, _ENTER | os.O_NOATIME, dir_fd=fd)
    except PermissionError:
        return os.open(name, _ENTER, dir_fd=fd)


def _open_way(fd: int, name: bytes) -> tuple[int, bool]:
    """Open a folder that is only passed through, and say whether it may be read: often others' homes may not."""
    try:
        return _open_folder(fd, name), True
    except PermissionError:
        return os.open(name, _PASS, dir_fd=fd), False


def _with_tree(entry: Entry, below: Below | None) -> Entry:
    """Return a folder's entry with what is below it now; None: it cannot be read any more."""
    if below is None:
        return replace(entry, refs=(), summary=None, marks=entry.marks | Mark.UNREADABLE)
    return replace(entry, refs=(Ref(below[0], 0),), summary=below[1], marks=entry.marks & ~_NOT_ENTERED)
