"""Times as people write them where a snapshot is named: `3D`, `36h`, `yesterday`, `2026-11-20T16:03`.

A time stands for its end: of a day its last moment, of a minute its last second; a span stands for the moment so long
ago. Times are local unless they carry a zone. A moment that a change of clocks lets pass twice is the later one.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import datetime, timedelta

from yester.engine.errors import UsageError
from yester.engine.profiles.sizes import Span, parse_span

_SPAN = re.compile(r"(\d{1,9}(min|[ymwdhs]))+", re.IGNORECASE | re.ASCII)
_STAMP = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?:[:-](\d\d)(?:[:-](\d\d)(?:\.\d+)?)?)?)?)?)?(Z|[+-]\d\d:\d\d)?",
    re.ASCII | re.IGNORECASE,
)
_SECOND_NS = 10**9
_LEAST_NS = -(2**63)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_CLOCK = (3600, 60, 1)
"""Seconds of an hour, a minute, a second."""


def is_span(text: str) -> bool:
    """Whether a text is a span, which may be the beginning of an id as well."""
    return _SPAN.fullmatch(text) is not None


def parse_moment(text: str, now: datetime) -> int | None:
    """Return the last ns of the time that is meant, None when the text is no time; `now` is local, without a zone.

    UsageError for a time that no calendar has.
    """
    word = text.lower()
    if word == "now":
        return _ns(now)
    if word in _DAYS_AGO:
        return _day_end(now.year, now.month, now.day, _DAYS_AGO[word])
    if is_span(text):
        return _before(now, parse_span(text))
    stamp = _STAMP.fullmatch(text)
    if stamp is None:
        return None
    try:
        return _stamp_end([int(part) for part in stamp.groups()[:-1] if part is not None], stamp[7])
    except (ValueError, OverflowError):
        raise UsageError(f"{text} is no time", hint="Write, for example, 2026-11-20 or 2026-11-20T16:03.") from None


def _before(now: datetime, span: Span) -> int:
    """Days and months go by the calendar, so that three days ago is the same time of day; hours by the clock."""
    day = Span(span.months, span.days).before(now)
    return max(_ns(day) - span.seconds * _SECOND_NS, _LEAST_NS)


def _stamp_end(parts: Sequence[int], zone: str | None) -> int:
    year, month, day = (*parts, 1, 1)[:3] if len(parts) < 3 else parts[:3]
    if len(parts) < 4:
        if zone is not None:
            raise ValueError("a zone without a time")
        if len(parts) == 1:
            month, day = 12, 31
        elif len(parts) == 2:
            day = monthrange(year, month)[1]
        return _day_end(year, month, day, 0)
    start = datetime(year, month, day, *parts[3:], fold=1)  # type: ignore[arg-type]
    if zone is not None:
        start = datetime.fromisoformat(f"{start.isoformat()}{zone.upper().replace('Z', '+00:00')}")
    return _ns(start) + _CLOCK[len(parts) - 4] * _SECOND_NS - 1


def _day_end(year: int, month: int, day: int, ago: int) -> int:
    """Return the last ns of a day, that many days before: a day may have 23 hours."""
    first = datetime(year, month, day) - timedelta(days=ago)
    return _ns(first + timedelta(days=1)) - 1


def _ns(moment: datetime) -> int:
    try:
        return int(moment.timestamp()) * _SECOND_NS + moment.microsecond * 1000
    except (OverflowError, ValueError, OSError):
        return _LEAST_NS
