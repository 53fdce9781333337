"""Asking for the passphrase of a repository."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Span, line
from yester.tui.widgets.panel import Panel


class Passphrase(Dialog[str]):
    """Returns what was typed; empty when the person does not want to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", show=False)]

    def __init__(self, of: str, problem: str = "") -> None:
        super().__init__()
        self._of, self._problem = of, problem

    def compose(self) -> ComposeResult:
        """The words, and where to type."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            yield Input(password=True, id="passphrase", compact=True)

    def on_mount(self) -> None:
        """Say of what."""
        lines = [line(Span(f"The repository of {self._of} is encrypted", "strong"))]
        lines.append(line(Span(self._problem, "bad")) if self._problem else line("Its passphrase, please. Esc leaves."))
        self.query_one(Panel).show(lines)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss("")
