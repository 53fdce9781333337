from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.archive.due import Gathered, Trigger, due, next_moment
from yester.engine.archive.port import Constraints

SINCE = datetime(2026, 11, 20, 16, 3)


def after(count: int = 1, size: int = 1, **since: float) -> tuple[Gathered, datetime]:
    return Gathered(count, size, SINCE), SINCE + timedelta(**since)


@pytest.mark.parametrize(
    ("constraints", "state", "trigger"),
    [
        (Constraints(), after(), Trigger.AT_ONCE),
        (Constraints(), after(0), None),
        (Constraints(count=3), after(2), None),
        (Constraints(count=3), after(3), Trigger.COUNT),
        (Constraints(size=100), after(size=99), None),
        (Constraints(size=100), after(size=100), Trigger.SIZE),
        (Constraints(interval_s=600), after(seconds=599), None),
        (Constraints(interval_s=600), after(seconds=600), Trigger.INTERVAL),
        (Constraints(time_of_day="18:00"), after(hours=1), None),
        (Constraints(time_of_day="18:00"), after(minutes=117), Trigger.TIME_OF_DAY),
        (Constraints(time_of_day="02:30"), after(hours=10), None),
        (Constraints(time_of_day="02:30"), after(hours=10.5), Trigger.TIME_OF_DAY),
        (Constraints(time_of_day="16:03"), after(hours=1), None),
        (Constraints(time_of_day="16:03"), after(hours=24), Trigger.TIME_OF_DAY),
        (Constraints(count=9, size=100, interval_s=60), after(2, 500), Trigger.SIZE),
        (Constraints(count=9, interval_s=60, time_of_day="18:00"), after(2, minutes=1), Trigger.INTERVAL),
    ],
)
def test_the_first_that_is_reached_fires(
    constraints: Constraints, state: tuple[Gathered, datetime], trigger: Trigger | None
) -> None:
    gathered, now = state
    assert due(gathered, constraints, now) is trigger


some_constraints = st.builds(
    Constraints,
    count=st.none() | st.integers(1, 9),
    size=st.none() | st.integers(1, 9),
    interval_s=st.none() | st.floats(0, 1e6),
    time_of_day=st.none() | st.sampled_from(["00:00", "16:02", "16:03", "16:04", "23:59"]),
)


@given(some_constraints, st.integers(1, 9), st.integers(1, 9), st.floats(0, 1e6))
def test_what_is_due_stays_due_and_each_constraint_counts_alone(
    constraints: Constraints, count: int, size: int, seconds: float
) -> None:
    gathered, now = Gathered(count, size, SINCE), SINCE + timedelta(seconds=seconds)
    alone = [
        Constraints(count=constraints.count),
        Constraints(size=constraints.size),
        Constraints(interval_s=constraints.interval_s),
        Constraints(time_of_day=constraints.time_of_day),
    ]
    stated = [each for each in alone if each != Constraints()]
    is_due = due(gathered, constraints, now) is not None
    assert is_due == (not stated or any(due(gathered, each, now) for each in stated))
    if is_due:
        assert due(Gathered(count + 1, size + 1, SINCE), constraints, now + timedelta(seconds=1))
    moment = next_moment(gathered, constraints)
    if moment is not None:
        assert due(gathered, constraints, max(moment, now))
