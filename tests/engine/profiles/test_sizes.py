from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.engine.profiles.sizes import Span, parse_size, parse_span


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("4096", 4096), ("500K", 500 << 10), ("1.5 GiB", 3 << 29), ("2mb", 2 << 20), ("1T", 1 << 40), ("7B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "5X", "-1", "1,5M", "M", "nan", "٣M"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError, match="is no size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("36h", Span(seconds=36 * 3600)),
        ("10d", Span(days=10)),
        ("4w", Span(days=28)),
        ("6m", Span(months=6)),
        ("2y", Span(months=24)),
        ("1y6m", Span(months=18)),
        ("1Y 2W", Span(months=12, days=14)),
        ("30min", Span(seconds=1800)),
        ("90 s", Span(seconds=90)),
        ("0d", Span()),
    ],
)
def test_spans(text: str, span: Span) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", " ", "d", "10", "10x", "-1d", "1.5d", "1d,2h", "١d", "99999999999d", "4 weeks"])
def test_no_spans(text: str) -> None:
    with pytest.raises(UsageError, match="is no span of time"):
        parse_span(text)


@pytest.mark.parametrize("text", ["1001y", "999999999y", "999999999d", "999999999h999999999h"])
def test_endless_spans(text: str) -> None:
    with pytest.raises(UsageError, match="longer than 1000 years"):
        parse_span(text)


spans = st.builds(Span, st.integers(0, 5000), st.integers(0, 100_000), st.integers(0, 10**8))


@given(spans)
def test_a_written_span_is_read(span: Span) -> None:
    assert parse_span(str(span)) == span


@given(spans, st.datetimes(timezones=st.just(UTC)))
def test_a_span_leads_back(span: Span, moment: datetime) -> None:
    assert span.before(moment) <= moment
    assert (span.before(moment) == moment) == (not span or moment == datetime.min.replace(tzinfo=UTC))


def test_the_calendar_counts() -> None:
    march = datetime(2024, 3, 31, 12, tzinfo=UTC)
    assert Span(months=1).before(march) == datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert Span(months=13).before(march) == datetime(2023, 2, 28, 12, tzinfo=UTC)
    assert Span(months=3, days=1, seconds=60).before(march) == datetime(2023, 12, 30, 11, 59, tzinfo=UTC)
    assert march - Span(days=400).before(march) == timedelta(400)
    assert Span(months=12_000).before(datetime(500, 1, 1)) == datetime.min
    assert Span(days=1).before(datetime.min) == datetime.min
