"""A page of lines that can be scrolled: help, the log of commands, all that is kept of an entry."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Line, Span, line
from yester.tui.widgets.panel import Panel


class Page(Dialog[None]):
    """Lines under a title; Esc, q or Enter leave."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter,question_mark,at", "dismiss", "leave", show=False)]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """The lines."""
        with VerticalScroll(classes="dialog page"):
            yield Panel(id="lines")

    def on_mount(self) -> None:
        """Show them, and let keys scroll."""
        self.query_one(Panel).show([line(Span(self._title, "strong")), line(""), *self._lines])
        self.query_one(VerticalScroll).focus()
