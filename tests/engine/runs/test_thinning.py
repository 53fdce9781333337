from hypothesis import given
from hypothesis import strategies as st
from tests.engine.runs.made import DAY_NS, HOUR_NS, NOON_NS, record

from yester.engine.runs.records import RunRecord
from yester.engine.runs.thinning import HISTORY_RUNS, KEPT_RUNS, MOST_KEPT, plan_history, plan_thinning

STATES = ["complete", "errors", "failed", "died", "cancelled", "skipped"]


def ranks(gone: list[RunRecord], runs: list[RunRecord]) -> list[int]:
    newest_first = sorted((run.run for run in runs), reverse=True)
    return sorted(newest_first.index(run.run) for run in gone)


def test_the_newest_stay_and_the_older_go() -> None:
    runs = [record(number) for number in range(KEPT_RUNS + 10)]
    assert ranks(plan_thinning(runs, NOON_NS), runs) == list(range(KEPT_RUNS, KEPT_RUNS + 10))


def test_what_is_old_goes_but_for_the_last_good_one() -> None:
    runs = [record(number) for number in range(5)]
    assert ranks(plan_thinning(runs, NOON_NS + 100 * DAY_NS), runs) == [1, 2, 3, 4]


def test_all_since_the_last_good_run_and_the_last_failed_one_stay() -> None:
    many = KEPT_RUNS * 2
    runs = [record(0), record(1, "failed"), record(2)] + [record(3 + number, "failed") for number in range(many)]
    assert ranks(plan_thinning(runs, NOON_NS + 365 * DAY_NS), runs) == [many + 1, many + 2]
    runs = [record(0, "died"), record(1, "failed"), *(record(2 + number) for number in range(many))]
    gone = plan_thinning(runs, NOON_NS)
    assert "failed" not in {run.state for run in gone}
    assert "died" in {run.state for run in gone}


def test_one_that_fails_every_minute_fills_no_disk() -> None:
    runs = [record(number, "failed") for number in range(MOST_KEPT + 5)]
    assert ranks(plan_thinning(runs, NOON_NS), runs) == list(range(MOST_KEPT, MOST_KEPT + 5))


def test_series_do_not_push_each_other_out() -> None:
    runs = [record(0, profile="rare"), record(1, profile="", repository="/r", action="check")]
    runs += [record(2 + number) for number in range(KEPT_RUNS)]
    assert plan_thinning(runs, NOON_NS) == []


@given(st.lists(st.tuples(st.sampled_from([*STATES, "running"]), st.integers(0, 400 * 24)), max_size=150))
def test_what_somebody_will_want_to_read_is_never_given_up(made: list[tuple[str, int]]) -> None:
    runs = [record(number, state, NOON_NS - hours * HOUR_NS) for number, (state, hours) in enumerate(made)]  # type: ignore[arg-type]
    kept = [run for run in reversed(runs) if run not in plan_thinning(runs, NOON_NS)]
    newest_first = runs[::-1]
    for wanted in (lambda run: run.has_succeeded, lambda run: run.has_failed):
        assert next(filter(wanted, kept), None) == next(filter(wanted, newest_first), None)
    assert [run for run in newest_first if not run.is_over] == [run for run in kept if not run.is_over]
    fresh = [run for run in newest_first[:KEPT_RUNS] if NOON_NS - run.began_ns < 90 * DAY_NS]
    assert {run.run for run in fresh} <= {run.run for run in kept}


def test_the_history_has_an_end_too() -> None:
    runs = [record(number, run=f"20261120T120000Z-{number:05x}") for number in range(HISTORY_RUNS + 3)]
    assert plan_history(runs) == runs[3:]
