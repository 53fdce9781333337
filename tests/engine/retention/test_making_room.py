from collections.abc import Sequence

import pytest
from tests.engine.retention.snapshots import Made, days, plan

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.retention.making_room import make_room
from yester.engine.retention.plan import Decision, RetentionPlan
from yester.engine.retention.room import Room, Shortage

NOW = "2026-11-20T18:00"
SPEC = RetentionSpec(min_free_size=1000)


class Disk:
    """A store of 5000 bytes; each snapshot that goes frees so much when it is pruned."""

    def __init__(self, free: int, each: int, unused: int = 0) -> None:
        self.free, self.each, self.unused = free, each, unused
        self.steps: list[str] = []

    def look(self) -> Room:
        return Room(self.free, 5000)

    def let_go(self, decisions: Sequence[Decision]) -> None:
        self.unused += self.each * len(decisions)
        self.steps.append(f"forget {len(decisions)}")

    def free_up(self) -> None:
        self.free, self.unused = self.free + self.unused, 0
        self.steps.append("prune")

    def make_room(self, made: list[Made], spec: RetentionSpec = SPEC) -> tuple[RetentionPlan, Shortage]:
        return make_room(plan(made, spec, NOW), spec, look=self.look, let_go=self.let_go, free_up=self.free_up)


def made(stored: int) -> list[Made]:
    return [Made(f"2026-11-{day:02}", stored=stored) for day in range(1, 11)]


def test_where_there_is_room_nothing_happens() -> None:
    disk = Disk(1000, 100)
    done, short = disk.make_room(made(100))
    assert (done.remove, bool(short), disk.steps) == ((), False, [])


def test_what_was_forgotten_before_may_be_enough() -> None:
    disk = Disk(900, 100, unused=100)
    done, short = disk.make_room(made(100))
    assert (done.remove, bool(short), disk.steps) == ((), False, ["prune"])


def test_round_after_round_until_there_is_room() -> None:
    """Each frees a third of what it stored, since others share the rest."""
    disk = Disk(800, 33)
    done, short = disk.make_room(made(100))
    assert disk.steps == [
        "prune",
        "forget 2",
        "prune",
        "forget 2",
        "prune",
        "forget 1",
        "prune",
        *["forget 1", "prune"] * 2,
    ]
    assert not short
    assert days(done.remove) == [f"2026-11-{day:02}" for day in range(1, 8)]


def test_when_no_more_may_go_it_says_what_is_missing() -> None:
    disk = Disk(0, 10)
    done, short = disk.make_room(made(100))
    assert days(done.keep) == ["2026-11-10"]
    assert short == Shortage(size=1000 - 90)


def test_a_store_that_is_too_small_loses_nothing() -> None:
    disk = Disk(0, 10)
    with pytest.raises(UsageError):
        disk.make_room(made(100), RetentionSpec(min_free_size=6000))
    assert disk.steps == []
