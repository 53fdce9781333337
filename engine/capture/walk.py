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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from yester.engine.blobs import Put
from yester.engine.capture.altering import Decided, Special, altered
from yester.engine.capture.attributes import Attributes, Vanished, in_words, vanished
from yester.engine.capture.borders import ENTER, Surroundings, open_folder
from yester.engine.capture.deciding import Decide, Scout
from yester.engine.capture.detours import GONE
from yester.engine.capture.earlier import Earlier, EarlierDirectory, Known, entries_of
from yester.engine.capture.filecache import DirectoryRecord, FileCacheWriter
from yester.engine.capture.filters import Filter
from yester.engine.capture.halves import Below, Half, HalfKept, HalfWritten, with_tree
from yester.engine.capture.intake import Intake
from yester.engine.capture.listing import UNSETTLED, Listing, list_directory
from yester.engine.capture.roots import Root
from yester.engine.capture.seen import Seen
from yester.engine.capture.statx import Status
from yester.engine.capture.streams import Stream
from yester.engine.capture.taken import Taken
from yester.engine.entries import Entry, Mark
from yester.engine.ids import BlobId, BlobKind
from yester.engine.trees.directories import TreeWriter, encode_root
from yester.engine.trees.page_builder import Owners

_PASS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = stat.S_IFDIR
_FILE = stat.S_IFREG
_TYPE = 0o170000
_MAX_DEPTH = 16_000
"""Calls deep: four thousand folders. Decoders written in C count by the same limit and stand on a thread's 8 MiB of
stack, which hostile bytes would overflow at 30,000 (tried). Raised for good, so that no other walk's end undoes it."""
_ROWS_A_TICK = 256
"""How often a large directory lets the run look at the clock."""

_NEVER_TAKEN = "never taken: it is a repository, yester's own, or no real file system; no source can lie in it"


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
        say: Callable[[str], None],
        decide: Decide | None = None,
    ) -> None:
        """`records` takes what the next run compares with; `tick` is called for each directory, may raise to stop.

        `say` takes what the commands of streams complain of; `decide` says what becomes of entries.
        """
        self._put, self._page_key, self._owners = put, page_key, owners
        self._intake, self._rules, self._surroundings = intake, rules, surroundings
        self._before, self._records, self._tick, self._say = before, records, tick, say
        self._probe, self._detours = intake.attributes.probe, surroundings.detours
        self._scout = None if decide is None else Scout(decide, self._probe, rules, surroundings, tick)
        self._halves: list[Half] = []
        """The directories that the walk is in, from `/` down."""
        self._top: Attributes | None = None

    def run(self, top: Root) -> Taken:
        """Take everything below `top` and return what came back; the blobs went to `put`."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _MAX_DEPTH))
        allow_many_files()
        fd = os.open(self._detours.opened(b"/", b"/"), ENTER)
        try:
            status = self._probe.status(fd)
            self._top = self._intake.attributes.opened(fd, b"/", status)
            self._intake.ordinal = 1
            below = self._at_root(_Place(fd, b"/", status), top, self._before.roots)
        finally:
            os.close(fd)
        return self._taken(below)

    def so_far(self) -> Taken:
        """Return what was taken by now, with the directories that are being walked closed as they are.

        For `tick` to call, in the middle of the walk, which goes on undisturbed.
        """
        below = self._writer().finish()
        for half in reversed(self._halves):
            below = half.closed(self._intake, below)
        return self._taken(below)

    def record_halves(self) -> None:
        """Record for the next run what was taken of the directories that are being walked."""
        if self._records is not None:
            for half in self._halves:
                half.record(self._records)

    def _taken(self, below: Below) -> Taken:
        assert self._top is not None
        return replace(
            self._intake.taken, root=encode_root(self._intake.root_entry(self._top, *below)), summary=below[1]
        )

    def _writer(self) -> TreeWriter:
        return TreeWriter(self._put, self._page_key, self._owners)

    def _at_root(self, place: _Place, root: Root, earlier: tuple[Known, ...]) -> Below:
        """Take a source, or a folder of which only the way to the sources is kept."""
        if root.whole:
            return self._directory(place, earlier)
        writer, before = TreeWriter(self._put_way, self._page_key, self._owners), self._before.directory((), earlier)
        self._halves.append(HalfWritten(writer))
        try:
            for name, child in sorted(root.children.items()):
                self._on_the_way(writer, place, name, child, before)
        finally:
            self._halves.pop()
        return writer.finish()

    def _on_the_way(self, writer: TreeWriter, place: _Place, name: bytes, child: Root, before: Earlier | None) -> None:
        """Take one entry on the way to the sources, or a source; a failure is reported."""
        known = before is not None and before.seek(name)
        if child.stream is not None:
            self._pour(writer, place.folder + name, child.stream, before if known else None)
            return
        if child.made:
            self._make(writer, place, name, child, before if known else None)
            return
        try:
            status = self._status(place, name)
            special = None
            if child.whole and self._scout is not None:
                special = self._scout.source(place.folder + name, status)
                if special is None:
                    return
                status = altered(status, special.decision)
            if stat.S_ISDIR(status.st_mode):
                found = before.trees() if before is not None and known else ()
                self._folder(writer, place, name, status, found, child)
            else:
                entry = before.entry() if before is not None and known else None
                self._leaf(writer, place, name, status, entry, special)
        except (FileNotFoundError, Vanished):
            self._intake.fail(place.folder + name, "vanished before it could be read")
        except OSError as error:
            self._intake.fail(place.folder + name, in_words(error))

    def _status(self, place: _Place, name: bytes) -> Status:
        """Return what an entry on the way is, where it is read. OSError."""
        path = place.folder + name
        try:
            return self._probe.status(place.fd, self._detours.opened(path, name))
        except FileNotFoundError:
            if not self._detours.give_up(path):
                raise
            self._intake.fail(path, GONE)
            return self._probe.status(place.fd, name)

    def _make(self, writer: TreeWriter, place: _Place, name: bytes, child: Root, before: Earlier | None) -> None:
        """Take a folder that is only there for the streams in it."""
        half = self._halves[-1]
        assert isinstance(half, HalfWritten)
        attributes = self._intake.attributes.made(stat.S_IFDIR | 0o700, before.entry() if before is not None else None)
        self._intake.ordinal += 1
        half.enter(name, attributes)
        try:
            here = _Place(-1, place.folder + name + b"/", attributes.status)
            below = self._at_root(here, child, before.trees() if before is not None else ())
        finally:
            half.leave()
        self._intake.add_folder(writer, name, attributes, below)

    def _pour(self, writer: TreeWriter, path: bytes, stream: Stream, before: Earlier | None) -> None:
        """Take a stream to its end. YesterError when it does not come whole."""
        source = stream.begin(self._say)
        try:
            content = self._intake.pour(path, lambda window: source.read(window, self._tick))
            source.finish(self._tick)
        finally:
            source.close()
        self._intake.poured(writer, path, content, before)

    def _directory(self, place: _Place, earlier: tuple[Known, ...]) -> Below:
        """Take all of an open directory. OSError when it cannot be listed."""
        return self._walked(place, self._before.records(place.folder.rstrip(b"/") or b"/"), earlier)

    def _walked(self, place: _Place, records: list[DirectoryRecord], earlier: tuple[Known, ...]) -> Below:
        self._intake.enter(place.folder)
        self._tick()
        path = place.folder.rstrip(b"/") or b"/"
        decided = self._listed(place)
        listing = decided.listing
        for name, error in listing.failed:
            self._intake.fail(place.folder + name, in_words(error))
        for record in records:
            if record.digest == listing.digest != UNSETTLED and not decided.is_read:
                below, whole = self._unmoved(place, listing, record, earlier)
                break
        else:
            below, whole = self._moved(place, decided, self._before.directory(records, earlier))
        if whole and self._records is not None:
            self._records.add(path, listing.digest, *below, listing.stamps)
        return below

    def _listed(self, place: _Place) -> Decided:
        """Return what is taken of an open directory."""
        if self._scout is not None:
            return self._scout.decided(place.fd, place.folder, place.status)
        hidden = self._surroundings.hidden(place.folder)
        listing = list_directory(self._probe, place.fd, place.folder, self._rules, hidden, self._detours)
        return Decided(listing, {})

    def _put_way(self, kind: BlobKind, data: bytes) -> BlobId:
        blob = self._put(kind, data)
        self._intake.taken.way[blob] = data
        return blob

    # A directory whose own listing is as it was.

    def _unmoved(
        self, place: _Place, listing: Listing, record: DirectoryRecord, earlier: tuple[Known, ...]
    ) -> tuple[Below, bool]:
        intake, names, stats = self._intake, listing.names, listing.stats
        half = HalfKept(self._before.source, record.tree, self._writer)
        # More than the one that the record is of: a run was killed, and perhaps its records are lost.
        before = self._before.directory((), earlier) if len(self._before.roots) > 1 else None
        passed = leaves = 0
        modes, links = stats.modes, stats.links
        self._halves.append(half)
        try:
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
                    self._enter(half, place, names[row], status, record, before)
        finally:
            self._halves.pop()
        intake.ordinal += len(names) - passed
        files = [size for size, mode in zip(stats.sizes, modes, strict=True) if mode & _TYPE == _FILE]
        intake.passed(leaves + len(names) - passed, sum(files))
        below = (record.tree, record.summary)
        if half.found or half.gone:
            below = self._patched(below, half)
        return below, not half.gone and all(half.found.values())

    def _enter(
        self,
        half: HalfKept,
        place: _Place,
        name: bytes,
        status: Status,
        parent: DirectoryRecord,
        before: Earlier | None,
    ) -> None:
        """Walk a folder whose entry is as it was, and note in `half` what became of it."""
        half.name = name
        try:
            below, moved = self._entered(place, name, status, parent, before)
            if moved:
                half.found[name] = below
        except Vanished:
            half.gone.add(name)

    def _entered(
        self, place: _Place, name: bytes, status: Status, parent: DirectoryRecord, before: Earlier | None
    ) -> tuple[Below | None, bool]:
        """Walk a folder whose entry is as it was; None when it cannot be read any more.

        And whether the tree that came back may be another than the one that the folder above refers to.
        """
        path = place.folder + name
        inner = None
        try:
            inner = open_folder(self._detours.opened(path, name), place.fd)
            self._intake.ordinal += 1
            records = self._before.records(path)
            known = before.trees() if before is not None and before.seek(name) else ()
            if not records:
                known += self._before.below(parent.tree, name)
            below = self._walked(_Place(inner, path + b"/", status), records, known)
            # The record of the last finished run comes last, and the folder above refers to its tree.
            agree = parent.finished and records and records[-1].finished
            return below, not agree or records[-1].tree != below[0]
        except OSError as error:
            if vanished(error) and inner is None:
                raise Vanished from None
            self._intake.ordinal += inner is None
            self._intake.fail(path, in_words(error))
            return None, True
        finally:
            if inner is not None:
                os.close(inner)

    def _patched(self, below: Below, half: HalfKept) -> Below:
        """Return what was there, or a copy in which the folders that came back different are put in."""
        before = EarlierDirectory(self._before.source, below[0])
        different = {
            name: new
            for name, new in half.found.items()
            if not before.seek(name) or new is None or before.tree() != new[0]
        }
        if not different and not half.gone:
            return below
        writer = self._writer()
        for entry in entries_of(self._before.source, below[0]):
            if entry.name in different:
                writer.add(with_tree(entry, different[entry.name]))
            elif entry.name not in half.gone:
                writer.add(entry)
        return writer.finish()

    # A directory in which something moved, or that was not seen before.

    def _moved(self, place: _Place, decided: Decided, before: Earlier | None) -> tuple[Below, bool]:
        listing, special = decided
        writer, intake, stamps = self._writer(), self._intake, listing.stamps
        half = HalfWritten(writer, place.folder.rstrip(b"/") or b"/", stamps)
        whole = not listing.failed
        self._halves.append(half)
        try:
            for row, (name, status) in enumerate(zip(listing.names, listing.stats, strict=True), 1):
                if not row % _ROWS_A_TICK:
                    self._tick()
                known = before is not None and before.seek(name)
                try:
                    if status.st_mode & _TYPE == _DIRECTORY:
                        trees = before.trees() if before is not None and known else ()
                        whole &= self._folder(writer, place, name, status, trees)
                        continue
                    what = special.get(row - 1) if special else None
                    if before is None or not known:
                        whole &= self._leaf(writer, place, name, status, None, what)
                    elif (what is None or not what.is_read) and self._is_kept(
                        before, status, stamps[8 * row - 8 : 8 * row]
                    ):
                        intake.reuse(writer, before, status)
                    else:
                        whole &= self._leaf(writer, place, name, status, before.entry(), what)
                except Vanished:
                    whole, half.is_gappy = False, True
        finally:
            self._halves.pop()
        return writer.finish(), whole

    def _leaf(
        self,
        writer: TreeWriter,
        place: _Place,
        name: bytes,
        status: Status,
        earlier: Entry | None,
        special: Special | None,
    ) -> bool:
        """Take anything but a folder, from where it is read."""
        if not self._detours:
            return self._intake.leaf(writer, place.fd, place.folder, name, status, earlier, special)
        with _folder_of(place.fd, self._detours.opened(place.folder + name, name)) as fd:
            return self._intake.leaf(writer, fd, place.folder, name, status, earlier, special)

    def _is_kept(self, before: Earlier, status: Status, stamp: bytes) -> bool:
        """Whether the entry that `before` found is as it was, and all of it is in the repository."""
        return before.unchanged(status, stamp) and (before.is_recorded or self._before.whole(before.entry()))

    def _folder(
        self,
        writer: TreeWriter,
        place: _Place,
        name: bytes,
        status: Status,
        earlier: tuple[Known, ...],
        root: Root | None = None,
    ) -> bool:
        """Walk a folder and add its row; whether its own attributes and content could be read.

        Vanished when it is gone.
        """
        intake, path, inner, below = self._intake, place.folder + name, None, None
        half = self._halves[-1]
        assert isinstance(half, HalfWritten)
        entered = self._is_entered(status, place.status, root)
        on_the_way, is_listable = root is not None and not root.whole, True
        try:
            if entered:
                opened = self._detours.opened(path, name)
                inner, is_listable = _open_way(place.fd, name) if on_the_way else (open_folder(opened, place.fd), True)
            attributes = self._attributes(place, inner if is_listable else None, name, status)
            intake.ordinal += 1
            if inner is None:
                attributes = attributes._replace(marks=attributes.marks | Mark.EXCLUDED_MOUNT)
                if root is not None:
                    intake.fail(path, _NEVER_TAKEN)
            else:
                half.enter(name, attributes)
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
            half.leave()
            if inner is not None:
                os.close(inner)
        intake.add_folder(writer, name, attributes, below)
        return not attributes.marks & ~Mark.EXCLUDED_MOUNT

    def _attributes(self, place: _Place, inner: int | None, name: bytes, status: Status) -> Attributes:
        if inner is not None:
            return self._intake.attributes.opened(inner, place.folder + name, status)
        try:
            with _folder_of(place.fd, self._detours.opened(place.folder + name, name)) as fd:
                return self._intake.attributes.unopened(fd, place.folder, name, status)
        except OSError:
            raise Vanished from None

    def _is_entered(self, entry: Status, parent: Status, root: Root | None = None) -> bool:
        return self._surroundings.is_entered(entry, parent, root, one_file_system=self._rules.one_file_system)


def allow_many_files() -> None:
    """Raise the limit of open files as far as it goes: each folder on the way down is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _folder_of(fd: int, opened: bytes) -> Iterator[int]:
    """Give the folder in which an entry is found: the open `fd`, or that of what is opened elsewhere."""
    if not opened.startswith(b"/"):
        yield fd
        return
    elsewhere = os.open(os.path.dirname(opened), _PASS)
    try:
        yield elsewhere
    finally:
        os.close(elsewhere)


def _open_way(fd: int, name: bytes) -> tuple[int, bool]:
    """Open a folder that is only passed through, and say whether it may be read: often others' homes may not."""
    try:
        return open_folder(name, fd), True
    except PermissionError:
        return os.open(name, _PASS, dir_fd=fd), False
