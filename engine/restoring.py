r"""Restore: bring files of a snapshot back into a directory.

    walk  ->  batches of entries  ->  make them, finish directories        (the caller's thread)
                     \->  fetch and decode their frames  ->/               (threads, a few batches ahead)

The walk goes through the snapshot in preorder, the order in which small files share frames, makes the directories, and
queues everything else in batches of about a megabyte. Threads fetch the blobs of a batch, whose frames are decoded
without the interpreter's lock; the caller's thread makes the files. More threads that make files were tried: they wait
for each other's lock more than they gain. A few batches are under way at most, so that memory stays bounded
whatever the size of a snapshot or a file.

Where things are made, and why nothing outside the target can be: engine/restore_places.py. In what order attributes
come: engine/restore_attributes.py. What happens to what is there already: engine/restore_conflicts.py. What a file
goes through: engine/restore_files.py.
"""

import errno
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from stat import S_IFMT, S_IFREG, S_ISDIR

from yester.engine.content import Content
from yester.engine.entries import Entry, Mark
from yester.engine.errors import CancelledError, DamageError, YesterError
from yester.engine.events import Message, Phase, RestoreBegin, RestoreEnd, path_fields, shown
from yester.engine.hooks import Hooks, tell
from yester.engine.ids import BlobId, BlobKind, ListId, SnapshotId
from yester.engine.links import LinkTable
from yester.engine.ownership import OwnerMode
from yester.engine.pages import Page
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.reading import BlobReader
from yester.engine.records import Snapshot
from yester.engine.repository import Repository
from yester.engine.restore_attributes import Attributes, drop_acls, inherits_acl
from yester.engine.restore_conflicts import Conflicts, status_of
from yester.engine.restore_files import Files, LargeFile, PlainRun, Stretch, stretches
from yester.engine.restore_links import Member
from yester.engine.restore_places import OPEN_FOLDER, Place, make_writable
from yester.engine.restore_plan import Conflict, Start, starts
from yester.engine.restore_report import Failure, RestoreReport, Tally, in_words
from yester.engine.store import Buffer
from yester.engine.trees import decode_root, open_directory

_THREADS = 2
_BATCHES_AHEAD = 4
_BATCH_SIZE = 1 << 20
_BATCH_ITEMS = 128
_LARGE_SIZE = 8 << 20
"""From here on a file is made in segments, by several threads."""
_SEGMENT_SIZE = 4 << 20
_READER_CACHE = 48 << 20
_OPEN_DEPTH = 100
"""Directories above this many levels further up are closed until they are needed again."""

Job = Callable[[Sequence[Buffer | None]], None]
"""Makes one or more entries out of the blobs that it was queued with, None for each that could not be had."""


@dataclass(slots=True)
class _Batch:
    """Entries that are made together, and all blobs that they need."""

    jobs: list[tuple[Job, int]] = field(default_factory=list)
    """Each with the number of its blobs."""
    blobs: list[bytes] = field(default_factory=list)
    size: int = 0
    """Bytes of them."""
    items: int = 0
    whole_size: int = 0
    """Bytes of the files, holes included."""


def restore(
    repository: Repository,
    sid: SnapshotId,
    paths: Sequence[bytes],
    target: bytes,
    *,
    conflict: Conflict = Conflict.KEEP_BOTH,
    owner: OwnerMode = OwnerMode.AS_STORED,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> RestoreReport:
    """Bring `paths` of a snapshot back into the directory `target`, made if missing; without paths all of it.

    What fails for one entry is in the report and does not end the restore. UsageError: no such path; DamageError: the
    snapshot itself is damaged; YesterError: the target cannot be used or is full; CancelledError: `cancelled` said so.
    """
    started_ns = time.time_ns()
    begin = RestoreBegin(snapshot=sid.hex(), target=shown(target), paths=tuple(map(shown, paths)))
    tell(hooks, begin)
    tally = Tally(lambda failure: _tell_failure(hooks, failure))
    try:
        progress.phase(Phase.PLAN)
        work = _Restore(repository, repository.snapshot(sid), tally, conflict, owner, progress, cancelled)
        work.run(paths, target)
    finally:
        counts = tally.counts
        took_ns = time.time_ns() - started_ns
        end = RestoreEnd(sid.hex(), files=counts.files, size=counts.size, failed=tally.failed, duration_ns=took_ns)
        tell(hooks, end)
    return tally.report()


def _tell_failure(hooks: Hooks, failure: Failure) -> None:
    path, path_b64 = path_fields(failure.path)
    tell(hooks, Message(path=path, path_b64=path_b64, level="error", text=failure.what))


class _Restore:
    """One restore: the walk and what it shares with the threads."""

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
        id_key = repository.keys.id_key(BlobKind.DATA)
        self._conflicts = Conflicts(conflict, label, self._source, id_key)
        self._files = Files(self._source, self._attributes, self._conflicts, tally, now_ns)
        self._batch = _Batch()
        self._coming: deque[tuple[_Batch, Future[list[Buffer | None]]]] = deque()
        self._counters = Counters()
        self._counts = tally.counts
        self._open_places: set[Place] = set()
        self._next_update = 0.0

    def run(self, paths: Sequence[bytes], target: bytes) -> None:
        """Restore `paths` into `target`."""
        begin = starts(self._source, self._root, paths)
        self._counters.total_files = sum(_files_of(start.entry) for start in begin)
        self._counters.total_size = sum(_size_of(start.entry) for start in begin)
        top = self._open_target(target, begin)
        self._progress.phase(Phase.WRITE)
        try:
            with ThreadPoolExecutor(_THREADS, "restore") as self._pool:
                self._fill(top, begin)
            self._progress.phase(Phase.ATTRIBUTES)
            self._attributes.finish()
            top.release(user=False)
        finally:
            for place in self._open_places:
                place.abandon()
        self._next_update = 0.0
        self._tell_progress()

    def _fill(self, top: Place, begin: Sequence[Start]) -> None:
        """Walk and make every entry."""
        try:
            for start in begin:
                self._start(top, start)
            self._send()
            while self._coming:
                self._make_batch()
        except BaseException:
            for _, fetched in self._coming:
                fetched.cancel()
            self._files.abandon()
            raise

    # Directories

    def _open_target(self, target: bytes, begin: Sequence[Start]) -> Place:
        """Open the directory `target`, the only one that is reached by path and through links; make it if missing.

        A new one gets the stored attributes when it stands for "/"; one that was there keeps its own.
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
        whole = next((start for start in begin if not start.name), None)
        entry = whole.entry if whole and is_new else None
        return self._place(None, b"", fd, b"/", entry, is_new=is_new)

    def _place(
        self, parent: Place | None, name: bytes, fd: int, path: bytes, entry: Entry | None, *, is_new: bool
    ) -> Place:
        if is_new and parent is not None and parent.takes_acl:
            drop_acls(fd)
        takes_acl = not (is_new and parent is not None) and inherits_acl(fd)
        place = Place(parent, name, fd, path=path, entry=entry, is_new=is_new, takes_acl=takes_acl, finish=self._finish)
        self._open_places.add(place)
        return place

    def _finish(self, place: Place) -> None:
        """Give a directory its attributes; everything in it is done."""
        self._open_places.discard(place)
        entry, attributes = place.entry, self._attributes
        if entry is None:
            return
        if place.is_new or not attributes.match(place.fd, os.fstat(place.fd), entry):
            attributes.apply(place.fd, entry, place.path, is_new=place.is_new, takes_acl=place.takes_acl)
        if place.parent is not None:
            attributes.lock_later(place.parent, entry)

    def _enter(self, parent: Place, entry: Entry, path: bytes) -> Place | None:
        """Make a directory, or open the one that is there; None when it is not to be, or cannot."""
        try:
            is_new = self._made(parent, entry)
            if is_new is None:
                self._counts.skipped += 1 + (entry.summary.entries if entry.summary else 0)
                return None
            fd = self._opened(parent, entry.name, is_new)
        except OSError as error:
            self._tally.fail(path, f"{in_words(error)}; nothing of what is in it is restored")
            return None
        self._counts.directories += is_new
        self._counts.same += not is_new
        if entry.marks & Mark.UNREADABLE:
            self._tally.fail(path, "it could not be read when the snapshot was taken, so it comes back empty")
        keeps_its_own = not is_new and self._conflicts.policy is Conflict.SKIP
        return self._place(parent, entry.name, fd, path, None if keeps_its_own else entry, is_new=is_new)

    def _made(self, parent: Place, entry: Entry) -> bool | None:
        """Return whether the directory is new; None when something else is there and stays."""
        try:
            os.mkdir(entry.name, 0o700, dir_fd=parent.fd)
            return True
        except FileExistsError:
            status = status_of(parent, entry.name)
        if status is not None and S_ISDIR(status.st_mode):
            return False
        if self._conflicts.policy is Conflict.SKIP:
            return None
        self._conflicts.clear(parent, entry.name, self._counts)
        os.mkdir(entry.name, 0o700, dir_fd=parent.fd)
        return True

    def _opened(self, parent: Place, name: bytes, is_new: bool) -> int:
        """Open a directory; one of the caller's own that was there is made writable until it gets its stored mode."""
        if not is_new and self._conflicts.policy is not Conflict.SKIP:
            make_writable(parent, name)
        fd = os.open(name, OPEN_FOLDER, dir_fd=parent.fd)
        if is_new and os.fstat(fd).st_uid != os.geteuid():
            os.close(fd)
            raise PermissionError(errno.EPERM, "replaced")
        return fd

    # The walk

    def _start(self, top: Place, start: Start) -> None:
        if not start.entry.is_directory:
            self._queue(top, start.entry, start.ordinal)
        elif not start.name:
            self._walk(top, start)
        else:
            place = self._enter(top, start.entry, start.path)
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
            inner = self._enter(place, entry, place.path.rstrip(b"/") + b"/" + entry.name)
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
                self._queue(place, page.entry(row), first + page.ordinal(row))
        self._queue_run(place, page, names, start, page.count)

    # The queue

    def _queue_run(self, place: Place, page: Page, names: list[bytes], start: int, stop: int) -> None:
        """Queue plain files of one leaf, in as many parts as fill batches."""
        sizes = page.sizes
        while start < stop:
            size, end = 0, start
            room, items = _BATCH_SIZE - self._batch.size, _BATCH_ITEMS - self._batch.items
            while end < stop and size < room and end - start < items:
                size += sizes[end]
                end += 1
            blobs, ends = page.blobs(start, end)
            place.use()
            self._add(
                partial(self._files.plain, PlainRun(place, page, names, start, ends)),
                blobs,
                size,
                items=end - start,
                whole_size=size,
            )
            start = end

    def _queue(self, place: Place, entry: Entry, ordinal: int) -> None:
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
        self._add(lambda _: job(), blobs, sum(ref.size for ref in entry.refs), whole_size=whole_size)

    def _queue_segments(self, large: LargeFile) -> None:
        queued = 0
        try:
            for stretch in _segments(large.content):
                size = sum(length for _, _, length in stretch)
                job = partial(self._files.segment, large, stretch=stretch)
                self._add(job, [blob for blob, _, _ in stretch], size, whole_size=size)
                queued += size
        except DamageError as error:
            large.written.lost.append(str(error))
        self._add(lambda _: self._files.end_large(large), (), 0, whole_size=large.content.size - queued)

    def _group(self, place: Place, entry: Entry, ordinal: int) -> int:
        """Return the ordinal of the first name of the entry's file; its own, when that is not known."""
        if self._links_id is None:
            return ordinal
        try:
            if self._links is None:
                self._links = LinkTable(self._source, self._links_id)
            return self._links.first(ordinal)
        except DamageError as error:
            path = place.path.rstrip(b"/") + b"/" + entry.name
            what = f"restored as a file of its own, its hard links are lost: {error}"
            self._tally.fail(path, what, is_damage=True)
            return ordinal

    def _add(self, job: Job, blobs: Collection[bytes], size: int, *, items: int = 1, whole_size: int = 0) -> None:
        batch = self._batch
        batch.whole_size += whole_size
        batch.jobs.append((job, len(blobs)))
        batch.blobs.extend(blobs)
        batch.size += size
        batch.items += items
        if batch.size >= _BATCH_SIZE or batch.items >= _BATCH_ITEMS:
            self._send()

    def _send(self) -> None:
        """Let the blobs of the open batch be fetched; make the oldest one if enough are under way."""
        batch, self._batch = self._batch, _Batch()
        self._coming.append((batch, self._pool.submit(self._source.batch, BlobKind.DATA, batch.blobs)))
        if len(self._coming) > _BATCHES_AHEAD:
            self._make_batch()

    def _make_batch(self) -> None:
        """Make the entries of the oldest batch."""
        if self._cancelled():
            raise CancelledError(
                "the restore was cancelled", hint="Run it again to go on; what is there is left as it is."
            )
        self._tell_progress()
        batch, fetched = self._coming.popleft()
        pieces = fetched.result()
        first = 0
        for job, blobs in batch.jobs:
            job(pieces[first : first + blobs])
            first += blobs
        self._counters.size += batch.whole_size

    def _tell_progress(self) -> None:
        now = time.monotonic()
        if now >= self._next_update:
            self._next_update = now + UPDATE_INTERVAL_S
            counts = self._counts
            self._counters.files = counts.files + counts.links
            self._counters.directories = counts.directories
            self._counters.unchanged = counts.same
            self._counters.failed = self._tally.failed
            self._progress.update(self._counters)


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


def _segments(content: Content) -> Iterator[list[Stretch]]:
    """Yield a file's blobs, so many at a time as one batch should hold."""
    segment: list[Stretch] = []
    size = 0
    for stretch in stretches(content):
        segment.append(stretch)
        size += stretch[2]
        if size >= _SEGMENT_SIZE:
            yield segment
            segment, size = [], 0
    yield segment


def _is_large(entry: Entry) -> bool:
    return entry.is_file and entry.size >= _LARGE_SIZE and bool(entry.refs)


def _files_of(entry: Entry) -> int:
    return entry.summary.files if entry.summary else 1


def _size_of(entry: Entry) -> int:
    return entry.summary.size if entry.summary else entry.size
