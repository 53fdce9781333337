"""An entry of a folder, as Browse shows it: a row, and how it differs from what it is held against; pure."""

from collections.abc import Mapping, Sequence
from stat import filemode

from yester.engine.events import Shown
from yester.tui.cli.wording import count, moment, printable, size
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, line
from yester.tui.state.versions import Seen

COLUMNS = (
    Column(" ", 1),
    Column("NAME"),
    Column("DIFFERS", 7, from_width=50),
    Column("SIZE", 10, is_right=True),
    Column("MODIFIED", 19, from_width=68),
    Column("MODE", 10, from_width=98),
)

THEN: Mapping[str, tuple[str, Tone]] = {
    "changed": ("changed", "accent"),
    "attributes": ("rights", "dim"),
    "missing": ("gone", "warn"),
}
"""How an entry of a snapshot is now, in a word."""
NOW: Mapping[str, tuple[str, Tone]] = {**THEN, "missing": ("new", "good")}
"""How an entry of now differs from the newest snapshot."""
_SAME: tuple[str, Tone] = ("", "plain")
_DELETED: tuple[str, Tone] = ("deleted", "dim")


class Entry(Shown, frozen=True, kw_only=True):
    """An entry of a folder, as `files.list` tells of it; its path is its name."""

    type: str = "file"
    mode: int = 0
    user: str = ""
    size: int = 0
    mtime_ns: int = 0
    target: Shown | None = None
    marks: tuple[str, ...] = ()
    size_below: int | None = None
    entries_below: int | None = None
    there: str = ""
    """How it is in what it is held against; empty: not asked, or not known."""
    last: Seen | None = None
    """Of a deleted one, the newest snapshot that has it."""

    @property
    def is_folder(self) -> bool:
        """Whether it can be gone into."""
        return self.type == "directory"


def blank() -> Row:
    """Return the row of an entry that is not there yet."""
    return Row((Span(""), Span("…", "dim"), *(Span("") for _ in COLUMNS[2:])))


def row_of(entry: Entry, *, is_marked: bool, is_now: bool, glyphs: Glyphs) -> Row:
    """Return an entry as a row; a deleted one is dim, and says so."""
    is_gone = entry.last is not None
    name = entry.path + (glyphs.folder if entry.is_folder else "")
    name += f" -> {entry.target.path}" if entry.target else ""
    name += f"  ({'; '.join(entry.marks)})" if entry.marks else ""
    tone: Tone = "dim" if is_gone else "warn" if entry.marks else "strong" if entry.is_folder else "plain"
    there, there_tone = _DELETED if is_gone else (NOW if is_now else THEN).get(entry.there, _SAME)
    return Row(
        (
            Span(glyphs.unread if is_marked else "", "accent"),
            Span(name, tone),
            Span(there, there_tone),
            Span(_size(entry), "dim" if is_gone else "plain"),
            Span(moment(entry.mtime_ns), "dim"),
            Span(filemode(entry.mode), "dim"),
        )
    )


def _size(entry: Entry) -> str:
    """Return how large it is; of a folder now nobody has added up what is in it."""
    if entry.is_folder and entry.size_below is None:
        return ""
    return size(entry.size_below if entry.size_below is not None else entry.size)


def few_words(entry: Entry, *, is_now: bool) -> list[Line]:
    """Return what is said of an entry while nothing more is known."""
    lines = []
    if entry.last is not None:
        lines.append(line(Span(f"deleted; last seen {moment(entry.last.time_ns)[:16]}", "warn")))
    elif entry.there in THEN:
        lines.append(line(Span(_there(entry, is_now=is_now), "accent")))
    if "offline" in entry.marks:
        lines.append(line(Span("offline: R brings it back from its archive", "warn")))
    if entry.is_folder:
        if entry.entries_below is not None:
            below = f"{count(entry.entries_below, 'entry', 'entries')}, {size(entry.size_below or 0)}"
            lines.append(line(Span(below, "dim")))
    elif entry.type != "file":
        lines.append(line(Span(f"a {entry.type}", "dim")))
    return lines


def _there(entry: Entry, *, is_now: bool) -> str:
    other = "the newest snapshot" if is_now else "now"
    words = {
        "changed": f"names in it came or went, against {other}" if entry.is_folder else f"it differs from {other}",
        "attributes": f"only its mode or owner differs from {other}",
        "missing": "new: the newest snapshot does not have it" if is_now else "gone: there is nothing here now",
    }
    return words[entry.there]


def breadcrumb(folder: bytes, snapshot: Snapshot | None, position: str, width: int) -> Line:
    """Return where one is: which snapshot, which folder; the beginning of a long path goes first."""
    if snapshot is None:
        return line("")
    when = f"{moment(snapshot.time_ns)[:16]} " if not is_now(snapshot) else "Now "
    place = printable(folder)
    room = max(10, width - len(when) - len(position) - 4)
    place = place if len(place) <= room else "…" + place[-room + 1 :]
    return line(Span(when, "accent"), Span(place, "strong"), Span(f"  {position}", "dim"))


def is_now(snapshot: Snapshot) -> bool:
    """Whether it is none that was taken, but the files as they are."""
    return snapshot.snapshot == "now"


def entry_panel(rows: Sequence[tuple[str, str]]) -> list[Line]:
    """Return all that is kept of an entry, as lines."""
    room = max((len(name) for name, _ in rows), default=0) + 2
    return [line(Span(name.ljust(room), "dim"), value) for name, value in rows]
