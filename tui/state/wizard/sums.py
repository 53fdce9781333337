"""What would be taken and what left out, as `sources.measure` tells of it, in words; pure."""

from collections.abc import Mapping

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import count, size
from yester.tui.state.text import Glyphs, Line, Span, bar, line

WHYS: Mapping[str, str] = {
    "pattern": "by a pattern",
    "large": "too large",
    "cache": "a cache",
    "marked": "marked",
    "elsewhere": "not entered",
}
"""Why something is left out."""
_BAR = 8


class Sum(Shown, frozen=True):
    """A path and what it takes."""

    size: int = 0


class LeftOut(Sum, frozen=True):
    """What would be left out."""

    is_folder: bool = False
    why: str = "pattern"


class Sums(msgspec.Struct, frozen=True):
    """What was added up by now."""

    files: int = 0
    folders: int = 0
    size: int = 0
    unreadable: int = 0
    left_out: int = 0
    left_out_size: int = 0
    is_whole: bool = True
    is_over: bool = True
    heaviest: tuple[Sum, ...] = ()
    examples: tuple[LeftOut, ...] = ()


def lines(sums: Sums | None, problem: str, glyphs: Glyphs, room: int, *, is_asked: bool = False) -> list[Line]:
    """Return the sums in at most so many lines; before there are any whether they are asked for."""
    if problem:
        return [line(Span(f"{glyphs.bad} {problem}", "bad"))]
    if sums is None:
        return [line(Span(f"{glyphs.running} counting…" if is_asked else "nothing is chosen yet", "dim"))]
    how_far = ("", "") if sums.is_over else (glyphs.running + " ", ", counting…")
    more = "" if sums.is_whole else " and more"
    found = [
        line(
            Span(f"{how_far[0]}{size(sums.size)}", "strong"),
            f" in {count(sums.files, 'file')}{more}",
            Span(how_far[1], "dim"),
        )
    ]
    if sums.unreadable:
        found.append(line(Span(f"{glyphs.warn} {count(sums.unreadable, 'entry', 'entries')} cannot be read", "warn")))
    rest = max(2, room - len(found) - (2 if sums.left_out else 1))
    left = min(len(sums.examples), rest // 2)
    found += [_heavy(each, sums.size, glyphs) for each in sums.heaviest[: rest - left]]
    if sums.left_out:
        found.append(
            line(
                Span("left out ", "dim"),
                f"{count(sums.left_out, 'entry', 'entries')}, {size(sums.left_out_size)}, such as",
            )
        )
        found += [_left(each) for each in sums.examples[:left]]
    elif sums.is_over:
        found.append(line(Span("nothing is left out", "dim")))
    return found


def _heavy(each: Sum, whole: int, glyphs: Glyphs) -> Line:
    share = each.size / whole if whole else 0.0
    return line(Span(bar(share, _BAR, glyphs), "accent"), f" {size(each.size):>10}  ", each.path)


def _left(each: LeftOut) -> Line:
    folder = "/" if each.is_folder else ""
    return line(
        Span(f"{size(each.size):>{_BAR + 11}}  "),
        f"{each.path}{folder}",
        Span(f"  {WHYS.get(each.why, each.why)}", "dim"),
    )
