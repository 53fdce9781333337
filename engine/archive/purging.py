"""Purge: delete packs from the store that an archive holds, while others write, read, prune and purge.

It is a prune (engine/prune/pruning.py) of which the victims stay named, because they can come back:

 1. put a session of its own
 2. list marks, snapshots, packs, and what archives hold; find what the chosen snapshots need, and what others need
 3. copy what others need out of mixed packs, and name the copies
 4. put a mark, which says that it is a purge's
 5. wait for writers
 6. list marks, snapshots, index and packs again: spare packs that a snapshot needs which was not there at 2, or because
    a copy does not last; then read again what archives hold, and spare what is not held and verified any more
 7. delete the packs
 8. delete the mark, then the session

*A writer* builds on no pack that is marked or not listed; so what it takes from now on does not lie in what goes. The
proof is the prune's: mark against session, snapshot against session. Where a machine sleeps between asking and
deleting, a snapshot may need an offline pack: it has to be recalled, and is not lost.

*A prune* takes for offline what a purge's mark names and an archive holds. It keeps these packs named, copies nothing
out of them and counts on none of them. So a mark that a dead purge left costs room, for runs store again what only
marked packs have; the next purge of the same snapshots deletes the packs, and a prune then the mark.

*The last copy.* A pack goes only while a holding of it counts that was verified, read after the mark was put. A holding
is released by a prune alone, and only with the pack itself.

*A kill* leaves some packs offline and some online; all of them are held.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from yester.engine.archive.holdings import Stock
from yester.engine.archive.planning import MAX_HOT, PurgePlan, plan_purge
from yester.engine.archive.sharing import Shared, look_at_shares
from yester.engine.errors import DamageError
from yester.engine.events import ArchiveBegin, ArchiveEnd
from yester.engine.hooks import Hooks, tell
from yester.engine.ids import PackId, SnapshotId
from yester.engine.progress import Progress
from yester.engine.prune.deletion import Deletion
from yester.engine.prune.judging import Judged, archived
from yester.engine.prune.plan import Going, Why
from yester.engine.prune.waiting import PURGE, Clock, MachineClock, Watched
from yester.engine.repository import Repository
from yester.engine.sessions import WriterSession

ACTION = "purge"
"""What events of it say."""


@dataclass(frozen=True, slots=True)
class PurgeOptions:
    """What a person may choose."""

    max_hot: float = MAX_HOT
    only: frozenset[PackId] | None = None
    """The packs that may go; None: any that an archive holds, verified."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class PurgeResult:
    """What a purge planned, and what it did. Sizes are bytes."""

    plan: PurgePlan
    dry_run: bool
    purged: tuple[PackId, ...]
    freed_size: int
    moved_size: int
    spared: tuple[PackId, ...]
    """Packs that were to go and stay: somebody needs them after all, or no archive has them any more."""
    damaged: tuple[str, ...]
    """What is wrong with packs that were to go and stay."""
    duration_ns: int


def purge(
    repository: Repository,
    chosen: Collection[SnapshotId],
    options: PurgeOptions,
    *,
    hooks: Hooks,
    progress: Progress,
    cancelled: Callable[[], bool] = lambda: False,
    clock: Clock | None = None,
) -> PurgeResult:
    """Delete from the store what an archive holds, verified, and nobody needs but these snapshots.

    UsageError: one of them is not there. DamageError: a snapshot, a tree, a mark or a record of what archives hold
    cannot be read, or a file has lost a part already; nothing was deleted. StoreError: the store fails. CancelledError
    when `cancelled` says so. Whatever ends it, another purge goes on from there.
    """
    started_ns = time.time_ns()
    work = _Purge(repository, frozenset(chosen), options, hooks, progress, cancelled, clock or MachineClock())
    tell(hooks, ArchiveBegin(action=ACTION))
    failed = 1
    try:
        done = work.run(started_ns)
        failed = 0
        return done
    finally:
        tell(hooks, ArchiveEnd(action=ACTION, failed=failed, duration_ns=time.time_ns() - started_ns))


class _Purge(Deletion):
    purpose = PURGE
    keeps_named = True

    def __init__(
        self,
        repository: Repository,
        chosen: frozenset[SnapshotId],
        options: PurgeOptions,
        hooks: Hooks,
        progress: Progress,
        cancelled: Callable[[], bool],
        clock: Clock,
    ) -> None:
        super().__init__(repository, hooks, progress, cancelled, clock)
        self._chosen, self._options = chosen, options
        self._shared: Shared | None = None
        self._purged: list[PackId] = []

    def run(self, started_ns: int) -> PurgeResult:
        """Do all of it."""
        with self._scratch() as folder:
            if self._options.dry_run:
                return self._result(self._plan(self._look(folder, adopt=False)), started_ns)
            with self._session(started_ns) as session:
                watched = self._watched(session)
                shared = self._look(folder, adopt=True)
                plan = self._plan(shared)
                if not plan.is_empty:
                    self._carry_out(plan, shared, session, watched)
                return self._result(plan, started_ns)

    def _look(self, folder: Path, *, adopt: bool) -> Shared:
        def look() -> Judged:
            self._shared = look_at_shares(
                self._repository, self._chosen, folder, self._tick, may_go=self._may_go, adopt=adopt
            )
            return self._shared.judged

        judged = self._judged(look)
        if judged.lost:
            raise DamageError(
                f"{judged.lost} pieces of files that snapshots need are in no pack",
                hint="Nothing is purged while something is lost. Run `yester check`.",
            )
        assert self._shared is not None
        return self._shared

    def _may_go(self, pack: PackId, stock: Stock) -> bool:
        return stock.is_verified(pack) and (self._options.only is None or pack in self._options.only)

    def _plan(self, shared: Shared) -> PurgePlan:
        return plan_purge(shared.shares, self._options.only, max_hot=self._options.max_hot)

    def _carry_out(self, plan: PurgePlan, shared: Shared, session: WriterSession, watched: Watched) -> None:
        uses = shared.uses
        moved = self._move([Going(uses[each.pack], Why.PURGED) for each in plan.repack], shared.judged)
        going = {each.pack: Going(uses[each.pack], Why.PURGED) for each in plan.purge}
        going.update((each.use.pack, each) for each in moved)
        with self._marked(going, [each.use.pack for each in moved], shared.judged, watched):
            # Only now: whatever was said before the mark was put is seen.
            stock = archived(self._repository)
            self._spared |= {pack for pack in going if not stock.is_verified(pack)}
            self._assert_alive(session, 0)
            for pack, each in going.items():
                if pack not in self._spared:
                    self._delete_each([each], session)
                    self._purged.append(pack)

    def _result(self, plan: PurgePlan, started_ns: int) -> PurgeResult:
        return PurgeResult(
            plan=plan,
            dry_run=self._options.dry_run,
            purged=tuple(self._purged),
            freed_size=self.freed_size - self._stored_size,
            moved_size=self._stored_size,
            spared=tuple(sorted(self._spared)),
            damaged=tuple(self._damaged),
            duration_ns=time.time_ns() - started_ns,
        )
