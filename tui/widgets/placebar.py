"""The first line of every place: where one is, where one can go, and what happens elsewhere."""

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from yester.tui.places import PLACES
from yester.tui.state.text import Glyphs
from yester.tui.state.world import World

_NAME = " yester "
_NARROW = 100
"""Where there is less room, only the place that one is at has its name."""


class PlaceBar(Static):
    """The places as words that can be clicked."""

    DEFAULT_CSS = """
    PlaceBar { dock: top; height: 1; background: $panel; color: $foreground; }
    PlaceBar { link-style: none; link-color: $foreground; }
    """

    def __init__(self, name: str) -> None:
        super().__init__("", markup=False)
        self._place = name
        self._told: tuple[World, Glyphs] | None = None
        self._drawn: object = None

    def show(self, world: World, glyphs: Glyphs) -> None:
        """Say what runs, and how many messages nobody has read."""
        self._told = world, glyphs
        running, unread, is_lost = len(world.running), world.unread, bool(world.problem)
        width = self.size.width
        if (running, unread, is_lost, width, glyphs) == self._drawn:
            return
        self._drawn = (running, unread, is_lost, width, glyphs)
        left = self._places(width)
        news = []
        if is_lost:
            news.append((f"{glyphs.bad} no engine", "$text-error"))
        elif running:
            news.append((f"{glyphs.running} {running} running", "$text-accent"))
        if unread:
            news.append((f"{glyphs.unread} {unread} unread", "$text-warning"))
        parts = [part for each in news for part in (("  ", ""), each)]
        right = Content.assemble(*parts, " ")
        gap = max(1, width - left.cell_length - right.cell_length)
        self.update(Content.assemble(left, " " * gap, right))

    def on_click(self, event: events.Click) -> None:
        """A click on the name finds any command: what no other thing on the screen does by a click, it does."""
        if event.x < len(_NAME):
            self.app.action_command_palette()

    def on_resize(self, event: events.Resize) -> None:
        """Say as much as there is room for."""
        if self._told is not None:
            self.show(*self._told)

    def _places(self, width: int) -> Content:
        found = Content.styled(_NAME, "bold $text-primary")
        for place in PLACES:
            is_here = place.name == self._place
            title = place.title if is_here or width >= _NARROW else ""
            words = Content(f" {place.number} {title} " if title else f" {place.number} ")
            style = "bold $foreground on $primary-muted" if is_here else "$foreground-muted"
            click = Style.from_meta({"@click": f"app.go('{place.name}')"})
            found += words.stylize(style).stylize(click)
        return found
