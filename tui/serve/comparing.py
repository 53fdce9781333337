"""Answers about what differs between two snapshots: the comparison is made once, and told by the page."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from yester.engine.comparing.differences import Difference, with_renames
from yester.tui.cli.differences import as_json, notes_of
from yester.tui.cli.history import current_catalogue
from yester.tui.cli.wording import printable
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.methods.snapshots import Compare

if TYPE_CHECKING:
    from yester.engine.errors import DamageError, Offline
    from yester.engine.repository import Repository
    from yester.tui.serve.desk import Desk

MOST = 100_000
"""Differences that are held; of more, so many are told."""
_CHECKED = 256


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two snapshots."""

    of: tuple[str, str, str]
    """The repository, the older and the newer snapshot."""
    found: Sequence[Difference]
    is_whole: bool
    """Whether that is all, and all could be read."""

    def counts(self) -> dict[str, int]:
        """Return what happened to how many paths."""
        return {str(kind): number for kind, number in Counter(each.happened for each in self.found).items()}

    def that_hold(self, text: str) -> Sequence[Difference]:
        """Return the differences whose path, or what it was called, holds a text."""
        wanted = text.casefold()
        return [each for each in self.found if wanted in _searched(each)] if wanted else self.found


class Comparisons:
    """The last comparison: who turns its pages has it made once. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Comparison | None = None

    def of(self, desk: "Desk", asked: Compare, call: Call) -> Comparison:
        """Return what differs. UsageError: there is no such snapshot."""
        of = (desk.repositories.place_of(asked), asked.older, asked.newer)
        with self._lock:
            if self._last is None or self._last.of != of:
                with desk.repositories.using(asked) as opened:
                    self._last = _made(opened, of, call)
            return self._last


def differences(desk: "Desk", asked: Compare, call: Call) -> Answers:
    """Yield a page of what differs."""
    comparison = desk.comparisons.of(desk, asked, call)
    found = comparison.that_hold(asked.grep)
    for each in found[asked.start : asked.start + asked.count]:
        yield as_json(each) | {"notes": notes_of(each)}
    return {"total": len(found), "counts": comparison.counts(), "is_whole": comparison.is_whole}


def _made(opened: "Repository", of: tuple[str, str, str], call: Call) -> Comparison:
    from yester.engine.comparing.comparing import compare_snapshots

    damaged: list[bytes] = []

    def met(path: bytes, error: "DamageError | Offline") -> None:
        damaged.append(path)

    before, after = (opened.find_snapshot(each) for each in of[1:])
    with current_catalogue(opened) as catalogue:
        told = compare_snapshots(opened, before, after, b"/", damaged=met, catalogue=catalogue)
        found = [*islice(_checked(told, call), MOST + 1)]
    return Comparison(of, [*with_renames(found[:MOST])], len(found) <= MOST and not damaged)


def _checked(told: Iterable[Difference], call: Call) -> Iterable[Difference]:
    """Yield what is told until it is wanted no more."""
    for number, each in enumerate(told):
        if not number % _CHECKED:
            call.check()
        yield each


def _searched(each: Difference) -> str:
    return f"{printable(each.path)}\n{printable(each.origin)}".casefold()
