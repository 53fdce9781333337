"""When runs are due: pure, from a schedule and a moment.

All moments are aware; the times of a schedule are local times of the zone of the moment that is given. Where the clock
is put forward, a time that does not exist is left out; where it is put back, a time that comes twice counts the first
time only. systemd's timers do the same, and the tests hold one against the other.

"repeatedly" counts in whole hours from the hour of the last good run, and in days, weeks and months from its day:
a daily run is due again the next day, however late yesterday's was, and does not drift into the evening.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from yester.engine.profiles.profile import ScheduleSpec
from yester.engine.schedule.pattern import Pattern, pattern_of

_DAY = timedelta(days=1)


def next_times(spec: ScheduleSpec, after: datetime, count: int, *, last_good: datetime | None = None) -> list[datetime]:
    """Return the next `count` times at which a run is due, each later than `after`, rising.

    None for off, at boot and on a drive: nobody knows. `last_good`, the start of the last good run, matters to
    "repeatedly" only. UsageError when the schedule could never fire; ValueError when `after` has no zone.
    """
    _check_aware(after)
    pattern = pattern_of(spec)
    if pattern is None:
        return []
    if spec.when == "repeatedly":
        return list(islice(_repeated(spec, pattern, after, last_good), count))
    return list(islice(_following(pattern, after), count))


def last_due(spec: ScheduleSpec, before: datetime, last_good: datetime | None) -> datetime | None:
    """Return the last moment, not later than `before`, at which a run was due; None when there was none.

    A run was missed when that is later than the start of the last good one. UsageError, ValueError as `next_times`.
    """
    _check_aware(before)
    pattern = pattern_of(spec)
    if pattern is None:
        return None
    if spec.when != "repeatedly":
        return next(_preceding(pattern, before), None)
    if last_good is None:
        return before
    due = due_again(spec, last_good.astimezone(before.tzinfo))
    return due if due.astimezone(UTC) <= before.astimezone(UTC) else None


def is_due(spec: ScheduleSpec, now: datetime, last_good: datetime | None) -> bool:
    """Whether a run is due that no good run has satisfied: what `--if-due` asks.

    Schedules without times of their own (off, at boot, on a drive) are always due when somebody asks.
    """
    if pattern_of(spec) is None:
        return True
    due = last_due(spec, now, last_good)
    return due is not None and (last_good is None or last_good.astimezone(UTC) < due.astimezone(UTC))


def due_again(spec: ScheduleSpec, good: datetime) -> datetime:
    """Return from when on a schedule of "repeatedly" is due again after a good run that began at `good`."""
    if spec.unit == "hours":
        hour = good.replace(minute=0, second=0, microsecond=0)
        return (hour.astimezone(UTC) + timedelta(hours=spec.every)).astimezone(good.tzinfo)
    day = _UNITS[spec.unit](good.date(), spec.every)
    return _normal(datetime(day.year, day.month, day.day, tzinfo=good.tzinfo))


def _months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


_UNITS = {
    "days": lambda day, count: day + count * _DAY,
    "weeks": lambda day, count: day + 7 * count * _DAY,
    "months": _months_later,
}


def _check_aware(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError("a schedule is asked for a moment without a zone")


def _repeated(spec: ScheduleSpec, pattern: Pattern, after: datetime, last_good: datetime | None) -> Iterator[datetime]:
    due = due_again(spec, last_good.astimezone(after.tzinfo)) if last_good is not None else after
    while True:
        # The moment itself counts when it is looked at just then; `after` itself does not.
        latest = max(due.astimezone(UTC) - timedelta.resolution, after.astimezone(UTC))
        after = next(_following(pattern, latest.astimezone(after.tzinfo)))
        yield after
        due = due_again(spec, after)


def _following(pattern: Pattern, after: datetime) -> Iterator[datetime]:
    """Yield the pattern's times after a moment, rising."""
    limit, day = after.astimezone(UTC), after.date() - _DAY
    while True:
        if _has(pattern, day):
            times = _times_of(pattern, day, after)
            yield from (time for time in times if time.astimezone(UTC) > limit)
        day += _DAY


def _preceding(pattern: Pattern, before: datetime) -> Iterator[datetime]:
    """Yield the pattern's times up to a moment, that one included, falling."""
    limit, day = before.astimezone(UTC), before.date() + _DAY
    while True:
        if _has(pattern, day):
            times = reversed(_times_of(pattern, day, before))
            yield from (time for time in times if time.astimezone(UTC) <= limit)
        day -= _DAY


def _has(pattern: Pattern, day: date) -> bool:
    return (
        (pattern.weekday is None or pattern.weekday == day.isoweekday())
        and (pattern.day is None or pattern.day == day.day)
        and (pattern.month is None or pattern.month == day.month)
    )


def _times_of(pattern: Pattern, day: date, like: datetime) -> list[datetime]:
    """Return the times of one day that exist in the zone of `like`."""
    times = (
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=like.tzinfo)
        for hour in pattern.hours
        for minute in pattern.minutes
    )
    return [time for time in times if _normal(time) == time]


def _normal(time: datetime) -> datetime:
    """Return the same moment as the clock shows it: another time when the clock skips the given one."""
    return time.astimezone(UTC).astimezone(time.tzinfo)
