"""Asking once, on the way out, what becomes of what was mounted from here."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Line
from yester.tui.widgets.panel import Panel

Choice = Literal["stay", "leave", "unmount"]


class Leaving(Dialog[Choice]):
    """`unmount`: take them away and leave; `leave`: leave them as they are; `stay`: do not leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer('stay')", "stay"),
        Binding("u", "answer('unmount')", "unmount"),
        Binding("q,k", "answer('leave')", "leave them"),
        Binding("right,tab", "app.focus_next", "other", show=False),
        Binding("left", "app.focus_previous", "other", show=False),
    ]

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """The words, and three buttons."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            with Horizontal(classes="buttons"):
                yield Button("u  Unmount and leave", id="unmount", variant="primary", compact=True)
                yield Button("q  Leave them there", id="leave", compact=True)
                yield Button("Stay", id="stay", compact=True)

    def on_mount(self) -> None:
        """Stand on what leaves nothing behind."""
        self.query_one(Panel).show(self._lines)
        self.query_one("#unmount").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        choices: dict[str, Choice] = {"unmount": "unmount", "leave": "leave"}
        self.dismiss(choices.get(event.button.id or "", "stay"))

    def action_answer(self, answer: Choice) -> None:
        """Answer."""
        self.dismiss(answer)
