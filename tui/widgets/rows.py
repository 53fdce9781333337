"""A list of any length: only the rows in sight are asked for, and only they are drawn.

It holds no rows. Whoever uses it says how many there are and how one is worded (`show`), and hears which are in sight
(`InSight`), so that what is not there yet can be fetched. 200,000 rows cost what one screen of them costs.

A person may order it by a column. A list that is all there does that by itself: `cursor` stays the number of a row as
its user counts them, wherever it stands. One that is fetched by the page only says what is wanted (`Ordered`).
"""

import time
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
from yester.tui.state.order import Arrangement, Order, arranged, chosen_order, next_order, sortable
from yester.tui.state.text import GAP, Column, Row, Span, laid_out, widths

_ARRANGED_S = 1.0
"""A list that changes all the time is put in order anew this often."""

RowOf = Callable[[int], Row]
"""Returns the row at a position."""


class _Said(Message):
    """Something that a list says."""

    def __init__(self, rows: "Rows") -> None:
        super().__init__()
        self.rows = rows

    @property
    def control(self) -> "Rows":
        """The list."""
        return self.rows


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
        & .rows--share { color: $foreground; background: $accent-muted; }
    }
    """

    cursor: reactive[int] = reactive(0)
    """The row that is meant."""

    class Moved(_Said):
        """The cursor is on another row, or on another thing."""

        def __init__(self, rows: "Rows", row: int) -> None:
            super().__init__(rows)
            self.row = row

    class Chosen(Moved):
        """A row was clicked twice: what Enter does is meant."""

    class Ordered(_Said):
        """A person wants another order, of a list that is fetched by the page; None: as it was."""

        def __init__(self, rows: "Rows", order: Order | None) -> None:
            super().__init__(rows)
            self.order = order

    class Sought(_Said):
        """A person wants the next row that holds what was looked for: 1, or the one before: -1."""

        def __init__(self, rows: "Rows", step: int) -> None:
            super().__init__(rows)
            self.step = step

    class InSight(_Said):
        """These rows are in sight."""

        def __init__(self, rows: "Rows", first: int, end: int) -> None:
            super().__init__(rows)
            self.first, self.end = first, end

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str | None = None,
        empty: str = "",
        orders: Sequence[int] | None = None,
    ) -> None:
        """`empty`: what stands there while there are no rows. `orders`: its user orders it by these columns."""
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._orders = sortable(columns) if orders is None else tuple(orders)
        self._is_fetched = orders is not None
        self.order: Order | None = None
        """What it is ordered by; None: as it came."""
        self.signs = ("^", "v")
        """What stands before the title that it is ordered by, rising and falling."""
        self._arrangement = Arrangement()
        self._arranged_s = 0.0
        self._empty = empty
        self._row_of: RowOf = lambda row: Row(())
        self.count = 0
        self._sight = (-1, -1)
        self._shown: object = None

    def show(self, count: int, row_of: RowOf, *, empty: str | None = None) -> None:
        """Show so many rows from now on; the cursor stays where it is, as far as there is a row."""
        is_other = count != self.count
        if bool(count) != bool(self.count) and self.is_mounted:
            self.call_later(self.screen.refresh_bindings)  # there is something to do something with, or no more
        self._row_of, self.count = row_of, count
        self._empty = self._empty if empty is None else empty
        if is_other or time.monotonic() > self._arranged_s + _ARRANGED_S:
            self._arrange()
        self._fit()
        self.cursor = min(self.cursor, max(0, count - 1))
        self._sight = (-1, -1)
        self._look()
        shown = (*self._sight, self._empty, self._in_sight())
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def _in_sight(self) -> tuple[Row, ...]:
        """Return what stands in sight: to make its rows costs a tenth of drawing them."""
        first, end = self._sight
        return tuple(self._row_of(self._arrangement.row_at(place)) for place in range(max(0, first), end))

    def _arrange(self) -> None:
        """Put the rows in the order that a person wants, as they are now."""
        self._arrangement = arranged(self.count, self._row_of, None if self._is_fetched else self.order)
        self._arranged_s = time.monotonic()

    def _fit(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self._arrangement.length + 1)

    def put_in_order(self, order: Order | None) -> None:
        """Order it, or leave it as it came; the cursor stays on its row."""
        self.order = order
        self._arrange()
        self._fit()
        self._follow()
        self._look()
        self.refresh()

    def seek(self, text: str, step: int) -> bool:
        """Put the cursor on the next row that holds a text, or the one before, round the end; False: none does."""
        wanted, here = text.casefold(), self._arrangement.place_of(self.cursor)
        for distance in range(1, self._arrangement.length + 1):
            row = self._arrangement.row_at((here + distance * step) % self._arrangement.length)
            found = self._row_of(row)
            if not found.is_heading and any(wanted in cell.text.casefold() for cell in found.cells):
                self.cursor = row
                return True
        return False

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
        top, place = round(self.scroll_target_y), self._arrangement.place_of(self.cursor)
        if place < top:
            is_first = place == 1 and self._row_of(self._arrangement.row_at(0)).is_heading
            self.scroll_to(y=0 if is_first else place, animate=False)
        elif place >= top + page:
            self.scroll_to(y=place - page + 1, animate=False)

    def watch_scroll_y(self, before: float, after: float) -> None:
        """Say which rows are in sight."""
        super().watch_scroll_y(before, after)
        self._look()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in sight."""
        self._fit()
        self._follow()
        self._look()

    def _look(self) -> None:
        start = round(self.scroll_offset.y)
        sight = (start, min(self._arrangement.length, start + max(0, self.scrollable_content_region.height - 1)))
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
            titles = [Span(self._title(at)) for at in range(len(self._columns))]
            return self._strip(laid_out(titles, self._columns, room), width, "rows--title")
        place = round(self.scroll_offset.y) + y - 1
        if place >= self._arrangement.length:
            words = self._empty if not self.count and y == 2 else ""
            return self._strip([Span(words, "dim")], width, "")
        return self._drawn(self._arrangement.row_at(place), room, width)

    def _title(self, column: int) -> str:
        title = self._columns[column].title
        if self.order is None or self.order.column != column:
            return title
        return f"{self.signs[self.order.is_falling]}{title}"

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
        # Letters too: where the terminal chooses the colours, the tone of what is running is that of the bar.
        filled = self.get_component_rich_style("rows--share")
        begun = [Segment(each.text, (each.style or Style()) + filled) for each in strip.crop(0, done)]
        return Strip([*begun, *strip.crop(done, width)], width)

    def _strip(self, spans: Sequence[Span], width: int, over: str) -> Strip:
        """Return a line of exactly this width: a blank on either side, its tones, and `over` laid upon all of it."""
        base = self.rich_style
        above = self.get_component_rich_style(over, partial=True) if over else Style()
        segments = [Segment(" ", base + above)]
        for span in spans:
            # What is dim is hard to read on the row that is meant.
            name = "plain" if over and span.tone == "dim" else span.tone
            tone = self.get_component_rich_style(f"rows--{name}", partial=True)
            segments.append(Segment(span.text, base + tone + above))
        return Strip(segments).adjust_cell_length(width, base + above)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row, a second one chooses it; one on a title orders by its column."""
        place = round(self.scroll_offset.y) + event.y - 1
        if event.y == 0:
            self._click_title(event.x)
        elif 0 <= place < self._arrangement.length:
            self.cursor = self._arrangement.row_at(place)
            if event.chain >= 2:
                self.post_message(self.Chosen(self, self.cursor))

    def _click_title(self, x: int) -> None:
        end = 1
        for column, width in enumerate(widths(self._columns, self.scrollable_content_region.width - 2)):
            begin, end = end, end + width + (GAP if width else 0)
            if begin <= x < end and column in self._orders:
                self._want(chosen_order(self.order, column))

    def _want(self, order: Order | None) -> None:
        if self._is_fetched:
            self.post_message(self.Ordered(self, order))
        else:
            self.put_in_order(order)

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show whether keys go here."""
        super().watch_has_focus(has_focus)
        self.refresh()

    @property
    def page(self) -> int:
        """How many rows are in sight at most."""
        return max(1, self.scrollable_content_region.height - 1)

    def _move(self, by: int) -> None:
        place = max(0, min(self._arrangement.length - 1, self._arrangement.place_of(self.cursor) + by))
        self.cursor = self._arrangement.row_at(place) if self._arrangement.length else 0

    def action_up(self) -> None:
        """One row up."""
        self._move(-1)

    def action_down(self) -> None:
        """One row down."""
        self._move(1)

    def action_page_up(self) -> None:
        """One page up."""
        self._move(-self.page)

    def action_page_down(self) -> None:
        """One page down."""
        self._move(self.page)

    def action_first(self) -> None:
        """The first row."""
        self._move(-self._arrangement.length)
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        """The last row."""
        self._move(self._arrangement.length)

    def action_next(self) -> None:
        """The next row that holds what was looked for."""
        self.post_message(self.Sought(self, 1))

    def action_previous(self) -> None:
        """The row before that holds it."""
        self.post_message(self.Sought(self, -1))

    def action_sort(self) -> None:
        """Order by the next column, after the last one as it came."""
        self._want(next_order(self.order, self._orders))

    def action_turn(self) -> None:
        """Turn the order round; a list that has none is ordered by its first column."""
        if self.order is not None:
            self._want(self.order.turned())
        elif self._orders:
            self._want(Order(self._orders[0], is_falling=True))
