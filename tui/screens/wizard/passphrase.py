"""Third page: the passphrase, how good it is, and where runs find it."""

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from yester.tui.screens.wizard.page import WizardPage, labelled
from yester.tui.state.text import Column, Line, Row, Span, line
from yester.tui.state.wizard.draft import Draft, Kept, Page
from yester.tui.state.wizard.strength import strength_of
from yester.tui.state.wizard.wizard import Wizard, is_locked
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows
from yester.tui.widgets.tick import Tick

_KEPT: tuple[tuple[Kept, str, str], ...] = (
    ("file", "in a file", "that you alone can read: runs start by themselves"),
    ("keyring", "in the keyring", "of your desktop: runs while you are logged in"),
    ("nowhere", "nowhere", "you are asked each time: no run starts by itself"),
)
_COLUMNS = (Column("KEEP IT FOR RUNS", 16), Column(""))


class PassphrasePage(WizardPage):
    """Two fields, a hint, and a choice."""

    NAME: ClassVar[Page] = "passphrase"

    def __init__(self) -> None:
        super().__init__(id="page-passphrase")
        self._choices = _KEPT

    def compose(self) -> ComposeResult:
        """The fields."""
        yield Panel(id="about")
        with Vertical(classes="form"):
            yield labelled("", Tick("encrypt all that is stored", True, id="encrypted"))
            yield labelled("Passphrase", Input(id="passphrase", password=True, compact=True))
            yield labelled("Again", Input(id="again", password=True, compact=True))
        yield Panel(id="strength")
        yield Rows(_COLUMNS, id="kept")

    def gathered(self, draft: Draft) -> Draft:
        """Return the draft with what was typed and chosen."""
        at = min(self.query_one(Rows).cursor, len(self._choices) - 1)
        return replace(
            draft,
            is_encrypted=self.query_one("#encrypted", Tick).value,
            passphrase=self.query_one("#passphrase", Input).value,
            again=self.query_one("#again", Input).value,
            kept=self._choices[at][0],
        )

    def shown(self, state: Wizard) -> None:
        """Show what is asked for, and how good it is."""
        has_keyring = state.suggested is not None and state.suggested.has_keyring
        self._choices = tuple(each for each in _KEPT if each[0] != "keyring" or has_keyring)
        is_there = state.found is not None and state.found.is_repository
        is_wanted = is_locked(state)
        self.query_one("#encrypted").parent.display = not is_there  # type: ignore[union-attr]
        self.query_one("#passphrase").parent.display = is_wanted  # type: ignore[union-attr]
        self.query_one("#again").parent.display = is_wanted and not is_there  # type: ignore[union-attr]
        self.query_one(Rows).display = is_wanted
        self.query_one("#about", Panel).show(_about(is_there, is_wanted))
        self.query_one("#strength", Panel).show(self._strength(state) if is_wanted and not is_there else [])
        self.query_one(Rows).show(len(self._choices), self._row)

    def _row(self, at: int) -> Row:
        _, words, about = self._choices[at]
        is_it = at == self.query_one(Rows).cursor
        return Row(
            (
                Span(f"{self.glyphs.running if is_it else ' '} {words}", "accent" if is_it else "plain"),
                Span(about, "dim"),
            )
        )

    def _strength(self, state: Wizard) -> list[Line]:
        judged = strength_of(state.draft.passphrase)
        said = [line(Span(judged.words, judged.tone))]
        if state.draft.again and state.draft.again != state.draft.passphrase:
            said.append(line(Span("the two differ", "warn")))
        return said

    def entered(self, field: Input) -> bool:
        """Go to the second field before the page is left."""
        again = self.query_one("#again", Input)
        if (
            field.id == "passphrase"
            and field.value
            and not again.value
            and again.parent is not None
            and again.parent.display
        ):
            again.focus()
            return True
        return False


def _about(is_there: bool, is_wanted: bool) -> list[Line]:
    if is_there and not is_wanted:
        return [line("The repository is not encrypted: nothing to type here.")]
    if is_there:
        return [line("The passphrase of the repository that lies there, please.")]
    if not is_wanted:
        return [line(Span("Whoever gets at the repository can read everything.", "warn"))]
    return [
        line("Without it nobody reads what is stored, wherever it lies. You get a recovery"),
        line("key too, for when it is lost. Without both nobody ever reads it again."),
    ]
