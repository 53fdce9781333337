"""Browse: one folder of one snapshot, by the page; pure.

Rows are fetched as they come into sight: `missing` says which page is next, `Paged` brings it. The neighbours in time
are the snapshots of the same profile, so that `[` and `]` keep the place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from stat import filemode
from types import MappingProxyType

import msgspec

from yester.engine.events import Shown, shown
from yester.tui.cli.wording import count, moment, printable, size
from yester.tui.state.order import Order
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, line

COLUMNS = (
    Column(" ", 1),
    Column("NAME"),
    Column("SIZE", 10, is_right=True),
    Column("MODIFIED", 19, from_width=60),
    Column("MODE", 10, from_width=90),
)
PAGE = 200
"""Entries of a page."""
KEPT_PAGES = 12
"""Pages that are kept; those that were fetched first go first."""


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


@dataclass(frozen=True, slots=True)
class BrowseState:
    """What the place shows."""

    snapshots: tuple[Snapshot, ...] = ()
    """Of the profile, newest first."""
    at: int = 0
    """Which of them is looked into."""
    folder: bytes = b"/"
    text: str = ""
    """Only names that hold it."""
    order: Order | None = None
    """None: by the bytes of names."""
    total: int | None = None
    """How many entries the folder has; None: not told yet."""
    pages: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)
    """By number."""
    marked: frozenset[bytes] = frozenset()
    """Whole paths."""
    problem: str = ""
    """Why the folder cannot be shown."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot that is looked into."""
        return self.snapshots[self.at] if self.at < len(self.snapshots) else None

    def entry(self, row: int) -> Entry | None:
        """Return the entry of a row; None while it is not there."""
        page = self.pages.get(row // PAGE, ())
        return page[row % PAGE] if row % PAGE < len(page) else None

    def path(self, entry: Entry) -> bytes:
        """Return the whole path of an entry."""
        return self.folder.rstrip(b"/") + b"/" + entry.raw

    def missing(self, start: int, stop: int) -> int | None:
        """Return the number of a page that rows `start` to `stop` need and that is not there; None: all are."""
        if self.total is None:
            return 0 if 0 not in self.pages else None
        last = min(stop, self.total) - 1
        wanted = range(start // PAGE, last // PAGE + 1) if last >= start else range(0)
        return next((number for number in wanted if number not in self.pages), None)


@dataclass(frozen=True, slots=True)
class Opened:
    """Snapshots are to be looked into, beginning with one of them."""

    snapshots: tuple[Snapshot, ...]
    snapshot: str
    folder: bytes


@dataclass(frozen=True, slots=True)
class Entered:
    """A person goes to another folder of the same snapshot."""

    folder: bytes


@dataclass(frozen=True, slots=True)
class Stepped:
    """A person goes to a neighbour in time: -1 is the newer, +1 the older snapshot."""

    by: int


@dataclass(frozen=True, slots=True)
class Filtered:
    """A person wants those names alone that hold a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Arranged:
    """A person wants another order."""

    order: Order | None


Of = tuple[str, bytes, str, Order | None]
"""What a page is of: snapshot, folder, filter, order."""


@dataclass(frozen=True, slots=True)
class Paged:
    """A page is there, unless another folder is shown by now."""

    of: Of
    number: int
    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A folder cannot be shown."""

    of: Of
    why: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A person marks a path, or takes the mark away."""

    path: bytes


@dataclass(frozen=True, slots=True)
class Unmarked:
    """Nothing is marked any more."""


Happening = Opened | Entered | Stepped | Filtered | Arranged | Paged | Failed | Marked | Unmarked

SORTS: Mapping[int, str] = MappingProxyType({1: "name", 2: "size", 3: "modified"})
"""Columns by which the engine can order a folder → what it calls that."""


def about(state: BrowseState) -> Of:
    """Return what pages must be of to be shown."""
    return (state.snapshot.snapshot if state.snapshot else ""), state.folder, state.text, state.order


def asked_order(order: Order | None) -> dict[str, object]:
    """Return an order as requests have it."""
    return {} if order is None else {"sort": SORTS[order.column], "falling": order.is_falling}


def apply(state: BrowseState, event: Happening) -> BrowseState:
    """Return what the place shows after something happened."""
    match event:
        case Opened(snapshots, snapshot, folder):
            at = next((at for at, each in enumerate(snapshots) if each.snapshot == snapshot), 0)
            return BrowseState(snapshots, at, folder, order=state.order)
        case Entered(folder):
            return _afresh(replace(state, folder=folder, text=""))
        case Stepped(by):
            return _afresh(replace(state, at=max(0, min(len(state.snapshots) - 1, state.at + by))))
        case Filtered(text):
            return _afresh(replace(state, text=text))
        case Arranged(order):
            return _afresh(replace(state, order=order))
        case Paged(of, number, entries, total) if of == about(state):
            pages = {**state.pages, number: entries}
            while len(pages) > KEPT_PAGES:
                del pages[next(iter(pages))]
            return replace(state, pages=pages, total=total, problem="")
        case Failed(of, why) if of == about(state):
            return replace(state, problem=why, total=0)
        case Marked(path):
            return replace(state, marked=state.marked ^ {path})
        case Unmarked():
            return replace(state, marked=frozenset())
        case _:
            return state


def _afresh(state: BrowseState) -> BrowseState:
    return replace(state, total=None, pages={}, problem="")


def parent(folder: bytes) -> bytes:
    """Return the folder above."""
    return folder.rstrip(b"/").rpartition(b"/")[0] or b"/"


def row_of(state: BrowseState, row: int, glyphs: Glyphs) -> Row:
    """Return a row; one that is not there yet says so."""
    entry = state.entry(row)
    if entry is None:
        return Row((Span(""), Span("…", "dim"), Span(""), Span(""), Span("")))
    is_folder = entry.type == "directory"
    name = entry.path + (glyphs.folder if is_folder else "")
    name += f" -> {entry.target.path}" if entry.target else ""
    name += f"  ({'; '.join(entry.marks)})" if entry.marks else ""
    mark = glyphs.unread if state.path(entry) in state.marked else ""
    return Row(
        (
            Span(mark, "accent"),
            Span(name, "warn" if entry.marks else "strong" if is_folder else "plain"),
            Span(size(entry.size_below if entry.size_below is not None else entry.size)),
            Span(moment(entry.mtime_ns), "dim"),
            Span(filemode(entry.mode), "dim"),
        )
    )


def breadcrumb(state: BrowseState, width: int) -> Line:
    """Return where one is: which snapshot, which folder; the beginning of a long path goes first."""
    snapshot = state.snapshot
    if snapshot is None:
        return line(Span("no snapshot", "dim"))
    when = f"{moment(snapshot.time_ns)[:16]} "
    place = printable(state.folder)
    room = max(10, width - len(when) - 24)
    place = place if len(place) <= room else "…" + place[-room + 1 :]
    position = f"  {state.at + 1} of {len(state.snapshots)}"
    return line(Span(when, "accent"), Span(place, "strong"), Span(position, "dim"))


def few_words(entry: Entry) -> list[Line]:
    """Return what is said of an entry while nothing more is known."""
    if entry.type == "directory":
        return [
            line(Span(f"{count(entry.entries_below or 0, 'entry', 'entries')}, {size(entry.size_below or 0)}", "dim"))
        ]
    return [line(Span("" if entry.type == "file" else f"a {entry.type}", "dim"))]


def entry_panel(rows: Sequence[tuple[str, str]]) -> list[Line]:
    """Return all that is kept of an entry, as lines."""
    room = max((len(name) for name, _ in rows), default=0) + 2
    return [line(Span(name.ljust(room), "dim"), value) for name, value in rows]


def as_shown(path: bytes) -> dict[str, object]:
    """Return a path as requests carry it."""
    found: dict[str, object] = msgspec.to_builtins(shown(path))
    return {"path": "", **found}
