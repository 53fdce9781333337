"""Prune: free what no snapshot needs, while others write, read and prune.

The order, in which everything has its reason:

 1. put a session of its own; from here on other prunes know of this one
 2. list marks, then snapshots; let the index name every pack; list packs; walk all trees; judge (judging.py,
    keeping.py, plan.py)
 3. copy what is needed out of packs that are mostly unused into new packs, and name these in the index (repacking.py)
 4. put a *mark*: the packs that are to go
 5. list sessions; wait until every writer among them has ended, or stood still and was taken away (waiting.py)
 6. list marks, snapshots, index and packs again; spare what is needed after all (sparing.py)
 7. put what is released: the holdings of archives in packs that go (engine/archive/holdings.py); then index fragments
    without these packs; the last one replaces the old ones
 8. delete packs, then replaced fragments, then what else nobody needs (leftovers.py)
 9. delete the mark, then the session

Nothing that a snapshot needs is lost, whoever does what at the same time:

*A writer* puts its session, then lists marks, then builds on what the index names and no mark does, commits, and asks
whether its session still stands. Either it lists marks after 4 and sees the mark: then it builds on nothing that goes.
Or its session was there before 4 ended: then 5 lists it. Then it ended before 6, and 6 sees its snapshot; or it was
held dead: its session was taken away before 6. If the snapshot came before 6, 6 sees it; if after, the writer finds
its session gone when it asks, looks at everything, and commits again what is lost. No clock takes part in this: a
wrong judgement costs a writer work, not data.

*Another prune* does the same, so each has put its mark before it looks for the other's in 6. Of two that rely on each
other's victims one at least sees the other's mark and spares what it would need; or the other is through, and its
packs are not listed any more: marks are listed before packs. What others marked is never relied upon: what is needed of
it is copied (3) before it is marked as well, so that it does not matter whether that other prune goes on, died, or
wakes up later. The mark of a dead one goes when nothing that it names is there.

*A reader* whose pack has gone loads the index again: 7 comes before 8, and the copies were named in 3.

*A kill* leaves, up to 4, packs and fragments that are harmless; from 4 on a mark, which keeps writers off the packs
until the next prune deletes them; after 7 packs that no fragment names, which the next prune names, finds marked and
deletes.

*Packs in archives* (engine/archive/holdings.py). One that is offline stays named while a snapshot needs it, and goes
through 4 to 7 like any other when none does. Nothing is copied out of it and nothing else goes because of it. What a
purge has marked (archive/purging.py) is taken for offline already: the purge spares what only that pack would keep.

Where a pack cannot be read, it stays, and is said. Where a snapshot or a tree cannot be read, nothing is done.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from yester.engine.archive.holdings import Holding
from yester.engine.archive.recording import record_released
from yester.engine.capture.standing import gone as packs_gone
from yester.engine.capture.standing import listed
from yester.engine.events import PruneBegin, PruneEnd
from yester.engine.hooks import Hooks, tell
from yester.engine.ids import PackId
from yester.engine.packs.merging import delete_fragments, is_scattered, merge_fragments, replaced_fragments
from yester.engine.progress import Progress
from yester.engine.prune.deletion import ASK_S, Deletion
from yester.engine.prune.judging import Judged, archived, judge
from yester.engine.prune.leftovers import Leftovers, sweep
from yester.engine.prune.plan import Going, PrunePlan, plan_prune
from yester.engine.prune.waiting import PURPOSE, Clock, MachineClock, Watched
from yester.engine.repository import Repository
from yester.engine.sessions import WriterSession

_SPARE_FRAGMENTS = 8


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """What a person may choose. `max_repack` is in bytes, None for no limit."""

    max_unused: float = 0.05
    max_repack: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class PruneResult:
    """What a prune planned, and what it did. Sizes are bytes."""

    plan: PrunePlan
    dry_run: bool
    snapshots: int
    deleted_packs: int
    freed_size: int
    moved_size: int
    spared_packs: int
    """Packs that were to go and are needed after all."""
    leftovers: Leftovers
    released: tuple[Holding, ...]
    """Copies of packs that archives may delete now, these and those of earlier prunes."""
    damaged: tuple[str, ...]
    """What is wrong with packs that were to go and stay, or that no fragment names."""
    lost_blobs: int
    """Pieces of files that snapshots need and no pack has."""
    duration_ns: int
    writers: tuple[str, ...] = ()
    """Of a dry run: who is at work, or was killed at it, and would be waited for, in words."""

    @property
    def is_sound(self) -> bool:
        """Whether no damage was met."""
        return not self.damaged and not self.lost_blobs


def prune(
    repository: Repository,
    options: PruneOptions,
    *,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool] = lambda: False,
    clock: Clock | None = None,
) -> PruneResult:
    """Free what no snapshot needs, and return what was done.

    DamageError: a snapshot, a tree or a mark cannot be read, and nothing was deleted. StoreError: the store fails.
    CancelledError when `cancelled`, which is asked often, says so. Whatever ends it, another prune goes on from there.
    """
    started_ns, place = time.time_ns(), repository.store.place
    tell(hooks, PruneBegin(repository=place, dry_run=options.dry_run))
    work = _Prune(repository, options, hooks, progress, cancelled, clock or MachineClock())
    try:
        return work.run(started_ns)
    finally:
        end = PruneEnd(repository=place, deleted_packs=work.deleted, freed_size=work.freed_size)
        tell(hooks, PruneEnd(end.repository, end.deleted_packs, end.freed_size, time.time_ns() - started_ns))


class _Prune(Deletion):
    purpose = PURPOSE

    def __init__(
        self,
        repository: Repository,
        options: PruneOptions,
        hooks: Hooks,
        progress: Progress,
        cancelled: Callable[[], bool],
        clock: Clock,
    ) -> None:
        super().__init__(repository, hooks, progress, cancelled, clock)
        self._options = options
        self._unneeded: tuple[Holding, ...] = ()

    def run(self, started_ns: int) -> PruneResult:
        """Do all of it."""
        repository = self._repository
        with self._scratch() as folder:
            if self._options.dry_run:
                judged = self._judged(lambda: judge(repository, folder, self._tick, adopt=False))
                watched = Watched(repository.store, repository.keys, b"", self._clock)
                writers = tuple(sorted(map(watched.describe, watched.writers())))
                return self._result(judged, self._plan(judged), Leftovers(), started_ns, writers)
            with self._session(started_ns) as session:
                watched = self._watched(session)
                judged = self._judged(lambda: judge(repository, folder, self._tick, adopt=True))
                plan = self._plan(judged)
                self._carry_out(plan, judged, session, watched)
                leftovers = sweep(repository, watched, judged.hidden)
                self._unneeded = archived(repository).unneeded
                repository.store.tidy()
                return self._result(judged, plan, leftovers, started_ns)

    def _plan(self, judged: Judged) -> PrunePlan:
        options = self._options
        return plan_prune(judged.packs, judged.unneeded, max_unused=options.max_unused, max_repack=options.max_repack)

    def _carry_out(self, plan: PrunePlan, judged: Judged, session: WriterSession, watched: Watched) -> None:
        moved = self._move(plan.repack, judged)
        going = {each.use.pack: each for each in (*plan.delete, *moved)}
        if not going and not plan.release:
            self._merge(set(), session)
            return
        with self._marked([*going, *plan.release], [each.use.pack for each in moved], judged, watched):
            gone = [each for pack, each in going.items() if pack not in self._spared]
            packs = {each.use.pack for each in gone}.union(plan.release) - self._spared
            self._release(packs, session)
            self._merge(packs, session, gone)

    def _release(self, packs: Collection[PackId], session: WriterSession) -> None:
        """Let nobody count any more on what archives hold of packs that go."""
        held = archived(self._repository).held
        holdings = [holding for pack in sorted(packs) for holding in held.get(pack, ())]
        if holdings:
            self._assert_alive(session, 0)
            record_released(self._repository, holdings)

    def _merge(self, gone: Collection[PackId], session: WriterSession, going: Collection[Going] = ()) -> None:
        """Put an index without these packs, delete them, then the index before."""
        repository = self._repository
        named = repository.index.packs()
        # A fragment that was merged from what another had read before may name what has long been deleted.
        # What the index forgets is lost: a listing that is behind must not decide that.
        void = packs_gone(repository.store, named - listed(repository).packs)
        # After they were found to be gone: what a purge deletes is held, and stays named.
        void = void.difference(archived(repository).held) if void else void
        if not gone and not void and not is_scattered(repository.index, _SPARE_FRAGMENTS):
            delete_fragments(repository, replaced_fragments(repository))
            return
        merged = merge_fragments(repository, void.union(gone), check=lambda: self._assert_alive(session, 0))
        self._delete_each(going, session)
        self._assert_alive(session, ASK_S)
        delete_fragments(repository, merged.replaced)

    def _result(
        self, judged: Judged, plan: PrunePlan, leftovers: Leftovers, started_ns: int, writers: tuple[str, ...] = ()
    ) -> PruneResult:
        return PruneResult(
            plan=plan,
            dry_run=self._options.dry_run,
            snapshots=len(judged.snapshots),
            deleted_packs=self.deleted,
            freed_size=self.freed_size - self._stored_size,
            moved_size=self._stored_size,
            spared_packs=len(self._spared),
            leftovers=leftovers,
            released=self._unneeded,
            damaged=tuple(self._damaged),
            lost_blobs=judged.lost,
            duration_ns=time.time_ns() - started_ns,
            writers=writers,
        )
