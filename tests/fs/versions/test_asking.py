"""Requests that need answers of the catalogue, many at once."""

from collections.abc import Callable
from typing import Any, cast

from tests.fs.kernel import served

from yester.fs.inodes import Inode
from yester.fs.records import Attributes
from yester.fs.requests import Call
from yester.fs.versions.history import Answer, History, PathHistory, Question


class Crowded(History):
    """Has room for no more than must be, and a catalogue that is asked on a thread."""

    def __init__(self) -> None:
        super().__init__(lambda: cast(Any, None), room=0)
        self.times = 0
        self.at_a_time = 0

    def at_once(self, question: Question) -> Answer | None:
        return None

    def ask(self, question: Question) -> Answer:
        self.at_a_time += 1
        assert self.at_a_time == 1
        self.times += 1
        self.at_a_time -= 1
        return Answer(question, PathHistory(), self._shown)


class Needing:
    """A tree in which each name needs three answers of its own, and one that all need."""

    changed: Callable[[], None]

    def __init__(self, history: History) -> None:
        self.history = history

    def open_file(self, inode: Inode) -> Any:
        raise AssertionError(inode)

    def lookup(self, parent: Inode, name: bytes) -> Attributes:
        self.history.known(Question("docs", "box", b"/"))
        for part in (b"1", b"2", b"3"):
            self.history.known(Question("docs", "box", name + part))
        return Attributes(st_ino=int(name))


def test_everybody_gets_his_answers_however_little_room_there_is() -> None:
    history = Crowded()
    with served(Needing(history), cast(Any, None), history) as kernel:
        asked = [kernel.send(Call.LOOKUP, 1, b"%d\0" % number) for number in range(90)]
        told = [kernel.answer(id) for id in asked]
    assert [(error, int.from_bytes(body[:8], "little")) for error, body in told] == [(0, each) for each in range(90)]
    assert history.times <= 90 * 4
