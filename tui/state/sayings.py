"""What the program says of what happened, and what its keys ran: the line above the keys, and the log; pure.

What is said takes a line or two at the bottom, for a while, and covers nothing. All of it stays in the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rich.cells import cell_len

from yester.tui.cli.wording import one_line
from yester.tui.state.text import Glyphs, Line, Span, fitted, line

KEPT = 200
"""So many are remembered for the log."""
GOOD_S, BAD_S = 4.0, 20.0
"""How long what is said is shown: time enough to read it, and to see that there is something to be read."""
_INDENT = 2
"""Cells of the sign."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that a key ran."""

    command: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that was said."""

    what: str
    hint: str
    is_bad: bool
    at_ns: int
    until_ns: int
    """When it is shown no more, unless a person does not want to see it any longer."""

    @property
    def words(self) -> str:
        """All of it."""
        return f"{self.what}\n{self.hint}" if self.hint else self.what


Noted = Ran | Saying


def with_noted(noted: tuple[Noted, ...], one: Noted) -> tuple[Noted, ...]:
    """Return what is remembered once this came; what is wrong is said once while it is still to be read."""
    if isinstance(one, Saying) and one.is_bad and any(each.words == one.words for each in shown(noted, one.at_ns)):
        return noted
    return (*noted, one)[-KEPT:]


def hushed(noted: Sequence[Noted]) -> tuple[Noted, ...]:
    """Return what is remembered when nobody wants to see any of it any longer."""
    return tuple(replace(each, until_ns=0) if isinstance(each, Saying) else each for each in noted)


def shown(noted: Sequence[Noted], now_ns: int) -> list[Saying]:
    """Return what is still to be read, newest last."""
    return [each for each in noted if isinstance(each, Saying) and each.until_ns > now_ns]


def said_lines(noted: Sequence[Noted], now_ns: int, width: int, more_key: str, glyphs: Glyphs) -> list[Line]:
    """Return the newest of what is still to be read, on at most two lines, and the key that shows what is not there.

    `width`: cells that there are. What is wrong has a sign of its own, and its hint on the second line.
    """
    said = shown(noted, now_ns)
    if not said:
        return []
    signs, room = _sign(said[-1], glyphs), width - _INDENT
    texts = [text.splitlines()[0] for text in (said[-1].what, said[-1].hint) if text]
    is_whole = "\n".join(texts) == said[-1].words and all(cell_len(one_line(text)) <= room for text in texts)
    more = ([] if is_whole else ["all of it"]) + ([f"{len(said) - 1} more"] if len(said) > 1 else [])
    end = f"  {more_key}: {', '.join(more)}" if more else ""
    *above, last = texts
    made = [Span(fitted(text, room)) for text in above] + [Span(fitted(last, max(0, room - cell_len(end))))]
    made = [made[0], *(Span(each.text, "dim") for each in made[1:])]
    begins = [signs, *(Span(" " * _INDENT) for _ in above)]
    lines = [(begin, each) for begin, each in zip(begins, made, strict=True)]
    return [*lines[:-1], (*lines[-1], Span(end, "accent"))]


def _sign(saying: Saying, glyphs: Glyphs) -> Span:
    return Span(f"{glyphs.bad} ", "bad") if saying.is_bad else Span(f"{glyphs.idle} ", "accent")


def log_lines(noted: Sequence[Noted], glyphs: Glyphs) -> list[Line]:
    """Return all that is remembered, newest first, each with its time of day."""
    found: list[Line] = []
    for each in reversed(noted):
        when = Span(f"{datetime.fromtimestamp(each.at_ns / 1e9):%H:%M:%S}  ", "dim")
        if isinstance(each, Ran):
            found.append(line(when, Span("$ ", "dim"), each.command))
            continue
        what, *rest = each.words.splitlines()
        found.append(line(when, _sign(each, glyphs), what))
        found += [line(Span(" " * 12 + text, "dim")) for text in rest]
    return found
