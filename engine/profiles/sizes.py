"""Sizes and spans of time as people write them: `500M`, `36h`, `1y6m`."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from yester.engine.errors import UsageError

# Compiled when they are needed: most profiles hold neither, and every run loads this.
_SIZE = r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]?)(?:i?B)?"
_SHIFTS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}

_PART = r"([0-9]{1,9}) ?(min|[ymwdhs])"
_UNITS = {"y": (12, 0, 0), "m": (1, 0, 0), "w": (0, 7, 0), "d": (0, 1, 0), "h": (0, 0, 3600)} | {
    "min": (0, 0, 60),
    "s": (0, 0, 1),
}
"""Unit → its months, days and seconds."""

LONGEST_YEARS = 1000
"""Longer spans are mistakes, and dates end at year 1."""


def parse_size(text: str) -> int:
    """Return a size such as `500M`, `1.5 GiB` or `4096` in bytes; the units are powers of 1024. UsageError else."""
    match = re.fullmatch(_SIZE, text.strip(), re.IGNORECASE | re.ASCII)
    if match is None:
        raise UsageError(f"{text!r} is no size", hint="Write a number of bytes or, for example, 500K, 20M or 1.5G.")
    try:
        return int(float(match[1]) * (1 << _SHIFTS[match[2].upper()]))
    except OverflowError:
        raise UsageError("A size of so many digits is beyond any file", hint="Leave it out.") from None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time by the calendar: a month ago is the same day of the month before, a day ago the same time."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __bool__(self) -> bool:
        return self != _NOTHING

    def __str__(self) -> str:
        """The span as `parse_span` reads it."""
        weeks, days = divmod(self.days, 7) if self.days % 7 == 0 else (0, self.days)
        parts = ((self.months // 12, "y"), (self.months % 12, "m"), (weeks, "w"), (days, "d"))
        return "".join(f"{number}{unit}" for number, unit in (*parts, *_clock(self.seconds)) if number) or "0d"

    def before(self, moment: datetime) -> datetime:
        """Return the moment so long before, the month's last day where it has no such day; at the least, year 1."""
        year, month = divmod(moment.year * 12 + moment.month - 1 - self.months, 12)
        if year < 1:
            return datetime.min.replace(tzinfo=moment.tzinfo)
        day = min(moment.day, monthrange(year, month + 1)[1])
        try:
            return moment.replace(year=year, month=month + 1, day=day) - timedelta(self.days, self.seconds)
        except OverflowError:
            return datetime.min.replace(tzinfo=moment.tzinfo)


_NOTHING = Span()


def _clock(seconds: int) -> tuple[tuple[int, str], ...]:
    return (seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")


def parse_span(text: str) -> Span:
    """Return a span such as `36h`, `10d`, `4w`, `6m`, `2y` or `1y6m`; UsageError else."""
    parts = re.findall(_PART, text, re.IGNORECASE | re.ASCII)
    rest = re.sub(_PART, "", text, flags=re.IGNORECASE | re.ASCII).strip()
    if not parts or rest:
        raise UsageError(f"{text!r} is no span of time", hint="Write, for example, 36h, 10d, 4w, 6m (months) or 1y6m.")
    months, days, seconds = (
        sum(int(number) * _UNITS[unit.lower()][place] for number, unit in parts) for place in range(3)
    )
    if months / 12 + days / 365 + seconds / 31_536_000 > LONGEST_YEARS:
        raise UsageError(f"{text!r} is longer than {LONGEST_YEARS} years", hint="Leave it out to keep for ever.")
    return Span(months, days, seconds)
