from dataclasses import replace

import pytest

from yester.engine.events import Line, RestoreEnd, Result, RunEnd
from yester.tui.state import bringing
from yester.tui.state.bringing import BringingState
from yester.tui.state.text import UNICODE, plain

RUN = "20261121T060000Z-beef"


def ended(result: Result, **said: int) -> BringingState:
    """Return the state after a restore that ended so."""
    state = bringing.begun(BringingState("Bringing back /a", "where it was"), RUN, 1)
    state = bringing.told(state, RUN, Line(1, 1, 1, RestoreEnd("a", files=1, size=2, **said)))
    state = bringing.told(state, RUN, Line(1, 2, 2, RunEnd(RUN, result=result)))
    return replace(state, all_begun=True)


@pytest.mark.parametrize(
    ("state", "there", "words"),
    [
        (ended("complete"), "", "Nothing is missing"),
        (ended("complete", skipped=2, same=3), "there  2 not replaced, 3 the same", "Nothing failed"),
        (ended("complete", set_aside=1), "there  1 set aside (NAME.before-TIME)", "Nothing is missing"),
        (ended("failed"), "", ""),
        (ended("cancelled"), "", ""),
        (bringing.lost(ended("complete"), RUN), "", ""),
    ],
)
def test_what_became_of_what_was_there(state: BringingState, there: str, words: str) -> None:
    assert bringing.nothing(state) == words
    assert [plain(each) for each in bringing.panel(state, 80, UNICODE) if plain(each).startswith("there")] == [
        *filter(None, [there])
    ]
