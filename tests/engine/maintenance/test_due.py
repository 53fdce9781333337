from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.maintenance.due import RETRY, Done, due
from yester.engine.profiles.profile import MaintenanceSpec
from yester.engine.profiles.sizes import Span

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEEK, MONTH = Span(days=7), Span(months=1)


def ns(ago: timedelta) -> int:
    return int((NOW - ago).timestamp()) * 10**9


def test_nothing_is_due_that_nobody_asked_for() -> None:
    assert due(MaintenanceSpec(), {}, 0, NOW) == []


def test_all_of_it_in_its_order() -> None:
    assert due(MaintenanceSpec(True, WEEK, MONTH), {}, 0, NOW) == ["forget", "prune", "check"]


@pytest.mark.parametrize(
    ("ago", "kinds"),
    [(timedelta(days=6), []), (timedelta(days=7), ["prune"]), (timedelta(days=31), ["prune", "check"])],
)
def test_what_was_never_done_counts_from_the_beginning(ago: timedelta, kinds: list[str]) -> None:
    assert due(MaintenanceSpec(False, WEEK, MONTH), {}, ns(ago), NOW) == kinds


def test_what_went_well_counts_from_then() -> None:
    done = {"prune": Done(ns(timedelta(days=6)), ns(timedelta(days=6)))}
    assert due(MaintenanceSpec(False, WEEK, MONTH), done, 0, NOW) == ["check"]


def test_what_failed_is_tried_again_but_not_at_once() -> None:
    spec = MaintenanceSpec(True, WEEK)
    for ago, kinds in ((RETRY - timedelta(minutes=1), ["forget"]), (RETRY, ["forget", "prune"])):
        done = {"prune": Done(ns(ago), 0, 1, "x"), "forget": Done(ns(ago), 0, 1, "x")}
        assert due(spec, done, 0, NOW) == kinds


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 30))
def test_a_daily_run_does_it_as_often_as_it_should(days: int, every: int, start: int) -> None:
    """Each time is at least the span after the last, and not more than a run later."""
    spec = MaintenanceSpec(prune=Span(days=every))
    since = int(NOW.timestamp()) * 10**9
    done: dict[str, Done] = {}
    times = []
    for day in range(start, start + days):
        now = NOW + timedelta(days=day)
        if due(spec, done, since, now):
            done["prune"] = Done(int(now.timestamp()) * 10**9, int(now.timestamp()) * 10**9)
            times.append(day)
    assert all(second - first == every for first, second in pairwise(times))
    assert not times or times[0] == max(every, start)
