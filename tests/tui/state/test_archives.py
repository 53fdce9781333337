"""What Archives shows, without a terminal."""

import pytest

from yester.tui.state import archives, entries, restoring
from yester.tui.state.entries import Entry
from yester.tui.state.restoring import Foreseen, Wanted, Wish
from yester.tui.state.text import UNICODE, plain

PACK = {"pack": "data.1", "size": 1}
NOTHING = {"purge": [], "repack": [], "mixed": [PACK]}


@pytest.mark.parametrize(
    ("answer", "purges", "has_work"),
    [
        ({"hand_over": [PACK], "purge": NOTHING}, False, True),
        ({"hand_over": [], "held": [PACK], "purge": {"purge": [PACK]}}, False, False),
        ({"hand_over": [], "held": [PACK], "purge": {"purge": [PACK]}}, True, True),
        ({"hand_over": [], "purge": NOTHING}, True, False),
        ({"purge": [], "repack": [PACK]}, True, True),
        (NOTHING, True, False),
        ({}, True, False),
    ],
)
def test_a_plan_that_does_nothing_is_not_asked_about(answer: dict[str, object], purges: bool, has_work: bool) -> None:
    assert archives.has_work(answer, purges=purges) is has_work


def test_what_is_offline_is_said_before_it_is_brought_back_with_the_key_that_helps() -> None:
    wish, found = Wish((Wanted("a", b"/b"),)), Foreseen(files=2, size=30) + Foreseen(offline_size=1 << 20)
    said = [plain(each) for each in restoring.lines(wish, found, "", UNICODE)]
    assert "! 1.0 MiB of it is in archives only: leave, and R recalls it" in said
    assert "archives" not in str([plain(each) for each in restoring.lines(wish, Foreseen(), "", UNICODE)])
    few = entries.few_words(Entry(path="/b", type="file", marks=("offline",)), is_now=False)
    assert [plain(each) for each in few] == ["offline: R brings it back from its archive"]


def test_words_of_a_plan_are_lines() -> None:
    assert archives.words_of({"words": ["a", 1]}) == ["a", "1"]
    assert archives.words_of({"words": "odd"}) == []
