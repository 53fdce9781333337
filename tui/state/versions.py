"""The versions of a file or folder, newest first, the file as it is now above them; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from yester.tui.cli.wording import count, moment, size
from yester.tui.state.preview import Beginning
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, line

COLUMNS = (
    Column("MODIFIED", 19),
    Column("SIZE", 10, is_right=True),
    Column("SEEN"),
    Column("SNAPSHOT", 8, from_width=70),
)


class Seen(msgspec.Struct, frozen=True):
    """A snapshot, as versions and names that were found name it."""

    snapshot: str
    time_ns: int = 0
    profile: str = ""
    host: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version, as `files.versions` tells of it."""

    type: str = "file"
    mode: int = 0
    size: int = 0
    mtime_ns: int = 0
    marks: tuple[str, ...] = ()
    first: Seen
    last: Seen
    snapshots: int = 1
    gone: Seen | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it can be gone into."""
        return self.type in ("directory", "folder")


@dataclass(frozen=True, slots=True)
class VersionsState:
    """What the page shows."""

    path: bytes
    versions: tuple[Version, ...] | None = None
    """Newest first; None: not told yet."""
    now: Beginning | None = None
    """The file as it is; None: there is none, or none that can be read."""
    text: str = ""
    problem: str = ""

    @property
    def shown(self) -> list[Version | None]:
        """What stands on each row: a version, or None for the file as it is now."""
        found = [each for each in self.versions or () if self.text in _searched(each)]
        return [None, *found] if self.now is not None and not self.text else [*found]


def told(state: VersionsState, versions: Sequence[Version], now: Beginning | None) -> VersionsState:
    """Return the state once the versions, oldest first, and the file as it is now are known."""
    return replace(state, versions=tuple(reversed(versions)), now=now, problem="")


def _searched(version: Version) -> str:
    return f"{moment(version.mtime_ns)} {version.last.profile} {version.last.host} {version.last.snapshot[:8]}"


def row_of(item: Version | None, state: VersionsState) -> Row:
    """Return a version as a row."""
    if item is None:
        length = state.now.size if state.now is not None else 0
        return Row((Span("now", "strong"), Span(size(length)), Span("as it is on this machine", "dim"), Span("")))
    first, last = moment(item.first.time_ns)[:16], moment(item.last.time_ns)[:16]
    seen = first if item.snapshots == 1 else f"{first} to {_since(last, first)}, {count(item.snapshots, 'snapshot')}"
    gone = [f"deleted by {moment(item.gone.time_ns)[:16]}"] if item.gone is not None else []
    return Row(
        (
            Span(moment(item.mtime_ns)),
            Span(size(item.size)),
            Span("; ".join([*gone, *item.marks, seen]), "warn" if item.marks else "plain"),
            Span(item.last.snapshot[:8], "accent"),
        )
    )


def _since(last: str, first: str) -> str:
    """Return a time; of the same day without it."""
    return last[11:] if last[:10] == first[:10] else last


def timeline(state: VersionsState, at: int, width: int, glyphs: Glyphs) -> Line:
    """Return when the path was there, as a line from its first snapshot to its last: each version begins with a mark.

    The version on the row `at` stands out.
    """
    versions, shown = state.versions or (), state.shown
    if not versions or width < 1:
        return ()
    meant = shown[at] if at < len(shown) else None
    begin = min(each.first.time_ns for each in versions)
    stretch = max(1, max((each.gone or each.last).time_ns for each in versions) - begin)
    cells = [Span(" ", "dim")] * width
    for each in reversed(versions):
        first, last = ((seen.time_ns - begin) * (width - 1) // stretch for seen in (each.first, each.last))
        tone: Tone = "accent" if each is meant else "dim"
        cells[first : last + 1] = [Span(glyphs.full, tone), *([Span(glyphs.rule, tone)] * (last - first))]
    return line(*cells)
