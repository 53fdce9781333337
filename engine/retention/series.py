"""A series: the snapshots of one profile on one host, in the order that retention sees them.

Their order is that of their times, but two things are not left to clocks. A snapshot whose time is yet to come (its
host's clock was ahead) neither takes a place in a rule nor is removed until that time is there. And the
snapshot with a writer's highest number is the newest whatever its clock said, so it stays until a newer one is taken.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from yester.engine.ids import SnapshotId
from yester.engine.profiles.sizes import Span
from yester.engine.sealed.records import Label, Snapshot

Series = tuple[bytes, bytes]
"""Host id and profile id."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A snapshot before the judgement."""

    id: SnapshotId
    snapshot: Snapshot
    label: Label | None
    local: datetime
    """When it was taken, by the clock on the wall: without a zone, `fold` telling the two runs of one hour apart."""

    @property
    def is_complete(self) -> bool:
        """Whether its run came to its end."""
        return not self.snapshot.partial

    @property
    def is_good(self) -> bool:
        """Whether it is one to fall back on."""
        return is_good(self.snapshot)

    @property
    def is_healthy(self) -> bool:
        """Whether nothing failed while it was taken."""
        return self.is_complete and self.snapshot.statistics.failed == 0

    @property
    def order(self) -> tuple[int, int, bytes]:
        """What sorts candidates by age; of one instant the writer's numbers decide."""
        return self.snapshot.time_ns, self.snapshot.sequence, self.id


def is_good(snapshot: Snapshot) -> bool:
    """Whether a snapshot is one to fall back on: its run came to its end, and no source was suspiciously empty."""
    return not (snapshot.partial or snapshot.suspicious)


def series_of(snapshot: Snapshot) -> Series:
    """Return the series that a snapshot belongs to."""
    return snapshot.host_id, snapshot.profile_id


def local_time(time_ns: int, zone: tzinfo | None) -> datetime:
    """Return an instant on the wall clock of a zone (None: this machine's), without the zone; years 1 to 9999."""
    try:
        return datetime.fromtimestamp(time_ns // 10**9, zone).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):
        return datetime.min if time_ns < 0 else datetime.max


def candidates(
    snapshots: Iterable[tuple[SnapshotId, Snapshot]], labels: Mapping[SnapshotId, Label], zone: tzinfo | None
) -> list[Candidate]:
    """Return the snapshots as candidates, newest first."""
    found = (
        Candidate(sid, snapshot, labels.get(sid), local_time(snapshot.time_ns, zone)) for sid, snapshot in snapshots
    )
    return sorted(found, key=lambda each: each.order, reverse=True)


def by_series(found: Iterable[Candidate], apart: Collection[SnapshotId] = ()) -> list[list[Candidate]]:
    """Return the candidates of each series, in their order; of a series, those that count `apart` by themselves."""
    groups: dict[tuple[Series, bool], list[Candidate]] = {}
    for each in found:
        groups.setdefault((series_of(each.snapshot), each.id in apart), []).append(each)
    return list(groups.values())


def is_older(each: Candidate, span: Span, local: datetime, time_ns: int) -> bool:
    """Whether a candidate is older than a span before a moment, given by the clock on the wall and as an instant.

    Hours and less are counted by the instant, so that no change of the clock matters; days and more by the wall.
    """
    if span.months or span.days:
        return each.local < span.before(local)
    return each.snapshot.time_ns < time_ns - span.seconds * 10**9


def newest_by_number(complete: Sequence[Candidate]) -> list[Candidate]:
    """Return the newest by time, and the one that its writer numbered highest where that is another."""
    if not complete:
        return []
    writer = complete[0].snapshot.writer
    mine = [each for each in complete if each.snapshot.writer == writer]
    last = max(mine, key=lambda each: each.snapshot.sequence)
    return [complete[0]] if last.id == complete[0].id else [complete[0], last]
