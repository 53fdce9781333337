"""Keeping what a run has so far, so that one that dies has not worked in vain.

Two intervals. Every minute in which something new was stored, the open frames and packs are closed and the directories
that are being walked are recorded in the file cache, half as they are: whatever ends the run then, the next one reads
no file again that came before. Every half hour or so (the profile's `partial_every`) it commits a *partial* snapshot:
it can be mounted, it can be restored from, and its trees alone keep the next run from reading files again when the
caches are lost as well.

A partial snapshot goes when a further one, or the complete one, stands for all that it has. One that a person pinned
stays.
"""

from collections.abc import Callable, Set

from yester.engine.capture.context import RunContext
from yester.engine.capture.drafting import draft_of, finished, statistics_of
from yester.engine.capture.filecache import FileCacheWriter
from yester.engine.capture.last_look import is_lasting
from yester.engine.capture.series import Listed, outgrown
from yester.engine.capture.walk import Capture
from yester.engine.errors import YesterError
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.writing import BlobWriter
from yester.engine.sessions import WriterSession

KEEP_EVERY_S = 60.0
"""How much reading a run that is killed may lose, seconds."""


class Keeper:
    """Keeps what one attempt has, when it is time."""

    def __init__(
        self,
        context: RunContext,
        session: WriterSession,
        writer: BlobWriter,
        records: FileCacheWriter,
        parent: SnapshotId | None,
        built_on: Callable[[], Set[PackId]],
        unsound: Set[PackId],
    ) -> None:
        """`built_on` returns the packs of earlier runs that this one uses; `unsound` are those that it does not."""
        self._context, self._session, self._writer, self._records = context, session, writer, records
        self._parent, self._built_on, self._unsound = parent, built_on, unsound
        now = context.clock()
        # A stream that broke off is nothing to look at.
        self._every = 0 if context.request.only_streams else context.profile.partial_every
        self._keep_at, self._partial_at = now + KEEP_EVERY_S, now + self._every
        self._kept = self._shown = 0
        """Blobs that there were when the run was kept last, and when a partial snapshot showed it last."""
        self._is_partial = False

    def look(self, capture: Capture, now: float) -> None:
        """Keep what `capture` has when it is time."""
        if self._every and now >= self._partial_at:
            self._partial_at = now + self._every
            if self._added() > self._shown:
                self._commit(capture)
        elif now >= self._keep_at and self._added() > self._kept:
            self._keep(capture)
        else:
            return
        # From here on: what takes longer than the interval must not be all that the run does.
        self._keep_at = self._context.clock() + KEEP_EVERY_S

    def end(self, capture: Capture) -> None:
        """Keep what there is: the person ends the run. A failure is said, and no reason to go on."""
        try:
            if self._is_partial:
                self._commit(capture)
            elif self._added() > self._kept:
                self._keep(capture)
        except YesterError as error:
            self._context.teller.message("warning", f"{error.what}; the next run reads again what was read last")

    def _added(self) -> int:
        return self._writer.statistics.added_blobs

    def _keep(self, capture: Capture) -> None:
        capture.record_halves()
        self._writer.flush()
        self._records.flush()
        self._kept = self._added()

    def _commit(self, capture: Capture) -> None:
        """Commit a partial snapshot, in the order of all snapshots: packs, index, label, snapshot."""
        context, repository = self._context, self._context.repository
        taken = capture.so_far()
        draft = draft_of(context, self._writer, taken, self._parent, partial=True)
        self._keep(capture)
        if not self._session.stands():
            return  # the attempt as a whole finds out at its end
        snapshot = finished(draft, statistics_of(context, self._writer, taken))
        sid = repository.commit_snapshot(snapshot, label=context.said_of_snapshot(partial=True))
        self._shown = self._added()
        needed = self._built_on() | self._writer.packs
        archived = context.profile.dedup_against_archive
        if not is_lasting(repository, self._session, sid, needed, self._unsound, archived=archived):
            repository.forget_snapshot(sid, "a prune took what it was built on")
            return
        self._is_partial = True
        context.teller.snapshot(sid, context.started_ns, partial=True)
        forget_partials(context, (sid, snapshot))


def forget_partials(context: RunContext, newest: Listed) -> None:
    """Forget the partial snapshots of the series that `newest` stands for as well."""
    repository = context.repository
    partials = context.series().partials
    labels = repository.labels() if partials else {}
    for sid in outgrown(partials, newest):
        label = labels.get(sid)
        if label is None or not label.pinned:
            repository.forget_snapshot(sid, f"snapshot {newest[0].hex()[:8]} has all that this partial one had")
