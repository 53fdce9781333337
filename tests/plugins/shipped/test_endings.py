"""What is made of the events of a command, in all the orders in which they come."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.plugins.shipped.rig import BEGIN, ERRORS, FAILED, GOOD, WHY

from yester.engine.events import CheckEnd, Error, ErrorCode, Event, Message, RunEnd
from yester.plugins.native import Occasion
from yester.plugins.native.checking import hooks_of
from yester.plugins.shipped.endings import MOST_SAID, Ending, Story, one_line
from yester.plugins.shipped.healthcheck import Healthcheck
from yester.plugins.shipped.mail import Mail
from yester.plugins.shipped.metrics import Metrics
from yester.plugins.shipped.notify import Notify
from yester.plugins.shipped.posting import LONGEST_S
from yester.plugins.shipped.webhook import Webhook

SNAP = Occasion("snap", "r1", "docs", "/srv/repo")
WITH_ERRORS = Error(ErrorCode.WITH_ERRORS, "1 entries could not be kept whole")
BUSY = Error(ErrorCode.ALREADY_RUNNING, "Another run of docs is at work")


def ends(events: Sequence[Event], occasion: Occasion = SNAP) -> list[Ending]:
    story = Story(occasion)
    return [ending for event in events if (ending := story.tell(event)) is not None]


@pytest.mark.parametrize(
    ("events", "result", "text", "is_bad"),
    [
        ([BEGIN, GOOD], "complete", "The snapshot was taken", False),
        ([BEGIN, WITH_ERRORS, ERRORS], "errors", "The snapshot was taken, but some files could not be read", True),
        ([BEGIN, WHY, FAILED], "failed", "The run failed: The disk is full", True),
        ([WHY], "failed", "The run failed: The disk is full", True),
        # Another plugin stops it: it ends before it says why.
        ([BEGIN, FAILED, WHY], "failed", "The run failed: The disk is full", True),
        ([BUSY], "skipped", "Another run of docs is at work", False),
        ([BEGIN, RunEnd("r1", "cancelled", 130)], "cancelled", "The run was cancelled", False),
        ([BEGIN, replace(GOOD, suspicions=("gone",))], "complete", "The snapshot was taken", True),
    ],
)
def test_a_run_has_one_end(events: list[Event], result: str, text: str, is_bad: bool) -> None:
    (ending,) = ends(events)
    assert (ending.result, ending.text, ending.is_bad, ending.name) == (result, text, is_bad, "docs")
    assert (ending.run, ending.repository) == ("r1", "/srv/repo")
    assert ending.hint == ("Make room." if WHY in events else "")


def test_what_fails_after_the_end_is_told_too() -> None:
    assert [ending.result for ending in ends([BEGIN, GOOD, WHY])] == ["complete", "failed"]


def test_dry_runs_have_none() -> None:
    assert ends([replace(BEGIN, dry_run=True), RunEnd("r1", "dry-run")]) == []
    assert ends([replace(BEGIN, dry_run=True), WHY, FAILED]) == []


def test_checks() -> None:
    check = Occasion("check", "r2", "", "/srv/repo")
    (good,), (bad,), (failed,) = (ends([event], check) for event in (CheckEnd(), CheckEnd(problems=2), WHY))
    assert (good.text, good.is_bad, good.name) == ("The check found nothing wrong", False, "/srv/repo")
    assert (bad.text, bad.is_bad, bad.result) == ("The check found 2 problems", True, "errors")
    assert (failed.text, failed.is_bad) == ("The check failed: The disk is full", True)


def test_what_a_person_sees_anyway_is_not_told() -> None:
    assert ends([WHY], Occasion("restore")) == []


def test_the_first_troubles_are_kept_on_one_line_each() -> None:
    said = [Message(level="error", text="no\nway", path="/a\x1b[2J"), Message(text="fine")]
    said += [Message(level="warning", text=str(number), source="kiwi") for number in range(MOST_SAID + 4)]
    (ending,) = ends([BEGIN, *said, GOOD])
    assert ending.said[:2] == ("/a\\x1b[2J: no\\nway", "kiwi: 0")
    assert (len(ending.said), ending.more) == (MOST_SAID, 5)


@given(st.text(st.characters()))
def test_one_line_is_one(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1


def test_who_tells_gives_up_before_it_is_ended() -> None:
    for kind in (Healthcheck, Mail, Metrics, Notify, Webhook):
        assert {hook: seconds for hook in hooks_of(kind) if (seconds := kind.deadlines[hook]) <= LONGEST_S} == {}
