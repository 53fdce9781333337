"""Text with tones, laid out in columns: what a screen shows before anybody knows of colours; pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

from yester.tui.cli.wording import one_line

Tone = Literal["plain", "dim", "strong", "good", "warn", "bad", "accent"]
"""What a text means. Themes have a colour for each; nothing is said by a tone alone."""


class Span(NamedTuple):
    """A piece of text of one tone."""

    text: str
    tone: Tone = "plain"


Line = tuple[Span, ...]
"""A line of a panel."""


def line(*parts: str | Span) -> Line:
    """Return a line; text that may hold names of files is brought on one line."""
    spans = (part if isinstance(part, Span) else Span(part) for part in parts)
    return tuple(Span(one_line(span.text), span.tone) for span in spans if span.text)


def labelled(label: str, text: str, width: int, *, tone: Tone = "plain") -> list[Line]:
    """Return a dim label and a text; what has no room beside it goes on below, behind where it began.

    `width`: cells; 0 where nobody knows: on one line.
    """
    room = width - len(label)
    pieces = textwrap.wrap(one_line(text), room, break_on_hyphens=False) if room > _NARROWEST else []
    first, *rest = pieces or [text]
    return [line(Span(label, "dim"), Span(first, tone)), *(line(" " * len(label), Span(each, tone)) for each in rest)]


_NARROWEST = 8
"""Cells beside a label below which nothing is gained by keeping them apart."""


def plain(line: Line) -> str:
    """Return the text of a line alone."""
    return "".join(span.text for span in line)


def holds(text: str, wanted: str) -> bool:
    """Whether a text holds each word that a person filters by, in small or capital letters."""
    folded = text.casefold()
    return all(word in folded for word in wanted.casefold().split())


def nothing(filter: str, otherwise: str) -> str:
    """Return what stands in an empty list: that nothing holds what it is filtered by, or else why it is empty."""
    return f"Nothing here holds {filter}: Esc shows all" if filter else otherwise


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list: a cell for each column."""

    cells: tuple[Span, ...]
    share: float | None = None
    """How much of the row is filled as a bar, 0 to 1; None: the row is no bar."""
    is_heading: bool = False
    """A line that divides others; its first cell takes all the room."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list."""

    title: str
    width: int = 0
    """Cells that it takes; 0: it shares what is left over with others of that kind."""
    is_right: bool = False
    """Numbers stand on the right."""
    from_width: int = 0
    """The column is left out where the list is narrower than this."""
    keeps_end: bool = False
    """What is too long is cut at its beginning: of a path the end tells more."""


GAP = 2
"""Cells between columns."""


def widths(columns: Sequence[Column], width: int) -> tuple[int, ...]:
    """Return how wide each column is in a list of this width; 0 for those that are left out."""
    shown = [column.from_width <= width for column in columns]
    fixed = sum(column.width + GAP for column, is_shown in zip(columns, shown, strict=True) if is_shown)
    sharing = sum(is_shown and not column.width for column, is_shown in zip(columns, shown, strict=True))
    room = max(0, width - fixed + GAP)
    found = []
    for column, is_shown in zip(columns, shown, strict=True):
        share = 0
        if is_shown and not column.width:
            share, sharing = max(1, room // sharing), sharing - 1
            room -= share
        found.append((column.width or share) if is_shown else 0)
    return tuple(found)


def fitted(text: str, width: int, *, is_right: bool = False, keeps_end: bool = False) -> str:
    """Return a text of exactly so many cells: padded, or cut with a sign that it was."""
    text = one_line(text)
    length = cell_len(text)
    if length > width and keeps_end and width:
        return cut(text, width)
    if length > width:
        return set_cell_size(text, max(0, width - 1)) + "…" if width else ""
    pad = " " * (width - length)
    return pad + text if is_right else text + pad


def cut(path: str, width: int) -> str:
    """Return a path in at most so many cells, one at least: of a long one the end, which tells more."""
    text = one_line(path)
    return text if cell_len(text) <= width else "…" + set_cell_size(text[::-1], width - 1)[::-1]


def laid_out(cells: Sequence[Span], columns: Sequence[Column], room: Sequence[int]) -> list[Span]:
    """Return the cells of a row as one line that fills the columns, gaps included."""
    found: list[Span] = []
    for cell, column, width in zip(cells, columns, room, strict=True):
        if width:
            if found:
                found.append(Span(" " * GAP))
            text = fitted(cell.text, width, is_right=column.is_right, keeps_end=column.keeps_end)
            found.append(Span(text, cell.tone))
    return found


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Signs of one alphabet. Each stands beside a word, never for one."""

    good: str
    warn: str
    bad: str
    idle: str
    running: str
    paused: str
    unread: str
    pinned: str
    folder: str
    spark: str
    full: str
    empty: str
    rule: str
    rising: str
    falling: str


UNICODE = Glyphs("✓", "!", "✗", "·", "▶", "‖", "●", "◆", "/", "▁▂▃▄▅▆▇█", "█", "░", "─", "▴", "▾")
ASCII = Glyphs("+", "!", "x", ".", ">", "=", "*", "^", "/", "_.:-=+*#", "#", ".", "-", "^", "v")


def sparkline(values: Sequence[float], width: int, glyphs: Glyphs) -> str:
    """Return the newest values as a line of bars; the highest is the full one."""
    shown = values[-width:]
    top = max(shown, default=0)
    last = len(glyphs.spark) - 1
    return "".join(glyphs.spark[round(value / top * last) if top > 0 else 0] for value in shown)


def bar(share: float, width: int, glyphs: Glyphs) -> str:
    """Return a bar of so many cells."""
    full = round(max(0.0, min(1.0, share)) * width)
    return glyphs.full * full + glyphs.empty * (width - full)
