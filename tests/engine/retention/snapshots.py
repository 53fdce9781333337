"""Snapshots for tests of retention: made of little more than a time."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from hashlib import sha256

from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.retention.plan import Decision, RetentionPlan, plan_retention
from yester.engine.sealed.records import Label, Snapshot, Statistics


@dataclass(frozen=True)
class Made:
    """A snapshot in a few words."""

    when: str
    """Local time in ISO form; UTC unless it has an offset."""
    failed: int = 0
    partial: bool = False
    suspicious: bool = False
    sequence: int = 0
    """0: its place in the list."""
    host: str = "host"
    profile: str = "docs"
    tags: tuple[str, ...] = ()
    name: str | None = None
    pinned: bool = False
    stored: int = 0

    @property
    def time_ns(self) -> int:
        return instant(self.when)

    @property
    def id(self) -> SnapshotId:
        return SnapshotId(sha256(repr(self).encode()).digest())

    @property
    def label(self) -> Label:
        return Label(snapshot=self.id, counter=1, writer=bytes(16), tags=self.tags, name=self.name, pinned=self.pinned)

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(
            time_ns=self.time_ns,
            end_ns=self.time_ns,
            host_id=self.host.encode().ljust(16),
            host=self.host,
            user="me",
            profile_id=self.profile.encode().ljust(16),
            profile=self.profile,
            sources=(b"/home/me",),
            root=b"",
            writer=self.host.encode().ljust(16),
            sequence=self.sequence,
            partial=self.partial,
            suspicious=self.suspicious,
            statistics=Statistics(failed=self.failed, stored_size=self.stored),
        )


def instant(when: str) -> int:
    """Return an ISO time as ns since 1970; without an offset it is UTC."""
    moment = datetime.fromisoformat(when)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 10**9


def numbered(made: list[Made]) -> list[Made]:
    """Give each the number of its place, where it has none."""
    return [each if each.sequence else replace(each, sequence=place) for place, each in enumerate(made, 1)]


def plan(made: list[Made], spec: RetentionSpec, now: str, zone: tzinfo = UTC) -> RetentionPlan:
    """Plan, in UTC unless a zone is given."""
    made = numbered(made)
    return plan_retention(
        [(each.id, each.snapshot) for each in made],
        {each.id: each.label for each in made if each.tags or each.name or each.pinned},
        spec,
        instant(now),
        zone,
    )


def whens(decisions: tuple[Decision, ...]) -> list[str]:
    """Return when these were taken, in UTC, the seconds left out."""
    return [f"{datetime.fromtimestamp(each.snapshot.time_ns // 10**9, UTC):%Y-%m-%d %H:%M}" for each in decisions]


def days(decisions: tuple[Decision, ...]) -> list[str]:
    """Return the days on which these were taken, in UTC."""
    return [when[:10] for when in whens(decisions)]


def why(of: RetentionPlan, when: str) -> list[str]:
    """Return why the snapshot of this time stays or goes."""
    [decision] = [each for each in of.decisions if each.snapshot.time_ns == instant(when)]
    return [str(reason) for reason in decision.reasons]
