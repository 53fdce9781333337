"""Room in the store: what is missing, and which snapshots go for it.

What a snapshot takes is known only when it is gone and pruned, since others share its content. So room is made in
rounds: the oldest go until what they stored makes up for what is missing (which is the most that they can free),
then a prune, and another look. A round never removes more than is needed, at the cost of more rounds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.retention.plan import Decision, RetentionPlan, is_exempt
from yester.engine.retention.reasons import Reason, Rule


@dataclass(frozen=True, slots=True)
class Room:
    """What is left in a store, and what there is in all."""

    free_size: int
    total_size: int
    free_inodes: int = 0
    total_inodes: int = 0
    """0 where the file system makes inodes as it needs them."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is missing; false when nothing is."""

    size: int = 0
    inodes: int = 0

    def __bool__(self) -> bool:
        return self.size > 0 or self.inodes > 0


def shortage(spec: RetentionSpec, room: Room) -> Shortage:
    """Return what is missing to what a spec wants free; UsageError when all of the store would not be enough."""
    wanted = spec.min_free_size or 0
    if wanted > room.total_size:
        raise UsageError(
            f"min_free_size asks for {wanted:,} bytes, and the store has {room.total_size:,} in all: every snapshot "
            "would be removed for nothing",
            hint="Ask for less.",
        )
    percent = spec.min_free_inodes or 0.0
    if percent >= 100:
        raise UsageError(
            f"min_free_inodes asks for {percent:g} %: every snapshot would be removed for nothing",
            hint="Ask for less than 100.",
        )
    return Shortage(max(0, wanted - room.free_size), max(0, int(room.total_inodes * percent / 100) - room.free_inodes))


def plan_room(plan: RetentionPlan, short: Shortage) -> RetentionPlan:
    """Return the plan with the oldest removed as well that this round takes; the same plan when none may go."""
    gone = {each.id for each in _round(plan, short)} if short else set()
    room = (Reason(Rule.ROOM),)
    return RetentionPlan(
        tuple(replace(each, kept=False, reasons=room) if each.id in gone else each for each in plan.decisions)
    )


def _round(plan: RetentionPlan, short: Shortage) -> Iterator[Decision]:
    freed = 0
    for each in plan.keep:
        if is_exempt(each):
            continue
        yield each
        freed += each.snapshot.statistics.stored_size
        # Of inodes nothing is known beforehand, so one snapshot at a time.
        if freed >= short.size:
            return
