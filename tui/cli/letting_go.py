"""Carrying out a plan of retention: shown, asked about, recorded as a run, and said what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from yester.engine.errors import CancelledError, YesterError
from yester.engine.host import host_id
from yester.engine.places import Places
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.repository import Repository
from yester.engine.retention.forgetting import forget, room_of
from yester.engine.retention.making_room import make_room
from yester.engine.retention.plan import Decision, RetentionPlan, needs_room
from yester.engine.retention.room import Room, Shortage, plan_room, shortage
from yester.tui.cli.asking import confirm
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.retention import decision_as_json, plan_as_rows
from yester.tui.cli.running import Recorded, Work, recorded
from yester.tui.cli.wording import count, size

if TYPE_CHECKING:
    from yester.engine.prune.pruning import PruneResult

_NO_RULES = RetentionSpec()


@dataclass(frozen=True, slots=True)
class LettingGo:
    """How a plan is shown and carried out."""

    places: Places
    dry_run: bool
    yes: bool
    as_json: bool
    profile: str = ""
    spec: RetentionSpec = _NO_RULES

    def carry_out(self, opened: Repository, plan: RetentionPlan, shown: RetentionPlan | None = None) -> int:
        """Show the plan, or the part of it that matters; ask; forget; make room; say what came of it."""
        short = self._short(opened)
        if self.dry_run:
            self._show(shown or plan_room(plan, short))
            self._sum_up(plan_room(plan, short), short)
            return 0
        self._show(shown or plan)
        self._ask(plan, short)
        if plan.remove or short:
            plan, short = self._recorded(opened, plan, short)
        self._sum_up(plan, short)
        return YesterError.exit_code if short else 0

    def _short(self, opened: Repository) -> Shortage:
        """Return what room is missing to what is asked for; where the store cannot tell, say so."""
        if not needs_room(self.spec):
            return Shortage()
        room = room_of(opened.store)
        if room is None:
            complain(f"How much room is free at {opened.store.place} is not known, so none can be made")
            return Shortage()
        return shortage(self.spec, room)

    def _show(self, plan: RetentionPlan) -> None:
        if not self.as_json:
            click.echo("\n".join(plan_as_rows(plan)))

    def _ask(self, plan: RetentionPlan, short: Shortage) -> None:
        questions = [f"Forget {count(len(plan.remove), 'snapshot')}?"] if plan.remove else []
        if short:
            questions.append(f"{_missing(short)}: prune, and forget the oldest until there is room?")
        for question in questions:
            confirm(question, yes=self.yes or self.as_json)

    def _recorded(self, opened: Repository, plan: RetentionPlan, short: Shortage) -> tuple[RetentionPlan, Shortage]:
        profile, host = self.profile or _sole_profile(plan), host_id(self.places)
        work = Work("forget", profile=profile, repository=opened.store.place)
        with recorded(self.places, work, quiet=self.as_json) as run:

            def carry_out(cancelled: Callable[[], bool]) -> tuple[RetentionPlan, Shortage]:
                hand = _Hand(opened, run, cancelled)
                hand.let_go(plan.remove)
                if not short:
                    return plan, short
                return make_room(
                    plan, self.spec, look=hand.look, let_go=lambda more: self._more(hand, more), free_up=hand.free_up
                )

            done = run.supervise(carry_out)
            if profile:
                left = [each for _, each in opened.snapshots() if (each.host_id, each.profile) == (host, profile)]
                run.leaves(sum(not each.partial for each in left))
            return done

    def _more(self, hand: "_Hand", more: Sequence[Decision]) -> None:
        self._show(RetentionPlan(tuple(more)))
        hand.let_go(more)

    def _sum_up(self, plan: RetentionPlan, short: Shortage) -> None:
        gone, kept = plan.remove, plan.keep
        if self.as_json:
            echo_json(
                {
                    "dry_run": self.dry_run,
                    "keep": [decision_as_json(each) for each in kept],
                    "forget": [decision_as_json(each) for each in gone],
                    "missing_size": short.size,
                    "missing_inodes": short.inodes,
                }
            )
        elif not gone:
            click.echo(f"nothing to forget, {count(len(kept), 'snapshot')} kept")
        elif self.dry_run:
            click.echo(f"dry run: {count(len(gone), 'snapshot')} would be forgotten, {len(kept):,} kept")
        else:
            freed = "" if needs_room(self.spec) else "; `yester prune` frees the space"
            click.echo(f"{count(len(gone), 'snapshot')} forgotten, {len(kept):,} kept{freed}")
        if short and self.dry_run:
            complain(f"{_missing(short)}; how much these free is known when they are pruned")
        elif short:
            complain(f"{_missing(short)} still, and no more snapshots may go", "Make room by other means.")


@dataclass(frozen=True, slots=True)
class _Hand:
    """What happens to the repository, in a thread, until it is cancelled."""

    opened: Repository
    run: Recorded
    cancelled: Callable[[], bool]

    def let_go(self, decisions: Sequence[Decision]) -> None:
        """Forget these."""
        forget(self.opened, decisions, self._told)

    def _told(self, each: Decision) -> None:
        self.run.notes(f"forgot {each.id.hex()[:8]}: {'; '.join(map(str, each.reasons))}")
        if self.cancelled():
            raise CancelledError("Cancelled", hint="What was forgotten stays forgotten; run it again for the rest.")

    def look(self) -> Room:
        """Return how much room there is."""
        room = room_of(self.opened.store)
        assert room is not None
        return room

    def free_up(self) -> "PruneResult":
        """Prune all that is unused."""
        from yester.engine.prune.pruning import PruneOptions, prune

        options = PruneOptions(max_unused=0.0)
        return prune(self.opened, options, hooks=self.run.hooks, progress=self.run.watch, cancelled=self.cancelled)


def _sole_profile(plan: RetentionPlan) -> str:
    """Return the profile that all which goes is of; empty when there are several."""
    names = {each.snapshot.profile for each in plan.remove}
    return names.pop() if len(names) == 1 else ""


def _missing(short: Shortage) -> str:
    parts = [size(short.size)] if short.size else []
    parts += [count(short.inodes, "inode")] if short.inodes else []
    return f"{' and '.join(parts)} of room {'is' if len(parts) == 1 else 'are'} missing"
