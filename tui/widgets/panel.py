"""A panel of lines with tones."""

from collections.abc import Callable, Sequence

from textual import events
from textual.content import Content
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


def content(lines: Sequence[Line]) -> Content:
    """Return lines as Textual draws them; nothing in them is markup."""
    return Content("\n").join(
        Content.assemble(*((span.text, STYLES[span.tone]) for span in each)) if each else Content("") for each in lines
    )


class Panel(Static):
    """Lines, drawn when they differ from those before."""

    DEFAULT_CSS = "Panel { padding: 0 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self.lines: tuple[Line, ...] = ()
        self._made: Callable[[int], Sequence[Line]] | None = None

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        self._made = None
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
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
            self.update(content(lines))
