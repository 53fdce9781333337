"""Storage policies, in whatever shape plugins tell of them."""

from datetime import datetime, timedelta
from math import inf, nan
from typing import Any

import pytest

from yester.engine.archive.due import Gathered, next_moment
from yester.engine.archive.port import Constraints, Policy
from yester.plugins.portal.common_options import COMMON
from yester.plugins.portal.policies import LONGEST_S, constraints_of, policies_of

NOTHING: dict[str, Any] = dict.fromkeys(COMMON)


@pytest.mark.parametrize(
    ("said", "constraints"),
    [
        (None, Constraints()),
        ([], Constraints()),
        ({"count": 100, "interval": 60}, Constraints(count=100, interval_s=3600.0)),
        ([{"type": "count", "value": 5}, {"type": "SIZE", "value": 10**12}], Constraints(count=5, size=10**12)),
        (
            [{"name": "time", "value": "22:30"}, {"interval_seconds": 90}],
            Constraints(interval_s=90, time_of_day="22:30"),
        ),
        ([{"count": 1}, {"count": 2}], Constraints(count=1)),
    ],
)
def test_constraints_in_several_shapes(said: object, constraints: Constraints) -> None:
    assert constraints_of(said) == (constraints, [])


@pytest.mark.parametrize(
    ("said", "remark"),
    [
        ({"count": 0}, "count = 0"),
        ({"count": True}, "count = True"),
        ([{"time": "25:00"}], "time = 25:00"),
        ({"interval": "soon"}, "interval = soon"),
        ({"moon": "full"}, "moon = full"),
        ([["count", 3]], "constraint = ['count', 3]"),
        ("count", "constraint = count"),
        ({"size": -1}, "size = -1"),
        ({"interval": inf}, "interval = inf"),
        ({"interval_s": nan}, "interval_s = nan"),
        ({"interval": 1e300}, "interval = 1e+300"),
        ({"interval_s": 1 << 62}, f"interval_s = {1 << 62}"),
    ],
)
def test_a_constraint_that_makes_no_sense_is_said(said: object, remark: str) -> None:
    assert constraints_of(said) == (Constraints(), [f"A constraint makes no sense: {remark}"])


def test_policies() -> None:
    said = [
        {"uuid": "a", "bulk_support": False},
        {"uuid": "b", "bulk_support": True, "name": "B", "constraints": {"count": 3}, "costs": {"restore_per_gb": 1}},
        {"uuid": "default", "bulk_support": "yes"},
    ]
    assert policies_of(said, NOTHING, "Shelf") == (
        [
            Policy("a", "a", False),
            Policy("b", "B", True, Constraints(count=3), {"restore_per_gb": 1.0}),
            Policy("default", "Shelf", False),
        ],
        [],
    )


def test_an_interval_of_many_years_can_be_waited_for() -> None:
    constraints, wrong = constraints_of({"interval_s": LONGEST_S})
    since = datetime(2026, 11, 21, 12)
    assert wrong == [] and next_moment(Gathered(1, 1, since), constraints) == since + timedelta(seconds=LONGEST_S)


def test_costs_are_numbers_that_can_be_compared() -> None:
    costs = {"restore_per_gb": 0.02, "restore_wait_s": nan, "minimum_days": inf, "more": -1, "flag": True}
    [policy], _ = policies_of([{"uuid": "a", "costs": costs}], {}, "Tapes")
    assert policy.costs == {"restore_per_gb": 0.02}


def test_what_the_person_says_counts_first() -> None:
    options = {
        **NOTHING,
        "gather_count": 9, "gather_at": "02:00", "trusts_archive": True, "restore_wait": 60, "restore_per_gb": 0.5,
    }  # fmt: skip
    said = [{"uuid": "b", "bulk_support": True, "constraints": {"count": 3, "size": 5}, "costs": {"restore_per_gb": 1}}]
    expected = Policy(
        "b", "b", True, Constraints(9, 5, None, "02:00"), {"restore_per_gb": 0.5, "restore_wait_s": 60.0}, True
    )
    assert policies_of(said, options, "") == ([expected], [])


@pytest.mark.parametrize(
    ("said", "remarks"),
    [
        ([], ["It has no storage policy"]),
        (None, ["It has no storage policy"]),
        ("daily", ["It has no storage policy"]),
        ([5], ["A storage policy is a table with a uuid, not 5", "It has no storage policy"]),
        ([{"uuid": None}, {"uuid": "a"}], ["A storage policy is a table with a uuid, not {'uuid': None}"]),
        ([{"uuid": "a"}, {"uuid": "a"}], ["Two storage policies are called a; the second one is left out"]),
        ([{"uuid": "a", "costs": "much", "constraints": 7}], ["A constraint makes no sense: constraint = 7"]),
    ],
)
def test_what_is_wrong_with_policies_is_said(said: object, remarks: list[str]) -> None:
    assert policies_of(said, NOTHING, "x")[1] == remarks


@pytest.mark.parametrize(
    ("option", "said", "takes"),
    [
        ("gather_at", "noon", "a time of day as HH:MM"),
        ("gather_count", 0, "a number from 1"),
        ("gather_count", -1, "a number from 1"),
        ("gather_interval", 0, "a number of seconds from 1"),
    ],
)
def test_what_the_person_says_may_make_no_sense(option: str, said: object, takes: str) -> None:
    policies, remarks = policies_of([{"uuid": "a"}], {**NOTHING, option: said}, "x")
    assert remarks == [f"The option {option} takes {takes}, not {said}"]
    assert policies[0].constraints == Constraints()
