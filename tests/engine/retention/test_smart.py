"""Smart remove against vectors worked out by hand from contracts.md, section 1.6.

The calendar that they use: 2026-11-20 is a Friday; Sundays are 2026-11-01, -08, -15 and -22.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from tests.engine.retention.snapshots import Made, days, plan, whens, why

from yester.engine.profiles.profile import RetentionSpec, SmartSpec
from yester.engine.profiles.sizes import Span

NONE = SmartSpec(0, 0, 0, 0)
LAST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Of the months of 2025 and of 2026."""


def daily(first: str, last: str) -> list[Made]:
    """A snapshot at noon of each day."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [Made(f"{start + timedelta(day)}T12:00") for day in range((end - start).days + 1)]


@dataclass(frozen=True)
class Vector:
    """What smart remove keeps of these snapshots at that moment; times in UTC."""

    name: str
    made: list[Made]
    spec: SmartSpec
    now: str
    kept: list[str]


VECTORS = [
    Vector(
        "the newest stays, and one of every year, also when all counts are 0",
        [Made("2023-03-01"), Made("2023-09-01"), Made("2025-05-05"), Made("2026-11-18"), Made("2026-11-19")],
        NONE,
        "2026-11-20T18:00",
        ["2023-09-01 00:00", "2025-05-05 00:00", "2026-11-19 00:00"],
    ),
    Vector(
        "all of the last two days means today and yesterday, from midnight",
        [
            Made("2026-11-18T23:59"),
            Made("2026-11-19T00:00"),
            Made("2026-11-19T08:00"),
            Made("2026-11-20T01:00"),
            Made("2026-11-20T02:00"),
        ],
        SmartSpec(2, 0, 0, 0),
        "2026-11-20T18:00",
        ["2026-11-19 00:00", "2026-11-19 08:00", "2026-11-20 01:00", "2026-11-20 02:00"],
    ),
    Vector(
        "the newest of each of the last three days; days without one are counted",
        [
            Made("2026-11-17T08:00"),
            Made("2026-11-18T08:00"),
            Made("2026-11-18T20:00"),
            Made("2026-11-20T08:00"),
            Made("2026-11-20T20:00"),
        ],
        SmartSpec(0, 3, 0, 0),
        "2026-11-20T21:00",
        ["2026-11-18 20:00", "2026-11-20 20:00"],
    ),
    Vector(
        "of a day the newest healthy one is kept before a newer failed one",
        [
            Made("2026-11-18T08:00"),
            Made("2026-11-18T20:00", failed=1),
            Made("2026-11-20T08:00"),
        ],
        SmartSpec(0, 3, 0, 0),
        "2026-11-20T21:00",
        ["2026-11-18 08:00", "2026-11-20 08:00"],
    ),
    Vector(
        "where all of a day failed, the newest failed one is kept; and the newest of all stays although it failed",
        [
            Made("2026-11-18T08:00", failed=2),
            Made("2026-11-18T20:00", failed=1),
            Made("2026-11-20T08:00"),
            Made("2026-11-20T09:00", failed=1),
        ],
        SmartSpec(0, 3, 0, 0),
        "2026-11-20T21:00",
        ["2026-11-18 20:00", "2026-11-20 08:00", "2026-11-20 09:00"],
    ),
    Vector(
        # Friday: the windows are [15th, 23rd) and [8th, 16th). The newest of the second is that of Sunday the 15th.
        "a week's window is eight days long: it ends with the Sunday after it",
        daily("2026-11-06", "2026-11-20"),
        SmartSpec(0, 0, 2, 0),
        "2026-11-20T18:00",
        ["2026-11-15 12:00", "2026-11-20 12:00"],
    ),
    Vector(
        # The only snapshot of [15th, 23rd) but the newest lies on the Sunday: it is in both windows.
        "a Sunday lies in two windows",
        [Made("2026-11-09"), Made("2026-11-15"), Made("2026-11-24")],
        SmartSpec(0, 0, 3, 0),
        "2026-11-24T18:00",
        ["2026-11-15 00:00", "2026-11-24 00:00"],
    ),
    Vector(
        # Sunday the 22nd: the current window is [15th, 23rd), the one before [8th, 16th), then [1st, 9th).
        "on a Sunday the current week is the one that ends with it",
        daily("2026-10-31", "2026-11-22"),
        SmartSpec(0, 0, 3, 0),
        "2026-11-22T18:00",
        ["2026-11-08 12:00", "2026-11-15 12:00", "2026-11-22 12:00"],
    ),
    Vector(
        # Monday the 23rd: [22nd, 30th), [15th, 23rd), [8th, 16th).
        "on the Monday after, a new window begins with that Sunday",
        daily("2026-10-31", "2026-11-23"),
        SmartSpec(0, 0, 3, 0),
        "2026-11-23T18:00",
        ["2026-11-15 12:00", "2026-11-22 12:00", "2026-11-23 12:00"],
    ),
    Vector(
        "a month is a calendar month, and January follows December",
        [
            Made("2025-11-30"),
            Made("2025-12-01"),
            Made("2025-12-31T23:59"),
            Made("2026-01-01"),
            Made("2026-01-31"),
            Made("2026-02-02"),
        ],
        SmartSpec(0, 0, 0, 3),
        "2026-02-03T08:00",
        # 2025-12-31 is also the newest of 2025, and 2026-02-02 of 2026.
        ["2025-12-31 23:59", "2026-01-31 00:00", "2026-02-02 00:00"],
    ),
    Vector(
        # 24 months reach back to 2024-12, of which the newest is the newest of 2024 as well; the four weeks begin on
        # 15, 8 and 1 November and 25 October, and the newest of three of them is that of the Sunday after; the seven
        # days reach back to the 14th, and yesterday and today lie in them.
        "the defaults, after two years of daily snapshots",
        daily("2024-11-20", "2026-11-20"),
        SmartSpec(),
        "2026-11-20T18:00",
        [
            "2024-12-31 12:00",
            *(f"2025-{month:02}-{day} 12:00" for month, day in enumerate(LAST_DAYS, 1)),
            *(f"2026-{month:02}-{day} 12:00" for month, day in enumerate(LAST_DAYS[:10], 1)),
            *(f"2026-11-{day:02} 12:00" for day in (1, 8, 14, 15, 16, 17, 18, 19, 20)),
        ],
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vectors(vector: Vector) -> None:
    assert whens(plan(vector.made, RetentionSpec(smart=vector.spec), vector.now).keep) == vector.kept


def test_reasons_name_the_windows() -> None:
    found = plan(daily("2026-11-06", "2026-11-20"), RetentionSpec(smart=SmartSpec()), "2026-11-20T18:00")
    assert why(found, "2026-11-15T12:00") == ["smart: day 2026-11-15", "smart: week from 2026-11-08"]
    assert why(found, "2026-11-07T12:00") == ["no rule keeps it"]
    assert why(found, "2026-11-20T12:00") == [
        "smart: newest",
        "smart: one of the last 2 days",
        "smart: day 2026-11-20",
        "smart: week from 2026-11-15",
        "smart: month 2026-11",
        "smart: year 2026",
        "newest of its series",
        "last good one",
    ]


def test_what_is_too_old_goes_first_so_that_a_window_falls_back_on_what_is_left() -> None:
    """As in Back In Time: (a) comes before (b)."""
    made = [Made("2026-11-09"), Made("2026-11-12", failed=1), Made("2026-11-20")]
    spec = RetentionSpec(smart=SmartSpec(0, 0, 2, 0))
    assert days(plan(made, spec, "2026-11-20T18:00").keep) == ["2026-11-09", "2026-11-20"]
    spec = replace(spec, older_than=Span(days=10))
    assert days(plan(made, spec, "2026-11-20T18:00").keep) == ["2026-11-12", "2026-11-20"]


def test_names_are_kept_beside() -> None:
    made = [Made("2026-11-09", name="before"), Made("2026-11-10"), Made("2026-11-20")]
    spec = RetentionSpec(smart=NONE)
    assert days(plan(made, spec, "2026-11-20T18:00").keep) == ["2026-11-09", "2026-11-20"]
    assert days(plan(made, RetentionSpec(smart=NONE, keep_named=False), "2026-11-20T18:00").keep) == ["2026-11-20"]
