"""Asking by which pattern something is to be left out."""

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.excluding import Excluding, lines
from yester.tui.state.text import Glyphs
from yester.tui.widgets.panel import Panel


class Exclude(Dialog[Excluding]):
    """Says what follows from it; the answer is the choice, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "leave", "no"),
        Binding("c,down", "next(1)", "other pattern"),
        Binding("up", "next(-1)", "other pattern", show=False),
        Binding("left", "app.focus_previous", "other", show=False),
        Binding("right", "app.focus_next", "other", show=False),
    ]

    def __init__(self, state: Excluding, glyphs: Glyphs) -> None:
        super().__init__()
        self._state, self._glyphs = state, glyphs

    def compose(self) -> ComposeResult:
        """The words, and what can be chosen."""
        with Vertical(classes="dialog roomy"):
            with VerticalScroll(can_focus=False):
                yield Panel(id="question")
            with Horizontal(classes="buttons"):
                yield Button("c  other pattern", id="next", compact=True)
                yield Button("No", id="no", compact=True)
                yield Button("Leave it out", id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Stand on No."""
        self._show()
        self.query_one("#no").focus()

    def _show(self) -> None:
        self.query_one(Panel).show(lines(self._state, self._glyphs))

    def action_next(self, by: int) -> None:
        """Another pattern."""
        self._state = replace(self._state, at=(self._state.at + by) % len(self._state.patterns))
        self._show()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        if event.button.id == "next":
            self.action_next(1)
        else:
            self.dismiss(self._state if event.button.id == "yes" else None)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)
