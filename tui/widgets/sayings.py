"""What was said, on the last lines above the keys: it takes room while it is there, and covers nothing."""

from collections.abc import Callable, Sequence

from textual import events
from textual.widgets import Static

from yester.tui.state.text import Line
from yester.tui.widgets.panel import content


class Sayings(Static):
    """Nothing most of the time; a click shows all that was said."""

    DEFAULT_CSS = """
    Sayings { height: auto; max-height: 2; padding: 0 1; background: $panel; display: none; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._lines: Sequence[Line] = ()

    def told(self, made: Callable[[int], Sequence[Line]]) -> None:
        """Show what is made for so many cells; nothing takes no room."""
        lines = made(max(1, self.screen.size.width - 2))
        if lines != self._lines:
            self._lines = lines
            self.display = bool(lines)
            self.update(content(lines))

    async def on_click(self, event: events.Click) -> None:
        """Show all of it."""
        event.stop()
        await self.app.run_action("log")
