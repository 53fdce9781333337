"""What every dialog is: a screen over a place that returns an answer and does nothing itself."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.widgets import Footer

from yester.tui.widgets.guarded import Guarded
from yester.tui.widgets.sayings import Sayings
from yester.tui.widgets.toosmall import HEIGHTS, WIDTHS, TooSmall

Answer = TypeVar("Answer")


class Dialog(Guarded, ModalScreen[Answer]):
    """It is left once: keys that were pressed before it was gone come too late, and leave no other one.

    Its keys stand where those of the place stand else, and can be clicked there.
    """

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def on_mount(self) -> None:
        """Show its keys below, and be ready for what is said meanwhile, and for a terminal that is too small."""
        if not self.query(Footer):
            self.mount(Footer(show_command_palette=False, compact=True))
        self.mount(Sayings(), TooSmall())

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Leave, with an answer."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def tell(self) -> None:
        """Something happened: what is known is another now."""
