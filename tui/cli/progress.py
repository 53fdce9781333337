"""Progress for a person at a terminal, and for followers of the events."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from yester.engine.events import Phase
from yester.engine.progress import Counters
from yester.tui.cli.wording import count, size

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

WORDS = {
    Phase.OPEN: "opening",
    Phase.READ: "reading",
    Phase.STORE: "storing",
    Phase.COMMIT: "committing",
    Phase.PLAN: "planning",
    Phase.WRITE: "writing",
    Phase.ATTRIBUTES: "finishing",
    Phase.STRUCTURE: "checking",
    Phase.CONTENT: "reading",
    Phase.WAIT: "waiting for other writers",
    Phase.DELETE: "deleting",
}

_SETTLED_S = 2.0
"""Before this a rate says nothing about the rest."""
_SETTLED_SHARE = 0.02
_BAR_WIDTH = 24


class Follower(Protocol):
    """Who else is told: a Recorder (engine/journal.py)."""

    def phase(self, phase: Phase) -> None:
        """The work turns to its next part."""
        ...

    def update(self, counters: Counters) -> None:
        """The work has come this far."""
        ...


def share_done(counters: Counters) -> float | None:
    """Return how much of the work is done, 0 to 1, as far as the totals are known; files and bytes count alike."""
    shares = []
    if counters.total_files:
        shares.append(min(1.0, (counters.files) / counters.total_files))
    if counters.total_size:
        shares.append(min(1.0, counters.size / counters.total_size))
    return sum(shares) / len(shares) if shares else None


def time_left(share: float | None, elapsed_s: float) -> str:
    """Return how long the rest takes at the rate so far, in words; empty while nobody can say."""
    if share is None or share < _SETTLED_SHARE or elapsed_s < _SETTLED_S:
        return ""
    seconds = elapsed_s / share * (1 - share)
    if seconds < 60:
        return f"{max(1, round(seconds))} s left"
    if seconds < 3600:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"


class Watch:
    """The engine's Progress: keeps the newest counters, and shows them when `tick` is called, on another thread."""

    def __init__(self, follower: Follower | None, bar: "Bar | None", begun: Callable[[], None] = lambda: None) -> None:
        """`begun` is called when a phase begins that comes after opening."""
        self._follower = follower
        self._bar = bar
        self._begun = begun
        self._phase = Phase.OPEN
        self._counters: Counters | None = None

    @property
    def counters(self) -> Counters:
        """How far the work has come."""
        return self._counters or Counters()

    def phase(self, phase: Phase) -> None:
        """Remember the phase, and tell followers."""
        self._phase = phase
        if phase != Phase.OPEN:
            self._begun()
        if self._follower is not None:
            self._follower.phase(phase)

    def update(self, counters: Counters) -> None:
        """Remember the counters."""
        self._counters = counters

    def tick(self) -> None:
        """Show where the work is."""
        counters = self._counters
        if counters is None:
            return
        if self._follower is not None:
            self._follower.update(counters)
        if self._bar is not None:
            self._bar.show(self._phase, counters)


class Bar:
    """A line at the bottom of the terminal; gone when the work is done."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._progress: RichProgress | None = None
        self._task: TaskID | None = None

    def show(self, phase: Phase, counters: Counters) -> None:
        """Draw the line anew."""
        elapsed_s = time.monotonic() - self._began_s
        share = share_done(counters)
        parts = [
            count(counters.files, "file"),
            size(counters.size),
            f"{size(int(counters.size / elapsed_s))}/s" if elapsed_s > 0.5 else "",
            time_left(share, elapsed_s) if phase in (Phase.READ, Phase.WRITE, Phase.CONTENT) else "",
            count(counters.failed, "failure") if counters.failed else "",
        ]
        self._draw(WORDS[phase], share, "  ".join(part for part in parts if part))

    def _draw(self, word: str, share: float | None, text: str) -> None:
        if self._progress is None or self._task is None:
            self._progress = _rich_progress()
            self._task = self._progress.add_task(word, total=None, text="")
            self._progress.start()
        total, completed = (None, 0) if share is None else (1.0, share)
        self._progress.update(self._task, description=word, total=total, completed=completed, text=text)
        self._progress.refresh()

    def close(self) -> None:
        """Take the line away."""
        if self._progress is not None:
            self._progress.stop()


def _rich_progress() -> "RichProgress":
    # A tenth of a second to import, and most runs have no terminal.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TextColumn
    from rich.progress_bar import ProgressBar

    class HonestBar(BarColumn):
        """A bar of no width while nobody knows how much there is."""

        def render(self, task: Task) -> ProgressBar:
            return super().render(task) if task.total is not None else ProgressBar(width=0)

    return Progress(
        TextColumn("{task.description}"),
        HonestBar(bar_width=_BAR_WIDTH),
        TextColumn("{task.fields[text]}", markup=False),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
    )


def terminal_bar(quiet: bool) -> Bar | None:
    """Return a bar when standard error is a terminal that can move its cursor, and nobody wants quiet."""
    import os

    return Bar() if not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else None
