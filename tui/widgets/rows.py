"""A list of any length: only the rows in sight are asked for, and only they are drawn.

It holds no rows. Whoever uses it says how many there are and how one is worded (`show`), and hears which are in sight
(`InSight`), so that what is not there yet can be fetched. 200,000 rows cost what one screen of them costs.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from yester.tui.bindings import bindings
from yester.tui.state.text import Column, Row, Span, laid_out, widths

RowOf = Callable[[int], Row]
"""Returns the row at a position."""


class Rows(ScrollView, can_focus=True):
    """A list with a cursor. The titles of its columns stay on its first line."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--plain",
        "rows--dim",
        "rows--strong",
        "rows--good",
        "rows--warn",
        "rows--bad",
        "rows--accent",
        "rows--title",
        "rows--cursor",
        "rows--resting",
        "rows--share",
    }
    DEFAULT_CSS = """
    Rows {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & .rows--plain { color: $foreground; }
        & .rows--dim { color: $foreground-muted; }
        & .rows--strong { color: $foreground; text-style: bold; }
        & .rows--good { color: $text-success; }
        & .rows--warn { color: $text-warning; }
        & .rows--bad { color: $text-error; }
        & .rows--accent { color: $text-accent; }
        & .rows--title { color: $foreground-muted; text-style: bold; }
        & .rows--cursor { background: $primary-muted; text-style: bold; }
        & .rows--resting { background: $surface-lighten-1; }
        & .rows--share { background: $accent-muted; }
    }
    """

    cursor: reactive[int] = reactive(0)
    """The row that is meant."""

    class Moved(Message):
        """The cursor is on another row, or on another thing."""

        def __init__(self, rows: "Rows", row: int) -> None:
            super().__init__()
            self.rows, self.row = rows, row

        @property
        def control(self) -> "Rows":
            """The list."""
            return self.rows

    class Chosen(Moved):
        """A row was clicked twice: what Enter does is meant."""

    class InSight(Message):
        """These rows are in sight."""

        def __init__(self, rows: "Rows", first: int, end: int) -> None:
            super().__init__()
            self.rows, self.first, self.end = rows, first, end

        @property
        def control(self) -> "Rows":
            """The list."""
            return self.rows

    def __init__(self, columns: Sequence[Column], *, id: str | None = None, empty: str = "") -> None:
        """`empty`: what stands there while there are no rows."""
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._empty = empty
        self._row_of: RowOf = lambda row: Row(())
        self.count = 0
        self._sight = (-1, -1)

    def show(self, count: int, row_of: RowOf, *, empty: str | None = None) -> None:
        """Show so many rows from now on; the cursor stays where it is, as far as there is a row."""
        self._row_of, self.count = row_of, count
        self._empty = self._empty if empty is None else empty
        self.virtual_size = Size(self.scrollable_content_region.width, count + 1)
        self.cursor = min(self.cursor, max(0, count - 1))
        self._sight = (-1, -1)
        self._look()
        self.refresh()

    def go(self, row: int) -> None:
        """Put the cursor on a row, and that in sight."""
        self.cursor = row
        self._follow()

    def validate_cursor(self, row: int) -> int:
        """Keep the cursor on a row, and off the headings."""
        row = max(0, min(self.count - 1, row)) if self.count else 0
        step = 1 if row >= self.cursor else -1
        for way in (step, -step):
            at = row
            while 0 <= at < self.count and self._row_of(at).is_heading:
                at += way
            if 0 <= at < self.count:
                return at
        return row

    def watch_cursor(self, before: int, row: int) -> None:
        """Draw the two rows anew, and say where the cursor is."""
        if self.is_mounted:
            self._follow()
            self.refresh()
            self.post_message(self.Moved(self, row))

    def _follow(self) -> None:
        page = max(1, self.scrollable_content_region.height - 1)
        top = round(self.scroll_target_y)
        if self.cursor < top:
            is_first = self.cursor == 1 and self._row_of(0).is_heading
            self.scroll_to(y=0 if is_first else self.cursor, animate=False)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False)

    def watch_scroll_y(self, before: float, after: float) -> None:
        """Say which rows are in sight."""
        super().watch_scroll_y(before, after)
        self._look()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.count + 1)
        self._follow()
        self._look()

    def _look(self) -> None:
        start = round(self.scroll_offset.y)
        sight = (start, min(self.count, start + max(0, self.scrollable_content_region.height - 1)))
        if sight != self._sight and self.is_mounted:
            self._sight = sight
            self.post_message(self.InSight(self, *sight))

    def render_line(self, y: int) -> Strip:
        """Draw the titles, or one row in sight."""
        width = self.scrollable_content_region.width
        room = widths(self._columns, width - 2)
        if y == 0:
            if not any(column.title.strip() for column in self._columns):
                return self._strip([Span("")], width, "rows--title")
            titles = [Span(column.title) for column in self._columns]
            return self._strip(laid_out(titles, self._columns, room), width, "rows--title")
        row = round(self.scroll_offset.y) + y - 1
        if row >= self.count:
            words = self._empty if not self.count and y == 2 else ""
            return self._strip([Span(words, "dim")], width, "")
        return self._drawn(row, room, width)

    def _drawn(self, number: int, room: Sequence[int], width: int) -> Strip:
        row = self._row_of(number)
        if row.is_heading:
            return self._strip([row.cells[0]], width, "")
        is_cursor = number == self.cursor
        over = ("rows--cursor" if self.has_focus else "rows--resting") if is_cursor else ""
        strip = self._strip(laid_out(row.cells, self._columns, room), width, over)
        if row.share is None:
            return strip
        done = round(max(0.0, min(1.0, row.share)) * width)
        filled = Style(bgcolor=self.get_component_rich_style("rows--share").bgcolor)
        begun = [Segment(each.text, (each.style or Style()) + filled) for each in strip.crop(0, done)]
        return Strip([*begun, *strip.crop(done, width)], width)

    def _strip(self, spans: Sequence[Span], width: int, over: str) -> Strip:
        """Return a line of exactly this width: a blank on either side, its tones, and `over` laid upon all of it."""
        base = self.rich_style
        above = self.get_component_rich_style(over, partial=True) if over else Style()
        segments = [Segment(" ", base + above)]
        for span in spans:
            tone = self.get_component_rich_style(f"rows--{span.tone}", partial=True)
            segments.append(Segment(span.text, base + tone + above))
        return Strip(segments).adjust_cell_length(width, base + above)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row; a second one chooses it."""
        row = round(self.scroll_offset.y) + event.y - 1
        if event.y >= 1 and 0 <= row < self.count:
            self.cursor = row
            if event.chain >= 2:
                self.post_message(self.Chosen(self, self.cursor))

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show whether keys go here."""
        super().watch_has_focus(has_focus)
        self.refresh()

    @property
    def page(self) -> int:
        """How many rows are in sight at most."""
        return max(1, self.scrollable_content_region.height - 1)

    def action_up(self) -> None:
        """One row up."""
        self.cursor -= 1

    def action_down(self) -> None:
        """One row down."""
        self.cursor += 1

    def action_page_up(self) -> None:
        """One page up."""
        self.cursor -= self.page

    def action_page_down(self) -> None:
        """One page down."""
        self.cursor += self.page

    def action_first(self) -> None:
        """The first row."""
        self.cursor = 0
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        """The last row."""
        self.cursor = self.count - 1
