"""What Archives shows, without a terminal."""

import pytest

from yester.tui.state import archives

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


def test_words_of_a_plan_are_lines() -> None:
    assert archives.words_of({"words": ["a", 1]}) == ["a", "1"]
    assert archives.words_of({"words": "odd"}) == []
