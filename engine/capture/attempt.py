"""One attempt to take the snapshot: look at what earlier runs saw, walk, store, commit."""

from collections.abc import Callable, Set
from contextlib import nullcontext
from pathlib import Path
from shlex import quote

import msgspec

from yester.engine.capture.chunking import Chunker
from yester.engine.capture.comparing import Way, sources_of, suspicions
from yester.engine.capture.context import RunContext
from yester.engine.capture.drafting import draft_of, finished, statistics_of
from yester.engine.capture.dry import DryWriter
from yester.engine.capture.earlier import Known
from yester.engine.capture.filecache import FileCache, FileCacheWriter, partial_path, recover_killed
from yester.engine.capture.intake import Intake
from yester.engine.capture.keeping import Keeper
from yester.engine.capture.last_look import READER_SIZE, Lapsed
from yester.engine.capture.owners import OwnerRows
from yester.engine.capture.request import SnapshotResult
from yester.engine.capture.roots import Root
from yester.engine.capture.seen import Presence, Seen
from yester.engine.capture.series import Series
from yester.engine.capture.source import ContentReader
from yester.engine.capture.taken import Failure, Taken
from yester.engine.capture.walk import Capture
from yester.engine.errors import Broken, CancelledError, DamageError
from yester.engine.events import Phase, Result
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.writing import BlobWriter
from yester.engine.progress import UPDATE_INTERVAL_S
from yester.engine.sealed.records import Snapshot
from yester.engine.sessions import WriterSession
from yester.engine.trees.directories import decode_root

_LINES = 20
"""How much of what commands complain of the person is shown."""

_WHAT_NOW = (
    "Is a disk not connected? Earlier snapshots stay; if this is meant, say so once: yester snap {} --accept-shrink"
)


class _Unchanged(Exception):
    """There is a snapshot of all this already."""

    def __init__(self, result: SnapshotResult) -> None:
        super().__init__()
        self.result = result


class Attempt:
    """What one attempt works with. `needed` is known when it committed."""

    def __init__(
        self,
        context: RunContext,
        session: WriterSession | None,
        top: Root,
        failures: list[Failure],
        there: Set[PackId],
        unsound: Set[PackId],
    ) -> None:
        """`session` is None in a dry run. `there` are the packs in the store that may be built on, `unsound` others."""
        self._context, self._session, self._top, self._failures = context, session, top, failures
        self._there, self._unsound = there, unsound
        self._named = context.repository.index.packs()
        self.needed: set[PackId] = set()
        """Packs that the snapshot may lie in, those of this run among them."""
        self.series = Series(None, None, ())
        self._told, self._lines = 0.0, 0
        self._stored_size: Callable[[], int] = lambda: 0
        self._capture: Capture | None = None
        self._keeper: Keeper | None = None

    def make(self) -> SnapshotResult:
        """Take the snapshot and commit it; in a dry run, and where nothing changed, store nothing. May raise Lapsed."""
        try:
            return self._made()
        except _Unchanged as found:
            return found.result

    def _made(self) -> SnapshotResult:
        context, dry = self._context, self._context.request.dry_run
        series = self.series = self._series()
        key = context.cache_key()
        seen = self._seen(series, key)
        context.progress.phase(Phase.READ)
        with (
            self._writer(at_once=not series.newest_first) as writer,
            nullcontext() if dry else FileCacheWriter(context.cache_path, key) as records,
        ):
            taken = self._walked(series, seen, writer, records)
            context.counters.let_go()
            context.progress.phase(Phase.STORE)
            suspected = self._suspicions(seen, taken)
            parent = series.parent[0] if series.parent is not None else None
            draft = draft_of(context, writer, taken, parent, suspicious=bool(suspected))
            if records is not None:
                self._leave_unchanged(seen, writer, records, taken, draft, suspected)
            writer.flush()
            context.counters.stored_size = writer.statistics.stored_size
            statistics = statistics_of(context, writer, taken)
            result: Result = "dry-run" if dry else "errors" if taken.failures else "complete"
            held = series.complete + (records is not None)
            if records is None:
                return SnapshotResult(None, statistics, tuple(taken.failures), result, suspected, snapshots=held)
            if self._session is not None and not self._session.stands():
                raise Lapsed
            context.progress.phase(Phase.COMMIT)
            label = context.said_of_snapshot()
            sid = context.repository.commit_snapshot(finished(draft, statistics), label=label)
            self.needed = self._built_on() | writer.packs
            self._close(records, sid)
        return SnapshotResult(sid, statistics, tuple(taken.failures), result, suspected, snapshots=held)

    def _built_on(self) -> set[PackId]:
        """Return the packs of earlier runs that this one may have built on.

        Those that the index named when it began among them: loaded again, it does not name what was deleted since.
        """
        return (self._named | self._context.repository.index.packs()) & self._there

    def _suspicions(self, seen: Seen, taken: Taken) -> tuple[str, ...]:
        """Say which sources vanished or shrank since the last snapshot that was sound, and return that."""
        context, sound = self._context, self.series.sound
        if sound is None or context.request.accept_shrink:
            return ()
        way, failed = Way(taken.way, seen.source), {failure.path for failure in taken.failures}
        try:
            then, now = (sources_of(way, root, self._top) for root in (sound[1].root, taken.root))
            # There when the run began, and not when the walk came by.
            lost = [path for path in then if path in failed and path not in now]
            gone = [*dict.fromkeys([failure.path for failure in self._failures] + lost)]
            found = suspicions(way, sound, then, now, gone, context.profile.shrink_warning)
        except (DamageError, Broken) as error:
            context.teller.message("warning", f"{error.what}; whether a source has shrunk cannot be told")
            return ()
        what_now = _WHAT_NOW.format(quote(context.profile.name))
        for text in found:
            context.teller.message("warning", f"{text}. {what_now}")
        return tuple(found)

    def _leave_unchanged(
        self,
        seen: Seen,
        writer: BlobWriter | DryWriter,
        records: FileCacheWriter,
        taken: Taken,
        draft: Snapshot,
        suspected: tuple[str, ...],
    ) -> None:
        """End without a snapshot when the profile wants none of what the last one has already: _Unchanged then.

        It leaves the writer as an error does, so that it drops what it holds: nodes of the folders above the sources.
        """
        context, parent = self._context, self.series.parent
        # A run that meets lost packs heals them, and a tag is to be found afterwards.
        context.label.change(context.teller.wishes().label)
        if context.profile.when_unchanged == "keep" or parent is None or seen.is_deep or not context.label.is_empty:
            return
        if not _is_as(draft, parent[1]) or not self._has_same_sources(seen, taken, parent[1]):
            return
        statistics = msgspec.structs.replace(statistics_of(context, writer, taken), added_size=0, stored_size=0)
        context.counters.stored_size = 0
        self.needed = self._built_on()
        self._close(records, parent[0])
        result: Result = "errors" if taken.failures else "unchanged"
        found = SnapshotResult(
            None, statistics, tuple(taken.failures), result, suspected, parent[0], self.series.complete
        )
        raise _Unchanged(found)

    def _has_same_sources(self, seen: Seen, taken: Taken, parent: Snapshot) -> bool:
        way = Way(taken.way, seen.source)
        return sources_of(way, parent.root, self._top) == sources_of(way, taken.root, self._top)

    def _close(self, records: FileCacheWriter, sid: SnapshotId) -> None:
        """Let the next run trust the file cache as what this snapshot holds."""
        records.commit(sid, self.needed)
        if records.failure is not None:
            self._context.teller.message("warning", _slow_next_time(self._context.cache_path, records.failure))

    def _writer(self, *, at_once: bool) -> BlobWriter | DryWriter:
        context = self._context
        if context.request.dry_run:
            return DryWriter(context.repository)
        return BlobWriter(context.repository, level=context.profile.compression, at_once=at_once)

    # What earlier runs saw.

    def _series(self) -> Series:
        context = self._context
        series = context.series()
        if series.parent is not None:
            statistics = series.parent[1].statistics
            context.counters.total_files, context.counters.total_size = statistics.files, statistics.size
        return series

    def _seen(self, series: Series, key: bytes) -> Seen:
        repository, path = self._context.repository, self._context.cache_path
        self._recover_killed(path, key)
        finished = FileCache.load(path, key)
        if finished.snapshot not in {sid for sid, _ in repository.trusted_snapshots()}:
            finished = FileCache()
        lost = not finished.packs_are_in(self._there)
        lost = lost or self._misses_packs(is_recorded=_is_newest(finished.snapshot, series))
        lost = lost or any(decode_root(each.root).tree not in repository.index for _, each in series.newest_first)
        presence = Presence(repository.reader(READER_SIZE), repository.index)
        roots = (Known(decode_root(each.root).tree, each.time_ns) for _, each in series.newest_first)
        known = tuple(each for each in roots if not lost or presence.tree(each.tree))
        taken_ns = series.parent[1].time_ns if series.parent is not None else 0
        killed = FileCache.load(partial_path(path), key)
        return Seen(finished, killed, presence, known, taken_ns=taken_ns, deep=lost)

    def _misses_packs(self, *, is_recorded: bool) -> bool:
        """Whether packs that the index names are not there to build on, for another reason than that they are offline.

        What is offline needs no look either where the file cache says all that this run may build on, and its packs are
        there.
        """
        missing = self._context.repository.index.packs() - self._there
        if not missing:
            return False
        held = self._context.repository.index.look_for_archived().held
        return not (is_recorded and missing <= held.keys())

    def _recover_killed(self, path: Path, key: bytes) -> None:
        """Keep what a killed run recorded; where that fails, its files are read again."""
        try:
            recover_killed(path, key)
        except OSError as error:
            self._context.teller.message("warning", _slow_next_time(path, error))

    # The walk.

    def _walked(
        self, series: Series, seen: Seen, writer: BlobWriter | DryWriter, records: FileCacheWriter | None
    ) -> Taken:
        context = self._context
        self._stored_size = lambda: writer.statistics.stored_size
        intake = self._intake(writer)
        self._capture = Capture(
            writer.add,
            context.repository.keys.page_key,
            intake.owners.table,
            intake,
            context.rules,
            context.surroundings(),
            seen,
            records,
            self._tick,
            self._said,
            context.teller.decide,
        )
        if isinstance(writer, BlobWriter) and records is not None and self._session is not None:
            parent = series.parent[0] if series.parent is not None else None
            self._keeper = Keeper(context, self._session, writer, records, parent, self._built_on, self._unsound)
        return self._capture.run(self._top)

    def _intake(self, writer: BlobWriter | DryWriter) -> Intake:
        context = self._context
        config, keys = context.repository.config, context.repository.keys
        chunker = Chunker(keys.chunker_seed, config.chunk_min, config.chunk_normal, config.chunk_max)
        reader = ContentReader(writer.add, chunker, keys.page_key, self._tick)
        met = context.teller.file if context.teller.wants_files else None
        intake = Intake(writer.add, reader, OwnerRows(), context.counters, met, self._failed)
        for failure in self._failures:
            intake.fail(failure.path, failure.what)
        return intake

    def _failed(self, failure: Failure) -> None:
        self._context.teller.message("error", failure.what, failure.path)

    def _said(self, text: str) -> None:
        """Pass on what a command complains of, up to a point: the rest is in the journal."""
        self._lines += 1
        self._context.teller.message("warning" if self._lines <= _LINES else "info", text)

    def _tick(self, size: int = 0) -> None:
        """Called all the time: ends a cancelled run, tells now and then how far it has come, and keeps that."""
        context = self._context
        context.counters.size += size
        now = context.clock()
        if now - self._told < UPDATE_INTERVAL_S:
            return
        self._told = now
        keeper, capture = self._keeper, self._capture
        if context.cancelled():
            if keeper is not None and capture is not None:
                keeper.end(capture)
            raise CancelledError("The run was cancelled", hint="The next run uses what this one has stored.")
        context.counters.stored_size = self._stored_size()
        context.progress.update(context.counters)
        if keeper is not None and capture is not None:
            keeper.look(capture, now)


def _is_newest(finished: SnapshotId | None, series: Series) -> bool:
    """Whether the file cache is of the newest snapshot of its series."""
    return finished is not None and [finished] == [sid for sid, _ in series.newest_first[:1]]


def _is_as(draft: Snapshot, earlier: Snapshot) -> bool:
    """Whether all is alike but the trees."""
    return (draft.links, draft.errors, draft.profile_text, draft.suspicious) == (
        earlier.links,
        earlier.errors,
        earlier.profile_text,
        earlier.suspicious,
    )


def _slow_next_time(path: Path, error: OSError) -> str:
    what = f"{path} cannot be written: {error.strerror}"
    return f"{what}; the snapshot is whole, but the next run will look at every file again (XDG_CACHE_HOME moves it)"
