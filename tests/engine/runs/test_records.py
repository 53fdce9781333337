from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.runs.made import NOON_NS, lines_of, record

from yester.engine.events import (
    Error,
    ErrorCode,
    Event,
    Message,
    RunBegin,
    RunEnd,
    RunPause,
    RunProgress,
    RunResume,
)
from yester.engine.runs.records import RunRecord, State, record_of

BEGIN = RunBegin("r1", "docs", "00", repository="/r", host="h", pid=7, program="yester 1")


def of(*events: Event, alive: bool = False) -> RunRecord | None:
    lines = lines_of(*events).splitlines()
    return record_of(lines[:1], lines, alive=alive)


def known(*events: Event, alive: bool = False) -> RunRecord:
    found = of(*events, alive=alive)
    assert found is not None
    return found


def test_a_run_that_ended() -> None:
    end = RunEnd("r1", "errors", 3, snapshot="ab", files=5, failed=1, stored_size=9, duration_ns=8)
    run = known(BEGIN, RunProgress(files=1, total_files=5, eta_s=3), end)
    assert (run.state, run.exit_code, run.snapshot, run.files, run.failed, run.stored_size) == (
        "errors",
        3,
        "ab",
        5,
        1,
        9,
    )
    assert (run.began_ns, run.ended_ns, run.duration_ns, run.eta_s) == (NOON_NS, NOON_NS + 2 * 10**9, 8, None)
    assert run.is_over and run.has_succeeded and not run.has_failed


def test_a_run_that_failed_says_why() -> None:
    run = known(BEGIN, Error(ErrorCode.FAILED, "no room", "make some"), RunEnd("r1", "failed", 1))
    assert (run.state, run.error, run.hint, run.has_failed) == ("failed", "no room", "make some", True)


def test_a_run_that_lasts_or_died_as_far_as_it_came() -> None:
    events = (BEGIN, Message(text="x"), RunProgress(files=3, size=8, total_size=10, eta_s=4))
    run = known(*events, alive=True)
    assert (run.state, run.files, run.total_size, run.eta_s, run.ended_ns) == ("running", 3, 10, 4, 0)
    assert not run.is_over
    died = known(*events)
    assert (died.state, died.files, died.ended_ns, died.duration_ns) == ("died", 3, NOON_NS + 2 * 10**9, 2 * 10**9)
    assert died.is_over and died.has_failed


def test_a_run_that_stands_still() -> None:
    assert known(BEGIN, RunPause(), alive=True).state == "paused"
    assert known(BEGIN, RunPause(), RunResume(), alive=True).state == "running"
    assert known(BEGIN, RunPause()).state == "died"
    assert known(BEGIN, RunPause(), RunEnd("r1", "cancelled", 130)).state == "cancelled"


@pytest.mark.parametrize(
    ("state", "more", "good", "bad"),
    [
        ("complete", {}, True, False),
        ("unchanged", {}, True, False),
        ("errors", {"exit_code": 3}, True, False),
        ("errors", {"exit_code": 5}, False, True),
        ("failed", {}, False, True),
        ("failed", {"exit_code": 4}, False, False),
        ("died", {}, False, True),
        ("cancelled", {}, False, False),
        ("skipped", {}, False, False),
        ("dry-run", {"dry_run": True}, False, False),
        ("failed", {"dry_run": True}, False, False),
        ("running", {}, False, False),
    ],
)
def test_what_counts_as_good_and_as_bad(state: State, more: dict[str, Any], good: bool, bad: bool) -> None:
    run = record(1, state, **more)
    assert (run.has_succeeded, run.has_failed) == (good, bad)


def test_lines_that_come_twice_count_once() -> None:
    """A run killed while it gave up progress for room leaves the end of its journal twice."""
    lines = lines_of(BEGIN, RunPause(), RunResume()).splitlines()
    run = record_of(lines[:1], [*lines, lines[1]], alive=True)
    assert run is not None
    assert run.state == "running"


@given(st.binary(max_size=200), st.lists(st.binary(max_size=200)), st.booleans())
def test_hostile_journals_are_no_runs(first: bytes, last: list[bytes], alive: bool) -> None:
    assert record_of([first], last, alive=alive) is None
    begin = lines_of(BEGIN).strip()
    run = record_of([begin], last, alive=alive)
    assert run is not None
    assert run.state == ("running" if alive else "died")
