"""This machine's own time zone, with its changes of the clock."""

from datetime import UTC, datetime, timedelta, tzinfo


class LocalZone(tzinfo):
    """The zone that the system is set to (TZ, /etc/localtime), asked anew for each moment.

    `datetime.astimezone` without an argument knows the offset of one moment only.
    """

    def utcoffset(self, moment: datetime | None, /) -> timedelta | None:
        """Return how far local time is ahead at that local time."""
        return _at(moment).utcoffset() if moment is not None else None

    def dst(self, moment: datetime | None, /) -> timedelta | None:
        """Return None: the system does not say which part of the offset is daylight saving."""
        return None

    def tzname(self, moment: datetime | None, /) -> str | None:
        """Return the zone's name at that local time."""
        return _at(moment).tzname() if moment is not None else None

    def fromutc(self, moment: datetime, /) -> datetime:
        """Return the local time, with `fold` set in the second of two hours."""
        local = datetime.fromtimestamp(moment.replace(tzinfo=UTC).timestamp())
        return local.replace(microsecond=moment.microsecond, tzinfo=self)


def _at(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None).astimezone()


LOCAL = LocalZone()


def now() -> datetime:
    """Return this moment in local time."""
    return datetime.now(LOCAL)
