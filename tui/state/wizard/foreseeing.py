"""What a schedule and a retention come to: the next times, and which snapshots would stay; pure.

The rules are the engine's own. Where there are no snapshots yet, those are made up that the schedule would take in a
year, and judged as if that year had passed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from yester.engine.errors import UsageError
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import RetentionSpec, ScheduleSpec
from yester.engine.retention.plan import Decision, plan_retention, removes_nothing
from yester.engine.schedule.times import next_times
from yester.engine.schedule.words import in_words
from yester.engine.sealed.records import Label, Snapshot
from yester.tui.cli.wording import age, count
from yester.tui.state.text import Glyphs, Line, Span, line

SHOWN = 5
"""Times that are shown."""
_DAYS = 366
_MOST = 2000
_ID = bytes(16)
_DAY_NS = 86_400 * 10**9


def time_lines(spec: ScheduleSpec, now: datetime) -> list[Line]:
    """Return when runs start, and the next times."""
    try:
        words, times = in_words(spec), next_times(spec, now, SHOWN)
    except UsageError as problem:
        return [line(Span(problem.what, "bad")), line(problem.hint)]
    found = [line(Span(words, "strong"))]
    if spec.when == "off":
        return [*found, line(Span("b on Home takes a snapshot, and yester snap NAME in a shell", "dim"))]
    if not times:
        return [*found, line(Span("nobody knows the times beforehand", "dim"))]
    heads = ("next", *[""] * SHOWN)
    return found + [
        line(Span(f"{head:<6}", "dim"), f"{time:%a %Y-%m-%d %H:%M}") for head, time in zip(heads, times, strict=False)
    ]


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot that a retention is tried on."""

    time_ns: int
    partial: bool = False
    pinned: bool = False
    name: str | None = None
    tags: tuple[str, ...] = ()


def made_up(spec: ScheduleSpec, now: datetime) -> tuple[Taken, ...]:
    """Return the snapshots that a schedule would have taken in the year until `now`; daily ones where it has no times.

    The densest schedules begin later: what matters is the pattern. Asked for at each key that is typed, so it is kept.
    """
    return _made_up(spec, now.replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=4)
def _made_up(spec: ScheduleSpec, now: datetime) -> tuple[Taken, ...]:
    try:
        start = now - timedelta(days=_DAYS)
        times = next_times(spec, start, _MOST, last_good=start) if spec.when not in ("minutes",) else []
    except UsageError:
        times = []
    if spec.when in ("hours", "custom-hours") and len(times) == _MOST:
        times = next_times(spec, now - timedelta(days=_MOST // 24), _MOST)
    passed = [time for time in times if time <= now] or [now - timedelta(days=day) for day in range(_DAYS)]
    return tuple(Taken(int(time.timestamp()) * 10**9) for time in passed)


def _stretch(taken: Sequence[Taken], now_ns: int) -> str:
    days = (now_ns - min((each.time_ns for each in taken), default=now_ns)) // _DAY_NS
    return "a year" if days >= _DAYS - 10 else f"{days} days"


def judged(taken: Iterable[Taken], spec: RetentionSpec, now_ns: int, zone: tzinfo | None) -> tuple[Decision, ...]:
    """Return what a retention would do with snapshots."""
    found, labels = [], {}
    for number, each in enumerate(taken, 1):
        sid = SnapshotId(number.to_bytes(32, "big"))
        found.append((sid, _snapshot(each, number)))
        if each.pinned or each.name or each.tags:
            labels[sid] = Label(snapshot=sid, counter=1, writer=_ID, name=each.name, tags=each.tags, pinned=each.pinned)
    return plan_retention(found, labels, spec, now_ns, zone).decisions


def _snapshot(taken: Taken, number: int) -> Snapshot:
    return Snapshot(
        time_ns=taken.time_ns, end_ns=taken.time_ns, host_id=_ID, host="", user="", profile_id=_ID, profile="",
        sources=(), root=b"", writer=_ID, sequence=number, partial=taken.partial,
    )  # fmt: skip


def kept_lines(
    taken: Sequence[Taken], spec: RetentionSpec, now_ns: int, glyphs: Glyphs, width: int, zone: tzinfo | None = None,
    *, are_real: bool = False,
) -> list[Line]:  # fmt: skip
    """Return what would be kept, as words and as a strip of time."""
    of = (
        f"of the {len(taken):,} snapshots that there are"
        if are_real
        else f"of {len(taken):,} in {_stretch(taken, now_ns)}"
    )
    if not taken:
        return [line(Span("no snapshot is there yet", "dim"))]
    if removes_nothing(spec):
        return [
            line(Span(f"{glyphs.good} every one stays", "strong"), f" {of}"),
            _strip((), taken, now_ns, glyphs, width),
        ]
    try:
        decisions = judged(taken, spec, now_ns, zone)
    except UsageError as problem:
        return [line(Span(problem.what, "bad"))]
    kept = [each for each in decisions if each.kept]
    oldest = age(now_ns - min(each.snapshot.time_ns for each in kept))
    found = [
        line(
            Span(f"{len(kept):,} {'stays' if len(kept) == 1 else 'stay'}", "strong"),
            f" {of}; the oldest is {oldest} old",
        ),
        _strip(kept, taken, now_ns, glyphs, width),
    ]
    groups: dict[str, list[Decision]] = {}
    for each in reversed(kept):
        groups.setdefault(_span_of(each, now_ns), []).append(each)
    return found + [line(Span(f"{name:<16}", "dim"), count(len(some), "snapshot")) for name, some in groups.items()]


def _span_of(each: Decision, now_ns: int) -> str:
    days = (now_ns - each.snapshot.time_ns) / _DAY_NS
    return next(name for most, name in _SPANS if days <= most)


_SPANS = ((1, "last day"), (7, "last week"), (31, "last month"), (366, "last year"), (float("inf"), "older"))


def _strip(kept: Sequence[Decision], taken: Sequence[Taken], now_ns: int, glyphs: Glyphs, width: int) -> Line:
    """Return the time from the oldest snapshot until now as cells: full where one stays; newest on the right."""
    cells = max(10, min(60, width))
    first = min(each.time_ns for each in taken)
    span = max(1, now_ns - first)
    times = [each.snapshot.time_ns for each in kept] if kept else [each.time_ns for each in taken]
    filled = {min(cells - 1, (time_ns - first) * cells // span) for time_ns in times}
    return line(Span("".join(glyphs.full if cell in filled else glyphs.empty for cell in range(cells)), "accent"))
