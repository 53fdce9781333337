r"""Restore: bring files of a snapshot back into a directory.

    walk  ->  batches of entries  ->  make them, finish directories        (the caller's thread)
                     \->  fetch and decode their frames  ->/               (threads, a few batches ahead)

The walk goes through the snapshot in preorder, the order in which small files share frames, makes the directories, and
queues everything else in batches of about a megabyte. Threads fetch the blobs of a batch, whose frames are decoded
without the interpreter's lock; the caller's thread makes the files. More threads that make files were tried: they wait
for each other's lock more than they gain. A few batches are under way at most, so that memory stays bounded
whatever the size of a snapshot or a file.

Where things are made, and why nothing outside the target can be: engine/restore/places.py. In what order attributes
come: engine/restore/attributes.py. What happens to what is there already: engine/restore/conflicts.py. What a file
goes through: engine/restore/plain.py and engine/restore/files.py.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from stat import S_IFMT, S_IFREG, S_ISDIR

from yester.engine.entries import Entry, Mark
from yester.engine.errors import CancelledError, DamageError, UsageError, YesterError
from yester.engine.events import Message, Phase, RestoreBegin, RestoreEnd, path_fields, shown
from yester.engine.hooks import Hooks, tell
from yester.engine.ids import BlobId, BlobKind, ListId, SnapshotId
from yester.engine.packs.reading import BlobReader
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.repository import Repository
from yester.engine.restore.attributes import Attributes
from yester.engine.restore.conflicts import Conflicts
from yester.engine.restore.content import segments
from yester.engine.restore.directories import Directories
from yester.engine.restore.files import Files, LargeFile
from yester.engine.restore.links import Member
from yester.engine.restore.ownership import OwnerMode
from yester.engine.restore.places import Place
from yester.engine.restore.plain import PlainFiles, PlainRun
from yester.engine.restore.plan import Conflict, Start, starts
from yester.engine.restore.queue import Queue
from yester.engine.restore.report import Failure, Lack, RestoreReport, Tally
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.directories import decode_root, open_directory, resolve
from yester.engine.trees.links import LinkTable
from yester.engine.trees.pages import Page

_THREADS = 2
_LARGE_SIZE = 8 << 20
"""From here on a file is made in segments."""
_READER_CACHE = 48 << 20
_OPEN_DEPTH = 100
"""Directories above this many levels further up are closed until they are needed again."""


def restore(
    repository: Repository,
    sid: SnapshotId,
    paths: Sequence[bytes],
    target: bytes | None,
    *,
    conflict: Conflict = Conflict.KEEP_BOTH,
    owner: OwnerMode = OwnerMode.AS_STORED,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> RestoreReport:
    """Bring `paths` of a snapshot back into the directory `target`, made if missing; without paths all of it.

    Without a target each comes back to where it was; folders above it that are gone come back too, with nothing else in
    them. What fails for one entry is in the report and does not end the restore. UsageError: no such path; DamageError:
    the snapshot itself is damaged; YesterError: the target cannot be used or is full; CancelledError: `cancelled` said
    so.
    """
    for place in [target] if target is not None else paths or [b"/"]:
        _check_apart(repository, place)
    started_ns = time.time_ns()
    begin = RestoreBegin(snapshot=sid.hex(), target=shown(target or b"/"), paths=tuple(map(shown, paths)))
    tell(hooks, begin)
    tally = Tally(lambda failure: _tell_failure(hooks, failure))
    try:
        progress.phase(Phase.PLAN)
        work = _Restore(repository, repository.snapshot(sid), tally, conflict, owner, progress, cancelled)
        work.run(paths, target)
    finally:
        counts = tally.counts
        took_ns = time.time_ns() - started_ns
        end = RestoreEnd(
            sid.hex(),
            files=counts.files,
            size=counts.size,
            failed=tally.failed,
            same=counts.same,
            set_aside=counts.set_aside,
            skipped=counts.skipped,
            duration_ns=took_ns,
        )
        tell(hooks, end)
    report = tally.report()
    for what, lack in report.lacking.items():
        _tell_lack(hooks, what, lack)
    return report


def _check_apart(repository: Repository, target: bytes) -> None:
    folder = repository.store.folder
    if folder is not None and Path(os.path.realpath(os.fsdecode(target))).is_relative_to(os.path.realpath(folder)):
        raise UsageError(
            f"The target {os.fsdecode(target)} lies inside the repository {folder}", hint="Give a folder elsewhere."
        )


def _tell_failure(hooks: Hooks, failure: Failure) -> None:
    path, path_b64 = path_fields(failure.path)
    tell(hooks, Message(path=path, path_b64=path_b64, level="error", text=failure.what))


def _tell_lack(hooks: Hooks, what: str, lack: Lack) -> None:
    path, path_b64 = path_fields(lack.example)
    others = f", nor of {lack.count - 1:,} other{'s' * (lack.count > 2)}" if lack.count > 1 else ""
    tell(hooks, Message(path=path, path_b64=path_b64, level="warning", text=f"not restored{others}: {what}"))


class _Restore:
    """One restore: the walk, and what it queues."""

    def __init__(
        self,
        repository: Repository,
        snapshot: Snapshot,
        tally: Tally,
        conflict: Conflict,
        owner: OwnerMode,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        now_ns = time.time_ns()
        label = b"before-" + datetime.now().strftime("%Y-%m-%dT%H-%M-%S").encode()
        self._source = BlobReader(repository, _READER_CACHE)
        self._root = decode_root(snapshot.root)
        self._links_id = None if snapshot.links is None else ListId(BlobId(snapshot.links))
        self._links: LinkTable | None = None
        self._tally = tally
        self._progress = progress
        self._cancelled = cancelled
        self._attributes = Attributes(self._source, owner, tally, now_ns)
        conflicts = Conflicts(conflict, label, self._source, repository.keys.id_key(BlobKind.DATA))
        self._directories = Directories(self._attributes, conflicts, tally)
        self._files = Files(self._source, self._attributes, conflicts, tally)
        self._plain = PlainFiles(self._files, self._attributes, tally.counts, now_ns)
        self._counters = Counters()
        self._next_update = 0.0

    def run(self, paths: Sequence[bytes], target: bytes | None) -> None:
        """Restore `paths` into `target`, or to where they were."""
        begin = starts(self._source, self._root, paths, in_place=target is None)
        self._counters.total_files = sum(_files_of(start.entry) for start in begin)
        self._counters.total_size = sum(_size_of(start.entry) for start in begin)
        tops = self._tops(begin, target)
        self._progress.phase(Phase.WRITE)
        try:
            with ThreadPoolExecutor(_THREADS, "restore") as pool:
                self._queue = Queue(pool, self._source, self._tick)
                self._fill(tops, begin)
            self._progress.phase(Phase.ATTRIBUTES)
            self._attributes.finish()
            for top in reversed(tops.values()):
                top.release(user=False)
        finally:
            self._directories.abandon()
        self._next_update = 0.0
        self._tick(0)

    def _tops(self, begin: Sequence[Start], target: bytes | None) -> dict[bytes, Place]:
        """Open the directories that starts come to, by the folder of the snapshot that each stands for.

        Without a target one that cannot be opened is a failure of its starts alone.
        """
        tops: dict[bytes, Place] = {}
        for start in begin:
            try:
                for folder in _new_above(start.folder) if target is None else ():
                    self._top(tops, folder, folder, resolve(self._source, self._root, folder))
                self._top(tops, target or start.folder, start.folder, None if start.name else start.entry)
            except YesterError as problem:
                if target is not None:
                    raise
                self._tally.fail(start.path, problem.what)
        return tops

    def _top(self, tops: dict[bytes, Place], target: bytes, folder: bytes, entry: Entry | None) -> None:
        if folder not in tops:
            tops[folder] = self._directories.top(target, folder, entry)

    def _fill(self, tops: Mapping[bytes, Place], begin: Sequence[Start]) -> None:
        """Walk and make every entry."""
        try:
            for start in begin:
                if start.folder in tops:
                    self._start(tops[start.folder], start)
            self._queue.finish()
        except BaseException:
            self._queue.drop()
            self._files.abandon()
            raise

    # The walk

    def _start(self, top: Place, start: Start) -> None:
        if not start.entry.is_directory:
            self._queue_entry(top, start.entry, start.ordinal)
        elif not start.name:
            self._walk(top, start)
        else:
            place = self._directories.enter(top, start.entry)
            if place is not None:
                self._walk(place, start)

    def _walk(self, bottom: Place, start: Start) -> None:
        """Go through a directory and all below it in preorder."""
        stack = [(bottom, self._rows(bottom, start.entry, start.ordinal))]
        while stack:
            place, rows = stack[-1]
            place.wake()
            below = next(rows, None)
            if below is None:
                stack.pop()
                if place.parent is not None:
                    place.release(user=False)
                continue
            entry, ordinal = below
            inner = self._directories.enter(place, entry)
            if inner is not None:
                stack.append((inner, self._rows(inner, entry, ordinal)))
                if len(stack) > _OPEN_DEPTH:
                    stack[-1 - _OPEN_DEPTH][0].sleep()

    def _rows(self, place: Place, entry: Entry, ordinal: int) -> Iterator[tuple[Entry, int]]:
        """Queue what is in a directory; yield the directories among it, with their ordinals."""
        if not entry.refs:
            return
        self._counters.path = place.path

        def damaged(error: DamageError) -> None:
            self._tally.fail(place.path, f"some or all of what is in it is lost: {error}", is_damage=True)

        try:
            for page, _, base in open_directory(self._source, entry).sound_leaves(damaged):
                yield from self._page(place, page, ordinal + 1 + base)
        except DamageError as error:
            damaged(error)

    def _page(self, place: Place, page: Page, first: int) -> Iterator[tuple[Entry, int]]:
        """Queue the rows of one leaf; yield the directories among them, with their ordinals."""
        names = page.names()
        if names and max(page.owner_rows) >= len(page.owners):
            page.owner(max(range(page.count), key=page.owner_rows.__getitem__))
        start = 0
        for row in _special_rows(page):
            self._queue_run(place, page, names, start, row)
            start = row + 1
            if S_ISDIR(page.modes[row]):
                yield page.entry(row), first + page.ordinal(row)
            else:
                self._queue_entry(place, page.entry(row), first + page.ordinal(row))
        self._queue_run(place, page, names, start, page.count)

    # The queue

    def _queue_run(self, place: Place, page: Page, names: list[bytes], start: int, stop: int) -> None:
        """Queue plain files of one leaf, in as many parts as fill batches."""
        sizes = page.sizes
        while start < stop:
            size, end = 0, start
            room, items = self._queue.room
            while end < stop and size < room and end - start < items:
                size += sizes[end]
                end += 1
            blobs, ends = page.blobs(start, end)
            place.use()
            self._queue.add(
                partial(self._plain.make, PlainRun(place, page, names, start, ends)),
                blobs,
                size,
                items=end - start,
                whole_size=size,
            )
            start = end

    def _queue_entry(self, place: Place, entry: Entry, ordinal: int) -> None:
        """Queue anything that is no directory."""
        large = None
        if entry.nlink > 1 and entry.link_group:
            member = Member(place, entry, self._group(place, entry, ordinal))
            job: Callable[[], None] = partial(self._files.linked, member)
        else:
            large = self._files.begin_large(place, entry) if _is_large(entry) else None
            job = partial(self._files.single, place, entry)
        if large is not None:
            self._queue_segments(large)
            return
        place.use()
        # The blobs are fetched with the batch, and then come out of the reader's cache.
        blobs = [ref.blob for ref in entry.refs] if entry.is_file and not entry.marks & Mark.LIST else []
        whole_size = entry.size if entry.is_file else 0
        self._queue.add(lambda _: job(), blobs, sum(ref.size for ref in entry.refs), whole_size=whole_size)

    def _queue_segments(self, large: LargeFile) -> None:
        queued, path = 0, large.place.path_of(large.entry.name)
        self._queue.add(lambda _: self._counters.take(path, large.content.size), (), 0, whole_size=0)
        try:
            for segment in segments(large.content):
                size = sum(length for _, _, length in segment)
                job = partial(self._files.segment, large, segment=segment)
                self._queue.add(job, [blob for blob, _, _ in segment], size, whole_size=size)
                queued += size
        except DamageError as error:
            large.written.lost.append(str(error))
        self._queue.add(lambda _: self._end_large(large), (), 0, whole_size=large.content.size - queued)

    def _end_large(self, large: LargeFile) -> None:
        self._counters.let_go(large.place.path)
        self._files.end_large(large)

    def _group(self, place: Place, entry: Entry, ordinal: int) -> int:
        """Return the ordinal of the first name of the entry's file; its own, when that is not known."""
        if self._links_id is None:
            return ordinal
        try:
            if self._links is None:
                self._links = LinkTable(self._source, self._links_id)
            return self._links.first(ordinal)
        except DamageError as error:
            path = place.path_of(entry.name)
            what = f"restored as a file of its own, its hard links are lost: {error}"
            self._tally.fail(path, what, is_damage=True)
            return ordinal

    # Going on

    def _tick(self, size: int) -> None:
        """Count what a batch brought, tell it, and stop if that is wanted."""
        self._counters.size += size
        if self._cancelled():
            raise CancelledError(
                "The restore was cancelled", hint="Run it again to go on; what is there is left as it is."
            )
        now = time.monotonic()
        if now >= self._next_update:
            self._next_update = now + UPDATE_INTERVAL_S
            counts = self._tally.counts
            self._counters.files = counts.files + counts.links
            self._counters.directories = counts.directories
            self._counters.unchanged = counts.same
            self._counters.failed = self._tally.failed
            self._progress.update(self._counters)


def _new_above(folder: bytes) -> Iterator[bytes]:
    """Yield a folder and those above it that are not there, the outermost first."""
    names = [*filter(None, folder.split(b"/"))]
    for depth in range(1, len(names) + 1):
        path = b"/" + b"/".join(names[:depth])
        if not os.path.isdir(path):
            yield path


def _special_rows(page: Page) -> list[int]:
    """Return the rows that are not plain files: directories, and what needs more than bytes, mode, owner and time."""
    columns = (page.xattrs_column, page.extents_column, page.flags_column, page.link_groups, page.extras)
    rows = {row for column in columns if column is not None for row in column.rows}
    rows.update(row for row, mode in enumerate(page.modes) if S_IFMT(mode) != S_IFREG)
    if any(page.marks):
        rows.update(row for row, marks in enumerate(page.marks) if marks)
    if page.count and max(page.sizes) >= _LARGE_SIZE:
        rows.update(row for row, size in enumerate(page.sizes) if size >= _LARGE_SIZE)
    return sorted(rows)


def _is_large(entry: Entry) -> bool:
    return entry.is_file and entry.size >= _LARGE_SIZE and bool(entry.refs)


def _files_of(entry: Entry) -> int:
    return entry.summary.files if entry.summary else 1


def _size_of(entry: Entry) -> int:
    return entry.summary.size if entry.summary else entry.size
