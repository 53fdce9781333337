r"""A snapshot, or a folder of it, as a stream that is a tar archive.

    walk  ->  batches of members  ->  write        (the caller's thread)
                   \->  fetch and decode  ->/       (threads, a few batches ahead)

An archive cannot take back what it has promised: a header says how long the data is that follows. So the content of all
but the large files is at hand before their headers are written; what is damaged is left out and named, and then the
archive is given no proper end: it breaks off in the middle of a member, at which every program that reads it
complains. Damage in the middle of a large file ends the archive there. What is offline is left out and named too: of
a large file that is asked before its header is written.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from yester.engine.archive.holdings import offline
from yester.engine.archive.needing import offline_packs
from yester.engine.entries import Entry, Mark, Owner, Ref, Span
from yester.engine.errors import CancelledError, DamageError, Offline
from yester.engine.exporting.tar import BLOCK, END, Member, fits, member, padding
from yester.engine.ids import BlobId, BlobKind, ListId, SnapshotId
from yester.engine.packs.reading import BlobReader
from yester.engine.repository import Repository
from yester.engine.restore.plan import Start, starts
from yester.engine.restore.queue import Queue
from yester.engine.sealed.sealing import name_of
from yester.engine.store import Buffer
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, open_directory
from yester.engine.trees.links import LinkTable
from yester.engine.trees.lists import BlobList, ExtentList
from yester.engine.trees.xattrs import decode_set

_THREADS = 2
_LARGE_SIZE = 8 << 20
"""From here on a file's header is written before all of its content was seen."""
_SEGMENT_SIZE = 2 << 20
_READER_CACHE = 48 << 20
_INCOMPLETE = b"YESTER-EXPORT-IS-INCOMPLETE"

# Arithmetic of flags costs a microsecond each.
_UNREADABLE, _LIST = Mark.UNREADABLE.value, Mark.LIST.value

Write = Callable[[Sequence[Buffer]], None]
"""Writes buffers, one after the other."""


@dataclass(slots=True)
class ExportReport:
    """What went into an archive; `left_out` says of each path why it, or part of it, did not."""

    entries: int = 0
    size: int = 0
    damaged: int = 0
    left_out: list[tuple[bytes, str]] = field(default_factory=list)


class _CutOff(Exception):
    """The archive ends here: data that a header has promised cannot be read."""


def export_tar(
    repository: Repository,
    sid: SnapshotId,
    path: bytes,
    write: Write,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportReport:
    """Write what a snapshot has at `path` (all of it: `/`) as a tar archive.

    What is damaged is in the report, and the archive then has no proper end. UsageError: no such path; DamageError: the
    snapshot itself cannot be read; CancelledError: `cancelled` said so, and the archive has no end.
    """
    return _Export(repository, sid, write, cancelled).run(path)


class _Export:
    """One archive being written."""

    def __init__(self, repository: Repository, sid: SnapshotId, write: Write, cancelled: Callable[[], bool]) -> None:
        snapshot = repository.snapshot(sid)
        self._source = BlobReader(repository, _READER_CACHE)
        self._root = decode_root(snapshot.root)
        self._links = None if snapshot.links is None else LinkTable(self._source, ListId(BlobId(snapshot.links)))
        self._write, self._cancelled = write, cancelled
        self._report = ExportReport()
        self._offline = offline_packs(repository)
        self._left: dict[int, int] = {}
        """How many members of a link group were not met yet; about 100 bytes a group."""
        self._firsts: dict[int, bytes] = {}
        """The path of the member that was written, of each link group that is not through."""

    def run(self, path: bytes) -> ExportReport:
        """Write it all."""
        [start] = starts(self._source, self._root, [path])
        with ThreadPoolExecutor(_THREADS, "export") as pool:
            self._queue = Queue(pool, self._source, self._tick)
            try:
                for name, entry, ordinal in self._walk(start):
                    self._add(name, entry, ordinal)
                self._queue.finish()
            except _CutOff:
                self._queue.drop()
                return self._report
            except BaseException:
                self._queue.drop()
                raise
        self._write([END] if not self._report.damaged else [_broken_off()])
        return self._report

    def _tick(self, size: int) -> None:
        if self._cancelled():
            raise CancelledError("The export was cancelled", hint="The archive is incomplete: delete it.")

    # The walk

    def _walk(self, start: Start) -> Iterator[tuple[bytes, Entry, int]]:
        """Yield name in the archive, entry and ordinal of all there is, in preorder."""
        yield start.name or b".", start.entry, start.ordinal
        open_rows = [self._rows(start.name, start.entry, start.ordinal)]
        while open_rows:
            found = next(open_rows[-1], None)
            if found is None:
                open_rows.pop()
                continue
            yield found
            if found[1].is_directory:
                open_rows.append(self._rows(*found))

    def _rows(self, name: bytes, parent: Entry, ordinal: int) -> Iterator[tuple[bytes, Entry, int]]:
        if not parent.is_directory or not parent.refs:
            return
        prefix = name + b"/" if name else b""

        def damaged(error: DamageError) -> None:
            self._leave_out(name, f"some or all of what is in it is lost: {error}", is_damage=True)

        try:
            for page, _, base in open_directory(self._source, parent).sound_leaves(damaged):
                names, ordinals = page.names(), page.ordinals()
                for row in range(page.count):
                    yield prefix + names[row], page.entry(row), ordinal + 1 + base + ordinals[row]
        except DamageError as error:
            damaged(error)

    # Members

    def _add(self, name: bytes, entry: Entry, ordinal: int) -> None:
        """Queue one entry."""
        if not fits(entry):
            self._leave_out(name, "a socket, which no tar archive can hold")
        elif entry.marks.value & _UNREADABLE and not entry.is_directory:
            self._leave_out(name, "it could not be read when the snapshot was taken")
        else:
            try:
                self._add_member(name, entry, ordinal)
            except (DamageError, Offline) as error:
                self._leave_out(name, str(error), is_damage=isinstance(error, DamageError))

    def _add_member(self, name: bytes, entry: Entry, ordinal: int) -> None:
        group = None
        if entry.link_group:
            group = ordinal if self._links is None else self._links.first(ordinal)
            left = self._left.get(group)
            self._left[group] = entry.nlink - 1 if left is None else left - 1
            if left is not None:
                self._queue.add(partial(self._link, name, entry, group, left == 1), (), 0)
                return
        xattrs = self._xattrs(entry)
        if entry.is_file:
            self._add_file(name, entry, group, xattrs)
        else:
            self._queue.add(partial(self._bare, name, entry, group, member(entry, name, xattrs)), (), 0)

    def _xattrs(self, entry: Entry) -> dict[bytes, bytes]:
        encoded: Buffer = entry.xattrs
        if entry.xattrs_stored:
            encoded = self._source.blob(BlobKind.XATTRS, entry.xattrs)
        return decode_set(encoded) if encoded else {}

    def _add_file(self, name: bytes, entry: Entry, group: int | None, xattrs: dict[bytes, bytes]) -> None:
        Content.of(entry, self._source)  # says so when the parts of the file are not as long as it is
        head = member(entry, name, xattrs, spans=self._spans(entry))
        if head.data_size < _LARGE_SIZE:
            refs = list(self._refs(entry))
            job = partial(self._small, name, entry, group, head, refs)
            self._queue.add(job, [ref.blob for ref in refs], head.data_size, whole_size=entry.size)
            return
        self._refuse_offline(self._refs(entry))
        self._queue.add(partial(self._bare, name, entry, group, head), (), 0)
        for segment in _segments(self._refs(entry)):
            size = sum(ref.size for ref in segment)
            self._queue.add(partial(self._segment, name, segment), [ref.blob for ref in segment], size)
        self._queue.add(partial(self._end, head.data_size), (), 0)

    def _refuse_offline(self, refs: Iterator[Ref]) -> None:
        """Offline when a part of a file is."""
        for ref in refs if self._offline else ():
            place = self._source.location(ref.blob)
            if place is not None and place.pack in self._offline:
                raise offline(name_of(place.kind, place.pack), self._offline[place.pack])

    def _refs(self, entry: Entry) -> Iterator[Ref]:
        """Yield the blobs of a file's data, holes left out."""
        if not entry.marks.value & _LIST:
            return iter(entry.refs)
        return iter(BlobList(self._source, ListId(entry.refs[0].blob)))

    def _spans(self, entry: Entry) -> list[Span] | None:
        if entry.extents is None:
            return None
        if isinstance(entry.extents, bytes):
            return list(ExtentList(self._source, ListId(entry.extents)))
        return list(entry.extents)

    # Writing, in order

    def _bare(self, name: bytes, entry: Entry, group: int | None, head: Member, _: Sequence[Buffer | None]) -> None:
        self._count(name, entry, group)
        self._write([head.head])

    def _link(self, name: bytes, entry: Entry, group: int, is_last: bool, _: Sequence[Buffer | None]) -> None:
        first = self._firsts.get(group)
        if is_last:
            self._firsts.pop(group, None)
            self._left.pop(group, None)
        if first is None:
            self._leave_out(name, "another name of a file that is damaged", is_damage=True)
            return
        self._report.entries += 1
        self._write([member(entry, name, {}, link=first).head])

    def _small(
        self,
        name: bytes,
        entry: Entry,
        group: int | None,
        head: Member,
        refs: Sequence[Ref],
        pieces: Sequence[Buffer | None],
    ) -> None:
        try:
            whole = self._whole(refs, pieces)
        except (DamageError, Offline) as error:
            self._leave_out(name, str(error), is_damage=isinstance(error, DamageError))
            return
        self._count(name, entry, group)
        self._write([head.head, *whole, padding(head.data_size)])

    def _segment(self, name: bytes, refs: Sequence[Ref], pieces: Sequence[Buffer | None]) -> None:
        try:
            self._write(self._whole(refs, pieces))
        except (DamageError, Offline) as error:
            self._leave_out(name, f"{error}; the archive ends there", is_damage=True)
            raise _CutOff from None

    def _end(self, size: int, _: Sequence[Buffer | None]) -> None:
        self._write([padding(size)])

    def _whole(self, refs: Sequence[Ref], pieces: Sequence[Buffer | None]) -> list[Buffer]:
        """Return the pieces, those that could not be fetched ahead read again. DamageError when one is not whole."""
        whole = []
        for ref, piece in zip(refs, pieces, strict=True):
            data = self._source.blob(BlobKind.DATA, ref.blob) if piece is None else piece
            if len(data) != ref.size:
                raise DamageError(f"blob {ref.blob.hex()} is not as long as the file says")
            whole.append(data)
        return whole

    def _count(self, name: bytes, entry: Entry, group: int | None) -> None:
        if group is not None:
            self._firsts[group] = name
        self._report.entries += 1
        self._report.size += entry.size if entry.is_file else 0

    def _leave_out(self, name: bytes, what: str, *, is_damage: bool = False) -> None:
        self._report.left_out.append((name, what))
        self._report.damaged += is_damage


def _segments(refs: Iterator[Ref]) -> Iterator[list[Ref]]:
    segment: list[Ref] = []
    size = 0
    for ref in refs:
        segment.append(ref)
        size += ref.size
        if size >= _SEGMENT_SIZE:
            yield segment
            segment, size = [], 0
    if segment:
        yield segment


def _broken_off() -> bytes:
    """Return the beginning of a member that promises more than follows."""
    entry = Entry(_INCOMPLETE, 0o100000, Owner(0, 0), 2 * BLOCK, 0, 0)
    return member(entry, _INCOMPLETE, {}).head + b"Parts of the snapshot are damaged and not in this archive.\n"
