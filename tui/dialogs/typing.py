"""Asking for a word: a name, or the one that says that something is meant."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Line, Span, line
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel


class Typing(Dialog[str]):
    """Returns what was typed once nothing is wrong with it; empty when the person does not want to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave")]

    def __init__(self, lines: Sequence[Line], wrong: Callable[[str], str], yes: str, value: str = "") -> None:
        """`wrong` says why a text will not do; empty: it does."""
        super().__init__()
        self._lines, self._wrong, self._yes, self._value = lines, wrong, yes, value

    def compose(self) -> ComposeResult:
        """The words, where to type, two buttons."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            yield Box(self._value, id="typed", compact=True)
            yield Panel(id="wrong")
            with Horizontal(classes="buttons"):
                yield Button("No", id="no", compact=True)
                yield Button(self._yes, id="yes", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Let a person type."""
        self.query_one("#question", Panel).show(self._lines)
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        self._answer()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        self._answer() if event.button.id == "yes" else self.action_leave()

    def _answer(self) -> None:
        typed = self.query_one(Input).value.strip()
        problem = self._wrong(typed)
        if problem:
            self.query_one("#wrong", Panel).show([line(Span(problem, "bad"))])
        else:
            self.dismiss(typed)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss("")
