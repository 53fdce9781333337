from pathlib import Path

import pytest
from tests.engine.runs.made import DAY_NS, NOON_NS, run_id, write_journal

from yester.engine.events import RunBegin, RunEnd, RunProgress
from yester.engine.places import Places
from yester.engine.progress import Counters
from yester.engine.runs.control import RunControl
from yester.engine.runs.forecasting import PAST_RUNS, Forecaster, past_runs
from yester.engine.runs.history import thin
from yester.engine.runs.thinning import KEPT_RUNS

SECONDS = 100
FILES = 1000


def write_course(state: Path, number: int, profile: str = "docs", *, dry_run: bool = False) -> None:
    """Write the journal of a run of even pace that took SECONDS."""
    id = run_id(number)
    steps = [RunProgress(files=FILES * second // SECONDS, size=second) for second in range(1, SECONDS + 1)]
    begin = RunBegin(id, profile, "00", dry_run=dry_run)
    end = RunEnd(id, "complete", files=FILES, size=SECONDS, duration_ns=SECONDS * 10**9)
    write_journal(state, id, begin, *steps, end)


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr("time.monotonic", lambda: self.now_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_newest_good_runs_of_the_profile_are_asked(tmp_path: Path) -> None:
    for number in range(PAST_RUNS + 2):
        write_course(tmp_path, number)
    write_course(tmp_path, 20, profile="music")
    write_course(tmp_path, 21, dry_run=True)
    write_journal(
        tmp_path, run_id(22), RunBegin(run_id(22), "docs", ""), RunEnd(run_id(22), "failed", 1, duration_ns=9)
    )
    moment = RunEnd(run_id(23), "unchanged", duration_ns=10**8)
    write_journal(tmp_path, run_id(23), RunBegin(run_id(23), "docs", ""), moment)
    found = past_runs(tmp_path, "docs")
    assert len(found) == PAST_RUNS
    assert {(past.duration_s, past.files, past.size) for past in found} == {(SECONDS, FILES, SECONDS)}
    assert found[0].elapsed_at(0.5) == pytest.approx(SECONDS / 2, rel=0.1)
    assert past_runs(tmp_path, "") == ()


def test_runs_whose_journals_are_gone_are_asked_too(tmp_path: Path) -> None:
    places = Places.under(tmp_path)
    for number in range(2):
        write_course(places.state, number)
    for number in range(2, KEPT_RUNS + 2):
        id = run_id(number)
        write_journal(places.state, id, RunBegin(id, "docs", ""), RunEnd(id, "cancelled", 130), began_ns=NOON_NS)
    assert thin(places, now_ns=NOON_NS + 100 * DAY_NS) > 0
    assert [past.elapsed_at(0.5) for past in past_runs(places.state, "docs")] == [pytest.approx(50, rel=0.1)] * 2


def test_the_time_left_counts_down_and_pauses_do_not_count(tmp_path: Path, clock: Clock) -> None:
    write_course(tmp_path, 1)
    control = RunControl()
    forecaster = Forecaster(tmp_path, "docs", control)
    counters = Counters()
    assert forecaster.left_s(counters) is None, "a run of a moment looks nothing up"
    clock.now_s += 20
    counters.files, counters.size = FILES // 5, SECONDS // 5
    assert forecaster.left_s(counters) == pytest.approx(80, abs=2)
    control.pause()
    clock.now_s += 500
    control.resume()
    clock.now_s += 20
    counters.files, counters.size = FILES * 2 // 5, SECONDS * 2 // 5
    assert forecaster.left_s(counters) == pytest.approx(60, abs=3)


def test_a_first_run_without_totals_knows_nothing(tmp_path: Path, clock: Clock) -> None:
    forecaster = Forecaster(tmp_path, "docs", RunControl())
    clock.now_s += 20
    assert forecaster.left_s(Counters(files=5, size=5)) is None
    assert forecaster.left_s(Counters(files=5, size=5, total_files=10, total_size=10)) == pytest.approx(20, abs=1)
