"""Ordinals after entries went: entries are numbered in preorder, so each one that goes moves all after it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class Removals:
    """Runs of ordinals that went, told in rising order."""

    __slots__ = ("_ends", "_gone", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._gone = [0]
        """Before each run, and after the last: how many went."""

    def add(self, start: int, count: int) -> None:
        """Let `count` ordinals from `start` go; ValueError when they do not come after all before."""
        if not count:
            return
        if self._ends and start < self._ends[-1]:
            raise ValueError("ordinals that do not rise")
        self._starts.append(start)
        self._ends.append(start + count)
        self._gone.append(self._gone[-1] + count)

    def __len__(self) -> int:
        return self._gone[-1]

    def moved(self, ordinal: int) -> int | None:
        """Return what an ordinal has become; None when its entry went."""
        row = bisect_right(self._starts, ordinal)
        if row and ordinal < self._ends[row - 1]:
            return None
        return ordinal - self._gone[row]


def relinked(pairs: Iterable[tuple[int, int]], removals: Removals) -> Iterator[tuple[int, int]]:
    """Yield the (member, first) pairs of a link table as they are after the removals.

    Where the first name of a file went, the next one that is left takes its place.
    """
    heirs: dict[int, int] = {}
    for member, first in pairs:
        here = removals.moved(member)
        if here is None:
            continue
        moved = removals.moved(first)
        if moved is None:
            moved = heirs.setdefault(first, here)
        if moved != here:
            yield here, moved
