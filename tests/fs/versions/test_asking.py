"""Requests that need answers of the catalogue, many at once."""

import errno
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trio
import trio.testing
from pyfuse3 import FUSEError

from yester.fs.adapter import Adapter
from yester.fs.inodes import Inode
from yester.fs.versions.history import Answer, History, PathHistory, Question
from yester.fs.waiting import Patience

WHO = cast(Any, SimpleNamespace(uid=0, gid=0, pid=1, umask=0))


def source(local: bool = True, patience_s: float = 60.0) -> Any:
    return SimpleNamespace(local=local, patience_s=patience_s)


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
    adapter = Adapter(cast(Any, Needing(history)), source(), Patience(), history)
    got: list[object] = []

    async def ask(number: int) -> None:
        got.append(await adapter.lookup(1, b"%d" % number, WHO))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for number in range(90):
                nursery.start_soon(ask, number)
    assert len(got) == 90
    assert history.times <= 90 * 4


class Hanging(Crowded):
    """Has room, and a catalogue that waits for a store."""

    def __init__(self) -> None:
        super().__init__()
        self._room = 100
        self.comes = threading.Event()

    def ask(self, question: Question) -> Answer:
        self.comes.wait()
        return super().ask(question)


async def test_who_asks_a_catalogue_that_waits_for_a_store_is_told_so_and_it_is_asked_one_thing_at_a_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    history, far = Hanging(), source(local=False, patience_s=0)
    adapter = Adapter(cast(Any, Needing(history)), far, Patience(), history)
    try:
        with trio.fail_after(30):
            for _ in range(3):
                with pytest.raises(FUSEError) as caught:
                    await adapter.lookup(1, b"a", WHO)
                assert caught.value.errno == errno.EIO
            assert "the catalogue has not been brought up to date in 0 s" in caplog.text
            far.patience_s = 30
            async with trio.open_nursery() as nursery:
                for name in (b"a", b"b"):
                    nursery.start_soon(adapter.lookup, 1, name, WHO)
                await trio.testing.wait_all_tasks_blocked()
                history.comes.set()
    finally:
        history.comes.set()
    assert history.times == 1 + 3 + 3, "what was asked for in vain serves who asks then"


async def test_in_a_local_store_nobody_is_told_to_go() -> None:
    history = Hanging()
    adapter = Adapter(cast(Any, Needing(history)), source(patience_s=0), Patience(), history)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(adapter.lookup, 1, b"a", WHO)
            await trio.testing.wait_all_tasks_blocked()
            history.comes.set()
    assert history.times == 4
