"""The text that Prometheus reads, against its own rules and read back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.shipped.exposition import Figure, Series, exposed, read

FIGURES = (Figure("a_total", "counter", "Counts a."), Figure("b", "gauge", "Is b."))


def test_golden_lines() -> None:
    values = {
        Series("b", (("profile", 'two\nlines "and" \\ more'),)): 1.5,
        Series("b", (("profile", "docs"),)): 1e9,
        Series("a_total", ()): 3.0,
        Series("b", (("profile", "x"), ("y", ""))): math.inf,
    }
    assert exposed(FIGURES, values).splitlines() == [
        "# HELP a_total Counts a.",
        "# TYPE a_total counter",
        "a_total 3",
        "# HELP b Is b.",
        "# TYPE b gauge",
        'b{profile="docs"} 1000000000',
        r'b{profile="two\nlines \"and\" \\ more"} 1.5',
        'b{profile="x",y=""} +Inf',
    ]
    assert read(exposed(FIGURES, values)) == values


labels = st.lists(
    st.tuples(st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True), st.text(st.characters(exclude_categories=["Cs"]))),
    max_size=3,
    unique_by=lambda label: label[0],
).map(tuple)
series = st.builds(Series, st.sampled_from(["a_total", "b"]), labels)


@given(st.dictionaries(series, st.floats(allow_nan=False), max_size=8))
def test_what_was_written_is_read(values: dict[Series, float]) -> None:
    text = exposed(FIGURES, values)
    assert read(text) == values
    written = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert len(written) == len(values), "one line each"


@pytest.mark.parametrize(
    "line",
    ["", "#", "a", "a x", "1a 1", 'a{b="c" 1', "a{b=c} 1", 'a{b="c"d="e"} 1', 'a{b="\\"} 1', "a 1 2 3", "a{,} 1", "\0"],
)
def test_lines_that_make_no_sense_are_left_out(line: str) -> None:
    assert read(f"{line}\nb 1\n") == {Series("b", ()): 1.0}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(isinstance(value, float) for value in read(text).values())
