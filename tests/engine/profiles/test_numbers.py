"""Numbers of profiles: given once, kept for life, never given again."""

from pathlib import Path

import pytest

from yester.engine.errors import YesterError
from yester.engine.places import Places
from yester.engine.profiles.numbers import Wanted, known_numbers, numbers_of


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path)


def given(places: Places, *wanted: Wanted) -> list[int]:
    found = numbers_of(places, wanted)
    return [found[each.id].number for each in wanted]


def test_numbers_rise_and_stay(places: Places) -> None:
    assert given(places, Wanted("a", "docs"), Wanted("b", "work")) == [1, 2]
    assert given(places, Wanted("b", "renamed"), Wanted("c", "x"), Wanted("a", "docs")) == [2, 3, 1]
    tags = {each.id: each.tag for each in known_numbers(places)}
    assert all(100 <= int(tag) <= 999 for tag in tags.values())
    assert numbers_of(places, [Wanted("a", "docs", tag="555")])["a"].tag == tags["a"]


def test_one_that_is_wanted_is_given_if_it_is_free(places: Places) -> None:
    assert given(places, Wanted("a", "docs", 4), Wanted("b", "work", 4), Wanted("c", "x", 2)) == [4, 5, 2]
    assert given(places, Wanted("d", "y"), Wanted("e", "z", -3)) == [6, 7]


@pytest.mark.parametrize(("tag", "kept"), [("123", True), ("12", False), ("12a", False), ("", False), ("²²²", False)])
def test_a_tag_is_three_digits(places: Places, tag: str, kept: bool) -> None:
    found = numbers_of(places, [Wanted("a", "docs", tag=tag)])["a"].tag
    assert (found == tag) is kept
    assert found.isascii() and found.isdecimal() and len(found) == 3


def test_a_line_that_was_cut_short_harms_no_other(places: Places) -> None:
    given(places, Wanted("a", "docs"))
    path = places.state / "profile-numbers"
    path.write_bytes(path.read_bytes() + b'{"number":2,"id":"b')
    assert given(places, Wanted("c", "x"), Wanted("a", "docs")) == [2, 1]
    assert given(places, Wanted("c", "x"), Wanted("d", "y")) == [2, 3]


def test_a_state_folder_that_cannot_be_written_is_an_error(places: Places) -> None:
    places.state.mkdir(parents=True)
    (places.state / "profile-numbers").mkdir()
    with pytest.raises(YesterError, match="profile-numbers"):
        given(places, Wanted("a", "docs"))
