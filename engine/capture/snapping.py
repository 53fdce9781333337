"""One run: from a profile to a snapshot (docs/design.md; write order: docs/format.md, section 8).

The snapshot object is the commit point. Before it, everything that it names is stored; after it, the writer looks
once more whether its session stands and its packs are there. While the session stands, a prune that began meanwhile
waits for this run and spares what its snapshot needs. Where it does not, for this machine slept too long, packs may be
gone, or go: then everything is looked at, and what is lost is stored again and committed again.
"""

import os
import time
from collections.abc import Callable, Iterable, Set
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from yester import __version__
from yester.engine.capture.chunking import Chunker
from yester.engine.capture.dry import DryWriter
from yester.engine.capture.filecache import FileCache, FileCacheWriter, cache_key, partial_path, recover_killed
from yester.engine.capture.filters import Filter
from yester.engine.capture.intake import Failure, Intake, Taken
from yester.engine.capture.mounts import mount_table
from yester.engine.capture.owners import OwnerRows
from yester.engine.capture.roots import Root, plan_roots
from yester.engine.capture.seen import Presence, Seen
from yester.engine.capture.source import ContentReader
from yester.engine.capture.standing import Listed, listed, unsound_metadata
from yester.engine.capture.telling import RunTeller
from yester.engine.capture.walk import Capture, Surroundings
from yester.engine.errors import Broken, CancelledError, DamageError, UsageError, YesterError
from yester.engine.events import ErrorCode, Phase, Result, path_fields
from yester.engine.hooks import Hooks
from yester.engine.host import host_id, host_name, user_name
from yester.engine.ids import BlobId, BlobKind, PackId, SnapshotId
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.packs.writing import BlobWriter
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.progress import UPDATE_INTERVAL_S, Counters, Progress
from yester.engine.repository import Repository
from yester.engine.sealed.records import Snapshot, Statistics
from yester.engine.sessions import WriterSession
from yester.engine.trees.directories import decode_root
from yester.engine.trees.links import write_links

_MAX_REPORTED = 10_000
"""Failures that are written into the snapshot; the journal has them all."""

_COMMITS = 3
"""How often a run stores again what a prune took from under it before it gives up."""

_READER_SIZE = 32 << 20
"""Budget for reading earlier trees while walking, bytes."""


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What to do in one run; `run` names its journal."""

    profile: Profile
    run: str
    tags: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SnapshotResult:
    """What came of a run; `snapshot` is None after a dry run."""

    snapshot: SnapshotId | None
    statistics: Statistics
    failures: tuple[Failure, ...]
    result: Result


def take_snapshot(
    repository: Repository,
    request: SnapshotRequest,
    *,
    places: Places,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> SnapshotResult:
    """Take one snapshot and return what came of it. The caller holds the profile's lock.

    `cancelled` is asked often, from this thread; CancelledError then. StopRun when a hook refuses the run. What
    cannot be read is in `failures` and marked in the snapshot; errors of the store end the run, and no snapshot that
    was there is harmed.
    """
    return _Run(repository, request, places, hooks, progress, cancelled).go()


class _Run:
    def __init__(
        self,
        repository: Repository,
        request: SnapshotRequest,
        places: Places,
        hooks: Hooks,
        progress: Progress,
        cancelled: Callable[[], bool],
    ) -> None:
        self._repository, self._request, self._places = repository, request, places
        self._profile, self._progress, self._cancelled = request.profile, progress, cancelled
        self._counters = Counters()
        self._teller = RunTeller(hooks, request.profile, request.run, self._counters)
        self._rules = Filter(request.profile.filters)
        self._told = 0.0
        self._started_ns = time.time_ns()
        self._host = host_id(places)
        self._unsound: set[PackId] = set()
        """Metadata packs that are not what was written: what they hold is stored again."""
        self._needed: set[PackId] = set()
        """Packs that the snapshot which was committed last may lie in, those of this run among them."""

    def go(self) -> SnapshotResult:
        self._teller.begin(self._repository.store.place, self._profile.sources, self._request.dry_run)
        try:
            done = self._take()
        except BaseException as error:
            self._teller.failure(error)
            raise
        if done.result == "errors":
            self._teller.error(ErrorCode.WITH_ERRORS, f"{len(done.failures)} entries could not be kept whole")
        self._teller.end(done.result, done.snapshot, done.statistics.added_size)
        return done

    def _take(self) -> SnapshotResult:
        self._progress.phase(Phase.OPEN)
        top, failures = self._planned()
        with nullcontext() if self._request.dry_run else self._session() as session:
            before = listed(self._repository)
            warnings = () if self._request.dry_run else adopt_orphans(self._repository).warnings
            for warning in warnings:
                self._teller.message("warning", warning)
            for _ in range(_COMMITS):
                there = before.lasting - self._unsound
                self._repository.index.restrict(there)
                try:
                    done = self._attempt(top, failures, there)
                except (DamageError, Broken) as error:
                    self._make_do_without(error)
                    continue
                if done.snapshot is None:
                    return done
                stands = session is not None and session.stands()
                looked = listed(self._repository)
                if (stands and self._needed <= looked.packs) or self._is_whole(done.snapshot, looked):
                    self._teller.snapshot(done.snapshot, self._started_ns)
                    self._look_back()
                    return done
                self._repository.forget_snapshot(done.snapshot, "a prune took what it was built on")
                self._counters.restart()
                if session is not None:
                    session.renew()
                before = listed(self._repository)
        raise YesterError(
            "Packs that this run needs were deleted while it worked, again and again",
            hint="Let the program that prunes this repository end, run `yester check`, and try again.",
        )

    def _look_back(self) -> None:
        """Remember this snapshot, so that its loss would be noticed, and say what was lost before."""
        for warning in self._repository.warnings():
            self._teller.message("warning", warning)

    def _make_do_without(self, error: YesterError) -> None:
        """After earlier trees could not be read: find the packs at fault, or raise `error` when it is about others."""
        unsound = unsound_metadata(self._repository.store)
        if unsound <= self._unsound:
            raise error
        self._unsound |= unsound
        self._counters.restart()
        self._teller.message(
            "warning",
            f"{error.what}; this snapshot stores anew what is damaged and still in the source, earlier ones stay hit: "
            "run yester check",
        )

    def _planned(self) -> tuple[Root, list[Failure]]:
        """Return the folders to walk, and a failure for each source that is not there."""
        sources = self._profile.sources
        top, missing = plan_roots(sources)
        if len(missing) == len(sources):
            raise UsageError(
                f"No source of the profile {self._profile.name} exists: {', '.join(map(os.fsdecode, missing))}",
                hint="Is a disk not connected? The snapshots that are there stay as they are.",
            )
        return top, [Failure(source, "this source does not exist") for source in missing]

    def _session(self) -> WriterSession:
        repository = self._repository
        return WriterSession(
            repository.store,
            repository.keys,
            writer=repository.writer,
            host=host_name(),
            purpose="snapshot",
            started_ns=self._started_ns,
        )

    # What is in the store, before and after.

    def _is_whole(self, sid: SnapshotId, looked: Listed) -> bool:
        """Walk what was committed: whether all of it lies in packs that are there and that no prune takes."""
        index = self._repository.index
        index.refresh()
        index.restrict(looked.lasting - self._unsound)
        snapshot, presence = self._repository.snapshot(sid), Presence(self._repository.reader(_READER_SIZE), index)
        beside = (blob for blob in (snapshot.links, snapshot.errors, snapshot.profile_text) if blob is not None)
        return all(map(presence.has, beside)) and presence.tree(decode_root(snapshot.root).tree)

    # One attempt.

    def _attempt(self, top: Root, failures: list[Failure], there: Set[PackId]) -> SnapshotResult:
        repository, dry = self._repository, self._request.dry_run
        parent = self._parent()
        presence = Presence(repository.reader(_READER_SIZE), repository.index)
        cache_path = repository.cache / f"files-{(self._host + self._profile.id).hex()}"
        key = self._cache_key()
        self._recover_killed(cache_path, key)
        killed = FileCache.load(partial_path(cache_path), key)
        seen = self._seen(presence, parent, FileCache.load(cache_path, key), killed, there)
        self._progress.phase(Phase.READ)
        with (
            self._writer(at_once=parent is None) as writer,
            nullcontext() if dry else FileCacheWriter(cache_path, key) as records,
        ):
            intake = self._intake(writer, [*failures])
            owners = intake.owners
            page_key = repository.keys.page_key
            capture = Capture(
                writer.add, page_key, owners.table, intake, self._rules, self._surroundings(), seen, records, self._tick
            )
            taken = capture.run(top)
            self._progress.phase(Phase.STORE)
            draft = self._draft(writer, taken, parent)
            writer.flush()
            self._counters.stored_size = writer.statistics.stored_size
            statistics = self._statistics(taken, writer)
            result: Result = "dry-run" if dry else "errors" if taken.failures else "complete"
            if records is None:
                return SnapshotResult(None, statistics, tuple(taken.failures), result)
            self._progress.phase(Phase.COMMIT)
            snapshot = msgspec.structs.replace(draft, end_ns=time.time_ns(), statistics=statistics)
            sid = repository.commit_snapshot(snapshot, tags=self._request.tags)
            self._needed = (repository.index.packs() & there) | writer.packs
            records.commit(sid, self._needed)
            if records.failure is not None:
                self._teller.message("warning", _slow_next_time(cache_path, records.failure))
        return SnapshotResult(sid, statistics, tuple(taken.failures), result)

    def _writer(self, *, at_once: bool) -> BlobWriter | DryWriter:
        if self._request.dry_run:
            return DryWriter(self._repository)
        return BlobWriter(self._repository, level=self._profile.compression, at_once=at_once)

    def _parent(self) -> tuple[SnapshotId, Snapshot] | None:
        """Return the newest snapshot of this series."""
        for sid, snapshot in reversed(self._repository.snapshots()):
            if snapshot.host_id == self._host and snapshot.profile_id == self._profile.id:
                self._counters.total_files = snapshot.statistics.files
                self._counters.total_size = snapshot.statistics.size
                return sid, snapshot
        return None

    def _seen(
        self,
        presence: Presence,
        parent: tuple[SnapshotId, Snapshot] | None,
        finished: FileCache,
        killed: FileCache,
        there: Set[PackId],
    ) -> Seen:
        repository = self._repository
        if finished.snapshot is None or finished.snapshot not in repository.snapshot_ids():
            finished = FileCache()
        lost = not (repository.index.packs() <= there and finished.packs_are_in(there))
        if parent is None:
            return Seen(finished, killed, presence, None, taken_ns=0, deep=lost)
        root = decode_root(parent[1].root).tree
        known = None if lost and not presence.tree(root) else root
        return Seen(finished, killed, presence, known, taken_ns=parent[1].time_ns, deep=lost)

    def _intake(self, writer: BlobWriter | DryWriter, failures: list[Failure]) -> Intake:
        config, keys = self._repository.config, self._repository.keys
        chunker = Chunker(keys.chunker_seed, config.chunk_min, config.chunk_normal, config.chunk_max)
        reader = ContentReader(writer.add, chunker, keys.page_key, self._tick)
        met = self._teller.file if self._teller.wants_files else None
        intake = Intake(writer.add, reader, OwnerRows(), self._counters, met, self._failed)
        for failure in failures:
            intake.fail(failure.path, failure.what)
        return intake

    def _failed(self, failure: Failure) -> None:
        self._teller.message("error", failure.what, failure.path)

    def _never(self) -> list[Path]:
        """Return the folders that no snapshot enters."""
        folders = (self._places.state, self._places.cache, self._repository.store.folder)
        return [folder for folder in folders if folder is not None]

    def _cache_key(self) -> bytes:
        never = (os.fsencode(folder) for folder in self._never())
        rules = self._rules.fingerprint()
        return cache_key(self._repository.config.repository, rules, b"\0".join(never), *self._profile.sources)

    def _recover_killed(self, path: Path, key: bytes) -> None:
        """Keep what a killed run recorded; where that fails, its files are read again."""
        try:
            recover_killed(path, key)
        except OSError as error:
            self._teller.message("warning", _slow_next_time(path, error))

    def _surroundings(self) -> Surroundings:
        return Surroundings(mount_table(), _known_by(self._never()), _known_by(self._profile.sources))

    def _tick(self, size: int = 0) -> None:
        """Called all the time: ends a cancelled run, and tells now and then how far it has come."""
        self._counters.size += size
        now = time.monotonic()
        if now - self._told >= UPDATE_INTERVAL_S:
            self._told = now
            if self._cancelled():
                raise CancelledError("The run was cancelled", hint="The next run uses what this one has stored.")
            self._progress.update(self._counters)

    # The snapshot.

    def _draft(
        self, writer: BlobWriter | DryWriter, taken: Taken, parent: tuple[SnapshotId, Snapshot] | None
    ) -> Snapshot:
        """Store what hangs on the snapshot besides its tree, and return the snapshot without its statistics."""
        repository, profile = self._repository, self._profile
        sequence, previous = repository.next_sequence()
        links = None
        if taken.members:
            links = write_links(writer.add, repository.keys.page_key, zip(taken.members, taken.firsts, strict=True))
        return Snapshot(
            time_ns=self._started_ns,
            end_ns=self._started_ns,
            host_id=self._host,
            host=host_name(),
            user=user_name(),
            profile_id=profile.id,
            profile=profile.name,
            sources=profile.sources,
            root=taken.root,
            writer=repository.writer,
            sequence=sequence,
            previous=previous,
            parent=parent[0] if parent is not None else None,
            links=links,
            errors=_stored_report(writer, taken.failures),
            profile_text=writer.add(BlobKind.TEXT, profile.text.encode("utf-8", "surrogateescape")),
            program=f"yester {__version__}",
        )

    def _statistics(self, taken: Taken, writer: BlobWriter | DryWriter) -> Statistics:
        counters = self._counters
        return Statistics(
            entries=taken.summary.entries,
            files=taken.summary.files,
            size=taken.summary.size,
            new=counters.new,
            changed=counters.changed,
            unchanged=counters.unchanged,
            failed=len(taken.failures),
            added_size=writer.statistics.added_size,
            stored_size=writer.statistics.stored_size,
            duration_ns=time.time_ns() - self._started_ns,
        )


def _known_by(folders: Iterable[Path | bytes]) -> set[tuple[int, int]]:
    """Return (st_dev, st_ino) of those folders that are there."""
    found = set()
    for folder in folders:
        with suppress(OSError):
            status = os.stat(folder)
            found.add((status.st_dev, status.st_ino))
    return found


def _slow_next_time(path: Path, error: OSError) -> str:
    what = f"{path} cannot be written: {error.strerror}"
    return f"{what}; the snapshot is whole, but the next run will look at every file again (XDG_CACHE_HOME moves it)"


def _stored_report(writer: BlobWriter | DryWriter, failures: list[Failure]) -> BlobId | None:
    """Store the failures as JSON lines (path, path_b64, what) and return the blob's id."""
    if not failures:
        return None
    lines = []
    for failure in failures[:_MAX_REPORTED]:
        text, exact = path_fields(failure.path)
        lines.append(msgspec.json.encode({"path": text, "path_b64": exact, "what": failure.what}))
    return writer.add(BlobKind.TEXT, b"\n".join(lines))
