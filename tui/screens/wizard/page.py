"""What each page of the wizard is: widgets that say what was chosen, and show what is known of it."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input

from yester.tui.state.text import Glyphs
from yester.tui.state.wizard.draft import Draft, Page
from yester.tui.state.wizard.wizard import Wizard

if TYPE_CHECKING:
    from yester.tui.screens.wizard.wizard import WizardScreen


class WizardPage(VerticalScroll, can_focus=False):
    """One page. It stays as it is while another one is shown, so nothing is lost between them."""

    NAME: ClassVar[Page]
    FIRST: ClassVar[str] = "Input"
    """What has the keys when the page is come to."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._followed: dict[str, str] = {}

    @property
    def wizard(self) -> "WizardScreen":
        """The screen that it is on."""
        return cast("WizardScreen", self.screen)

    @property
    def glyphs(self) -> Glyphs:
        """The alphabet of signs."""
        return self.wizard.glyphs

    def gathered(self, draft: Draft) -> Draft:
        """Return the draft with what this page says."""
        return draft

    def shown(self, state: Wizard) -> None:
        """Show what is known."""

    def come(self) -> None:
        """The page is come to: give the keys to its first field."""
        for each in self.query(self.FIRST):
            if each.display and not each.disabled:
                each.focus(scroll_visible=False)
                break

    def entered(self, field: Input) -> bool:
        """Enter was pressed in a field; return whether the page has done all that there is to do."""
        return False

    def text(self, id: str) -> str:
        """Return what stands in a field."""
        return self.query_one(f"#{id}", Input).value.strip()

    def fill(self, id: str, value: str) -> None:
        """Let something else stand in a field."""
        box = self.query_one(f"#{id}", Input)
        if box.value != value:
            box.value = value

    def follow(self, id: str, value: str) -> None:
        """Let a field have what the draft says, if that is another thing than before.

        An answer may come between a key and its news: then the field knows better.
        """
        if self._followed.get(id) == value:
            return
        self._followed[id] = value
        box = self.query_one(f"#{id}", Input)
        if box.value != value:
            box.value = value
            if box.has_focus:  # what was put there for a person goes as soon as something else is typed
                box.action_select_all()


def labelled(words: str, *widgets: Widget) -> Widget:
    """Return widgets on a line, behind a label."""
    from textual.containers import Horizontal
    from textual.widgets import Label

    return Horizontal(Label(words, classes="label"), *widgets, classes="field")
