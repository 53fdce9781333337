"""The arithmetic of the report: ratios repetition by repetition, spreads, verdicts, and the page that comes out."""

from pathlib import Path

import pytest
from tests.benchmarks.report import FIGURES, render
from tests.benchmarks.results import Results, Sample, merged
from tests.benchmarks.run import BEGIN, END, write_between
from tests.benchmarks.spread import Spread, differences, rates, ratios
from tests.benchmarks.targets import TARGETS, Target, verdict
from tests.benchmarks.values import Values


def samples(group: str, measure: str, tool: str, field: str, *values: float) -> list[Sample]:
    return [Sample(group, measure, tool, number, {field: value}) for number, value in enumerate(values)]


def test_a_spread_is_least_median_most() -> None:
    spread = Spread.of({0: 3.0, 1: 1.0, 2: 2.0})
    assert spread == Spread(1.0, 2.0, 3.0, 3)
    assert spread.scaled(1000).text(0) == "1,000–2,000–3,000"
    assert Spread.of({4: 2.5}) == Spread(2.5, 2.5, 2.5, 1)
    assert Spread.of({}) is None


def test_a_single_value_is_shown_once() -> None:
    assert Spread(2.5, 2.5, 2.5, 1).text(2) == "2.50"


def test_ratios_pair_what_was_measured_together() -> None:
    """The machine halved its speed in the second repetition: the ratio does not care."""
    assert ratios({0: 1.0, 1: 2.0}, {0: 4.0, 1: 8.0}) == {0: 0.25, 1: 0.25}
    assert ratios({0: 1.0, 1: 2.0, 2: 3.0}, {1: 4.0}) == {1: 0.5}


def test_ratios_of_other_repetitions_are_of_medians() -> None:
    assert ratios({0: 1.0, 1: 3.0}, {2: 4.0}) == {0: 0.5}
    assert ratios({0: 1.0}, {}) == {}
    assert ratios({0: 1.0}, {0: 0.0}) == {}


def test_differences_and_rates() -> None:
    assert differences({0: 5.0, 1: 6.0}, {0: 2.0}) == {0: 3.0}
    assert rates({0: 0.5, 1: 2.0}, {0: 100.0, 1: 100.0}) == {0: 200.0, 1: 50.0}
    assert rates({0: 0.25, 1: 0.0}, {}) == {0: 4.0}


@pytest.mark.parametrize(("mine", "met"), [((1.0, 1.2, 9.0), True), ((1.0, 1.3, 1.3), False)])
def test_a_relative_target_is_judged_by_the_median(mine: tuple[float, ...], met: bool) -> None:
    target = Target("", "small", "first", "seconds", 1.25, ("tar-zstd",))
    found = samples("small", "first", "yester", "seconds", *mine) + samples(
        "small", "first", "tar-zstd", "seconds", 1.0, 1.0, 1.0
    )
    result = verdict(target, Values(found), "yester", {})
    assert result is not None
    assert result.met is met


def test_the_best_of_several_rivals_is_the_one_to_beat() -> None:
    target = Target("", "small", "restore", "seconds", 1, ("restic", "borg"))
    found = [*samples("small", "restore", "yester", "seconds", 2.0)]
    found += samples("small", "restore", "restic", "seconds", 4.0) + samples("small", "restore", "borg", "seconds", 1.0)
    result = verdict(target, Values(found), "yester", {})
    assert result is not None
    assert (result.bound, result.measured, result.met) == ("≤ 1.00 × borg", "2.00 ×", False)


def test_what_starting_costs_can_be_taken_off() -> None:
    target = Target("", "small", "unchanged", "seconds", 2, ("source",), "find", "start")
    found = samples("small", "unchanged", "yester", "seconds", 0.5) + samples(
        "small", "start", "yester", "seconds", 0.2
    )
    found += samples("small", "find", "source", "seconds", 0.15)
    result = verdict(target, Values(found), "yester", {})
    assert result is not None
    assert (result.measured, result.met) == ("2.00 ×", True)


def test_absolute_times_scale_with_the_files() -> None:
    target = Target("", "small", "find", "seconds", 0.75, unit="s", per_file=True)
    values = Values(samples("small", "find", "yester", "seconds", 0.1))
    full, tenth = verdict(target, values, "yester", {}), verdict(target, values, "yester", {"small": {"files": 5000}})
    assert full is not None
    assert tenth is not None
    assert (full.met, tenth.met) == (True, False)


def test_a_rate_is_bounded_from_below() -> None:
    target = Target("", "big", "read", "seconds", 1, unit="GB/s", scale=1e9, rate_of="bytes")
    read = Sample("big", "read", "yester", 0, {"seconds": 0.5, "bytes": 1e9})
    result = verdict(target, Values([read]), "yester", {})
    assert result is not None
    assert (result.measured, result.met) == ("2.00 GB/s", True)


def test_what_was_not_measured_has_no_verdict() -> None:
    assert [verdict(target, Values([]), "yester", {}) for target in TARGETS] == [None] * len(TARGETS)


def test_every_target_is_about_a_figure_that_is_shown() -> None:
    shown = {(figure.group, figure.measure, figure.field) for figure in FIGURES}
    assert {(target.group, target.measure, target.field) for target in TARGETS} <= shown


def test_failures_count_for_nothing_and_are_told() -> None:
    results = Results(tools={"yester": "1", "restic": "2"}, sets={"small": {"files": 10, "bytes": 1000}})
    results.samples = samples("small", "cp", "yester", "seconds", 1.0, 3.0)
    results.samples += samples("small", "cp", "restic", "seconds", 4.0, 4.0)
    results.samples.append(Sample("small", "cp", "yester", 2, {"seconds": 0.001}, "9 entries instead of 10"))
    page = render(results, "yester")
    assert "| cp -a | 0.25–0.50–0.75 |" in page
    assert "| cp -a, s | 1.00–2.00–3.00 | 4.00–4.00–4.00 |" in page
    assert "- small, cp, yester, repetition 3: 9 entries instead of 10" in page


def test_a_group_measured_again_replaces_the_first(tmp_path: Path) -> None:
    old = Results(
        samples=samples("small", "cp", "yester", "seconds", 1.0) + samples("big", "cp", "yester", "seconds", 2.0)
    )
    new = Results(samples=samples("small", "cp", "yester", "seconds", 3.0))
    new.save(tmp_path / "new.json")
    whole = Values(merged([old, Results.load(tmp_path / "new.json")]).samples)
    assert whole.of("small", "cp", "yester", "seconds") == {0: 3.0}
    assert whole.of("big", "cp", "yester", "seconds") == {0: 2.0}


def test_only_the_measured_part_of_a_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between(page, "new\n")
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
