"""Requests that need answers of the catalogue, many at once."""

from types import SimpleNamespace
from typing import Any, cast

import trio

from yester.fs.adapter import Adapter
from yester.fs.inodes import Inode
from yester.fs.versions.history import Answer, History, PathHistory, Question
from yester.fs.waiting import Patience

WHO = cast(Any, SimpleNamespace(uid=0, gid=0, pid=1, umask=0))


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

    def __init__(self, history: History) -> None:
        self.history = history

    def lookup(self, parent: Inode, name: bytes) -> bytes:
        self.history.known(Question("docs", "box", b"/"))
        for part in (b"1", b"2", b"3"):
            self.history.known(Question("docs", "box", name + part))
        return name


async def test_everybody_gets_his_answers_however_little_room_there_is() -> None:
    history = Crowded()
    adapter = Adapter(cast(Any, Needing(history)), cast(Any, None), Patience(), history)
    got: list[object] = []

    async def ask(number: int) -> None:
        got.append(await adapter.lookup(1, b"%d" % number, WHO))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for number in range(90):
                nursery.start_soon(ask, number)
    assert len(got) == 90
    assert history.times <= 90 * 4
