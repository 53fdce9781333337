"""A long list of which only the pages are kept that came into sight; pure.

`missing` says which page is to be fetched next, `with_page` takes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE = 200
"""Rows of a page."""
KEPT = 12
"""Pages that are kept; those that were fetched first go first."""


@dataclass(frozen=True, slots=True)
class Pages(Generic[T]):
    """What is there of a list."""

    total: int | None = None
    """How many rows the list has; None: not told yet."""
    by_number: Mapping[int, tuple[T, ...]] = field(default_factory=dict)

    def at(self, row: int) -> T | None:
        """Return what stands on a row; None while it is not there."""
        page = self.by_number.get(row // PAGE, ())
        return page[row % PAGE] if row % PAGE < len(page) else None

    def missing(self, start: int, stop: int) -> int | None:
        """Return the number of a page that rows `start` to `stop` need and that is not there; None: all are."""
        if self.total is None:
            return 0 if 0 not in self.by_number else None
        last = min(stop, self.total) - 1
        wanted = range(start // PAGE, last // PAGE + 1) if last >= start else range(0)
        return next((number for number in wanted if number not in self.by_number), None)

    def with_page(self, number: int, rows: tuple[T, ...], total: int, *, is_fresh: bool = False) -> "Pages[T]":
        """Return the list with a page more; `is_fresh`: the others were fetched before something changed."""
        pages = {**({} if is_fresh else self.by_number), number: rows}
        while len(pages) > KEPT:
            del pages[next(iter(pages))]
        return Pages(total, pages)
