"""Estimates against simulated runs: courses with fast and slow stretches, as backups have them."""

import itertools
import random
from statistics import median

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yester.engine.runs.estimate import SETTLED_S, Forecast, Past, estimate, forecast, share_done
from yester.engine.runs.records import Step

FILES, SIZE = 10_000, 1 << 30


def course(speeds: list[float], pace: float = 1.0, *, files: int = FILES, size: int = SIZE) -> list[Step]:
    """Return a run whose equal parts take as long as `speeds` say, each looked at ten times."""
    steps, elapsed_s = [], 0.0
    total = len(speeds) * 10
    for number, speed in enumerate(itertools.chain.from_iterable([speed] * 10 for speed in speeds), 1):
        elapsed_s += speed * pace
        steps.append(Step(elapsed_s, files * number // total, size * number // total))
    return steps


def past(steps: list[Step], rest_s: float = 0.0) -> Past:
    return Past(steps[-1].elapsed_s + rest_s, steps[-1].files, steps[-1].size, tuple(steps))


def errors(now: list[Step], earlier: list[Past], rest_s: float = 0.0, start: float = 0.1) -> list[float]:
    """Return by which factor each estimate from that share on misses what was really left."""
    end_s = now[-1].elapsed_s + rest_s
    factors = []
    for step in (each for each in now[int(len(now) * start) : -1] if each.elapsed_s >= SETTLED_S):
        left = estimate(earlier, step, FILES, SIZE)
        assert left is not None
        really = end_s - step.elapsed_s
        factors.append(max((left + 1) / (really + 1), (really + 1) / (left + 1)))
    return factors


def test_nobody_can_say_at_first_or_without_totals() -> None:
    assert estimate([], Step(SETTLED_S - 1, 5000, SIZE // 2), FILES, SIZE) is None
    assert estimate([], Step(100, 5000, SIZE // 2), None, None) is None
    assert estimate([], Step(100, 1, 1), FILES, SIZE) is None
    assert estimate([past(course([1.0]))], Step(1.0, 5, 5), None, None) is None


def test_a_part_of_a_large_file_counts_where_no_earlier_run_tells() -> None:
    now = Step(10.0, 0, SIZE // 2)
    assert estimate([], now, 1, SIZE, 0.5) == pytest.approx(10.0)
    assert estimate([], now, 1, SIZE) == pytest.approx(30.0)
    earlier = [past(course([1.0], files=1))]
    assert estimate(earlier, now, 1, SIZE, 0.5) == estimate(earlier, now, 1, SIZE)


def test_nobody_can_say_when_the_run_has_outgrown_its_totals() -> None:
    assert estimate([past(course([1.0]))], Step(100, FILES + 1, SIZE + 1), FILES, SIZE) is None


def test_one_new_film_among_few_files_outgrows_the_totals() -> None:
    """Else the end was a second away all the while that it was read."""
    past = Past(8.0, 2, 1000, (Step(4.0, 1, 500),))
    assert estimate([past], Step(9.0, 1, 1001), 2, 1000) is None
    assert estimate([past], Step(7.0, 1, 999), 2, 1000) is not None


def test_a_first_run_of_even_pace() -> None:
    assert max(errors(course([1.0] * 10), [])) < 1.05


@pytest.mark.parametrize("pace", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_a_run_that_goes_as_last_time_only_faster_or_slower(pace: float) -> None:
    """Nine tenths fly by, then one folder takes most of the time: the even pace is off by far, the past is not."""
    speeds = [0.2] * 5 + [8.0] * 2 + [0.2] * 3
    now = course(speeds, pace)
    with_past, without = errors(now, [past(course(speeds))], start=0.2), errors(now, [], start=0.2)
    assert median(with_past) < 1.3
    assert max(with_past) < 2.5
    assert median(without) > 1.6


def test_the_time_after_the_last_file_is_known_too() -> None:
    """Storing and committing: the even pace says that nothing is left."""
    steps = course([1.0] * 10)
    assert median(errors(steps, [past(steps, rest_s=50)], rest_s=50, start=0.5)) < 1.3
    left = estimate([past(steps, rest_s=50)], steps[-1], FILES, SIZE)
    assert left is not None and 30 < left < 70
    assert estimate([], steps[-1], FILES, SIZE) is None


def test_random_courses_that_resemble_each_other() -> None:
    """Some profiles, each with a course of its own, five earlier runs and a tenth of noise."""
    dice = random.Random(1)
    medians, worst = [], []
    for _ in range(40):
        speeds = [dice.choice((0.1, 0.3, 1.0, 5.0)) for _ in range(10)]
        noisy = [
            course([speed * dice.uniform(0.8, 1.25) for speed in speeds], dice.uniform(0.7, 1.4)) for _ in range(6)
        ]
        found = errors(noisy[0], [past(steps) for steps in noisy[1:]], start=0.3)
        medians.append(median(found))
        worst.append(max(found))
    assert median(medians) < 1.25
    assert max(medians) < 2.2
    assert median(worst) < 2.5


def test_an_earlier_run_that_was_wholly_different_is_overruled_in_time() -> None:
    """Last time nothing had changed; this time all is read."""
    now = course([10.0] * 10)
    found = errors(now, [past(course([0.01] * 10))], start=0.3)
    assert max(found) < 2


def test_newer_runs_count_more() -> None:
    fast, slow = past(course([1.0] * 10)), past(course([1.0] * 5 + [10.0] * 5))
    now = course([1.0] * 10)[50]
    newest_fast, newest_slow = (estimate(each, now, FILES, SIZE) for each in ([fast, slow], [slow, fast]))
    assert newest_fast is not None and newest_slow is not None
    assert newest_fast < newest_slow


counts = st.integers(0, 1 << 60)
seconds = st.floats(0, 1e9)
steps = st.builds(Step, seconds, counts, counts)
pasts = st.builds(Past, seconds, counts, counts, st.lists(steps, max_size=8).map(tuple))


@example([Past(5e-324, 0, 1, ())], Step(2.0, 0, 0), None, None)
@given(st.lists(pasts, max_size=4), steps, st.none() | counts, st.none() | counts)
def test_whatever_is_remembered_an_estimate_is_a_time_or_nothing(
    earlier: list[Past], now: Step, total_files: int | None, total_size: int | None
) -> None:
    left = estimate(earlier, now, total_files, total_size)
    assert left is None or 0 <= left < 1e300


@given(pasts, st.floats(0, 1), st.floats(0, 1))
def test_an_earlier_run_never_goes_backwards(earlier: Past, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= earlier.elapsed_at(low) <= earlier.elapsed_at(high) <= earlier.duration_s


def test_the_share_counts_files_and_bytes_alike() -> None:
    assert share_done(5, 0, None, None) is None
    assert share_done(5, 0, 10, None) == 0.5
    assert share_done(5, 10, 10, 10) == 0.75
    assert share_done(50, 0, 10, 0) == 1.0


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=40), st.floats(0.1, 10))
def test_what_is_shown_lies_between_what_was_said(said: list[float], every_s: float) -> None:
    shown, elapsed_s = None, 0.0
    ends = []
    for left in said:
        elapsed_s += every_s
        ends.append(elapsed_s + left)
        shown = forecast(shown, left, elapsed_s)
        assert shown is not None
        assert min(ends) - 1e-6 <= shown.end_s <= max(ends) + 1e-6
        assert shown.left_s >= 0


def test_what_is_shown_counts_down_and_does_not_jump() -> None:
    shown = forecast(None, 100.0, 10.0)
    assert shown == Forecast(110.0, 10.0)
    for second in range(11, 60):
        again = forecast(shown, 110.0 - second, float(second))
        assert again is not None and shown is not None
        assert again.left_s == pytest.approx(shown.left_s - 1)
        shown = again
    jumped = forecast(shown, 500.0, 60.0)
    assert jumped is not None and jumped.left_s < 150
    assert forecast(shown, None, 61.0) is None
