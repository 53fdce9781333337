"""When runs are due: held against plain reasoning at the odd hours, against rules, and against systemd."""

import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.engine.schedule.plans import calendar_plans, repeated_plans, zones

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import PeriodUnit, ScheduleSpec, When
from yester.engine.schedule.pattern import pattern_of
from yester.engine.schedule.systemd import on_calendar
from yester.engine.schedule.times import due_again, is_due, last_due, next_times

BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = [datetime(2026, *day) for day in ((3, 8), (3, 29), (4, 5), (9, 6), (10, 4), (10, 25), (11, 1))]
"""Days on which a clock of these zones is changed."""

changes = st.builds(
    lambda day, beside: day + beside, st.sampled_from(CHANGES), st.timedeltas(timedelta(days=-2), timedelta(days=1))
)
moments = st.one_of(st.datetimes(datetime(1995, 1, 1), datetime(2037, 1, 1)), changes)


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def wall(times: list[datetime]) -> list[str]:
    return [f"{time:%Y-%m-%d %H:%M}" for time in times]


CASES = {
    "minutes": (
        ScheduleSpec(when="minutes", every=30),
        "2026-11-20 16:03",
        ["2026-11-20 16:30", "2026-11-20 17:00", "2026-11-20 17:30"],
    ),
    "hours": (
        ScheduleSpec(when="hours", every=6, at="01:30"),
        "2026-11-20 16:03",
        ["2026-11-20 19:30", "2026-11-21 01:30", "2026-11-21 07:30"],
    ),
    "custom": (
        ScheduleSpec(when="custom-hours", hours="8, 18,12"),
        "2026-11-20 12:00",
        ["2026-11-20 18:00", "2026-11-21 08:00", "2026-11-21 12:00"],
    ),
    "weekly": (
        ScheduleSpec(when="weekly", weekday=7, at="23:59"),
        "2026-11-20 12:00",
        ["2026-11-22 23:59", "2026-11-29 23:59", "2026-12-06 23:59"],
    ),
    "monthly": (
        ScheduleSpec(when="monthly", day=28),
        "2028-01-31 12:00",
        ["2028-02-28 00:00", "2028-03-28 00:00", "2028-04-28 00:00"],
    ),
    "yearly": (
        ScheduleSpec(when="yearly", month=2, day=28, at="06:00"),
        "2028-02-28 06:00",
        ["2029-02-28 06:00", "2030-02-28 06:00", "2031-02-28 06:00"],
    ),
    "a time that is not there, that day": (
        ScheduleSpec(when="daily", at="02:30"),
        "2026-03-28 12:00",
        ["2026-03-30 02:30", "2026-03-31 02:30", "2026-04-01 02:30"],
    ),
    "half an hour, over the hour that is not there": (
        ScheduleSpec(when="minutes", every=30),
        "2026-03-29 01:00",
        ["2026-03-29 01:30", "2026-03-29 03:00", "2026-03-29 03:30"],
    ),
    "a time that comes twice": (
        ScheduleSpec(when="daily", at="02:30"),
        "2026-10-24 12:00",
        ["2026-10-25 02:30", "2026-10-26 02:30", "2026-10-27 02:30"],
    ),
}


@pytest.mark.parametrize(("spec", "after", "expected"), CASES.values(), ids=CASES)
def test_the_next_times(spec: ScheduleSpec, after: str, expected: list[str]) -> None:
    assert wall(next_times(spec, local(after), 3)) == expected


def test_of_a_time_that_comes_twice_the_first_counts() -> None:
    spec = ScheduleSpec(when="daily", at="02:30")
    first = next_times(spec, local("2026-10-24 12:00"), 1)[0]
    assert first.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    again = first.replace(fold=1)
    assert wall(next_times(spec, again.replace(minute=25), 1)) == ["2026-10-26 02:30"]
    assert last_due(spec, again, None) == first


@pytest.mark.parametrize("when", ["off", "boot", "drive"])
def test_nobody_knows_when_a_machine_starts_or_a_drive_connects(when: When) -> None:
    spec = ScheduleSpec(when=when, drive="1234-ABCD")
    assert next_times(spec, local("2026-11-20"), 5) == []
    assert last_due(spec, local("2026-11-20"), None) is None
    assert is_due(spec, local("2026-11-20"), local("2026-11-20"))


NEVER = {
    "no hours": ScheduleSpec(when="custom-hours"),
    "an hour too many": ScheduleSpec(when="custom-hours", hours="8,24"),
    "a stepless step": ScheduleSpec(when="custom-hours", hours="*/0"),
    "hours from to": ScheduleSpec(when="custom-hours", hours="8-18"),
    "a step beyond the day": ScheduleSpec(when="custom-hours", hours="*/24"),
    "words for hours": ScheduleSpec(when="custom-hours", hours="noon"),
    "an empty part": ScheduleSpec(when="custom-hours", hours="8,,9"),
    "day 31": ScheduleSpec(when="monthly", day=31),
    "day 0": ScheduleSpec(when="monthly", day=0),
    "30 February": ScheduleSpec(when="yearly", month=2, day=30),
    "month 13": ScheduleSpec(when="yearly", month=13),
    "weekday 0": ScheduleSpec(when="weekly", weekday=0),
    "24:00": ScheduleSpec(when="daily", at="24:00"),
    "other digits": ScheduleSpec(when="daily", at="0٣:00"),
    "no time": ScheduleSpec(when="daily", at=""),
    "every 0 minutes": ScheduleSpec(when="minutes", every=0),
    "every 45 minutes": ScheduleSpec(when="minutes", every=45),
    "every 60 minutes": ScheduleSpec(when="minutes", every=60),
    "every 5 hours": ScheduleSpec(when="hours", every=5),
    "every -1 days": ScheduleSpec(when="repeatedly", every=-1),
    "beyond all time": ScheduleSpec(when="repeatedly", every=10**9, unit="months"),
    "no drive": ScheduleSpec(when="drive"),
    "a drive's path": ScheduleSpec(when="drive", drive="../x"),
}


@pytest.mark.parametrize("spec", NEVER.values(), ids=NEVER)
def test_a_schedule_that_never_fires_is_refused(spec: ScheduleSpec) -> None:
    for ask in (lambda: next_times(spec, local("2026-11-20"), 1), lambda: last_due(spec, local("2026-11-20"), None)):
        with pytest.raises(UsageError) as refused:
            ask()
        assert refused.value.hint


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        next_times(ScheduleSpec(when="daily"), datetime(2026, 11, 20), 1)


STEPS = {
    "minutes": timedelta(hours=1),
    "hours": timedelta(hours=12),
    "custom-hours": timedelta(days=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=31),
    "yearly": timedelta(days=366),
}
"""The longest time between two runs of a kind."""


@given(calendar_plans, moments, zones)
def test_times_rise_and_lie_within_the_period(spec: ScheduleSpec, after: datetime, name: str) -> None:
    start = after.replace(tzinfo=ZoneInfo(name))
    times = [time.astimezone(UTC) for time in [start, *next_times(spec, start, 8)]]
    # A clock that is put forward takes one time away: two periods then.
    assert all(timedelta(0) < later - earlier <= 2 * STEPS[spec.when] for earlier, later in pairwise(times))


@given(calendar_plans, moments, zones)
def test_the_last_time_due_is_the_one_before_the_next(spec: ScheduleSpec, after: datetime, name: str) -> None:
    first, second = next_times(spec, after.replace(tzinfo=ZoneInfo(name)), 2)
    assert last_due(spec, first, None) == first
    before = (second.astimezone(UTC) - timedelta.resolution).astimezone(second.tzinfo)
    assert last_due(spec, before, None) == first
    assert is_due(spec, before, (first.astimezone(UTC) - timedelta.resolution))
    assert not is_due(spec, before, first)


# Repeatedly


AGAIN = {
    "hours count from the hour": (2, "hours", "2026-11-20 16:59", "2026-11-20 18:00"),
    "a day counts from midnight": (1, "days", "2026-11-20 23:59", "2026-11-21 00:00"),
    "weeks": (2, "weeks", "2026-11-20 10:00", "2026-12-04 00:00"),
    "a month from its last day": (1, "months", "2027-01-31 10:00", "2027-02-28 00:00"),
    "a month into a leap year": (1, "months", "2028-01-31 10:00", "2028-02-29 00:00"),
    "over the year": (13, "months", "2026-12-31 10:00", "2028-01-31 00:00"),
    "an hour that the clock skips": (1, "hours", "2026-03-29 01:20", "2026-03-29 03:00"),
}


@pytest.mark.parametrize(("every", "unit", "good", "due"), AGAIN.values(), ids=AGAIN)
def test_when_it_is_due_again(every: int, unit: PeriodUnit, good: str, due: str) -> None:
    spec = ScheduleSpec(when="repeatedly", every=every, unit=unit)
    again = due_again(spec, local(good))
    assert wall([again]) == [due]
    assert not is_due(spec, again.astimezone(UTC) - timedelta(seconds=1), local(good))
    assert is_due(spec, again, local(good))


def test_a_midnight_that_the_clock_skips_is_the_first_moment_of_the_day() -> None:
    spec = ScheduleSpec(when="repeatedly", every=1, unit="days")
    due = due_again(spec, local("2026-03-28 12:00", ZoneInfo("Asia/Beirut")))
    assert wall([due]) == ["2026-03-29 01:00"]


def test_what_never_succeeded_is_due_at_once() -> None:
    spec = ScheduleSpec(when="repeatedly", every=2, unit="days")
    now = local("2026-11-20 16:03")
    assert is_due(spec, now, None)
    assert wall(next_times(spec, now, 2)) == ["2026-11-20 17:00", "2026-11-22 00:00"]
    assert wall(next_times(spec, now, 1, last_good=local("2026-11-20 09:00"))) == ["2026-11-22 00:00"]


@given(repeated_plans, moments, moments, zones)
def test_repeated_times_rise(spec: ScheduleSpec, good: datetime, after: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    start, last_good = after.replace(tzinfo=zone), good.replace(tzinfo=zone)
    times = [start.astimezone(UTC)] + [t.astimezone(UTC) for t in next_times(spec, start, 5, last_good=last_good)]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert due_again(spec, last_good).astimezone(UTC) > last_good.astimezone(UTC)
    assert times[1] >= due_again(spec, last_good).astimezone(UTC)


# Against systemd


def systemd_times(expression: str, after: datetime, zone: str, count: int) -> list[datetime]:
    base = f"@{after.timestamp():.0f}"
    command = ["systemd-analyze", "calendar", f"--iterations={count}", f"--base-time={base}", expression]
    environment = {**os.environ, "TZ": zone, "LC_ALL": "C", "SYSTEMD_COLORS": "0"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    if zone == "UTC":
        found = re.findall(r"(?:elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", said)
    else:
        found = re.findall(r"\(in UTC\): \w+ (\S+ \S+) UTC", said)
    return [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in found]


def twice(moment: datetime) -> bool:
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


@settings(max_examples=120)
@given(calendar_plans, moments, zones)
def test_systemd_agrees(spec: ScheduleSpec, after: datetime, name: str) -> None:
    start = after.replace(tzinfo=ZoneInfo(name), microsecond=0)
    assume(not twice(start))  # within the hour that comes twice, and in one that never comes, it looks back
    pattern = pattern_of(spec)
    assert pattern is not None
    ours = [time.astimezone(UTC) for time in next_times(spec, start, 6)]
    assert systemd_times(on_calendar(pattern), start, name, 6) == ours
