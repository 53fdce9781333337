"""Browse: one folder of one snapshot, or of now, by the page; pure.

The neighbours in time are the snapshots of the same profile, and Now before the newest, so that `[` and `]` keep the
place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from yester.engine.events import shown
from yester.tui.cli.wording import count
from yester.tui.state.entries import Entry, blank, is_now
from yester.tui.state.entries import row_of as row_of_entry
from yester.tui.state.order import Order
from yester.tui.state.pages import PAGE, Pages
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Glyphs, Row

NOW = "now"
"""In the place of a snapshot's id: the files as they are."""


class Of(NamedTuple):
    """What a page must be of to be shown."""

    snapshot: str
    folder: bytes
    text: str
    order: Order | None
    deleted: bool
    hidden: bool = True


@dataclass(frozen=True, slots=True)
class BrowseState:
    """What the place shows."""

    snapshots: tuple[Snapshot, ...] = ()
    """Of the profile, newest first; before them Now, as one of them."""
    at: int = 0
    """Which of them is looked into."""
    host: str = ""
    """This machine's name."""
    folder: bytes = b"/"
    text: str = ""
    """Only names that hold it."""
    order: Order | None = None
    """None: by the bytes of names."""
    shows_deleted: bool = False
    shows_hidden: bool = True
    """Whether names that begin with a dot are shown: what is lost may be one of them."""
    pages: Pages[Entry] = Pages()
    """The entries of the folder that are there."""
    marked: Mapping[bytes, str] = field(default_factory=dict)
    """Whole path → the snapshot that it would come back from."""
    problem: str = ""
    """Why the folder cannot be shown."""

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot that is looked into."""
        return self.snapshots[self.at] if self.at < len(self.snapshots) else None

    @property
    def is_now(self) -> bool:
        """Whether the files as they are are looked at."""
        return self.snapshot is not None and is_now(self.snapshot)

    @property
    def against(self) -> str:
        """What entries are held against: now, or where that is looked at the newest snapshot; empty: nothing.

        What was taken on another machine is not held against the files of this one.
        """
        newest = next((each for each in self.snapshots if not is_now(each)), None)
        if newest is None or (self.host and newest.host and newest.host != self.host):
            return ""
        return newest.snapshot if self.is_now else NOW

    def row(self, name: bytes, number: int) -> int | None:
        """Return the row of a name on a page; None where it is not there."""
        page = self.pages.by_number.get(number, ())
        return next((number * PAGE + at for at, entry in enumerate(page) if entry.raw == name), None)

    def path(self, entry: Entry) -> bytes:
        """Return the whole path of an entry."""
        return self.folder.rstrip(b"/") + b"/" + entry.raw

    def source(self, entry: Entry) -> str:
        """Return the snapshot that an entry would come back from; empty: it is there, as it is now."""
        if entry.last is not None:
            return entry.last.snapshot
        return self.snapshot.snapshot if self.snapshot is not None and not self.is_now else ""


@dataclass(frozen=True, slots=True)
class Opened:
    """Snapshots are to be looked into, beginning with one of them."""

    snapshots: tuple[Snapshot, ...]
    snapshot: str
    folder: bytes
    host: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """Snapshots came or went; the one that is looked into stays so, if it is there."""

    snapshots: tuple[Snapshot, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """A person goes to another folder, in the same snapshot or in one that is named."""

    folder: bytes
    snapshot: str = ""


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


@dataclass(frozen=True, slots=True)
class DeletedShown:
    """A person wants to see what was deleted, or no more."""


@dataclass(frozen=True, slots=True)
class HiddenShown:
    """Names that begin with a dot are to be shown, or no more."""


@dataclass(frozen=True, slots=True)
class Paged:
    """A page is there, unless another folder is shown by now."""

    of: Of
    number: int
    entries: tuple[Entry, ...]
    total: int
    is_fresh: bool = False
    """The others were fetched before something changed."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A folder cannot be shown."""

    of: Of
    why: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A person marks a path, or takes the mark away."""

    path: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Unmarked:
    """Nothing is marked any more."""


Happening = (
    Opened
    | Listed
    | Entered
    | Stepped
    | Filtered
    | Arranged
    | DeletedShown
    | HiddenShown
    | Paged
    | Failed
    | Marked
    | Unmarked
)


SORTS: Mapping[int, str] = MappingProxyType({1: "name", 3: "size", 4: "modified"})
"""Columns by which the engine can order a folder → what it calls that."""


def about(state: BrowseState) -> Of:
    """Return what pages must be of to be shown."""
    snapshot = state.snapshot.snapshot if state.snapshot else ""
    return Of(snapshot, state.folder, state.text, state.order, state.shows_deleted, state.shows_hidden)


def asked_order(order: Order | None) -> dict[str, object]:
    """Return an order as requests have it."""
    return {} if order is None else {"sort": SORTS[order.column], "falling": order.is_falling}


def apply(state: BrowseState, event: Happening) -> BrowseState:
    """Return what the place shows after something happened."""
    match event:
        case Opened(snapshots, snapshot, folder, host):
            found = _with_now(snapshots, host)
            at = _place_of(found, snapshot, 1)
            kept = replace(BrowseState(), order=state.order, marked=state.marked, shows_hidden=state.shows_hidden)
            return replace(kept, snapshots=found, at=at, host=host, folder=folder)
        case Listed(snapshots):
            found = _with_now(snapshots, state.host)
            kept = replace(state, snapshots=found, at=_place_of(found, about(state).snapshot, state.at))
            return kept if about(kept) == about(state) else _afresh(kept)
        case Entered(folder, snapshot):
            at = _place_of(state.snapshots, snapshot, state.at)
            return _afresh(replace(state, folder=folder, text="", at=at))
        case Stepped(by):
            return _afresh(replace(state, at=max(0, min(len(state.snapshots) - 1, state.at + by))))
        case Filtered(text):
            return _afresh(replace(state, text=text))
        case Arranged(order):
            return _afresh(replace(state, order=order))
        case DeletedShown():
            return _afresh(replace(state, shows_deleted=not state.shows_deleted))
        case HiddenShown():
            return _afresh(replace(state, shows_hidden=not state.shows_hidden))
        case Paged() if event.of == about(state):
            pages = state.pages.with_page(event.number, event.entries, event.total, is_fresh=event.is_fresh)
            return replace(state, pages=pages, problem="")
        case Failed(of, why) if of == about(state):
            return replace(state, problem=why, pages=Pages(0))
        case Marked(path, source):
            others = {each: of for each, of in state.marked.items() if each != path}
            return replace(state, marked=others if path in state.marked else {**others, path: source})
        case Unmarked():
            return replace(state, marked={})
        case _:
            return state


def _with_now(snapshots: tuple[Snapshot, ...], host: str) -> tuple[Snapshot, ...]:
    if not snapshots:
        return ()
    newest = snapshots[0]
    now = Snapshot(snapshot=NOW, time_ns=0, profile=newest.profile, host=host, sources=newest.sources)
    return (now, *snapshots)


def _place_of(snapshots: tuple[Snapshot, ...], snapshot: str, otherwise: int) -> int:
    found = (at for at, each in enumerate(snapshots) if each.snapshot == snapshot)
    return next(found, max(0, min(otherwise, len(snapshots) - 1)))


def _afresh(state: BrowseState) -> BrowseState:
    return replace(state, pages=Pages(), problem="")


def parent(folder: bytes) -> bytes:
    """Return the folder above."""
    return folder.rstrip(b"/").rpartition(b"/")[0] or b"/"


def row_of(state: BrowseState, row: int, glyphs: Glyphs) -> Row:
    """Return a row; one that is not there yet says so."""
    entry = state.pages.at(row)
    if entry is None:
        return blank()
    return row_of_entry(entry, is_marked=state.path(entry) in state.marked, is_now=state.is_now, glyphs=glyphs)


def position(state: BrowseState) -> str:
    """Return which of the snapshots is looked into, and what is special about the list."""
    taken = len(state.snapshots) - 1
    said = [f"{count(taken, 'snapshot')} before it" if state.is_now else f"{state.at} of {taken}"]
    said += [f"{len(state.marked):,} marked"] if state.marked else []
    said += ["deleted shown"] if state.shows_deleted else []
    said += [] if state.shows_hidden else ["hidden left out"]
    return ", ".join(said)


def as_shown(path: bytes) -> dict[str, object]:
    """Return a path as requests carry it."""
    found: dict[str, object] = msgspec.to_builtins(shown(path))
    return {"path": "", **found}
