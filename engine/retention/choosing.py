"""Which snapshots a retention is about: the series of a profile, or snapshots that a person names."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.retention.plan import Decision, RetentionPlan, plan_retention
from yester.engine.retention.reasons import Reason, Rule
from yester.engine.retention.series import Series, is_good, series_of
from yester.engine.sealed.records import Label, Snapshot

Listed = tuple[SnapshotId, Snapshot]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Whose:
    """A profile, by its name and, where this machine has it, its id; and on which hosts."""

    name: str
    id: bytes | None = None
    host_id: bytes | None = None
    """This machine's; None means every host, or that of the name."""
    host: str | None = None

    def includes(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot is of this profile on such a host."""
        return (
            (snapshot.profile == self.name or snapshot.profile_id == self.id)
            and self.host_id in (None, snapshot.host_id)
            and self.host in (None, snapshot.host)
        )


def chosen(snapshots: Iterable[Listed], whose: Whose) -> list[Listed]:
    """Return the snapshots of a profile."""
    return [(sid, snapshot) for sid, snapshot in snapshots if whose.includes(snapshot)]


def judged_by_profile(
    snapshots: Iterable[Listed],
    labels: Mapping[SnapshotId, Label],
    specs: Mapping[bytes, RetentionSpec],
    now_ns: int,
    zone: tzinfo | None = None,
    apart: Collection[SnapshotId] = (),
) -> dict[SnapshotId, Decision]:
    """Return what the next forget would do with each snapshot and why, by the specs of the profiles of these ids.

    Snapshots of other profiles are left out. Room is not looked at: what goes for it shows when it is short.
    """
    of_profile: dict[bytes, list[Listed]] = {}
    for sid, snapshot in snapshots:
        if snapshot.profile_id in specs:
            of_profile.setdefault(snapshot.profile_id, []).append((sid, snapshot))
    return {
        each.id: each
        for profile, mine in of_profile.items()
        for each in plan_retention(mine, labels, specs[profile], now_ns, zone, apart).decisions
    }


def plan_named(
    snapshots: Sequence[Listed],
    labels: Mapping[SnapshotId, Label],
    named: Collection[SnapshotId],
    *,
    even_pinned: bool = False,
    even_last: bool = False,
) -> RetentionPlan:
    """Return the plan that removes the named snapshots and keeps all others of their series.

    UsageError when one of them is pinned, or when no good one of its series would be left, unless told; told, it is
    among the reasons.
    """
    series = {series_of(snapshot) for sid, snapshot in snapshots if sid in named}
    about = [(sid, snapshot) for sid, snapshot in snapshots if series_of(snapshot) in series]
    pinned, last = [sid for sid in named if sid in labels and labels[sid].pinned], _last_good(about, named)
    if not even_pinned:
        _refuse(pinned, "pinned", "--even-pinned")
    if not even_last:
        _refuse(last, "the last good one of its series", "--even-last")
    spared = {Rule.EVEN_PINNED: pinned, Rule.EVEN_LAST: last}

    def why(sid: SnapshotId) -> tuple[Reason, ...]:
        if sid not in named:
            return (Reason(Rule.NOT_ASKED),)
        return (Reason(Rule.ASKED), *(Reason(rule) for rule, those in spared.items() if sid in those))

    return RetentionPlan(
        tuple(Decision(sid, snapshot, labels.get(sid), sid not in named, why(sid)) for sid, snapshot in about)
    )


def _last_good(snapshots: Sequence[Listed], named: Collection[SnapshotId]) -> list[SnapshotId]:
    """Return the newest good snapshot of each series that would have no good one left."""
    good: dict[Series, list[Listed]] = {}
    for sid, snapshot in snapshots:
        if is_good(snapshot):
            good.setdefault(series_of(snapshot), []).append((sid, snapshot))
    return [found[-1][0] for found in good.values() if all(sid in named for sid, _ in found)]


def _refuse(found: Sequence[SnapshotId], what: str, word: str) -> None:
    if not found:
        return
    names = ", ".join(sid.hex()[:8] for sid in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    verb = "is" if len(found) == 1 else "are each"
    raise UsageError(f"{names} {verb} {what}", hint=f"Nothing was forgotten. If that is meant, add {word}.")
