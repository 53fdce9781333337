"""The list of any length: what it asks for is bounded by what is in sight."""

from tests.tui.fake import on_asyncio
from textual.app import App, ComposeResult

from yester.tui.state.order import Order
from yester.tui.state.text import Column, Row, Span
from yester.tui.widgets.rows import Rows

MANY = 200_000


class Listing(App[None]):
    """Nothing but a list."""

    def __init__(self, count: int = MANY) -> None:
        super().__init__()
        self.count = count
        self.asked: list[int] = []
        self.sights: list[tuple[int, int]] = []

    def compose(self) -> ComposeResult:
        yield Rows([Column("NAME"), Column("SIZE", 8, is_right=True)])

    def on_mount(self) -> None:
        self.query_one(Rows).show(self.count, self.row)

    def row(self, at: int) -> Row:
        self.asked.append(at)
        return Row((Span(f"name {at}"), Span(str(at))))

    def on_rows_in_sight(self, event: Rows.InSight) -> None:
        self.sights.append((event.first, event.end))


@on_asyncio
async def test_rows_and_widgets_are_bounded_by_the_screen() -> None:
    app = Listing()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        rows = app.query_one(Rows)
        for key in ("G", "g", *["pagedown"] * 20, *["down"] * 20, "end"):
            app.asked.clear()
            await pilot.press(key)
            await pilot.pause()
            assert len(set(app.asked)) <= 3 * 24, key
        assert rows.cursor == MANY - 1
        assert app.sights[-1] == (MANY - 23, MANY)
        assert max(end - first for first, end in app.sights) <= 24
        assert len(app.screen.walk_children()) < 10


@on_asyncio
async def test_a_row_is_clicked_and_chosen() -> None:
    app = Listing(5)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(Rows, offset=(3, 3))
        assert app.query_one(Rows).cursor == 2
        await pilot.click(Rows, offset=(3, 20))
        assert app.query_one(Rows).cursor == 2


@on_asyncio
async def test_headings_are_passed_over() -> None:
    app = Listing(5)
    async with app.run_test(size=(80, 24)) as pilot:
        headings = {0, 3}
        rows = app.query_one(Rows)
        rows.show(5, lambda at: Row((Span("x"), Span("")), is_heading=at in headings))
        rows.go(0)
        found = []
        for key in ("g", "down", "down", "down", "up", "up", "up"):
            await pilot.press(key)
            found.append(rows.cursor)
        assert found == [1, 2, 4, 4, 2, 1, 1]


@on_asyncio
async def test_a_terminal_of_five_lines_and_an_empty_list_are_no_trouble() -> None:
    app = Listing(0)
    async with app.run_test(size=(20, 5)) as pilot:
        for key in ("down", "G", "g", "pagedown", "pageup"):
            await pilot.press(key)
        assert app.query_one(Rows).cursor == 0
        await pilot.resize_terminal(1, 1)
        await pilot.pause()


@on_asyncio
async def test_an_order_leaves_the_cursor_on_its_row_and_keys_follow_it() -> None:
    app = Listing(30)
    async with app.run_test(size=(80, 24)) as pilot:
        rows = app.query_one(Rows)
        rows.go(4)
        rows.put_in_order(Order(1, is_falling=True))
        await pilot.pause()
        assert rows.cursor == 4
        found = []
        for key in ("down", "up", "up", "end", "home", "pagedown"):
            await pilot.press(key)
            found.append(rows.cursor)
        assert found == [3, 4, 5, 0, 29, 6]
        rows.show(12, app.row)
        await pilot.press("home")
        assert rows.cursor == 11
        rows.put_in_order(None)
        await pilot.press("up")
        assert rows.cursor == 10


@on_asyncio
async def test_the_next_match_goes_round_the_end_in_the_order_that_is_shown() -> None:
    app = Listing(30)
    async with app.run_test(size=(80, 24)):
        rows = app.query_one(Rows)
        rows.put_in_order(Order(1, is_falling=True))
        found = []
        for step in (1, 1, 1, -1):
            assert rows.seek("NAME 1", step)
            found.append(rows.cursor)
        assert found == [19, 18, 17, 18]
        assert not rows.seek("nothing", 1)
        assert rows.cursor == 18
