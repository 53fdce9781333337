"""Signs for terminals that have no others than those of ASCII: a console, a serial line, a font without blocks.

What yester itself says it words in the signs of the settings. Frames, bars to scroll by, and what shows that a text was
cut are Textual's, or stand in many places; they are exchanged when all is drawn, one cell for one cell. Letters of any
language stay as they are: they are names of somebody's files.
"""

from functools import lru_cache

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_CELLS = {
    **dict.fromkeys("─━═╌┄▔▁⎺⎽", "-"),
    **dict.fromkeys("│┃║┊┆▏▎▍▌▐▕", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛╔╗╚╝╠╣╦╩╬", "+"),
    **dict.fromkeys("█▉▊▋▇▆▅", "#"),
    **dict.fromkeys("▄▃▂▀░▒▓", ":"),
    **dict(zip("←→↑↓▲▼▶◀●○◆✓✔✗✘…·•×⏎", "<>^v^v><*o*++xx~..xE", strict=True)),
}
SIGNS = str.maketrans(_CELLS)
"""Sign → what stands for it; each takes one cell, and so does that."""
_WIDE = {"🔎": "/ "}


class PlainSigns(LineFilter):
    """Draws without signs that such a terminal lacks."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the line with other signs, as wide as before."""
        return [Segment(plain(text), style, control) for text, style, control in segments]


@lru_cache(4096)
def plain(text: str) -> str:
    """Return a text with other signs, as wide as before."""
    if text.isascii():
        return text
    for wide, two in _WIDE.items():
        text = text.replace(wide, two)
    return text.translate(SIGNS)
