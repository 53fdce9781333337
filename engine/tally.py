"""Tally: what was asked of stores, how much of it, for how long, and how often it had to be asked again.

Stores that are opened within `tallying` count into its tally (plugins/backends/terms.py), and its rows are the end of a
run's journal.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from yester.engine.events import StoreCalls, clean


class Tally:
    """Counts of calls, by store and verb. For any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[tuple[str, str], list[int]] = {}

    def add(self, place: str, call: str, *, size: int, time_ns: int, retries: int, has_failed: bool) -> None:
        """Count a call that has ended, with all its tries."""
        with self._lock:
            row = self._rows.setdefault((place, call), [0, 0, 0, 0, 0])
            for number, more in enumerate((1, size, time_ns, retries, has_failed)):
                row[number] += more

    def rows(self) -> tuple[StoreCalls, ...]:
        """Return what has been counted so far, one row for each store and verb."""
        with self._lock:
            return tuple(StoreCalls(clean(place), call, *row) for (place, call), row in sorted(self._rows.items()))


_current: ContextVar[Tally] = ContextVar("tally")


def current_tally() -> Tally:
    """Return the tally of the run that is at work here; one that nobody looks at where there is no run."""
    return _current.get(None) or Tally()


@contextmanager
def tallying() -> Iterator[Tally]:
    """Let stores that are opened in the block count into one tally."""
    tally = Tally()
    token = _current.set(tally)
    try:
        yield tally
    finally:
        _current.reset(token)
