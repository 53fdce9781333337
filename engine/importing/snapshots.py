"""Importing the snapshots of another program: oldest first, each committed for itself, so that it can be broken off.

What is there already is told by its series, and its name there or its time. A run that goes on learns from the last
snapshot that was imported what its inodes hold, by walking it beside the folder it came from, without reading a file.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from blake3 import blake3

from yester import __version__
from yester.engine.capture.chunking import Chunker
from yester.engine.capture.drafting import stored_report
from yester.engine.capture.last_look import Lapsed, is_lasting
from yester.engine.capture.source import Content, ContentReader
from yester.engine.capture.standing import listed
from yester.engine.capture.taken import Failure
from yester.engine.entries import Entry, Mark
from yester.engine.errors import CancelledError, YesterError
from yester.engine.events import Phase
from yester.engine.host import host_id, host_name
from yester.engine.ids import BlobKind, SnapshotId
from yester.engine.importing.fileinfo import load_fileinfo, load_names
from yester.engine.importing.folders import ForeignSnapshot
from yester.engine.importing.trees import Imported, Inode, Known, TreeImport
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.packs.writing import BlobWriter
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.repository import Repository
from yester.engine.sealed.records import Label, Snapshot, Statistics
from yester.engine.sessions import WriterSession
from yester.engine.trees.directories import decode_root
from yester.engine.trees.directories import walk as entries_of
from yester.engine.trees.links import write_links

PROGRAM = "Back In Time"
"""Begins `program` of every snapshot that was imported from it."""

_TAG, _FAILED_TAG = "backintime", "failed"
_COMMITS = 3
_READER_SIZE = 32 << 20
_HOST_CONTEXT = "yester v1 host of imported snapshots"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one foreign snapshot; `is_new` is False when it was imported before."""

    source: ForeignSnapshot
    snapshot: SnapshotId
    is_new: bool
    statistics: Statistics
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of importing a profile's snapshots."""

    taken: tuple[Taken, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Whose the snapshots become: a profile of ours on a host, this one or another."""

    profile: Profile
    host: str
    host_id: bytes
    user: str


def series_of(profile: Profile, host: str, user: str, places: Places) -> Series:
    """Return the series of a profile that ran on `host`: on this machine, the one that its next runs belong to."""
    name = host.partition(".")[0]
    if host in (os.uname().nodename, host_name()) or name == host_name():
        return Series(profile, host_name(), host_id(places), user)
    text = host.encode("utf-8", "surrogateescape")
    return Series(profile, _clean(name), blake3(text, derive_key_context=_HOST_CONTEXT).digest(16), user)


def import_snapshots(
    repository: Repository,
    series: Series,
    found: Sequence[ForeignSnapshot],
    *,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> ImportResult:
    """Import what is not there yet, oldest first. The caller holds the profile's lock.

    CancelledError when `cancelled` says so, StoreError when the store fails; what is committed stays, and importing
    again goes on from there.
    """
    repository.unlock()
    session = WriterSession(
        repository.store,
        repository.keys,
        writer=repository.writer,
        host=host_name(),
        purpose="import",
        started_ns=time.time_ns(),
    )
    with session:
        return _Importing(repository, series, session, progress, cancelled).go(found)


class _Importing:
    """One call of `import_snapshots`."""

    def __init__(
        self,
        repository: Repository,
        series: Series,
        session: WriterSession,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        self._repository, self._series, self._session = repository, series, session
        self._progress, self._cancelled = progress, cancelled
        self._counters, self._told = Counters(), 0.0
        self._known: dict[Inode, Known] = {}

    def go(self, found: Sequence[ForeignSnapshot]) -> ImportResult:
        """Import one after another."""
        self._progress.phase(Phase.OPEN)
        warnings = list(adopt_orphans(self._repository).warnings)
        there = self._there()
        self._progress.phase(Phase.READ)
        taken: list[Taken] = []
        for source in found:
            known = there.get(source.sid) or there.get(source.time_ns)
            if known is not None:
                taken.append(Taken(source, known[0], False, known[1].statistics))
                continue
            if taken and not taken[-1].is_new:
                self._known = self._learnt(taken[-1])
            taken.append(self._one(source, taken[-1].snapshot if taken else None))
        return ImportResult(tuple(taken), tuple(warnings + self._repository.warnings()))

    def _there(self) -> dict[str | int, tuple[SnapshotId, Snapshot]]:
        """Return the snapshots of the series that were imported before, by what their notes call them and by time.

        The note stays when the machine's zone is another one, the time when somebody writes another note.
        """
        whose, labels = (self._series.host_id, self._series.profile.id), self._repository.labels()
        found: dict[str | int, tuple[SnapshotId, Snapshot]] = {}
        for sid, snapshot in self._repository.snapshots():
            if (snapshot.host_id, snapshot.profile_id) == whose and snapshot.program.startswith(PROGRAM):
                found[snapshot.time_ns] = sid, snapshot
                if sid in labels:
                    found[labels[sid].note.removeprefix(f"{PROGRAM} ").partition(",")[0]] = sid, snapshot
        return found

    def _learnt(self, last: Taken) -> dict[Inode, Known]:
        """Return what the inodes of a foreign snapshot hold that was imported before, as far as it is still there."""
        repository = self._repository
        snapshot, index = repository.snapshot(last.snapshot), repository.index
        index.restrict(listed(repository).lasting)
        learnt: dict[Inode, Known] = {}
        for path, entry, _ in entries_of(repository.reader(_READER_SIZE), decode_root(snapshot.root)):
            self._tick()
            if entry.is_file and not entry.xattrs_stored and all(ref.blob in index for ref in entry.refs):
                try:
                    status = os.lstat(os.fsencode(last.source.backup) + path)
                except OSError:
                    continue
                if (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns) and status.st_nlink > 1:
                    learnt[status.st_dev, status.st_ino] = _known(entry)
        return learnt

    def _one(self, source: ForeignSnapshot, parent: SnapshotId | None) -> Taken:
        """Import one, again when a prune took meanwhile what it was built on."""
        repository = self._repository
        for _ in range(_COMMITS):
            there = listed(repository).lasting
            repository.index.restrict(there)
            named = repository.index.packs()
            with (
                suppress(Lapsed),
                BlobWriter(repository, level=self._series.profile.compression) as writer,
            ):
                taken = self._committed(writer, source, parent)
                needed = (named & there) | writer.packs
                if is_lasting(repository, self._session, taken.snapshot, needed, set()):
                    return taken
                repository.forget_snapshot(taken.snapshot, "a prune took what it was built on")
            self._session.renew()
            self._known = {}
        raise YesterError(
            "Packs that the import needs were deleted while it worked, again and again",
            hint="Let the program that prunes this repository end, and import again.",
        )

    def _committed(self, writer: BlobWriter, source: ForeignSnapshot, parent: SnapshotId | None) -> Taken:
        begun, repository = time.time_ns(), self._repository
        names = load_names(source.folder)
        notes = load_fileinfo(source.folder, names)
        config, keys = repository.config, repository.keys
        chunker = Chunker(keys.chunker_seed, config.chunk_min, config.chunk_normal, config.chunk_max)
        reader = ContentReader(writer.add, chunker, keys.page_key, self._tick)
        walk = TreeImport(writer.add, keys.page_key, reader, notes, self._known, self._tick)
        try:
            tree = walk.run(source.backup)
        except OSError as error:
            raise YesterError(
                f"{source.backup} cannot be read: {error.strerror}",
                hint="Run it as the one who took the snapshots, or as root; it goes on where it ended.",
            ) from None
        snapshot = self._drafted(writer, source, tree, parent)
        writer.flush()
        statistics = _statistics(tree, writer, time.time_ns() - begun)
        snapshot = msgspec.structs.replace(snapshot, statistics=statistics)
        if not self._session.stands():
            raise Lapsed
        sid = repository.commit_snapshot(snapshot, label=self._label(source))
        self._known = tree.known
        self._counters.files += tree.summary.files
        missing = (
            ("its owners and modes are those of the copies: fileinfo.bz2 cannot be read",) if notes is None else ()
        )
        return Taken(source, sid, True, statistics, tuple(tree.failures), missing)

    def _drafted(
        self, writer: BlobWriter, source: ForeignSnapshot, tree: Imported, parent: SnapshotId | None
    ) -> Snapshot:
        series = self._series
        links = write_links(writer.add, self._repository.keys.page_key, tree.links) if tree.links else None
        return Snapshot(
            time_ns=source.time_ns,
            end_ns=source.time_ns,
            host_id=series.host_id,
            host=series.host,
            user=series.user,
            profile_id=series.profile.id,
            profile=series.profile.name,
            sources=series.profile.sources,
            root=tree.root,
            writer=self._repository.writer,
            sequence=0,  # the commit gives it
            parent=parent,
            links=links,
            errors=stored_report(writer, tree.failures),
            profile_text=writer.add(BlobKind.TEXT, series.profile.text.encode("utf-8", "surrogateescape")),
            program=f"{PROGRAM}, imported by yester {__version__}",
        )

    def _label(self, source: ForeignSnapshot) -> Label:
        tags = (_TAG, _FAILED_TAG) if source.failed else (_TAG,)
        said = f"{PROGRAM} {source.sid}" + (", which says it was taken with errors" if source.failed else "")
        return Label(
            snapshot=bytes(32),  # the commit says of which
            counter=1,
            writer=self._repository.writer,
            name=source.name or None,
            tags=tags,
            note=said,
        )

    def _tick(self, size: int = 0) -> None:
        """Called all the time: ends a cancelled import, and tells now and then how far it has come."""
        self._counters.size += size
        now = time.monotonic()
        if now - self._told >= UPDATE_INTERVAL_S:
            self._told = now
            if self._cancelled():
                raise CancelledError("The import was cancelled", hint="Importing again goes on from here.")
            self._progress.update(self._counters)


def _known(entry: Entry) -> Known:
    blobs = tuple(ref.blob for ref in entry.refs), tuple(ref.size for ref in entry.refs)
    content = Content(*blobs, bool(entry.marks & Mark.LIST), entry.extents, entry.size)
    assert isinstance(entry.xattrs, bytes)
    return Known(entry.size, entry.mtime_ns, content, entry.xattrs)


def _statistics(tree: Imported, writer: BlobWriter, duration_ns: int) -> Statistics:
    return Statistics(
        entries=tree.summary.entries,
        files=tree.summary.files,
        size=tree.summary.size,
        new=tree.read,
        unchanged=tree.unchanged,
        failed=len(tree.failures),
        added_size=writer.statistics.added_size,
        stored_size=writer.statistics.stored_size,
        duration_ns=duration_ns,
    )


def _clean(text: str) -> str:
    """Return text that encodes: names of hosts may hold any bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
