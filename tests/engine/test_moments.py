import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.moments import parse_moment

NOW = datetime(2026, 11, 22, 18, 30, 15)


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    in_zone(monkeypatch, "Europe/Berlin")
    yield
    monkeypatch.undo()
    time.tzset()


def in_zone(patch: pytest.MonkeyPatch, zone: str) -> None:
    patch.setenv("TZ", zone)
    time.tzset()


def moment(text: str, now: datetime = NOW) -> str:
    """The last whole second of the time that is meant, in UTC."""
    ns = parse_moment(text, now)
    assert ns is not None
    return datetime.fromtimestamp(ns // 10**9, UTC).isoformat()[:19]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-22T17:30:15"),
        ("36h", "2026-11-21T05:30:15"),
        ("90min", "2026-11-22T16:00:15"),
        ("3D", "2026-11-19T17:30:15"),
        ("2w", "2026-11-08T17:30:15"),
        ("1M", "2026-10-22T16:30:15"),  # still summer time: the same time of day
        ("1Y6M", "2025-05-22T16:30:15"),
        ("1D12H", "2026-11-21T05:30:15"),
        ("yesterday", "2026-11-21T22:59:59"),
        ("Today", "2026-11-22T22:59:59"),
        ("2026-11-20", "2026-11-20T22:59:59"),
        ("2026-11", "2026-11-30T22:59:59"),
        ("2024-02", "2024-02-29T22:59:59"),
        ("2026", "2026-12-31T22:59:59"),
        ("2026-11-20T16", "2026-11-20T15:59:59"),
        ("2026-11-20T16:03", "2026-11-20T15:03:59"),
        ("2026-11-20 16:03", "2026-11-20T15:03:59"),
        ("2026-11-20T16-03-12", "2026-11-20T15:03:12"),
        ("2026-11-20T16:03Z", "2026-11-20T16:03:59"),
        ("2026-11-20T16:03:12+05:30", "2026-11-20T10:33:12"),
        ("2026-03-29", "2026-03-29T21:59:59"),  # a day of 23 hours
        ("2026-10-25", "2026-10-25T22:59:59"),  # a day of 25
        ("2026-10-25T02:30", "2026-10-25T01:30:59"),  # passes twice: the later one
    ],
)
def test_a_time_stands_for_its_end(text: str, expected: str) -> None:
    assert moment(text) == expected


def test_days_go_by_the_calendar_and_hours_by_the_clock() -> None:
    after_the_change = datetime(2026, 10, 25, 12)
    assert moment("1D", after_the_change) == "2026-10-24T10:00:00"
    assert moment("24h", after_the_change) == "2026-10-24T11:00:00"


def test_the_last_day_of_a_shorter_month() -> None:
    assert moment("1M", datetime(2026, 3, 31, 12)) == "2026-02-28T11:00:00"


def test_another_zone_another_time(monkeypatch: pytest.MonkeyPatch) -> None:
    in_zone(monkeypatch, "Pacific/Kiritimati")
    assert moment("2026-11-20") == "2026-11-20T09:59:59"
    in_zone(monkeypatch, "America/St_Johns")
    assert moment("2026-11-20") == "2026-11-21T03:29:59"


@pytest.mark.parametrize(
    "text", ["", "D", "3", "3X", "tomorrow", "20261120", "2026-1-1", "latest", "3 D", "-3D", "١٢D"]
)
def test_what_is_no_time(text: str) -> None:
    assert parse_moment(text, NOW) is None


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13", "2026-11-20T25", "0000-01-01", "2026-11-20Z", "9999-12-31"])
def test_what_no_calendar_has(text: str) -> None:
    with pytest.raises(UsageError):
        parse_moment(text, NOW)


def test_a_span_before_the_calendar_is_before_everything() -> None:
    assert parse_moment("999Y", NOW) is not None
    with pytest.raises(UsageError):
        parse_moment("9999Y", NOW)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_what_was_taken_within_a_minute_is_there_at_its_end(taken: datetime) -> None:
    ns = int(taken.timestamp()) * 10**9 + taken.microsecond * 1000
    end = parse_moment(taken.strftime("%Y-%m-%dT%H:%M"), NOW)
    assert end is not None
    assert ns <= end < ns + int(timedelta(hours=1, minutes=1).total_seconds()) * 10**9
    day_end = parse_moment(taken.strftime("%Y-%m-%d"), NOW)
    assert day_end is not None and ns <= day_end < ns + 25 * 3600 * 10**9
