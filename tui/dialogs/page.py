"""A page of lines that can be scrolled: help, the log of commands, all that is kept of an entry."""

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Line, Span, line
from yester.tui.widgets.panel import Panel

_ABOVE = 2
"""Lines of the title."""


class Page(Dialog[int]):
    """Lines under a title; Esc, q or Enter leave. The answer is the line that was clicked, where that is asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,question_mark,at", "dismiss", "leave")]

    def __init__(self, title: str, lines: Sequence[Line], *, chosen_from: Collection[int] = ()) -> None:
        """`chosen_from`: the lines that can be clicked."""
        super().__init__()
        self._title, self._lines, self._chosen_from = title, lines, chosen_from

    def compose(self) -> ComposeResult:
        """The lines."""
        with VerticalScroll(classes="dialog page"):
            yield Panel(id="lines")

    def on_mount(self) -> None:
        """Show them, and let keys scroll."""
        clicks = {number + _ABOVE: f"screen.choose({number})" for number in self._chosen_from}
        self.query_one(Panel).show([line(Span(self._title, "strong")), line(""), *self._lines], clicks)
        self.query_one(VerticalScroll).focus()

    def action_choose(self, number: int) -> None:
        """Answer with the line that was clicked."""
        self.dismiss(number)
