from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.tui.cli.wording import age, duration, size
from yester.tui.state.order import Order, arranged, chosen_order, magnitude, next_order, sortable
from yester.tui.state.text import Column, Row, Span

COLUMNS = (Column(" ", 1), Column("NAME"), Column("SIZE"), Column(""))


def rows(*cells: tuple[str, str], heading: int = -1) -> list[Row]:
    """Return rows of a sign, a name and a size."""
    made = [Row((Span("x"), Span(name), Span(length), Span(""))) for name, length in cells]
    return [Row(row.cells, is_heading=at == heading) for at, row in enumerate(made)]


@pytest.mark.parametrize("worded", [size, duration, age], ids=["size", "duration", "age"])
@given(numbers=st.lists(st.integers(0, 10**18), min_size=2))
def test_what_is_worded_is_ordered_as_it_is(worded: object, numbers: list[int]) -> None:
    """But for what is the same in words."""
    assert callable(worded)
    found = [magnitude(worded(number)) for number in sorted(numbers)]
    assert all(one is not None and other is not None and one <= other * 1.001 for one, other in pairwise(found))


@pytest.mark.parametrize("words", ["2026-11-20 16:03", "7b51ea3a", "Ada.txt", "✓ complete", "", "-", "12 of 30"])
def test_what_is_no_amount(words: str) -> None:
    assert magnitude(words) is None


@pytest.mark.parametrize(("words", "amount"), [("1,234", 1234), ("3 days ago", 259_200), ("1 h 20 min", 4800)])
def test_amounts(words: str, amount: float) -> None:
    assert magnitude(words) == amount


def test_rows_are_arranged_and_what_says_nothing_is_last() -> None:
    made = rows(("b", "1.0 KiB"), ("a", "-"), ("C", "812 B"), ("d", ""), ("e", "2.0 GiB"))
    assert arranged(5, made.__getitem__, Order(2)).rows == (2, 0, 4, 1, 3)
    assert arranged(5, made.__getitem__, Order(2, is_falling=True)).rows == (4, 0, 2, 1, 3)
    assert arranged(5, made.__getitem__, Order(1)).rows == (1, 0, 2, 3, 4)
    assert arranged(5, made.__getitem__, None).rows == ()


def test_headings_have_no_place_in_an_order() -> None:
    made = rows(("day", ""), ("b", "2 B"), ("a", "1 B"), heading=0)
    found = arranged(3, made.__getitem__, Order(2))
    assert (found.rows, found.length) == ((2, 1), 2)
    assert [found.place_of(row) for row in (2, 1)] == [0, 1]
    assert arranged(3, made.__getitem__, None).length == 3


@given(st.lists(st.tuples(st.text(), st.text())))
def test_each_row_has_one_place(cells: list[tuple[str, str]]) -> None:
    made = rows(*cells)
    found = arranged(len(made), made.__getitem__, Order(1))
    assert sorted(found.row_at(place) for place in range(found.length)) == [*range(len(made))]
    assert all(found.row_at(found.place_of(row)) == row for row in range(len(made)))


def test_orders_follow_one_another() -> None:
    columns = sortable(COLUMNS)
    assert columns == (1, 2)
    seen = [order := next_order(None, columns)]
    while order is not None:
        seen.append(order := next_order(order, columns))
    assert seen == [Order(1), Order(2), None]
    assert next_order(None, ()) is None
    assert chosen_order(Order(1), 2) == Order(2)
    assert chosen_order(Order(2), 2) == Order(2, is_falling=True)
