"""The plan: which snapshots stay and which go, each with its reasons. Pure; nothing here knows a repository or a clock.

How the parts of a spec come together. What is older than `older_than` goes first. Of the rest, the counting rules and
smart remove are a union: what one of them keeps, stays, and what none of them keeps goes. Neither touches what a person
pinned, named (`keep_named`) or gave one of `keep_tags`; these alone remove nothing. Whatever the rules say, of each
series stay the newest complete snapshot and the last good one, those whose time is yet to come, and a partial one as
long as no later one is complete. Where no rule is set everything stays.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.profiles.sizes import Span
from yester.engine.retention.counting import PERIODS, kept_by_count
from yester.engine.retention.reasons import EXCEPTIONS, SAFEGUARDS, Reason, Rule
from yester.engine.retention.series import (
    Candidate,
    by_series,
    candidates,
    is_older,
    local_time,
    newest_by_number,
    series_of,
)
from yester.engine.retention.smart import kept_by_smart
from yester.engine.sealed.records import Label, Snapshot


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one snapshot, and why: all the reasons that keep it, or the one for which it goes."""

    id: SnapshotId
    snapshot: Snapshot
    label: Label | None
    kept: bool
    reasons: tuple[Reason, ...]

    @property
    def rules(self) -> frozenset[Rule]:
        """The rules of the reasons."""
        return frozenset(reason.rule for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """The decisions, oldest snapshot first."""

    decisions: tuple[Decision, ...]

    @property
    def keep(self) -> tuple[Decision, ...]:
        """What stays."""
        return tuple(each for each in self.decisions if each.kept)

    @property
    def remove(self) -> tuple[Decision, ...]:
        """What goes, oldest first."""
        return tuple(each for each in self.decisions if not each.kept)


def thins_out(spec: RetentionSpec) -> bool:
    """Whether a spec has rules of which one must keep a snapshot, or else it goes."""
    return bool(
        spec.keep_last or spec.keep_within or spec.smart is not None or any(period.count(spec) for period in PERIODS)
    )


def removes_nothing(spec: RetentionSpec) -> bool:
    """Whether nothing is set by which a snapshot would ever go."""
    return not (thins_out(spec) or spec.older_than or needs_room(spec))


def needs_room(spec: RetentionSpec) -> bool:
    """Whether a spec asks for free space or inodes (engine/retention/room.py)."""
    return bool(spec.min_free_size or spec.min_free_inodes)


def plan_retention(
    snapshots: Iterable[tuple[SnapshotId, Snapshot]],
    labels: Mapping[SnapshotId, Label],
    spec: RetentionSpec,
    now_ns: int,
    zone: tzinfo | None = None,
    apart: Collection[SnapshotId] = (),
) -> RetentionPlan:
    """Judge every snapshot, each series by itself; days are those of `zone`, None meaning this machine's.

    Snapshots that count `apart` are those of write-only clients: whoever makes up snapshots with such a key shall push
    none of the others out.
    """
    found = candidates(snapshots, labels, zone)
    decisions: list[Decision] = []
    for series in by_series(found, apart):
        decisions += _judged(series, spec, now_ns, local_time(now_ns, zone))
    decisions.sort(key=lambda each: (each.snapshot.time_ns, each.snapshot.sequence, each.id))
    return RetentionPlan(tuple(decisions))


def emptied_series(plan: RetentionPlan) -> list[Decision]:
    """Return one snapshot of each series that loses some and of which only the safeguards keep any at all.

    Its rules would remove everything: that is hardly meant.
    """
    series: dict[tuple[bytes, bytes], list[Decision]] = {}
    for each in plan.decisions:
        series.setdefault(series_of(each.snapshot), []).append(each)
    return [
        decisions[-1]
        for decisions in series.values()
        if any(Rule.FINISHED not in each.rules for each in decisions if not each.kept)
        and all(each.rules <= SAFEGUARDS for each in decisions if each.kept)
    ]


def _judged(series: Sequence[Candidate], spec: RetentionSpec, now_ns: int, now: datetime) -> list[Decision]:
    """Judge one series, given newest first."""
    reasons: dict[SnapshotId, list[Reason]] = {each.id: [] for each in series}
    come = [each for each in series if each.snapshot.time_ns <= now_ns]
    complete = [each for each in come if each.is_complete]
    old = _old(come, spec.older_than, now_ns, now)
    for each, reason in _kept_by_rule([each for each in complete if each.id not in old], spec, now.date()):
        reasons[each.id].append(reason)
    for each in series:
        reasons[each.id] += _said(each, spec)
    for each, safeguard in _safeguards(series, come, complete):
        reasons[each.id].append(safeguard)
    if removes_nothing(spec):
        return [_decision(each, reasons[each.id] or [Reason(Rule.NO_RULE)]) for each in series]
    return [_decision(each, reasons[each.id], each.id in old, spec) for each in series]


def _kept_by_rule(young: Sequence[Candidate], spec: RetentionSpec, today: date) -> Iterator[tuple[Candidate, Reason]]:
    """Yield what the rules keep of the complete snapshots that are not too old: as in Back In Time these go first."""
    if not thins_out(spec):
        why = Reason(Rule.YOUNG, str(spec.older_than)) if spec.older_than else Reason(Rule.NO_RULE)
        yield from ((each, why) for each in young)
        return
    yield from kept_by_count(young, spec)
    if spec.smart is not None:
        yield from kept_by_smart(young, spec.smart, today)


def _old(come: Sequence[Candidate], span: Span | None, now_ns: int, now: datetime) -> set[SnapshotId]:
    """Return what is older than a span.

    As in Back In Time whole days count: of days from midnight, of months and years from the 1st of the month.
    """
    if not span:
        return set()
    if span.seconds:
        return {each.id for each in come if is_older(each, span, now, now_ns)}
    day: date = span.before(now).date()
    if span.months and not span.days:
        day = day.replace(day=1)
    return {each.id for each in come if each.local.date() < day}


def _said(each: Candidate, spec: RetentionSpec) -> list[Reason]:
    """Return what a person said of a snapshot so that it stays."""
    label = each.label
    if label is None:
        return []
    said = [Reason(Rule.PINNED)] if label.pinned else []
    if label.name and spec.keep_named:
        said.append(Reason(Rule.NAMED))
    return said + [Reason(Rule.TAGGED, tag) for tag in label.tags if tag in spec.keep_tags]


def _safeguards(
    series: Sequence[Candidate], come: Sequence[Candidate], complete: Sequence[Candidate]
) -> list[tuple[Candidate, Reason]]:
    future = [(each, Reason(Rule.FUTURE)) for each in series[: len(series) - len(come)]]
    newest = {each.id: each for each in [*complete[:1], *newest_by_number(complete)]}
    good = next((each for each in complete if each.is_good), None)
    since = complete[0].order if complete else None
    unfinished = [each for each in come if not each.is_complete and (since is None or each.order > since)]
    return [
        *future,
        *((each, Reason(Rule.NEWEST)) for each in newest.values()),
        *([(good, Reason(Rule.LAST_GOOD))] if good is not None else []),
        *((each, Reason(Rule.UNFINISHED)) for each in unfinished),
    ]


def _decision(
    each: Candidate, reasons: Sequence[Reason], is_old: bool = False, spec: RetentionSpec | None = None
) -> Decision:
    if reasons:
        return Decision(each.id, each.snapshot, each.label, True, tuple(reasons))
    if not each.is_complete:
        gone = Reason(Rule.FINISHED)
    elif is_old and spec is not None:
        gone = Reason(Rule.OLD, str(spec.older_than))
    else:
        gone = Reason(Rule.UNKEPT)
    return Decision(each.id, each.snapshot, each.label, False, (gone,))


def is_exempt(decision: Decision) -> bool:
    """Whether a person's word or a safeguard keeps a snapshot, also where room is short."""
    return bool(decision.rules & (SAFEGUARDS | EXCEPTIONS))
