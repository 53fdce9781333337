"""Making room: the oldest snapshots go and the store is pruned, round after round, until enough is free.

What is asked, forgotten and pruned comes in from outside: this module knows only when. First a prune without
forgetting, since what was forgotten before may be enough.
"""

from collections.abc import Callable, Sequence

from yester.engine.profiles.profile import RetentionSpec
from yester.engine.retention.plan import Decision, RetentionPlan
from yester.engine.retention.room import Room, Shortage, plan_room, shortage


def make_room(
    plan: RetentionPlan,
    spec: RetentionSpec,
    *,
    look: Callable[[], Room],
    let_go: Callable[[Sequence[Decision]], object],
    free_up: Callable[[], object],
) -> tuple[RetentionPlan, Shortage]:
    """Make as much room as a spec asks for; return the plan as it was carried out, and what is still missing.

    `plan` is what was carried out already. UsageError, before anything goes, when the store is too small for the spec.
    """
    if not shortage(spec, look()):
        return plan, Shortage()
    free_up()
    while short := shortage(spec, look()):
        known = {each.id for each in plan.remove}
        plan = plan_room(plan, short)
        more = [each for each in plan.remove if each.id not in known]
        if not more:
            return plan, short
        let_go(more)
        free_up()
    return plan, Shortage()
