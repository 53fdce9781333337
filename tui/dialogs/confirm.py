"""Asking before something may be lost; the answer is No unless a person says otherwise."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Line
from yester.tui.widgets.panel import Panel


class Confirm(Dialog[bool]):
    """Says what would happen, and the command that does it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer(False)", "no"),
        Binding("y", "answer(True)", "yes"),
        Binding("left,right,tab", "app.focus_next", "other", show=False),
    ]

    def __init__(self, lines: Sequence[Line], yes: str) -> None:
        super().__init__()
        self._lines, self._yes = lines, yes

    def compose(self) -> ComposeResult:
        """The words, and two buttons."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            with Horizontal(classes="buttons"):
                yield Button("No", id="no", compact=True)
                yield Button(self._yes, id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Stand on No."""
        self.query_one(Panel).show(self._lines)
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Answer."""
        self.dismiss(answer)
