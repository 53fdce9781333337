"""A picture in half blocks: each cell shows two dots, one above the other, in their own colours."""

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from yester.tui.state.pictures import Picture


class Dots(Widget):
    """Shows a picture; of none it takes no room."""

    DEFAULT_CSS = "Dots { width: auto; height: auto; margin-top: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._picture: Picture | None = None

    def show(self, picture: Picture | None) -> None:
        """Show a picture, or none."""
        if picture is not self._picture:
            self._picture = picture
            self.display = picture is not None
            self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As many cells as it has."""
        return self._picture.columns if self._picture else 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it has."""
        return self._picture.rows if self._picture else 0

    def render_line(self, y: int) -> Strip:
        """Draw a line of cells."""
        picture = self._picture
        if picture is None or y >= picture.rows:
            return Strip.blank(self.size.width, self.rich_style)
        return Strip([Segment("▀", _style(picture, column, y)) for column in range(picture.columns)])


def _style(picture: Picture, column: int, row: int) -> Style:
    return Style(color=_color(picture, column, 2 * row), bgcolor=_color(picture, column, 2 * row + 1))


def _color(picture: Picture, column: int, line: int) -> Color:
    at = 3 * (line * picture.columns + column)
    return Color.from_rgb(*picture.dots[at : at + 3])
