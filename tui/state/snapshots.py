"""Snapshots: a timeline by day, and why each is kept; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import count, duration, moment, size
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, line

COLUMNS = (
    Column("TIME", 8),
    Column("ID", 8),
    Column("NEW", 8, is_right=True, from_width=70),
    Column("CHANGED", 8, is_right=True, from_width=70),
    Column("ADDED", 10, is_right=True),
    Column("SIZE", 10, is_right=True, from_width=60),
    Column("SAID", from_width=50),
    Column("KEPT AS", from_width=96),
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


class Reason(msgspec.Struct, frozen=True):
    """Why a snapshot stays or goes."""

    text: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot, as `snapshots.list` tells of it."""

    snapshot: str
    time_ns: int
    profile: str = ""
    host: str = ""
    user: str = ""
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


def apply(state: SnapshotsState, event: Listed | Filtered) -> SnapshotsState:
    """Return what the place shows after something happened."""
    match event:
        case Listed(snapshots):
            return replace(state, snapshots=snapshots)
        case Filtered(text):
            return replace(state, text=text)


def searched(snapshot: Snapshot) -> str:
    """Return what `/` looks into."""
    return " ".join((moment(snapshot.time_ns), snapshot.snapshot[:8], snapshot.host, _said(snapshot)))


def _said(snapshot: Snapshot) -> str:
    marks = ("partial" if snapshot.partial else "", "suspicious" if snapshot.suspicious else "", snapshot.name or "")
    return " ".join(word for word in (*marks, *(f"#{tag}" for tag in snapshot.tags), snapshot.note) if word)


def row_of(item: Snapshot | str, glyphs: Glyphs) -> Row:
    """Return a snapshot as a row, or a day as a heading."""
    if isinstance(item, str):
        return Row((Span(item, "dim"),), is_heading=True)
    done = item.statistics
    why = "; ".join(reason.text for reason in item.reasons or ())
    said = f"{glyphs.pinned} " * item.pinned + _said(item)
    failed = f" {count(done.failed, 'failure')}" if done.failed else ""
    return Row(
        (
            Span(moment(item.time_ns)[11:]),
            Span(item.snapshot[:8], "accent"),
            Span(f"{done.new:,}"),
            Span(f"{done.changed:,}"),
            Span(size(done.added_size)),
            Span(size(done.size), "dim"),
            Span(said + failed, "warn" if failed or item.partial or item.suspicious else "plain"),
            Span(why if item.kept is not False else f"goes: {why}", "dim" if item.kept is not False else "warn"),
        )
    )


def panel(item: Snapshot, glyphs: Glyphs) -> list[Line]:
    """Return what is to say of a snapshot."""
    done = item.statistics
    stays = "stays" if item.kept is not False else "goes at the next forget"
    lines = [
        line(Span(moment(item.time_ns), "strong"), Span(f"  {item.snapshot[:8]}", "accent"), f"  {_said(item)}"),
        line(Span(f"of {item.profile} by {item.user} on {item.host}, took {duration(done.duration_ns)}", "dim")),
        line(
            f"{count(done.files, 'file')}, {size(done.size)}: {done.new:,} new, {done.changed:,} changed, "
            f"{done.unchanged:,} unchanged; {size(done.added_size)} added, stored in {size(done.stored_size)}"
        ),
        line(Span("holds  ", "dim"), ", ".join(source.path for source in item.sources)),
    ]
    if item.reasons is not None:
        lines.append(line(Span("kept   ", "dim"), f"{stays}: {'; '.join(reason.text for reason in item.reasons)}"))
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
