"""A schedule in words, as people say it."""

from collections.abc import Callable, Mapping

from yester.engine.profiles.profile import ScheduleSpec
from yester.engine.schedule.pattern import MONTHS, WEEKDAYS, Pattern, pattern_of


def in_words(spec: ScheduleSpec) -> str:
    """Return when runs start: `every day at 02:30`. UsageError when the schedule could never fire."""
    pattern = pattern_of(spec)
    return _WORDS[spec.when](spec) if pattern is None else _TIMED[spec.when](spec, pattern)


def _every(count: int, unit: str) -> str:
    return f"every {unit.removesuffix('s')}" if count == 1 else f"every {count} {unit}"


def _minute(pattern: Pattern) -> str:
    return f", at minute {pattern.minutes[0]}" if pattern.minutes[0] else ""


def _at(pattern: Pattern) -> str:
    times = [f"{hour:02}:{minute:02}" for hour in pattern.hours for minute in pattern.minutes]
    return "at " + (times[0] if len(times) == 1 else f"{', '.join(times[:-1])} and {times[-1]}")


_WORDS: Mapping[str, Callable[[ScheduleSpec], str]] = {
    "off": lambda spec: "never by itself",
    "boot": lambda spec: "when the machine starts",
    "drive": lambda spec: f"when the drive {spec.drive} connects",
}
_TIMED: Mapping[str, Callable[[ScheduleSpec, Pattern], str]] = {
    "minutes": lambda spec, pattern: _every(spec.every, "minutes"),
    "hours": lambda spec, pattern: _every(spec.every, "hours") + _minute(pattern),
    "custom-hours": lambda spec, pattern: f"every day {_at(pattern)}",
    "daily": lambda spec, pattern: f"every day {_at(pattern)}",
    "weekly": lambda spec, pattern: f"every {WEEKDAYS[spec.weekday - 1]} {_at(pattern)}",
    "monthly": lambda spec, pattern: f"on day {spec.day} of every month {_at(pattern)}",
    "yearly": lambda spec, pattern: f"every year on {spec.day} {MONTHS[spec.month - 1]} {_at(pattern)}",
    "repeatedly": lambda spec, pattern: f"{_every(spec.every, spec.unit)} since the last good run",
}
