"""A file in lines: text with its syntax, else bytes in numbers; and how two of them differ; pure.

Lines are made where the engine is: what takes long there keeps no screen waiting.
"""

import codecs
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import msgspec

from yester.tui.cli.wording import count, size
from yester.tui.state.pictures import Picture
from yester.tui.state.text import Line, Span, Tone, line

View = Literal["content", "bytes", "details"]
"""How something is shown: its text or picture; in numbers; all that is kept of it."""
VIEWS: tuple[View, ...] = ("content", "bytes", "details")

_ROWS = (16, 8, 4)
"""Bytes of a row of numbers, the most first."""
_NUMBERS = 4096
"""Bytes that are shown as numbers."""
_LINES = 1000
"""Lines of text that are shown, and compared."""
_SYNTAX = 16 << 10
"""Characters of which the syntax is told."""
_LONGEST = 1000
"""Characters of a line, in text whose syntax is told: longer ones no person wrote, and patterns may take for ever."""


class Beginning(msgspec.Struct, frozen=True):
    """A part of a file, the beginning mostly, as `files.read` tells of it."""

    size: int
    bytes: bytes


class Preview(msgspec.Struct, frozen=True):
    """What `files.preview` tells of an entry."""

    lines: tuple[Line, ...] = ()
    picture: Picture | None = None


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


def shown(file: Beginning, name: str = "", columns: int = 0) -> list[Line]:
    """Return a file's beginning in lines; the name tells the syntax. Numbers fit into `columns`; 0: no matter."""
    text = text_of(file)
    if not file.size:
        return [line(Span("(empty)", "dim"))]
    if text is None:
        return numbers(file, columns)
    lines = _with_syntax(text, name) if _has_syntax(text, name) else [line(each) for each in _split(text)]
    return [*lines, *_cut(file, text)]


def numbers(file: Beginning, columns: int = 0) -> list[Line]:
    """Return a file's beginning as numbers, and the letters that they are: rows as long as columns allow."""
    data = file.bytes
    row = next((each for each in _ROWS if not columns or _width(each) <= columns), _ROWS[-1])
    rows = [_number_row(data[at : at + row], at, row) for at in range(0, min(len(data), _NUMBERS), row)]
    return [*rows, *_cut(file, None)] if file.size else [line(Span("(empty)", "dim"))]


def _cut(file: Beginning, text: str | None) -> list[Line]:
    is_cut = len(file.bytes) < file.size or (
        len(text.splitlines()) > _LINES if text is not None else len(file.bytes) > _NUMBERS
    )
    return [line(Span(f"… of {size(file.size)}", "dim"))] if is_cut else []


def _split(text: str) -> list[str]:
    return [each.replace("\t", "    ") for each in text.splitlines()[:_LINES]]


def _width(row: int) -> int:
    """Return how many columns a row of so many bytes takes."""
    return len("000000  ") + 3 * row - 1 + len("  ") + row


def _number_row(data: bytes, at: int, row: int) -> Line:
    letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)
    return line(Span(f"{at:06x}  ", "dim"), f"{data.hex(' '):<{3 * row - 1}}  ", Span(letters, "dim"))


# Syntax

_SYNTAX_TONES: Mapping[str, Tone] = MappingProxyType(
    {
        "Comment": "dim",
        "Keyword": "accent",
        "Literal.String": "good",
        "Literal.Number": "warn",
        "Name.Function": "strong",
        "Name.Class": "strong",
        "Name.Tag": "accent",
        "Name.Attribute": "strong",
        "Name.Decorator": "warn",
        "Generic.Heading": "strong",
        "Generic.Subheading": "strong",
        "Generic.Deleted": "bad",
        "Generic.Inserted": "good",
        "Generic.Strong": "strong",
        "Error": "plain",
    }
)
"""Kinds of pieces, as Pygments names them from the general to the special, and the tone that each has."""


def _has_syntax(text: str, name: str) -> bool:
    return bool(name) and max(map(len, text[:_SYNTAX].split("\n"))) <= _LONGEST


def _with_syntax(text: str, name: str) -> list[Line]:
    """Return text in lines, with tones as the language has it that the file's name tells."""
    head = text[:_SYNTAX]
    told, here = list[Line](), list[Span]()
    for tone, piece in _pieces(head, name):
        if len(told) >= _LINES:
            return told[:_LINES]
        first, *rest = piece.split("\n")
        here += [Span(first, tone)] if first else []
        for each in rest:
            told.append(_joined(here))
            here = [Span(each, tone)] if each else []
    rest_lines = text[len(head) :].splitlines()
    told += [_joined([*here, *([Span(rest_lines[0])] if rest_lines else [])])] if here or rest_lines else []
    return [*told, *(line(each.replace("\t", "    ")) for each in rest_lines[1:])][:_LINES]


def _joined(spans: list[Span]) -> Line:
    return line(*(Span(span.text.replace("\t", "    ").rstrip("\r"), span.tone) for span in spans))


def _pieces(text: str, name: str) -> Iterator[tuple[Tone, str]]:
    from pygments.lexers import get_lexer_for_filename  # type: ignore[import-untyped]  # takes long to load
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        lexer = get_lexer_for_filename(name, text[:1000], stripnl=False, ensurenl=False)
    except ClassNotFound:
        yield "plain", text
        return
    for _, kind, piece in lexer.get_tokens_unprocessed(text):
        yield _tone_of(tuple(kind)), piece


def _tone_of(kind: tuple[str, ...]) -> Tone:
    for depth in range(len(kind), 0, -1):
        tone = _SYNTAX_TONES.get(".".join(kind[:depth]))
        if tone is not None:
            return tone
    return "plain"


# Two of them

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
