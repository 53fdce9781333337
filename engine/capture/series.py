"""The snapshots of one series, which is what one host has of one profile, as the next run of it needs them. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot

Listed = tuple[SnapshotId, Snapshot]


class Series(NamedTuple):
    """What a run builds on."""

    parent: Listed | None
    """The newest complete snapshot."""
    sound: Listed | None
    """The newest complete one in which no source was suspiciously empty."""
    partials: tuple[Listed, ...]
    """Those of runs that did not end, the newest first."""
    complete: int = 0
    """How many complete ones there are, the parent among them."""

    @property
    def newest_first(self) -> tuple[Listed, ...]:
        """All of these."""
        return self.partials if self.parent is None else (*self.partials, self.parent)


def series_of(snapshots: Sequence[Listed], host: bytes, profile: bytes, streams: Sequence[bytes] = ()) -> Series:
    """Pick the series out of all snapshots, which are sorted by time.

    A run of `streams` alone has nothing to do with one of the profile's folders, nor with one of other streams.
    """
    mine = [
        each
        for each in reversed(snapshots)
        if (each[1].host_id, each[1].profile_id) == (host, profile) and _alone(each[1]) == tuple(streams)
    ]
    complete = [each for each in mine if not each[1].partial]
    sound = (each for each in complete if not each[1].suspicious)
    partials = tuple(each for each in mine if each[1].partial)
    return Series(complete[0] if complete else None, next(sound, None), partials, len(complete))


def _alone(snapshot: Snapshot) -> tuple[bytes, ...]:
    """Return the streams of a snapshot that has nothing else."""
    return () if snapshot.sources else snapshot.streams


def outgrown(partials: Iterable[Listed], newest: Listed) -> list[SnapshotId]:
    """Return the partial snapshots that `newest` stands for as well.

    One that came further than it stays: a run that begins anew has passed by less than the one that was killed late.
    """
    sid, snapshot = newest
    reached = snapshot.statistics.entries
    return [
        other for other, partial in partials if other != sid and (not snapshot.partial or _entries(partial) <= reached)
    ]


def _entries(snapshot: Snapshot) -> int:
    return snapshot.statistics.entries
