import pytest
from tests.engine.retention.snapshots import Made, days, plan, why

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.retention.plan import emptied_series
from yester.engine.retention.room import Room, Shortage, plan_room, shortage

NOW = "2026-11-20T18:00"
MADE = [
    Made("2026-11-01", stored=100),
    Made("2026-11-02", stored=10, pinned=True),
    Made("2026-11-03", stored=10),
    Made("2026-11-04", stored=10, name="named"),
    Made("2026-11-05", stored=10),
    Made("2026-11-06", stored=10),
]
SPEC = RetentionSpec(min_free_size=1000, min_free_inodes=10)


@pytest.mark.parametrize(
    ("room", "short"),
    [
        (Room(1000, 5000, 10, 100), Shortage()),
        (Room(999, 5000, 10, 100), Shortage(size=1)),
        (Room(2000, 5000, 9, 100), Shortage(inodes=1)),
        (Room(0, 5000, 0, 0), Shortage(size=1000)),
    ],
)
def test_what_is_missing(room: Room, short: Shortage) -> None:
    assert shortage(SPEC, room) == short
    assert bool(short) == (short != Shortage())


@pytest.mark.parametrize(
    "spec", [RetentionSpec(min_free_size=5001), RetentionSpec(min_free_inodes=100), RetentionSpec(min_free_inodes=250)]
)
def test_more_than_there_is_would_remove_everything_for_nothing(spec: RetentionSpec) -> None:
    with pytest.raises(UsageError, match="removed for nothing"):
        shortage(spec, Room(0, 5000, 5, 100))


def test_a_spec_without_wishes_is_never_short() -> None:
    assert not shortage(RetentionSpec(), Room(0, 0))


@pytest.mark.parametrize(
    ("short", "gone"),
    [
        (Shortage(), []),
        (Shortage(size=1), ["2026-11-01"]),
        (Shortage(size=100), ["2026-11-01"]),
        (Shortage(size=101), ["2026-11-01", "2026-11-03"]),
        (Shortage(inodes=50), ["2026-11-01"]),
        (Shortage(size=10**9), ["2026-11-01", "2026-11-03", "2026-11-05"]),
    ],
)
def test_the_oldest_go_first_and_no_more_than_is_needed(short: Shortage, gone: list[str]) -> None:
    found = plan_room(plan(MADE, SPEC, NOW), short)
    assert days(found.remove) == gone
    assert len(found.decisions) == len(MADE)


def test_what_rules_keep_goes_too_but_not_what_a_person_or_a_safeguard_keeps() -> None:
    found = plan_room(plan(MADE, RetentionSpec(keep_last=9, min_free_size=1), NOW), Shortage(size=10**9))
    assert why(found, "2026-11-01") == ["the oldest, and room is short"]
    assert days(found.keep) == ["2026-11-02", "2026-11-04", "2026-11-06"]
    assert emptied_series(plan(MADE, SPEC, NOW)) == []
