"""How something grew over time, as a chart of several rows; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from yester.tui.cli.wording import moment, size
from yester.tui.state.text import GAP, Glyphs, Line, Span, line

_AXIS = 10
"""Cells for the sizes on the left."""
_ABOUT = "stored"


@dataclass(frozen=True, slots=True)
class Point:
    """How much there was at one time."""

    time_ns: int
    size: int


def chart(points: Sequence[Point], now_ns: int, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Return a chart of so many cells and rows, oldest on the left, and the times below it; nothing without points.

    Each column shows how much there was by its end: between two points nothing changes.
    """
    columns = width - _AXIS - GAP
    if not points or columns < 4 or height < 1:
        return []
    first, last = points[0].time_ns, max(now_ns, points[-1].time_ns, points[0].time_ns + 1)
    values = _columns(points, first, last, columns)
    top = max(max(values), 1)
    rows = [_row(values, top, row, height, glyphs) for row in reversed(range(height))]
    return [*rows, _times(first, last, columns)]


def _columns(points: Sequence[Point], first: int, last: int, columns: int) -> list[int]:
    found, at = [], 0
    for column in range(columns):
        end = first + (last - first) * (column + 1) // columns
        while at + 1 < len(points) and points[at + 1].time_ns <= end:
            at += 1
        found.append(points[at].size)
    return found


def _row(values: Sequence[int], top: int, row: int, height: int, glyphs: Glyphs) -> Line:
    """Return a row of the chart, the lowest being 0: full where the value is above it, a part where it ends in it."""
    steps = len(glyphs.spark)
    cells = []
    for value in values:
        filled = round(value / top * height * steps) - row * steps
        cells.append(" " if filled <= 0 else glyphs.spark[min(filled, steps) - 1])
    said = size(top) if row == height - 1 else ""
    return line(Span(f"{said:>{_AXIS}}" + " " * GAP, "dim"), Span("".join(cells), "accent"))


def _times(first: int, last: int, columns: int) -> Line:
    begin, end = (moment(each)[:10] for each in (first, last))
    room = columns - len(begin) - len(end)
    between = _ABOUT if room >= len(_ABOUT) + 2 else ""
    said = begin + between.center(room) + end if room > 0 else begin[:columns]
    return line(Span(" " * (_AXIS + GAP) + said, "dim"))
