"""What a person may choose of how the program looks and feels, as a list; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yester.tui.state.text import Column, Glyphs, Row, Span

COLUMNS = (Column("", 2), Column("", 22), Column(""))

TITLES: Mapping[str, str] = {"preset": "Keys", "glyphs": "Signs", "motion": "Motion", "theme": "Colours"}
"""What can be chosen, as tui.toml calls it, in the order in which it stands there; the longest last."""
KNOWN: Mapping[str, Mapping[str, str]] = {
    "preset": {
        "default": "letters, arrows and function keys",
        "vim": "with Ctrl+f and Ctrl+b, Z leaves",
        "mc": "Midnight Commander: Ins marks, F4 edits, F9 finds commands",
    },
    "glyphs": {"unicode": "✓ ✗ ▶ ● and bars of blocks", "ascii": "+ x > * for terminals that have no others"},
    "motion": {"full": "what scrolls glides", "none": "nothing moves by itself"},
}
"""What it may be, and what that means; themes are known by who draws them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of one of them."""

    name: str
    value: str
    about: str = ""


def choices(themes: Sequence[tuple[str, bool]]) -> list[Choice | str]:
    """Return all choices, with the titles that divide them. `themes`: their names, and whether they are dark."""
    found: list[Choice | str] = []
    for name, title in TITLES.items():
        known = KNOWN.get(name) or {theme: "dark" if is_dark else "light" for theme, is_dark in themes}
        found += [title, *(Choice(name, value, about) for value, about in known.items())]
    return found


def row_of(choice: Choice | str, current: Mapping[str, str], glyphs: Glyphs) -> Row:
    """Return the row of a choice, with a sign at those that are so now; or of a title."""
    if isinstance(choice, str):
        return Row((Span(f" {choice}", "accent"),), is_heading=True)
    is_so = current.get(choice.name) == choice.value
    sign = Span(glyphs.unread, "good") if is_so else Span("")
    return Row((sign, Span(choice.value, "strong" if is_so else "plain"), Span(choice.about, "dim")))
