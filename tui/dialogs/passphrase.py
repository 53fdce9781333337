"""Asking for the passphrase of a repository."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state import unlocking
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel


class Passphrase(Dialog[str]):
    """Returns what was typed; empty when the person does not want to."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave")]

    def __init__(self, of: str, why: str, problem: str = "") -> None:
        """`why` it is asked for; `problem`: what is wrong with what was typed before."""
        super().__init__()
        self._of, self._why, self._problem = of, why, problem

    def compose(self) -> ComposeResult:
        """The words, and where to type."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            yield Box(password=True, id="passphrase", compact=True, placeholder="passphrase")

    def on_mount(self) -> None:
        """Say of what."""
        self.query_one(Panel).show(unlocking.lines(self._of, self._why, self._problem))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        self.dismiss(event.value)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss("")
