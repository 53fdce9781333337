"""What a schedule says of clock and calendar, and whether it can fire at all.

A pattern is the one reading of a schedule: the times (times.py), the systemd timers and the lines of the crontab are
all made from it, so that they agree.
"""

import re
from dataclasses import dataclass

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import ScheduleSpec

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_AT = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_HOURS = re.compile(r"\*/(?P<step>[0-9]{1,2})|(?P<hour>[0-9]{1,2})", re.ASCII)
_HOURS_HINT = 'Write hours from 0 to 23, such as "8,12,18", or "*/3".'
_DRIVE = re.compile(r"(PARTUUID=)?[0-9A-Za-z][0-9A-Za-z-]{0,63}|LABEL=[0-9A-Za-z#+.:@_-]{1,64}", re.ASCII)

_EVERY_HOUR = tuple(range(24))
_MAX_PERIOD = 1000
_MAX_DAY = 28


@dataclass(frozen=True, slots=True)
class Pattern:
    """Times of the day, each in local time, and the days that have them: all, unless one of the three is set."""

    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    weekday: int | None = None
    """1 Monday to 7 Sunday."""
    day: int | None = None
    """Of the month, 1 to 28."""
    month: int | None = None


def pattern_of(spec: ScheduleSpec) -> Pattern | None:
    """Return when a schedule looks at the clock; None for off, at boot and on a drive.

    Of "repeatedly" it is when the age of the last good run is looked at. UsageError when it could never fire, or not
    as it says.
    """
    return _CHECKED[spec.when](spec)


def check_schedule(spec: ScheduleSpec) -> None:
    """UsageError when a schedule could never fire, or not as it says."""
    pattern_of(spec)


def clock(spec: ScheduleSpec) -> tuple[int, int]:
    """Return hour and minute of a schedule's `at`. UsageError when it is no time of the day."""
    match = _AT.fullmatch(spec.at)
    if match is None:
        raise UsageError(
            f"The schedule's at = {spec.at!r} is no time of the day", hint="Write hours and minutes, such as 02:30."
        )
    return int(match[1]), int(match[2])


def _none(spec: ScheduleSpec) -> None:
    return None


def _drive(spec: ScheduleSpec) -> None:
    if _DRIVE.fullmatch(spec.drive) is None:
        raise UsageError(
            f"The schedule waits for a drive, and {spec.drive!r} is no file system's UUID"
            if spec.drive
            else "The schedule waits for a drive, and does not say for which",
            hint="Set drive to the UUID that `lsblk -o NAME,LABEL,UUID` shows.",
        )


def _minutes(spec: ScheduleSpec) -> Pattern:
    return Pattern(_EVERY_HOUR, tuple(range(0, 60, _divisor(spec.every, 60, "minutes", "an hour"))))


def _hours(spec: ScheduleSpec) -> Pattern:
    hour, minute = clock(spec)
    step = _divisor(spec.every, 24, "hours", "a day")
    return Pattern(tuple(range(hour % step, 24, step)), (minute,))


def _divisor(every: int, whole: int, unit: str, name: str) -> int:
    """Return `every` when it divides `whole` evenly. UsageError else: the runs would be further apart, or closer."""
    fitting = [step for step in range(1, whole) if whole % step == 0]
    if every in fitting:
        return every
    raise UsageError(
        f"A schedule of every {every} {unit} does not come out even in {name}",
        hint=f"Choose every = {', '.join(map(str, fitting[:-1]))} or {fitting[-1]}, "
        'or when = "custom-hours", "daily" or "repeatedly".',
    )


def _custom(spec: ScheduleSpec) -> Pattern:
    if not spec.hours.strip():
        raise UsageError("The schedule names no hours", hint=_HOURS_HINT)
    hours = {hour for part in spec.hours.split(",") for hour in _hours_in(part.strip())}
    return Pattern(tuple(sorted(hours)), (clock(spec)[1],))


def _hours_in(part: str) -> range:
    match = _HOURS.fullmatch(part)
    if match is not None and match["step"] is not None and 0 < int(match["step"]) < 24:
        return range(0, 24, int(match["step"]))
    if match is not None and match["hour"] is not None and int(match["hour"]) < 24:
        return range(int(match["hour"]), int(match["hour"]) + 1)
    raise UsageError(f"{part!r} among the schedule's hours is no hour that comes", hint=_HOURS_HINT)


def _daily(spec: ScheduleSpec) -> Pattern:
    hour, minute = clock(spec)
    return Pattern((hour,), (minute,))


def _weekly(spec: ScheduleSpec) -> Pattern:
    hour, minute = clock(spec)
    return Pattern((hour,), (minute,), weekday=_within(spec.weekday, 7, "weekday", "1 is Monday, 7 is Sunday."))


def _monthly(spec: ScheduleSpec) -> Pattern:
    hour, minute = clock(spec)
    return Pattern((hour,), (minute,), day=_day(spec))


def _yearly(spec: ScheduleSpec) -> Pattern:
    hour, minute = clock(spec)
    month = _within(spec.month, 12, "month", "1 is January, 12 is December.")
    return Pattern((hour,), (minute,), day=_day(spec), month=month)


def _day(spec: ScheduleSpec) -> int:
    return _within(spec.day, _MAX_DAY, "day", "Days after the 28th are not in every month, so no run is set on them.")


def _within(value: int, highest: int, key: str, hint: str) -> int:
    if 1 <= value <= highest:
        return value
    raise UsageError(f"The schedule's {key} = {value} does not lie between 1 and {highest}", hint=hint)


def _repeatedly(spec: ScheduleSpec) -> Pattern:
    _within(spec.every, _MAX_PERIOD, "every", f"It is a number of {spec.unit}.")
    return Pattern(_EVERY_HOUR, (0,))


_CHECKED = {
    "off": _none,
    "boot": _none,
    "drive": _drive,
    "minutes": _minutes,
    "hours": _hours,
    "custom-hours": _custom,
    "daily": _daily,
    "weekly": _weekly,
    "monthly": _monthly,
    "yearly": _yearly,
    "repeatedly": _repeatedly,
}
