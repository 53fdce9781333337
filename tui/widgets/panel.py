"""A panel of lines with tones."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from yester.tui.state.text import Line, Tone

STYLES: dict[Tone, str] = {
    "plain": "",
    "dim": "$foreground-muted",
    "strong": "bold",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
    "accent": "$text-accent",
}
"""What each tone looks like, by the theme's variables."""


def content(lines: Sequence[Line], clicks: Mapping[int, str] = MappingProxyType({})) -> Content:
    """Return lines as Textual draws them; nothing in them is markup. `clicks`: line → the action of a click on it."""
    made = [_drawn(each) for each in lines]
    for number, action in clicks.items():
        made[number] = made[number].stylize(Style.from_meta({"@click": action}))
    return Content("\n").join(made)


def _drawn(line: Line) -> Content:
    return Content.assemble(*((span.text, STYLES[span.tone]) for span in line)) if line else Content("")


class Panel(Static):
    """Lines, drawn when they differ from those before."""

    DEFAULT_CSS = "Panel { padding: 0 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self.lines: tuple[Line, ...] = ()
        self._made: Callable[[int], Sequence[Line]] | None = None
        self._clicks: Mapping[int, str] = {}

    def show(self, lines: Sequence[Line], clicks: Mapping[int, str] = MappingProxyType({})) -> None:
        """Show these lines; `clicks`: line → the action of a click on it."""
        self._made, self._clicks = None, clicks
        self._show(lines)

    def fit(self, made: Callable[[int], Sequence[Line]]) -> None:
        """Show the lines that are made for so many cells, also when there are others."""
        self._made = made
        self._show(made(self.content_size.width))

    def on_resize(self, event: events.Resize) -> None:
        """Make the lines anew for the room that there is."""
        if self._made is not None:
            self._show(self._made(self.content_size.width))

    def _show(self, lines: Sequence[Line]) -> None:
        if tuple(lines) == self.lines:
            return
        is_other_height = len(lines) != len(self.lines)
        self.lines = tuple(lines)
        self.update(content(lines, self._clicks))
        if is_other_height:
            # Textual passes over a change while it lays out the screen, or goes to it: the height would stay as it was.
            self.call_after_refresh(self.refresh, layout=True)
