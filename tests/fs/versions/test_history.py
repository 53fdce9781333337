"""Answers of a catalogue, kept, let go of and asked for anew."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from yester.engine.catalogue.states import State
from yester.engine.entries import Owner
from yester.engine.errors import YesterError
from yester.engine.ids import SnapshotId
from yester.fs.versions.history import History, NotAsked, Question

ONE, TWO = SnapshotId(b"1" * 32), SnapshotId(b"2" * 32)
SERIES = ("docs", "box")
ANY = Question(*SERIES, b"/any")


class Stand:
    """A catalogue in which every path is a file, another one in each snapshot, and each folder has as many names."""

    def __init__(self) -> None:
        self.updates = 0
        self.asked = 0
        self.fails: list[Exception] = []
        self.during: Callable[[], None] = lambda: None
        self.names = 10
        self.owners = [Owner(0, 0)]
        self.note = ""

    def update(self) -> None:
        self.updates += 1

    def versions(self, path: bytes, wanted: Callable[[Any], bool]) -> Iterator[Any]:
        self.asked += 1
        if self.fails:
            raise self.fails.pop()
        self.during()
        for number, sid in enumerate((ONE, TWO)):
            listed = (sid, SimpleNamespace(time_ns=number * 10**9))
            if wanted(listed):
                state = State(0o100644, 0, number, number, b"", None)
                yield SimpleNamespace(state=state, first=listed, last=listed)

    def children(self, path: bytes, wanted: Callable[[Any], bool]) -> Iterator[Any]:
        self.asked += 1
        for number in range(self.names):
            yield SimpleNamespace(name=b"%d" % number, state=SimpleNamespace(mtime_ns=0))

    def owner(self, number: int) -> Owner:
        return self.owners[number]


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def history(stand: Stand) -> History:
    found = History(lambda: cast(Any, stand), room=100)
    found.changed({SERIES: {ONE, TWO}})
    return found


def count(history: History, question: Question = ANY) -> int:
    return len(history.known(question).files)


def test_an_answer_is_of_the_snapshots_that_are_shown(history: History) -> None:
    history.changed({SERIES: {ONE}})
    history.keep(history.ask(ANY))
    assert count(history) == 1
    history.changed({})
    with pytest.raises(NotAsked):
        history.known(ANY)
    history.keep(history.ask(ANY))
    assert count(history) == 0


def test_an_answer_from_before_a_change_is_not_kept(history: History, stand: Stand) -> None:
    stand.during = lambda: history.changed({SERIES: {ONE}})
    late = history.ask(ANY)
    history.keep(late)
    assert not history.knows(ANY)
    stand.during = lambda: None
    history.keep(history.ask(ANY))
    assert count(history) == 1
    assert stand.updates == 2


def test_two_that_ask_the_same_take_the_room_of_one(history: History) -> None:
    for _ in range(100):
        history.keep(history.ask(ANY))
    for number in range(20):
        history.keep(history.ask(Question(*SERIES, b"/%d" % number)))
    assert count(history) == 2


def test_room_is_made_and_comes_back(history: History, stand: Stand) -> None:
    stand.names = 1000
    history.keep(history.ask(ANY._replace(names=True)))
    few = [Question(*SERIES, b"/%d" % number) for number in range(40)]
    for question in few:
        history.keep(history.ask(question))
    assert not history.knows(ANY._replace(names=True))
    assert sum(map(history.knows, few)) >= 24
    for question in few[:30]:
        history.keep(history.ask(question))
    assert all(map(history.knows, few[:30]))


def test_a_catalogue_that_was_thrown_away_is_made_anew_and_asked_again(history: History, stand: Stand) -> None:
    history.keep(history.ask(ANY))
    stand.fails = [YesterError("The catalogue cannot be read")]
    history.keep(history.ask(ANY))
    assert (stand.updates, count(history)) == (2, 2)


def test_one_that_cannot_be_made_is_an_error_each_time(history: History, stand: Stand) -> None:
    stand.fails = [YesterError("again"), YesterError("once")]
    for _ in range(2):
        with pytest.raises(YesterError):
            history.ask(ANY)
    history.keep(history.ask(ANY))
    assert (stand.updates, count(history)) == (3, 2)


def test_what_is_quick_is_answered_at_once(history: History, stand: Stand) -> None:
    assert history.at_once(ANY) is None, "there may be snapshots to take in"
    history.ask(ANY)
    answer = history.at_once(ANY)
    assert answer is not None
    history.keep(answer)
    assert count(history) == 2
    assert history.at_once(ANY._replace(names=True)) is None
    history.changed({SERIES: {ONE}})
    assert history.at_once(ANY) is None
    assert (stand.updates, stand.asked) == (1, 2)


def test_what_fails_at_once_is_asked_on_a_thread(history: History, stand: Stand) -> None:
    history.ask(ANY)
    stand.fails = [YesterError("The catalogue cannot be read")]
    assert history.at_once(ANY) is None
    history.keep(history.ask(ANY))
    assert (stand.updates, count(history)) == (2, 2)


def test_owners_are_those_of_the_catalogue_as_it_is_now(history: History, stand: Stand) -> None:
    history.keep(history.ask(ANY))
    stand.owners = [Owner(7, 7)]
    stand.fails = [YesterError("The catalogue cannot be read")]
    history.keep(history.ask(ANY))
    assert {each.owner for each in history.known(ANY).files.values()} == {Owner(7, 7)}


def test_the_log_says_once_why_the_catalogue_is_not_kept(
    history: History, stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.note = "it cannot be kept"
    history.ask(ANY)
    history.changed({})
    history.ask(ANY)
    assert [record.message for record in caplog.records] == ["it cannot be kept"]


def test_what_took_long_to_fail_is_not_tried_at_once_again(stand: Stand) -> None:
    now = 0.0
    history = History(lambda: cast(Any, stand), clock=lambda: now)
    attempts = 0

    def no_room() -> None:
        nonlocal now, attempts
        attempts += 1
        now += 60
        raise YesterError("There is no room for the catalogue")

    stand.update = no_room  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(YesterError, match="no room"):
            history.ask(ANY)
    assert attempts == 1
    now += 60
    with pytest.raises(YesterError, match="no room"):
        history.ask(ANY)
    assert attempts == 2
