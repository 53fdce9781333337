"""The rules that count: the last N, and the newest of each of the last N hours, days, weeks, months, years.

Periods are those of the wall clock where retention is applied. Only periods of which there is a snapshot count, so that
a machine that was off for a month loses nothing. Of a period the newest good snapshot is kept; where there is
none, the newest complete one. `keep_within` reaches back from the newest snapshot, not from now, for the same reason.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from yester.engine.profiles.profile import RetentionSpec
from yester.engine.profiles.sizes import Span
from yester.engine.retention.reasons import Reason, Rule
from yester.engine.retention.series import Candidate, is_older

Verdict = tuple[Candidate, Reason]


@dataclass(frozen=True, slots=True)
class Period:
    """A rule that keeps one of each of the last periods."""

    rule: Rule
    count: Callable[[RetentionSpec], int]
    name: Callable[[datetime], str]
    """What two moments of one period share; it names the period to a person."""


def _hour(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %Hh}" + (" again" if moment.fold else "")


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


PERIODS = (
    Period(Rule.HOURLY, lambda spec: spec.keep_hourly, _hour),
    Period(Rule.DAILY, lambda spec: spec.keep_daily, lambda moment: f"{moment:%Y-%m-%d}"),
    Period(Rule.WEEKLY, lambda spec: spec.keep_weekly, _week),
    Period(Rule.MONTHLY, lambda spec: spec.keep_monthly, lambda moment: f"{moment:%Y-%m}"),
    Period(Rule.YEARLY, lambda spec: spec.keep_yearly, lambda moment: f"{moment:%Y}"),
)


def kept_by_count(series: Sequence[Candidate], spec: RetentionSpec) -> Iterator[Verdict]:
    """Yield what the counting rules keep of the complete snapshots of a series, given newest first."""
    for each in series[: spec.keep_last]:
        yield each, Reason(Rule.LAST, str(spec.keep_last))
    for period in PERIODS:
        yield from _newest_of_periods(series, period, period.count(spec))
    if spec.keep_within and series:
        yield from _within(series, spec.keep_within)


def _newest_of_periods(series: Iterable[Candidate], period: Period, count: int) -> Iterator[Verdict]:
    newest: dict[str, Candidate] = {}
    for each in series:
        name = period.name(each.local)
        if name not in newest:
            if len(newest) == count:
                break
            newest[name] = each
        elif each.is_good and not newest[name].is_good:
            newest[name] = each
    for name, each in newest.items():
        yield each, Reason(period.rule, name)


def _within(series: Sequence[Candidate], span: Span) -> Iterator[Verdict]:
    newest = series[0]
    for each in series:
        if not is_older(each, span, newest.local, newest.snapshot.time_ns):
            yield each, Reason(Rule.WITHIN, str(span))
