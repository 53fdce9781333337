"""Second page: where the snapshots go, and whether they can."""

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Input

from yester.tui.screens.wizard.completing import Folders
from yester.tui.screens.wizard.page import WizardPage, labelled
from yester.tui.state.text import Column, Row, Span
from yester.tui.state.wizard.draft import Draft, Page
from yester.tui.state.wizard.wizard import Wizard, looked_lines, offers
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

_COLUMNS = (Column("OR CHOOSE A PLACE, AND CHANGE IT", 44), Column(""))


class TargetPage(WizardPage):
    """A line to type into, places to choose from, and what was found there."""

    NAME: ClassVar[Page] = "target"

    def __init__(self) -> None:
        super().__init__(id="page-target")
        self._offers: list[tuple[str, str]] = []
        self._folders: list[str] = []

    def compose(self) -> ComposeResult:
        """The line, the answer, the places."""
        with Vertical(classes="form"):
            yield labelled(
                "Where to",
                Input(id="place", compact=True, placeholder="a folder, or a URL", suggester=Folders(self)),
                Button("Test", id="test", compact=True),
            )
        yield Panel(id="looked")
        yield Rows(_COLUMNS, id="offers")

    def gathered(self, draft: Draft) -> Draft:
        """Return the draft with what was typed."""
        return replace(draft, place=self.text("place"))

    def shown(self, state: Wizard) -> None:
        """Show what was found, and what else there is."""
        self.follow("place", state.draft.place)
        self.query_one("#looked", Panel).show(looked_lines(state, self.glyphs))
        self._offers = offers(state, self._folders)
        self.query_one(Rows).show(len(self._offers), self._row)

    def _row(self, at: int) -> Row:
        place, about = self._offers[at]
        return Row((Span(place), Span(about, "dim")))

    def offer(self, folders: list[str]) -> None:
        """Let these folders be chosen."""
        self._folders = folders

    def choose(self) -> None:
        """Take the place that is meant in the list."""
        at = self.query_one(Rows).cursor
        if at < len(self._offers):
            box = self.query_one("#place", Input)
            box.value = self._offers[at][0]
            box.focus()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Take it."""
        event.stop()
        self.choose()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Look there."""
        event.stop()
        self.wizard.look()
