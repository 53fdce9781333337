"""The beginning of a file in lines: text where it is text, else bytes in numbers; and how two of them differ; pure."""

import codecs
import difflib
from dataclasses import dataclass

import msgspec

from yester.tui.cli.wording import count, size
from yester.tui.state.text import Line, Span, Tone, line

_ROW = 16
"""Bytes of a row of numbers."""
_ROWS = 256
_LINES = 1000
"""Lines of text that are shown, and compared."""


class Beginning(msgspec.Struct, frozen=True):
    """The beginning of a file, as `files.read` tells of it."""

    size: int
    bytes: bytes


@dataclass(frozen=True, slots=True)
class Compared:
    """Two beginnings of a file, and what they are."""

    before: Beginning | None
    after: Beginning | None
    """None: there is no such file."""
    before_is: str
    after_is: str


def text_of(file: Beginning) -> str | None:
    """Return a file's beginning as text; None where it is none. A character that is cut at the end is left out."""
    if b"\0" in file.bytes:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(file.bytes, final=len(file.bytes) >= file.size)
    except UnicodeDecodeError:
        return None


def shown(file: Beginning) -> list[Line]:
    """Return a file's beginning in lines."""
    text = text_of(file)
    lines = _numbers(file.bytes) if text is None else [line(each) for each in _split(text)]
    if not file.size:
        lines = [line(Span("(empty)", "dim"))]
    is_cut = len(file.bytes) < file.size or (text is not None and len(text.splitlines()) > _LINES)
    return [*lines, line(Span(f"… of {size(file.size)}", "dim"))] if is_cut else lines


def _split(text: str) -> list[str]:
    return [each.replace("\t", "    ") for each in text.splitlines()[:_LINES]]


def _numbers(data: bytes) -> list[Line]:
    return [_number_row(data[at : at + _ROW], at) for at in range(0, min(len(data), _ROW * _ROWS), _ROW)]


def _number_row(row: bytes, at: int) -> Line:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return line(Span(f"{at:06x}  ", "dim"), f"{row.hex(' '):<47}  ", Span(letters, "dim"))


_TONES: dict[str, Tone] = {"+": "good", "-": "bad", "@": "accent"}


def difference(both: Compared) -> list[Line]:
    """Return how two beginnings of a file differ, as lines: what only the first has with -, only the second with +."""
    before, after = both.before, both.after
    if before is None or after is None:
        here = before or after
        return [] if here is None else shown(here)
    if before == after:
        same = "the same" if len(before.bytes) == before.size else f"the same in the first {size(len(before.bytes))}"
        return [line(Span(f"{both.before_is} and {both.after_is}: {same}", "good")), line(""), *shown(before)]
    texts = text_of(before), text_of(after)
    if texts[0] is None or texts[1] is None:
        return [
            line(
                Span("no text; ", "dim"), f"{both.before_is}: {size(before.size)}, {both.after_is}: {size(after.size)}"
            )
        ]
    return _unified(both, texts[0], texts[1])


def _unified(both: Compared, before: str, after: str) -> list[Line]:
    found = [
        line(Span(each, _TONES.get(each[:1], "plain")))
        for each in list(difflib.unified_diff(_split(before), _split(after), lineterm=""))[2:]
    ]
    gone = sum(each[0].text.startswith("-") for each in found if each)
    come = sum(each[0].text.startswith("+") for each in found if each)
    if not found:
        return [line(Span("they differ in white space at ends of lines, or further on", "dim"))]
    head = f"{count(gone, 'line')} only in {both.before_is}, {come:,} only in {both.after_is}"
    return [line(Span(head, "dim")), *found]
