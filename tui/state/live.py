"""A run as its lines tell of it: what `yester runs` knows, and besides its phase, its pace and its last words; pure."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from yester.engine.events import Error, Event, Message, RunEnd, RunPhase, RunProgress, Unknown
from yester.engine.events import Line as EventLine
from yester.engine.runs.estimate import has_outgrown, share_done
from yester.engine.runs.records import RunRecord, with_line
from yester.tui.cli.run_words import clock, event_words
from yester.tui.cli.wording import one_line
from yester.tui.state.text import Line, Span, Tone, line

SAMPLES = 60
"""Steps of the pace that are kept."""
WORDS = 2000
"""Lines in words that are kept of a run; its journal has all."""
HANDS = 3
"""Files that are shown: the one in hand, and those just before it."""
_APART_NS = 500_000_000
"""The pace is taken over at least this long."""


class Hand(NamedTuple):
    """Something that is read or written, as far as it is."""

    path: str
    done: int = 0
    """Bytes; 0 as long as nobody counts them."""
    size: int | None = None
    """Bytes that there are to read or write; None: nobody can tell, or it is small."""

    @property
    def part(self) -> float:
        """How much of it is done, 0 to 1; 0 where nobody can tell."""
        return self.done / self.size if self.size else 0.0

    @property
    def is_folder(self) -> bool:
        """Whether it is only said where the work is."""
        return self.path.endswith("/")


class Told(NamedTuple):
    """Something that happened in a run, in words."""

    when: str
    """The time of day."""
    words: Span
    source: str = ""
    """The plugin that says it; empty: yester."""
    action: str = ""
    """What that plugin offers to do about it."""

    @property
    def line(self) -> Line:
        """All of it on one line."""
        return line(Span(f"{self.when}  ", "dim"), self.words, Span(self.offer, "accent"))

    @property
    def offer(self) -> str:
        """What can be done about it, and the key that does it; empty when there is nothing."""
        return f"  a does {self.action}" if self.action else ""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """One run that is followed."""

    record: RunRecord
    seq: int = 0
    """The number of the newest line: what comes with a lower one was told already."""
    phase: str = ""
    in_hand: tuple[Hand, ...] = ()
    """What is read or written, and what was just before, newest last."""
    words: tuple[Told, ...] = ()
    """What happened, newest last."""
    rates: tuple[float, ...] = ()
    """Bytes a second, newest last."""
    sampled: tuple[int, int] = (0, 0)
    """When the pace was taken last, and the bytes until then."""
    is_lost: bool = False
    """Its lines ended without an end: it died."""

    @property
    def path(self) -> str:
        """What is read or written now; empty while nobody has said."""
        return self.in_hand[-1].path if self.in_hand else ""

    @property
    def rate(self) -> float:
        """Bytes a second, smoothed; 0 while nobody knows."""
        newest = self.rates[-6:]
        return sum(newest) / len(newest) if newest else 0.0

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1; None where nobody knows how much there is."""
        record = self.record
        size, totals = record.size, (record.total_files, record.total_size)
        if record.is_over or has_outgrown(record.files, size, *totals):
            return None
        return share_done(record.files + (self.in_hand[-1].part if self.in_hand else 0.0), size, *totals)


def with_event(run: LiveRun, told: EventLine) -> LiveRun:
    """Return the run after one more line; one that was told already changes nothing."""
    if told.seq <= run.seq:
        return run
    event = told.event
    run = replace(run, seq=told.seq, record=with_line(run.record, told))
    match event:
        case RunProgress():
            return _paced(replace(run, in_hand=_in_hand(run.in_hand, event)), told.time_ns, event.size)
        case RunPhase():
            run = replace(run, phase=str(event.phase), in_hand=())
    words = event_words(_in_short(event))
    if not words:
        return run
    said = Told(clock(told.time_ns), Span(one_line(words), _tone(event)))
    if isinstance(event, Message) and event.source != "yester":
        said = said._replace(source=event.source, action=event.action)
    return replace(run, words=(*run.words, said)[-WORDS:])


def _in_short(event: Event | Unknown) -> Event | Unknown:
    """Return the event without what a list has no room for: who worked how long stands in the report."""
    return msgspec.structs.replace(event, plugins=(), store=()) if isinstance(event, RunEnd) else event


def _in_hand(before: tuple[Hand, ...], event: RunProgress) -> tuple[Hand, ...]:
    """Return what is in hand now, after the files that were before."""
    if not event.path:
        return ()
    files = (each for each in before if each.path != event.path and not each.is_folder)
    return (*files, Hand(event.path, event.path_done, event.path_size))[-HANDS:]


def _paced(run: LiveRun, time_ns: int, size: int) -> LiveRun:
    then_ns, before = run.sampled
    if then_ns and time_ns - then_ns < _APART_NS:
        return run
    if not then_ns:
        return replace(run, sampled=(time_ns, size))
    rate = max(0, size - before) * 1e9 / (time_ns - then_ns)
    return replace(run, sampled=(time_ns, size), rates=(*run.rates, rate)[-SAMPLES:])


def _tone(event: object) -> Tone:
    match event:
        case Error():
            return "bad"
        case Message(level="error"):
            return "bad"
        case Message(level="warning") | Unknown():
            return "warn"
        case _:
            return "plain"
