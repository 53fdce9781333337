"""One run: from a profile to a snapshot (docs/design.md; write order: docs/format.md, section 8).

The snapshot object is the commit point. Before it, everything that it names is stored; after it, the writer looks
once more whether its session stands and its packs are there (engine/capture/last_look.py). What is lost is stored again
and committed again.
"""

import os
import time
from collections.abc import Callable, Set
from contextlib import nullcontext
from dataclasses import asdict

from yester.engine.capture.attempt import Attempt
from yester.engine.capture.context import Clock, RunContext
from yester.engine.capture.keeping import forget_partials
from yester.engine.capture.last_look import Lapsed, is_lasting
from yester.engine.capture.request import SnapshotRequest, SnapshotResult
from yester.engine.capture.roots import Root, plan_roots, unusable
from yester.engine.capture.standing import Listed, listed, unsound_metadata
from yester.engine.capture.streams import plan_streams
from yester.engine.capture.taken import Failure
from yester.engine.errors import Broken, DamageError, StoreError, UsageError, YesterError
from yester.engine.events import ErrorCode, Phase
from yester.engine.hooks import Hooks
from yester.engine.host import host_name
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.packs.merging import merge_many
from yester.engine.places import Places
from yester.engine.progress import Progress
from yester.engine.repository import Repository
from yester.engine.sessions import WriterSession

__all__ = ["SnapshotRequest", "SnapshotResult", "take_snapshot"]

_COMMITS = 3
"""How often a run stores again what a prune took from under it before it gives up."""


def take_snapshot(
    repository: Repository,
    request: SnapshotRequest,
    *,
    places: Places,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool],
    clock: Clock = time.monotonic,
) -> SnapshotResult:
    """Take one snapshot and return what came of it. The caller holds the profile's lock.

    `cancelled` is asked often, from this thread; CancelledError then. StopRun when a hook refuses the run. What
    cannot be read is in `failures` and marked in the snapshot; errors of the store end the run, and no snapshot that
    was there is harmed. By `clock` a long run keeps what it has (engine/capture/keeping.py).
    """
    return _Run(RunContext.of(repository, request, places, hooks, progress, cancelled, clock)).go()


class _Run:
    def __init__(self, context: RunContext) -> None:
        self._context, self._repository, self._teller = context, context.repository, context.teller
        self._unsound: set[PackId] = set()
        """Metadata packs that are not what was written: what they hold is stored again."""

    def go(self) -> SnapshotResult:
        context = self._context
        self._teller.begin(self._repository.store.place, context.request.sources, context.request.dry_run)
        try:
            self._context = context = context.changed(self._teller.wishes())
            done = self._take()
        except BaseException as error:
            self._teller.failure(error, self._context.started_ns)
            raise
        if done.snapshot is None:
            self._tell_errors(done)
        self._teller.end(done.result, done.snapshot, done.statistics.added_size, done.suspicions, done.snapshots)
        self._add_to_label(done.snapshot)
        return done

    def _tell_errors(self, done: SnapshotResult) -> None:
        """Tell that not all could be taken, and of the snapshot that is there all the same, if one is."""
        if done.result == "errors":
            time_ns = self._context.started_ns if done.snapshot is not None else 0
            text = f"{len(done.failures)} entries could not be kept whole"
            self._teller.error(ErrorCode.WITH_ERRORS, text, time_ns=time_ns)

    def _add_to_label(self, snapshot: SnapshotId | None) -> None:
        """Say of the snapshot what hooks wanted said after it was there."""
        change = self._teller.wishes(is_over=True).label
        if snapshot is None or change.is_empty:
            return
        try:
            self._repository.set_label(snapshot, **asdict(change))
        except YesterError as error:
            self._teller.message("warning", f"{error.what}; the snapshot is there, without what a plugin says of it")

    def _take(self) -> SnapshotResult:
        context = self._context
        context.progress.phase(Phase.OPEN)
        top, failures = self._planned()
        with nullcontext() if context.request.dry_run else self._session() as session:
            warnings = () if session is None else adopt_orphans(self._repository).warnings
            for warning in warnings:
                self._teller.message("warning", warning)
            for _ in range(_COMMITS):
                there = self._listed().lasting - self._unsound
                self._repository.index.restrict(there)
                attempt = Attempt(context, session, top, failures, there, self._unsound)
                try:
                    done = attempt.make()
                except (DamageError, Broken) as error:
                    if not self._was_pruned(there, session):
                        self._make_do_without(error)
                    continue
                except Lapsed:
                    context.counters.restart()
                    if session is not None:
                        session.renew()
                    continue
                if session is None:
                    return done
                if done.snapshot is None:
                    self._settle(done.same_as)
                    return done
                if self._is_lasting(session, done.snapshot, attempt.needed):
                    self._tell_errors(done)
                    self._teller.snapshot(done.snapshot, context.started_ns)
                    self._settle(done.snapshot)
                    return done
                self._repository.forget_snapshot(done.snapshot, "a prune took what it was built on")
                context.counters.restart()
                session.renew()
        raise YesterError(
            "Packs that this run needs were deleted while it worked, again and again",
            hint="Let the program that prunes this repository end, run `yester check`, and try again.",
        )

    def _listed(self) -> Listed:
        """List what may be built on: what is offline only where the person wants that."""
        return listed(self._repository, archived=self._context.profile.dedup_against_archive)

    def _is_lasting(self, session: WriterSession, sid: SnapshotId, needed: Set[PackId]) -> bool:
        archived = self._context.profile.dedup_against_archive
        return is_lasting(self._repository, session, sid, needed, self._unsound, archived=archived)

    def _settle(self, complete: SnapshotId | None) -> None:
        """Take away the partial snapshots that the complete one, which is there to stay, stands for as well.

        Remember it, so that its loss would be noticed, and say what was lost before.
        """
        try:
            if complete is not None:
                forget_partials(self._context, (complete, self._repository.snapshot(complete)))
            for warning in self._repository.warnings():
                self._teller.message("warning", warning)
            merge_many(self._repository)
        except StoreError as error:
            # The snapshot is there, and the next run does this as well.
            self._teller.message("warning", f"{error.what}; the snapshot is complete all the same")

    def _was_pruned(self, there: Set[PackId], session: WriterSession | None) -> bool:
        """Whether packs that were there are gone: a prune held this run dead, or did not know of it. It begins anew."""
        if there <= self._listed().packs:
            return False
        self._repository.index.refresh()
        self._context.counters.restart()
        if session is not None:
            session.renew()
        return True

    def _make_do_without(self, error: YesterError) -> None:
        """After earlier trees could not be read: find the packs at fault, or raise `error` when it is about others."""
        unsound = unsound_metadata(self._repository.store)
        if unsound <= self._unsound:
            raise error
        self._unsound |= unsound
        self._context.counters.restart()
        self._teller.message(
            "warning",
            f"{error.what}; this snapshot stores anew what is damaged and still in the source, earlier ones stay hit: "
            "run yester check",
        )

    def _planned(self) -> tuple[Root, list[Failure]]:
        """Return what to take, and a failure for each source that is not there."""
        profile, request = self._context.profile, self._context.request
        of_no_use = unusable(self._context.added)
        sources = [source for source in request.sources if source not in of_no_use]
        top, missing = plan_roots(sources)
        if request.sources and len(missing) == len(sources):
            names = ", ".join(map(os.fsdecode, [*missing, *of_no_use]))
            raise UsageError(
                f"No source of the profile {profile.name} exists: {names}",
                hint="Is a disk not connected? The snapshots that are there stay as they are.",
            )
        plan_streams(top, request.streams)
        failures = [Failure(source, "this source does not exist") for source in missing]
        return top, failures + [
            Failure(source, f"a plugin wants this taken: {of_no_use[source]}") for source in of_no_use
        ]

    def _session(self) -> WriterSession:
        repository = self._repository
        return WriterSession(
            repository.store,
            repository.keys,
            writer=repository.writer,
            host=host_name(),
            purpose="snapshot",
            started_ns=self._context.started_ns,
        )
