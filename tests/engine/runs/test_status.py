from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.runs.made import HOUR_NS, NOON_NS, record

from yester.engine.runs.records import RunRecord
from yester.engine.runs.status import judge

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: int, state: str, **more: object) -> RunRecord:
    """Return a run that began so many hours after noon."""
    return record(hours + 100, state, NOON_NS + hours * HOUR_NS, **more)  # type: ignore[arg-type]


def newest_first(*runs: RunRecord) -> list[RunRecord]:
    return sorted(runs, key=lambda run: run.began_ns, reverse=True)


def test_a_profile_that_never_ran() -> None:
    found = judge("docs", [])
    assert (found.state, found.is_fine, found.last_good_ns) == ("never", False, None)


def test_all_is_well() -> None:
    found = judge("docs", [at(0, "complete", snapshot="ab")], due=NOON - HOUR, upcoming=NOON + HOUR)
    assert (found.state, found.is_fine, found.since_ns, found.last_snapshot) == ("ok", True, NOON_NS, "ab")
    assert found.next_ns == NOON_NS + HOUR_NS


def test_a_suspicious_run_is_a_good_one_that_somebody_must_look_at() -> None:
    runs = newest_first(at(0, "complete", suspicions=("/docs has shrunk",)), at(1, "cancelled"))
    found = judge("docs", runs)
    assert (found.state, found.is_fine, found.suspicions) == ("ok", False, ("/docs has shrunk",))
    assert judge("docs", [at(2, "complete"), *runs]).is_fine


def test_a_missed_run_stays_in_sight_until_one_succeeds() -> None:
    runs = [at(0, "complete")]
    missed = judge("docs", runs, due=NOON + HOUR)
    assert (missed.state, missed.is_fine, missed.since_ns) == ("late", False, NOON_NS + HOUR_NS)
    running = judge("docs", newest_first(*runs, at(2, "running")), due=NOON + HOUR)
    assert (running.state, running.health, running.is_fine) == ("running", "late", False)
    assert judge("docs", newest_first(*runs, at(2, "unchanged")), due=NOON + HOUR).state == "ok"


def test_failures_stay_in_sight_until_one_succeeds() -> None:
    runs = newest_first(at(0, "complete"), at(1, "failed", error="no disk"), at(2, "died"), at(3, "cancelled"))
    found = judge("docs", runs, due=NOON + HOUR)
    assert (found.state, found.failures, found.since_ns) == ("failed", 2, NOON_NS + HOUR_NS)
    assert "died" in found.text
    assert found.last_good_ns == NOON_NS
    assert judge("docs", newest_first(*runs, at(4, "running"))).is_fine is False
    assert judge("docs", newest_first(*runs, at(4, "errors", exit_code=3))).is_fine


@pytest.mark.parametrize(
    "run",
    [
        at(1, "failed", exit_code=4),
        at(1, "cancelled"),
        at(1, "skipped"),
        at(1, "failed", dry_run=True),
        at(1, "failed", profile="music"),
        at(1, "failed", action="restore"),
    ],
)
def test_what_says_nothing_about_the_profile(run: RunRecord) -> None:
    assert judge("docs", newest_first(at(0, "complete"), run)).is_fine


def test_what_was_skipped_is_not_late_but_said() -> None:
    found = judge("docs", newest_first(at(0, "complete"), at(2, "skipped")), due=NOON + HOUR)
    assert (found.state, found.skipped_ns) == ("ok", NOON_NS + 2 * HOUR_NS)
    again = judge("docs", newest_first(at(0, "complete"), at(2, "skipped")), due=NOON + 3 * HOUR)
    assert again.state == "late"


def test_a_profile_that_cannot_be_read_has_failed() -> None:
    found = judge("docs", [at(0, "complete")], problem=("Profile docs: line 3", "Mend it."))
    assert (found.state, found.text, found.hint, found.is_fine) == ("failed", "Profile docs: line 3", "Mend it.", False)


def test_maintenance_that_failed_is_trouble_until_it_succeeds() -> None:
    check = at(1, "errors", action="check", profile="", repository="/r", exit_code=5)
    runs = newest_first(at(0, "complete"), check)
    found = judge("docs", runs, repository="/r")
    assert (found.state, found.is_fine) == ("ok", False)
    assert [(each.action, each.run) for each in found.troubles] == [("check", check.run)]
    assert judge("docs", runs, repository="/other").is_fine
    mended = at(2, "complete", action="check", profile="", repository="/r")
    assert judge("docs", newest_first(*runs, mended), repository="/r").is_fine


def test_a_check_that_looks_less_closely_mends_nothing() -> None:
    of: dict[str, Any] = {"action": "check", "profile": "", "repository": "/r"}
    bad = at(1, "errors", exit_code=5, read_data_percent=100, **of)
    for percent, is_fine in ((0, False), (5, False), (100, True)):
        later = at(2, "complete", read_data_percent=percent, **of)
        runs = newest_first(at(0, "complete"), bad, later)
        assert judge("docs", runs, repository="/r").is_fine is is_fine
    repaired = at(2, "complete", action="repair", profile="", repository="/r")
    assert judge("docs", newest_first(at(0, "complete"), bad, repaired), repository="/r").is_fine
    sample = at(1, "errors", exit_code=5, read_data_percent=5, **of)
    again = at(2, "complete", read_data_percent=5, **of)
    assert not judge("docs", newest_first(at(0, "complete"), sample, again), repository="/r").is_fine


STATES = ["complete", "errors", "unchanged", "failed", "died", "cancelled", "skipped", "running"]


@given(st.lists(st.sampled_from(STATES), max_size=12), st.none() | st.integers(-5, 20))
def test_fine_means_that_the_last_word_is_good(states: list[str], due: int | None) -> None:
    runs = newest_first(*(at(hour, state) for hour, state in enumerate(states)))
    found = judge("docs", runs, due=NOON + due * HOUR if due is not None else None)
    telling = [state for state in states if state in ("complete", "errors", "unchanged", "failed", "died")]
    assert (found.health == "failed") == (bool(telling) and telling[-1] in ("failed", "died"))
    assert (found.health == "never") == (not telling)
    assert (found.state == "running") == ("running" in states)
    assert found.is_fine == (found.health == "ok")
