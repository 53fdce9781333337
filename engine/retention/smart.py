"""Back In Time's smart remove, rule for rule, so that who comes from there keeps what they would have kept.

The newest stays; all of the last `keep_all` days, today being the first of them; then the newest healthy snapshot (the
newest of all where none is healthy) of each of the last `per_day` days, of `per_week` weeks, of `per_month` months,
and of every year. Two quirks belong to it. A week begins on a Sunday, and its window is eight days long, so that
a Sunday lies in two of them; on a Sunday the window of the current week is still that of the week which ends with it.
And all windows count from today, also while no snapshots were taken.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from yester.engine.profiles.profile import SmartSpec
from yester.engine.retention.reasons import Reason, Rule
from yester.engine.retention.series import Candidate

Window = tuple[date, date, Reason]
"""First day, the day after the last, and why the newest between them stays."""

_DAY = timedelta(1)
_WEEK_WINDOW = timedelta(8)


def kept_by_smart(series: Sequence[Candidate], spec: SmartSpec, today: date) -> Iterator[tuple[Candidate, Reason]]:
    """Yield what smart remove keeps of the complete snapshots of a series, given newest first."""
    if not series:
        return
    yield series[0], Reason(Rule.SMART_NEWEST)
    since = _days_before(today, spec.keep_all - 1)
    for each in series:
        if since <= each.local.date() <= today:
            yield each, Reason(Rule.SMART_ALL, f"{spec.keep_all} days" if spec.keep_all > 1 else "day")
    for first, end, reason in _windows(spec, today, series[-1].local.year):
        found = [each for each in series if first <= each.local.date() < end]
        best = next((each for each in found if each.is_healthy), None) or next(iter(found), None)
        if best is not None:
            yield best, reason


def _windows(spec: SmartSpec, today: date, first_year: int) -> Iterator[Window]:
    for back in range(spec.per_day):
        day = _days_before(today, back)
        yield day, day + _DAY, Reason(Rule.SMART_DAY, day.isoformat())
    sunday = _days_before(today, today.weekday() + 1)
    for back in range(spec.per_week):
        first = _days_before(sunday, 7 * back)
        yield first, first + _WEEK_WINDOW, Reason(Rule.SMART_WEEK, first.isoformat())
    for back in range(spec.per_month):
        first = _month(today, -back)
        yield first, _month(first, 1), Reason(Rule.SMART_MONTH, f"{first:%Y-%m}")
    for year in range(first_year, today.year + 1):
        yield (
            date(year, 1, 1),
            date(year + 1, 1, 1) if year < date.max.year else date.max,
            Reason(Rule.SMART_YEAR, str(year)),
        )


def _days_before(day: date, days: int) -> date:
    try:
        return day - timedelta(days)
    except OverflowError:
        return date.min


def _month(day: date, later: int) -> date:
    """Return the first day of the month so many months later; at the least January of year 1."""
    year, month = divmod(day.year * 12 + day.month - 1 + later, 12)
    return date(year, month + 1, 1) if year >= 1 else date.min
