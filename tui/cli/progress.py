"""Progress for a person at a terminal, and for followers of the events."""

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import click

from yester.engine.events import Phase
from yester.engine.progress import Counters
from yester.engine.runs.estimate import has_outgrown, share_done
from yester.tui.cli.terminals import leave_dead_terminal
from yester.tui.cli.wording import count, one_line, size

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

_TIMED = (Phase.READ, Phase.STORE, Phase.WRITE, Phase.CONTENT)
"""Phases of which the time left is shown."""
_BAR_WIDTH = 24


class Follower(Protocol):
    """Who else is told: a Recorder (engine/journal.py)."""

    def phase(self, phase: Phase) -> None:
        """The work turns to its next part."""
        ...

    def update(self, counters: Counters, eta_s: int | None = None) -> None:
        """The work has come this far, and takes so many seconds more."""
        ...


def time_left(seconds: int | None) -> str:
    """Return how long the rest takes, in words; empty while nobody can say."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{max(1, seconds)} s left"
    if seconds < 3600:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"


class Watch:
    """The engine's Progress: keeps the newest counters, and shows them when `tick` is called, on another thread."""

    def __init__(
        self,
        follower: Follower | None,
        bar: "Bar | None",
        begun: Callable[[], None] = lambda: None,
        left_s: Callable[[Counters], int | None] = lambda counters: None,
        is_paused: Callable[[], bool] = lambda: False,
    ) -> None:
        """`begun` is called when a phase begins that comes after opening; `left_s` is asked for the seconds left.

        While `is_paused` says so, followers are told nothing.
        """
        self._is_paused = is_paused
        self._follower = follower
        self._bar = bar
        self._begun = begun
        self._left_s = left_s
        self._phase = Phase.OPEN
        self._counters: Counters | None = None
        self._told: deque[str] = deque()

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

    def tell(self, text: str) -> None:
        """Say something on standard error, at the next `tick`, also where no bar is shown. Any thread may call."""
        self._told.append(text)

    def tick(self) -> None:
        """Show where the work is."""
        while self._told:
            if self._bar is not None:
                self._bar.hide()
            click.echo(one_line(self._told.popleft()), err=True)
        counters = self._counters
        if counters is None:
            return
        is_paused = self._is_paused()
        left_s = None if is_paused else self._left_s(counters)
        if self._follower is not None and not is_paused:
            self._follower.update(counters, left_s)
        if self._bar is not None:
            self._bar.is_paused = is_paused
            self._bar.show(self._phase, counters, left_s)


class Bar:
    """A line at the bottom of the terminal; gone when the work is done, or the terminal is."""

    def __init__(self, worked_s: float = 0.0) -> None:
        """`worked_s`: for how long the work has been going on."""
        self.phase = Phase.OPEN
        """For those who do not know a phase at each `show`: the last one they heard of."""
        self.is_paused = False
        self._began_s = time.monotonic() - worked_s
        self._progress: RichProgress | None = None
        self._task: TaskID | None = None
        self._is_lost = False

    def show(self, phase: Phase, counters: Counters, left_s: int | None = None) -> None:
        """Draw the line anew."""
        elapsed_s = time.monotonic() - self._began_s
        parts = [
            count(counters.files, "file"),
            size(counters.size),
            f"{size(int(counters.size / elapsed_s))}/s" if elapsed_s > 0.5 and not self.is_paused else "",
            time_left(left_s) if phase in _TIMED and not self.is_paused else "",
            count(counters.failed, "failure") if counters.failed else "",
        ]
        share = _share(counters)
        word = "paused" if self.is_paused else WORDS[phase]
        self._try(lambda: self._draw(word, share, "  ".join(part for part in parts if part)))

    def hide(self) -> None:
        """Take the line away until it is drawn again, so that something can be printed."""
        progress, self._progress = self._progress, None
        if progress is not None:
            self._try(progress.stop)

    def close(self) -> None:
        """Take the line away."""
        self.hide()

    def _try(self, draw: Callable[[], None]) -> None:
        """Draw; a terminal that went away is left alone from then on, since the work goes on."""
        if self._is_lost:
            return
        try:
            draw()
        except OSError:
            self._is_lost = True
            leave_dead_terminal()

    def _draw(self, word: str, share: float | None, text: str) -> None:
        if self._progress is None or self._task is None:
            self._progress = _rich_progress()
            self._task = self._progress.add_task(word, total=None, text="")
            self._progress.start()
        total, completed = (None, 0) if share is None else (1.0, share)
        self._progress.update(self._task, description=word, total=total, completed=completed, text=text)
        self._progress.refresh()


def _share(counters: Counters) -> float | None:
    """Return how much is done, 0 to 1; None where nobody knows how much there is."""
    size, totals = counters.size, (counters.total_files, counters.total_size)
    is_known = not has_outgrown(counters.files, size, *totals)
    return share_done(counters.files + counters.part, size, *totals) if is_known else None


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


def terminal_bar(quiet: bool, worked_s: float = 0.0) -> Bar | None:
    """Return a bar when standard error is a terminal that can move its cursor, and nobody wants quiet."""
    import os

    return Bar(worked_s) if not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else None
