"""What is being brought back: how far its runs are, and what of it did not come back; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from yester.engine.events import Line as EventLine
from yester.engine.events import Message, RestoreEnd
from yester.engine.runs.records import RunRecord
from yester.tui.cli.progress import time_left
from yester.tui.cli.wording import count, printable, size
from yester.tui.state.live import LiveRun, with_event
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, bar, line

COLUMNS = (Column("NOT BROUGHT BACK"), Column("WHY"))
MOST = 10_000
"""Entries that are listed; the journal has all."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """An entry that did not come back, or not wholly."""

    path: bytes
    why: str
    is_bad: bool
    """Not so what nobody could have set, such as another person's ownership."""


@dataclass(frozen=True, slots=True)
class BringingState:
    """What the page shows."""

    what: str
    place: str
    runs: Mapping[str, LiveRun] = field(default_factory=dict)
    """Each that was begun, by id."""
    lacking: tuple[Lacking, ...] = ()
    done: Mapping[str, RestoreEnd] = field(default_factory=dict)
    """Of each that has ended, what it said."""
    all_begun: bool = False
    problem: str = ""
    """Why the rest was not begun."""

    @property
    def lasting(self) -> list[str]:
        """The runs that are not over."""
        return [run for run, live in self.runs.items() if not live.record.is_over and not live.is_lost]

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.all_begun and not self.lasting


def begun(state: BringingState, run: str, began_ns: int) -> BringingState:
    """Return the state once a run is there."""
    record = RunRecord(run=run, action="restore", state="running", began_ns=began_ns)
    return replace(state, runs={**state.runs, run: LiveRun(record)})


def told(state: BringingState, run: str, event: EventLine) -> BringingState:
    """Return the state after a run told something more."""
    live = state.runs[run]
    if event.seq <= live.seq:
        return state
    lacking = state.lacking
    what = event.event
    if isinstance(what, Message) and what.path and len(lacking) < MOST:
        lacking = (*lacking, Lacking(what.raw, what.text, what.level == "error"))
    done = {**state.done, run: what} if isinstance(what, RestoreEnd) else state.done
    return replace(state, runs={**state.runs, run: with_event(live, event)}, lacking=lacking, done=done)


def lost(state: BringingState, run: str) -> BringingState:
    """Return the state when the lines of a run end without an end."""
    return replace(state, runs={**state.runs, run: replace(state.runs[run], is_lost=True)})


def panel(state: BringingState, width: int, glyphs: Glyphs) -> list[Line]:
    """Return how far it is, or how it ended."""
    known = [state.done.get(run, live.record) for run, live in state.runs.items()]
    files, done = sum(each.files for each in known), sum(each.size for each in known)
    head = line(Span(state.what, "strong"), Span(f"  {state.place}", "dim"))
    counts = f"{count(files, 'file')}, {size(done)}"
    if not state.is_over:
        return [head, *_progress(state, counts, width, glyphs)]
    return [head, _ending(state, counts, glyphs), *_in_the_way(state), *_reasons(state, glyphs)]


def _in_the_way(state: BringingState) -> list[Line]:
    """Return what became of what was there."""
    set_aside, skipped, same = (
        sum(getattr(each, name) for each in state.done.values()) for name in ("set_aside", "skipped", "same")
    )
    counts = ((set_aside, "set aside (NAME.before-TIME)"), (skipped, "not replaced"), (same, "the same"))
    said = [f"{number:,} {words}" for number, words in counts if number]
    return [line(Span("there  ", "dim"), ", ".join(said))] if said else []


def _is_whole(live: LiveRun) -> bool:
    return not live.is_lost and live.record.state in ("complete", "errors")


def nothing(state: BringingState) -> str:
    """Return what stands there while nothing is lacking; nothing, where a run did not come to its end."""
    if not state.is_over or state.problem or any(not _is_whole(live) for live in state.runs.values()):
        return ""
    return "Nothing failed" if any(each.skipped for each in state.done.values()) else "Nothing is missing"


def _progress(state: BringingState, counts: str, width: int, glyphs: Glyphs) -> list[Line]:
    lives = [state.runs[run] for run in state.lasting]
    shares = [live.share for live in lives if live.share is not None]
    share = (sum(shares) + len(state.runs) - len(lives)) / len(state.runs) if shares and state.runs else 0.0
    cells = max(10, min(60, width - 12))
    left = max((live.record.eta_s or 0 for live in lives), default=0)
    path = next((live.path for live in lives if live.path), "")
    paused = f"{glyphs.paused} paused  " if any(live.record.state == "paused" for live in lives) else ""
    return [
        line(Span(bar(share, cells, glyphs), "accent"), f" {share:4.0%}"),
        line(paused, counts, Span(f"  {time_left(left)}" if left else "", "dim")),
        line(Span("in hand  ", "dim"), path) if path else line(Span("it goes on when you leave", "dim")),
    ]


def _ending(state: BringingState, counts: str, glyphs: Glyphs) -> Line:
    states = {live.record.state if not live.is_lost else "died" for live in state.runs.values()}
    bad = sum(each.is_bad for each in state.lacking)
    if state.problem or states & {"failed", "died"}:
        return line(Span(f"{glyphs.bad} not all came back", "bad"), f": {counts} did")
    if "cancelled" in states:
        return line(Span(f"{glyphs.idle} stopped", "warn"), f": {counts} came back, and stay")
    if bad or "errors" in states:
        said = f"{count(bad, 'entry', 'entries')} did not" if bad else "some did not"
        return line(Span(f"{glyphs.warn} brought back", "warn"), f": {counts}; {said}, see below")
    return line(Span(f"{glyphs.good} brought back", "good"), f": {counts}")


def _reasons(state: BringingState, glyphs: Glyphs) -> list[Line]:
    found = [line(Span(f"{glyphs.bad} {state.problem}", "bad"))] if state.problem else []
    for live in state.runs.values():
        if live.record.error:
            found += [line(Span(f"{glyphs.bad} {live.record.error}", "bad")), line(Span(live.record.hint, "dim"))]
        elif live.is_lost:
            found.append(line(Span(f"{glyphs.bad} it was killed: bring it back again, what came stays", "bad")))
    return found


def row_of(lacking: Lacking) -> Row:
    """Return what did not come back as a row."""
    return Row((Span(printable(lacking.path)), Span(lacking.why, "bad" if lacking.is_bad else "dim")))
