"""The order that a person wants a list in: by one of its columns, as its cells are worded; pure.

Cells are words for people, so they are read as people read them: `812 B` is less than `4.3 MiB`, `1 h 20 min` more than
`50 min`, `1,234` more than `99`. What begins with no number is ordered as text. Ties stay as they were.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from yester.tui.state.text import Column, Row

_UNITS = MappingProxyType(
    {
        **{unit: 1024.0**power for power, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"))},
        "s": 1.0,
        "min": 60.0,
        "h": 3600.0,
        "days": 86400.0,
        **dict.fromkeys(("%", "", "file", "files", "run", "runs"), 1.0),
    }
)
_PART = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?) ?(%|[A-Za-z]*)")
_NUMBER = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, and which end first."""

    column: int
    is_falling: bool = False

    def turned(self) -> "Order":
        """Return the same the other way round."""
        return Order(self.column, not self.is_falling)


def magnitude(words: str) -> float | None:
    """Return how much a cell says, in its smallest unit; None where it is no amount. A date is none."""
    rest, found = words.strip().removesuffix(" ago"), 0.0
    if not _NUMBER.match(rest):
        return None
    while rest:
        part = _PART.match(rest)
        if part is None or part[2] not in _UNITS:
            return None
        found += float(part[1].replace(",", "")) * _UNITS[part[2]]
        rest = rest[part.end() :].lstrip()
    return found


def sortable(columns: Sequence[Column]) -> tuple[int, ...]:
    """Return the columns by which a list can be ordered: those with a title."""
    return tuple(at for at, column in enumerate(columns) if column.title.strip())


def next_order(order: Order | None, columns: Sequence[int]) -> Order | None:
    """Return the order after this one: column by column, and then as it was."""
    if not columns:
        return None
    if order is None:
        return Order(columns[0])
    at = columns.index(order.column) + 1
    return Order(columns[at]) if at < len(columns) else None


def chosen_order(order: Order | None, column: int) -> Order:
    """Return the order after a person chose a column; one that was chosen already turns round."""
    return order.turned() if order is not None and order.column == column else Order(column)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which row stands where; without rows of its own each stands where it came."""

    count: int = 0
    rows: tuple[int, ...] = ()
    places: Mapping[int, int] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """How many places there are: headings have none while there is an order."""
        return len(self.rows) if self.rows else self.count

    def row_at(self, place: int) -> int:
        """Return the row that stands at a place."""
        return self.rows[place] if self.rows else place

    def place_of(self, row: int) -> int:
        """Return where a row stands."""
        return self.places.get(row, 0) if self.rows else row


def arranged(count: int, row_of: Callable[[int], Row], order: Order | None) -> Arrangement:
    """Return the rows in this order; headings, which divide what stands together no more, are left out."""
    if order is None:
        return Arrangement(count)
    numbers: list[tuple[float, int]] = []
    texts: list[tuple[str, int]] = []
    nothing: list[int] = []
    for at in range(count):
        row = row_of(at)
        if row.is_heading:
            continue
        words = row.cells[order.column].text.strip()
        amount = magnitude(words)
        if amount is not None:
            numbers.append((amount, at))
        elif words in ("", "-"):
            nothing.append(at)
        else:
            texts.append((words.casefold(), at))
    # What says nothing is last, whichever way.
    rows = (*_in_turn(numbers, order.is_falling), *_in_turn(texts, order.is_falling), *nothing)
    return Arrangement(count, rows, {row: place for place, row in enumerate(rows)})


def _in_turn(found: list[tuple[Any, int]], is_falling: bool) -> list[int]:
    return [at for _, at in sorted(found, key=lambda pair: pair[0], reverse=is_falling)]
