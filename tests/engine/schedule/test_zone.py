"""The machine's own zone, over a change of its clock."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.profiles.profile import ScheduleSpec
from yester.engine.schedule.times import next_times
from yester.engine.schedule.zone import LOCAL, now


@pytest.fixture(scope="module", autouse=True)
def _berlin() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))
def test_it_agrees_with_the_database_of_zones(moment: datetime) -> None:
    utc, berlin = moment.replace(tzinfo=UTC), ZoneInfo("Europe/Berlin")
    ours, theirs = utc.astimezone(LOCAL), utc.astimezone(berlin)
    assert (ours.replace(tzinfo=None), ours.fold, ours.tzname()) == (
        theirs.replace(tzinfo=None),
        theirs.fold,
        theirs.tzname(),
    )
    assert ours.astimezone(UTC) == utc


def test_times_follow_the_change_of_the_clock() -> None:
    spec = ScheduleSpec(when="minutes", every=30)
    times = next_times(spec, datetime(2026, 3, 29, 1, 0, tzinfo=LOCAL), 3)
    assert [f"{time:%H:%M %Z}" for time in times] == ["01:30 CET", "03:00 CEST", "03:30 CEST"]


def test_now() -> None:
    assert abs(now().timestamp() - time.time()) < 60
