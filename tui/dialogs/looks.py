"""Choosing how the program looks and feels; each choice is seen at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.looks import COLUMNS, Choice, row_of
from yester.tui.state.text import Glyphs, Span, line
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows


class Looks(Dialog[None]):
    """A list of all choices; Enter takes one, Esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "take", "take it", tooltip="Let it be so, now and when yester is opened again"),
        Binding("escape,q", "leave", "leave"),
    ]

    def __init__(
        self,
        choices: Sequence[Choice | str],
        current: Callable[[], Mapping[str, str]],
        take: Callable[[Choice], None],
        glyphs: Callable[[], Glyphs],
    ) -> None:
        """`current` tells how it is now, `take` lets it be otherwise."""
        super().__init__()
        self._choices, self._current, self._take, self._glyphs = choices, current, take, glyphs

    def compose(self) -> ComposeResult:
        """The words, the choices."""
        with Vertical(classes="dialog looks"):
            yield Panel(id="question")
            yield Rows(COLUMNS, id="choices")

    def on_mount(self) -> None:
        """Show how it is now."""
        words = line(Span("How it looks and feels", "strong"), Span("   in tui.toml, all else of which stays", "dim"))
        self.query_one("#question", Panel).show([words])
        self._show()
        self.query_one(Rows).focus()

    def _show(self) -> None:
        current, glyphs = self._current(), self._glyphs()
        self.query_one(Rows).show(len(self._choices), lambda at: row_of(self._choices[at], current, glyphs))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Take what was clicked twice."""
        self.action_take()

    def action_take(self) -> None:
        """Take what is meant."""
        choice = self._choices[self.query_one(Rows).cursor]
        if isinstance(choice, Choice):
            self._take(choice)
            self._show()

    def action_leave(self) -> None:
        """All is as it was chosen."""
        self.dismiss(None)
