"""Differences: what differs between two snapshots, by the page; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from stat import S_ISDIR, S_ISREG

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import moment, size
from yester.tui.state.pages import Pages
from yester.tui.state.snapshots import Snapshot
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, line

COLUMNS = (
    Column(" ", 9),
    Column("PATH", keeps_end=True),
    Column("BEFORE", 10, is_right=True, from_width=70),
    Column("AFTER", 10, is_right=True, from_width=60),
)

_KINDS: Mapping[str, tuple[str, Tone]] = {
    "added": ("+ added", "good"),
    "removed": ("- gone", "bad"),
    "changed": ("M changed", "warn"),
    "renamed": ("R renamed", "accent"),
}
"""What happened → sign and word."""


class Look(msgspec.Struct, frozen=True):
    """What an entry was on one side."""

    mode: int = 0
    size: int = 0
    mtime_ns: int = 0


class Difference(Shown, frozen=True, kw_only=True):
    """A path that differs, as `snapshots.diff` tells of it."""

    happened: str = "changed"
    what: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    before: Look | None = None
    after: Look | None = None
    origin: Shown | None = None

    @property
    def mode(self) -> int:
        """What it is, or was."""
        look = self.after or self.before
        return look.mode if look is not None else 0

    @property
    def has_content(self) -> bool:
        """Whether it is a file."""
        return S_ISREG(self.mode)


@dataclass(frozen=True, slots=True)
class DifferencesState:
    """What the page shows."""

    older: Snapshot
    newer: Snapshot
    text: str = ""
    """Only paths that hold it."""
    pages: Pages[Difference] = Pages()
    """Those that fit, as far as they are there."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What happened → how often, all in all."""
    is_whole: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Filtered:
    """A person wants those alone whose path holds a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Paged:
    """A page is there, unless others are wanted by now."""

    text: str
    number: int
    differences: tuple[Difference, ...]
    total: int
    counts: Mapping[str, int]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """They cannot be told."""

    why: str


def apply(state: DifferencesState, event: Filtered | Paged | Failed) -> DifferencesState:
    """Return what the page shows after something happened."""
    match event:
        case Filtered(text):
            return replace(state, text=text, pages=Pages(), problem="")
        case Paged(text, number, differences, total, counts, is_whole) if text == state.text:
            pages = state.pages.with_page(number, differences, total)
            return replace(state, pages=pages, counts=counts, is_whole=is_whole, problem="")
        case Failed(why):
            return replace(state, problem=why, pages=Pages(0))
        case _:
            return state


def headline(state: DifferencesState, glyphs: Glyphs) -> list[Line]:
    """Return what is compared, and what came of it."""
    older, newer = (f"{moment(each.time_ns)[:16]} ({each.snapshot[:8]})" for each in (state.older, state.newer))
    lines = [line(Span(f"From {older} to {newer}", "strong"))]
    if state.pages.total is None:
        return [*lines, line(Span("comparing…", "dim"))]
    said = [f"{state.counts[kind]:,} {word[2:]}" for kind, (word, _) in _KINDS.items() if state.counts.get(kind)]
    lines.append(line(", ".join(said) or ("" if state.problem else "Nothing differs")))
    if not state.is_whole:
        lines.append(line(Span(f"{glyphs.warn} That is not all: it is too much, or some cannot be read", "warn")))
    return lines


def row_of(item: Difference | None, glyphs: Glyphs) -> Row:
    """Return a difference as a row; one that is not there yet says so."""
    if item is None:
        return Row((Span(""), Span("…", "dim"), Span(""), Span("")))
    word, tone = _KINDS.get(item.happened, (item.happened, "plain"))
    name = item.path + (glyphs.folder if S_ISDIR(item.mode) else "")
    name = f"{name} (was {_from(item.origin.path, item.path)})" if item.origin is not None else name
    sides = [size(look.size) if look is not None and S_ISREG(look.mode) else "" for look in (item.before, item.after)]
    return Row((Span(word, tone), Span(name), *(Span(each, "dim") for each in sides)))


def _from(origin: str, path: str) -> str:
    """Return what something was called; only its name where the folder is the same."""
    return origin.rpartition("/")[2] if origin.rpartition("/")[0] == path.rpartition("/")[0] else origin


def few_words(item: Difference) -> list[Line]:
    """Return in what a path differs."""
    word, tone = _KINDS.get(item.happened, (item.happened, "plain"))
    lines = [
        line(Span(item.path, "strong")),
        line(Span(word, tone), f": {', '.join(item.notes)}" if item.notes else ""),
    ]
    return [*lines, line(Span("it was called ", "dim"), item.origin.path)] if item.origin is not None else lines


def nothing(state: DifferencesState) -> str:
    """Return what stands there while there are no rows."""
    if state.problem:
        return state.problem
    if state.pages.total is None:
        return "comparing…"
    return "none holds that" if state.text else "Nothing differs"
