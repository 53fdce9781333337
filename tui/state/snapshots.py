"""Snapshots: a timeline by day, what each brought, and why it is kept; pure.

How many names are gone nobody counts while a snapshot is taken. It follows from what is counted: of the names that the
snapshot before it had, those that were neither changed nor unchanged.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import count, duration, moment, size
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, line

COLUMNS = (
    Column(" ", 1),
    Column("TIME", 5),
    Column("ID", 8),
    Column("ADDED", 7, is_right=True, from_width=60),
    Column("CHANGED", 7, is_right=True, from_width=60),
    Column("GONE", 6, is_right=True, from_width=60),
    Column("NEW DATA", 10, is_right=True),
    Column("TOTAL", 10, is_right=True, from_width=92),
    Column("TOOK", 11, is_right=True, from_width=108),
    Column("SAID", from_width=40),
    Column("KEPT AS", from_width=120),
)


class Statistics(msgspec.Struct, frozen=True):
    """What a run counted."""

    files: int = 0
    size: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    added_size: int = 0
    stored_size: int = 0
    duration_ns: int = 0

    @property
    def names(self) -> int:
        """How many names other than folders the snapshot has."""
        return self.new + self.changed + self.unchanged


class Reason(msgspec.Struct, frozen=True):
    """Why a snapshot stays or goes."""

    text: str = ""
    rule: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot, as `snapshots.list` tells of it."""

    snapshot: str
    time_ns: int
    profile: str = ""
    host: str = ""
    user: str = ""
    parent: str | None = None
    sources: tuple[Shown, ...] = ()
    partial: bool = False
    suspicious: bool = False
    name: str | None = None
    tags: tuple[str, ...] = ()
    pinned: bool = False
    note: str = ""
    kept: bool | None = None
    reasons: tuple[Reason, ...] | None = None
    statistics: Statistics = field(default_factory=Statistics)


@dataclass(frozen=True, slots=True)
class SnapshotsState:
    """What the place shows."""

    snapshots: tuple[Snapshot, ...] | None = None
    """Newest first; None: not told yet."""
    text: str = ""
    """Only those in which it occurs."""
    marked: frozenset[str] = frozenset()
    """Ids."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Id → how many names of the snapshot before are no more; of those without one that is known: none."""

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags that there are, those of the newest snapshots first."""
        return tuple(dict.fromkeys(tag for each in self.snapshots or () for tag in each.tags))

    def meant(self, at_cursor: Snapshot | None) -> tuple[Snapshot, ...]:
        """Return what is marked, newest first, else what is at the cursor."""
        marked = tuple(each for each in self.snapshots or () if each.snapshot in self.marked)
        return marked or ((at_cursor,) if at_cursor is not None else ())

    def before(self, snapshot: Snapshot) -> Snapshot | None:
        """Return the one before a snapshot, of the same profile and machine."""
        older = (
            each
            for each in self.snapshots or ()
            if each.time_ns < snapshot.time_ns and (each.profile, each.host) == (snapshot.profile, snapshot.host)
        )
        return next(older, None)

    def pair(self, at_cursor: Snapshot | None) -> tuple[Snapshot, Snapshot] | str:
        """Return the two that are to be compared, the older one first; else why there are none."""
        meant = self.meant(at_cursor)
        if len(meant) > 2:
            return f"{len(meant)} are marked: mark two"
        if len(meant) == 2:
            return meant[1], meant[0]
        before = self.before(meant[0]) if meant else None
        return (before, meant[0]) if before is not None else "There is none before it: mark two"

    @property
    def shown(self) -> list[Snapshot]:
        """The snapshots that the filter lets through."""
        wanted = self.text.casefold()
        return [each for each in self.snapshots or () if wanted in searched(each).casefold()]

    @property
    def lines(self) -> list[Snapshot | str]:
        """What stands on each row of the list: a snapshot, or the day of those below."""
        found: list[Snapshot | str] = []
        day = ""
        for each in self.shown:
            own = moment(each.time_ns)[:10]
            if own != day:
                found.append(own)
                day = own
            found.append(each)
        return found


@dataclass(frozen=True, slots=True)
class Listed:
    """The snapshots that there are."""

    snapshots: tuple[Snapshot, ...]


@dataclass(frozen=True, slots=True)
class Filtered:
    """A person wants those alone in which a text occurs."""

    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A person marks a snapshot, or takes the mark away."""

    snapshot: str


@dataclass(frozen=True, slots=True)
class Inverted:
    """What was marked is not, and all others that are shown are."""


@dataclass(frozen=True, slots=True)
class Unmarked:
    """Nothing is marked any more."""


Happening = Listed | Filtered | Marked | Inverted | Unmarked


def apply(state: SnapshotsState, event: Happening) -> SnapshotsState:
    """Return what the place shows after something happened."""
    match event:
        case Listed(snapshots):
            known = frozenset(each.snapshot for each in snapshots)
            return replace(state, snapshots=snapshots, marked=state.marked & known, gone=names_gone(snapshots))
        case Filtered(text):
            return replace(state, text=text)
        case Marked(snapshot):
            return replace(state, marked=state.marked ^ {snapshot})
        case Inverted():
            return replace(state, marked=state.marked ^ {each.snapshot for each in state.shown})
        case Unmarked():
            return replace(state, marked=frozenset())


def names_gone(snapshots: Iterable[Snapshot]) -> dict[str, int]:
    """Return how many names are gone with each snapshot whose predecessor is there still."""
    known = {each.snapshot: each for each in snapshots}
    found = {}
    for each in known.values():
        before = known.get(each.parent or "")
        if before is not None and before.statistics.names:
            done = each.statistics
            found[each.snapshot] = max(0, before.statistics.names - done.changed - done.unchanged)
    return found


def searched(snapshot: Snapshot) -> str:
    """Return what `/` looks into."""
    return " ".join((moment(snapshot.time_ns), snapshot.snapshot[:8], snapshot.host, _said(snapshot)))


def _said(snapshot: Snapshot) -> str:
    marks = ("partial" if snapshot.partial else "", "suspicious" if snapshot.suspicious else "", snapshot.name or "")
    return " ".join(word for word in (*marks, *(f"#{tag}" for tag in snapshot.tags), snapshot.note) if word)


def headline(state: SnapshotsState, profile: str) -> Line:
    """Return whose snapshots these are, how many there are, and how many are marked."""
    number, marked = len(state.snapshots or ()), len(state.marked)
    said = f": {count(number, 'snapshot')}" if number else ""
    return line(Span(profile or "no profile", "strong"), said, Span(f", {marked:,} marked" if marked else "", "accent"))


def row_of(item: Snapshot | str, state: SnapshotsState, glyphs: Glyphs) -> Row:
    """Return a snapshot as a row, or a day as a heading."""
    if isinstance(item, str):
        return Row((Span(item, "dim"),), is_heading=True)
    done, goes = item.statistics, item.kept is False
    why = "; ".join(reason.text for reason in item.reasons or ())
    said = ("goes " if goes else "") + f"{glyphs.pinned} " * item.pinned + _said(item)
    failed = f" {count(done.failed, 'failure')}" if done.failed else ""
    return Row(
        (
            Span(glyphs.unread if item.snapshot in state.marked else "", "accent"),
            Span(moment(item.time_ns)[11:16]),
            Span(item.snapshot[:8], "accent"),
            Span(_few(done.new)),
            Span(_few(done.changed)),
            Span(_few(state.gone[item.snapshot]) if item.snapshot in state.gone else "-"),
            Span(size(done.added_size)),
            Span(size(done.size), "dim"),
            Span(duration(done.duration_ns), "dim"),
            Span(said + failed, "warn" if failed or goes or item.partial or item.suspicious else "plain"),
            Span(f"goes: {why}" if goes else why, "warn" if goes else "dim"),
        )
    )


def _few(number: int) -> str:
    """Return a number in at most six cells."""
    return f"{number:,}" if number < 100_000 else f"{number // 1000:,}k" if number < 10**7 else f"{number // 10**6:,}M"


def panel(item: Snapshot, gone: int | None, glyphs: Glyphs) -> list[Line]:
    """Return what is to say of a snapshot; `gone` are the names that it has no more, None where nobody knows."""
    done = item.statistics
    stays = "stays" if item.kept is not False else "goes at the next forget"
    lost = f", {gone:,} gone" if gone is not None else ""
    lines = [
        line(Span(moment(item.time_ns), "strong"), Span(f"  {item.snapshot[:8]}", "accent"), f"  {_said(item)}"),
        line(Span(f"of {item.profile} by {item.user} on {item.host}, took {duration(done.duration_ns)}", "dim")),
        line(
            f"{count(done.files, 'file')}, {size(done.size)}: {done.new:,} added, {done.changed:,} changed{lost}, "
            f"{done.unchanged:,} as before; {size(done.added_size)} of new data, stored in {size(done.stored_size)}"
        ),
        line(Span("holds  ", "dim"), ", ".join(source.path for source in item.sources)),
    ]
    if item.reasons is not None:
        why = "; ".join(reason.text for reason in item.reasons)
        lines.append(line(Span("kept   ", "dim"), f"{stays}: {why}" if why else stays))
    if item.pinned:
        lines.append(line(Span(f"{glyphs.pinned} pinned: no rule removes it", "accent")))
    if done.failed:
        lines.append(line(Span(f"{glyphs.warn} {count(done.failed, 'entry', 'entries')} could not be taken", "warn")))
    return lines


def place_of(lines: Sequence[Snapshot | str], snapshot: str) -> int:
    """Return the row of a snapshot; the first that is one when it is not there."""
    for at, item in enumerate(lines):
        if isinstance(item, Snapshot) and item.snapshot == snapshot:
            return at
    return min(1, max(0, len(lines) - 1))
