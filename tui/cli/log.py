"""yester log: what happened in a run, or is happening."""

import sys
import time
from collections.abc import Iterable, Iterator

import click

from yester.engine.errors import CancelledError, YesterError
from yester.engine.events import Event, Line, RunPause, RunPhase, RunProgress, RunResume, Unknown, decode
from yester.engine.journal import journal_path
from yester.engine.places import Places
from yester.engine.progress import Counters, InHand
from yester.engine.runs.following import Following, follow
from yester.engine.runs.history import find_run
from yester.engine.runs.records import RunRecord
from yester.tui.cli.failures import complain
from yester.tui.cli.options import as_json
from yester.tui.cli.progress import Bar, terminal_bar
from yester.tui.cli.run_words import clock, event_words, state_words
from yester.tui.cli.wording import moment, one_line


@click.command("log", short_help="Show what happened in a run, or is happening.")
@click.argument("said", metavar="[RUN]", default="")
@click.option("--follow", "-f", "follows", is_flag=True, help="Go on showing what happens until the run ends.")
@as_json
def command(said: str, follows: bool, as_json: bool) -> int:
    """Show what happened in RUN: an id, a part of one, or a profile, whose newest run it is; without it the newest.

    With --json the lines of its journal, as docs/events.md describes them. Exit code 1: the run died, or its journal
    was given up.
    """
    places = Places.default()
    run = find_run(places, said)
    if not journal_path(places.state, run.run).exists():
        raise YesterError(
            f"The journal of run {run.run} was given up; it was a {run.action} that began {moment(run.began_ns)} and "
            f"is known to be: {state_words(run)}",
            hint="See yester runs --all --json.",
        )
    lines = follow(places, run.run) if follows else _stored(places, run)
    _show(lines, as_json, _bar(run) if follows and not as_json else None)
    if run.state == "died" or (isinstance(lines, Following) and not lines.ended):
        complain(f"Run {run.run} died: it has no end, and its process is gone", "Run it again: nothing is lost.")
        return 1
    return 0


def _stored(places: Places, run: RunRecord) -> Iterator[bytes]:
    with open(journal_path(places.state, run.run), "rb") as file:
        yield from (line for line in file if line.endswith(b"\n"))


def _bar(run: RunRecord) -> Bar | None:
    return terminal_bar(quiet=False, worked_s=max(0.0, time.time() - run.began_ns / 1e9))


def _show(lines: Iterable[bytes], as_json: bool, bar: Bar | None) -> None:
    shown = _Shown(bar)
    try:
        for line in lines:
            if as_json:
                click.echo(line, nl=False)
                sys.stdout.flush()
            else:
                shown.take(decode(line))
    except KeyboardInterrupt:
        raise CancelledError("Not following any more; the run goes on", hint="To stop it: yester cancel RUN") from None
    finally:
        if bar is not None:
            bar.close()


class _Shown:
    """Lines in words; progress in the bar, where there is one."""

    def __init__(self, bar: Bar | None) -> None:
        self._bar = bar
        self._progress: RunProgress | None = None
        self._day = ""

    def take(self, line: Line) -> None:
        """Show a line."""
        event = line.event
        if isinstance(event, RunProgress):
            self._progress = event
            self._draw()
            return
        if self._bar is not None:
            self._note(self._bar, event)
        words = event_words(event)
        if not words:
            return
        day, _, _ = moment(line.time_ns).partition(" ")
        if self._bar is not None:
            self._bar.hide()
        if day != self._day:
            self._day = day
            click.echo(day)
        click.echo(f"{clock(line.time_ns)}  {one_line(words)}")
        self._draw()

    def _draw(self) -> None:
        """Draw the bar, or draw it again below what was printed."""
        if self._bar is not None and self._progress is not None:
            self._bar.show(self._bar.phase, _counters(self._progress), self._progress.eta_s)

    @staticmethod
    def _note(bar: Bar, event: Event | Unknown) -> None:
        """Let the bar know what its progress is about."""
        match event:
            case RunPhase():
                bar.phase = event.phase
            case RunPause() | RunResume():
                bar.is_paused = isinstance(event, RunPause)


def _counters(event: RunProgress) -> Counters:
    return Counters(
        files=event.files,
        size=event.size,
        failed=event.failed,
        total_files=event.total_files,
        total_size=event.total_size,
        in_hand=InHand(b"", event.path_size, event.size - event.path_done),
    )
