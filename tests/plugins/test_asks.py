"""What plugins may ask for, and what they are told when they ask for anything else."""

from pathlib import Path
from typing import Any

import pytest

from yester.engine.events import Message
from yester.engine.messages.posted import MAX_TEXT
from yester.engine.places import Places
from yester.plugins.asks import MOST_SAID, Asking, answer
from yester.plugins.surroundings import Surroundings
from yester.plugins.worker.problems import AskRefused


class Ears:
    def __init__(self) -> None:
        self.heard: list[Message] = []

    def said(self, message: Message) -> None:
        self.heard.append(message)

    def printed(self, message: Message) -> None:
        raise AssertionError(message)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def asking(ears: Ears) -> Asking:
    return Asking(Surroundings(Places.under(Path("/nowhere"))), ears)


def test_what_a_plugin_says_is_told(asking: Asking, ears: Ears) -> None:
    answer(asking, {}, "a", "say", ["a", "error", "no drive", "again"])
    assert ears.heard == [Message(level="error", text="no drive", source="a", action="again")]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("shout", []), ("say", ["a", "info", "x"]), ("say", ["a", "loud", "x", ""]), ("say", ["a", "info", 5, ""])],
)
def test_nonsense_is_refused(asking: Asking, method: str, arguments: list[Any]) -> None:
    with pytest.raises(AskRefused):
        answer(asking, {}, "a", method, arguments)


def test_a_world_may_have_questions_of_its_own(asking: Asking) -> None:
    assert answer(asking, {"double": lambda _, plugin, given: (plugin, given[0] * 2)}, "a", "double", [4]) == ("a", 8)
    with pytest.raises(AskRefused, match=r"double, .*, wish, not for treble"):
        answer(asking, {"double": lambda *_: 0}, "a", "treble", [])


def test_a_plugin_that_never_ends_talking_is_cut_short(asking: Asking, ears: Ears) -> None:
    with pytest.raises(AskRefused, match="has said 1,000 things"):
        for _ in range(2 * MOST_SAID):
            answer(asking, {}, "a", "say", ["a", "info", "x", ""])
    assert len(ears.heard) == MOST_SAID


def test_what_is_wished_is_in_the_journal_in_words() -> None:
    lines: list[Message] = []

    class Reader(Ears):
        def printed(self, message: Message) -> None:
            lines.append(message)

    asking = Asking(Surroundings(Places.under(Path("/nowhere"))), Reader())
    for kind, value in (("read_from", [b"/a\xff", b"/b"]), ("exclude", "*.o")):
        answer(asking, {}, "a", "wish", ["a", kind, value])
    assert [line.text for line in lines] == ["wishes read_from: /a\\xff, /b", "wishes exclude: *.o"]


def test_one_long_word_does_not_flood_the_terminal(asking: Asking, ears: Ears) -> None:
    answer(asking, {}, "a", "say", ["a", "error", "no" * MAX_TEXT, "again" * MAX_TEXT])
    [message] = ears.heard
    assert len(message.text) == len(message.action) == MAX_TEXT
    assert message.text.endswith("…")
