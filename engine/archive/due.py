"""When what a bulk policy has gathered is handed over; pure.

A policy may name a count, a size, an interval and a time of day. Each counts alone, and the first that is reached
fires (contracts section 5.4). One that names none gathers nothing: all goes at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from yester.engine.archive.port import Constraints


@dataclass(frozen=True, slots=True)
class Gathered:
    """What waits for a policy."""

    count: int
    size: int
    """Bytes."""
    since: datetime
    """When the first of it was asked for; local time."""


class Trigger(StrEnum):
    """Why what was gathered is handed over."""

    AT_ONCE = "nothing is gathered"
    COUNT = "enough packs"
    SIZE = "enough bytes"
    INTERVAL = "the interval is over"
    TIME_OF_DAY = "the time of day has come"


def due(gathered: Gathered, constraints: Constraints, now: datetime) -> Trigger | None:
    """Return what lets go of what was gathered; None while it is to wait. Both times are local, without a zone."""
    if gathered.count == 0:
        return None
    if constraints == Constraints():
        return Trigger.AT_ONCE
    reached = (
        (Trigger.COUNT, constraints.count is not None and gathered.count >= constraints.count),
        (Trigger.SIZE, constraints.size is not None and gathered.size >= constraints.size),
        (Trigger.INTERVAL, constraints.interval_s is not None and now >= _interval_end(gathered, constraints)),
        (Trigger.TIME_OF_DAY, bool(constraints.time_of_day) and now >= _time_of_day(gathered, constraints)),
    )
    return next((trigger for trigger, is_reached in reached if is_reached), None)


def next_moment(gathered: Gathered, constraints: Constraints) -> datetime | None:
    """Return when it is handed over at the latest, even if no more comes; None where only count and size decide."""
    moments = []
    if constraints.interval_s is not None:
        moments.append(_interval_end(gathered, constraints))
    if constraints.time_of_day:
        moments.append(_time_of_day(gathered, constraints))
    return min(moments, default=None)


def _interval_end(gathered: Gathered, constraints: Constraints) -> datetime:
    return gathered.since + timedelta(seconds=constraints.interval_s or 0)


def _time_of_day(gathered: Gathered, constraints: Constraints) -> datetime:
    """Return the first such time after the first pack was asked for."""
    hour, _, minute = (constraints.time_of_day or "").partition(":")
    first = gathered.since.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return first if first > gathered.since else first + timedelta(days=1)
