"""Waiting for requests: at once when one is there, by polling when they come quickly, else in the event loop."""

import operator
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pyfuse3
import pytest
import trio
import trio.testing

from yester.fs.waiting import PATIENCE, Patience, Turn, patient_trio


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


async def test_a_request_that_is_there_is_seen(pipe: tuple[int, int]) -> None:
    patience = Patience()
    os.write(pipe[1], b"x")
    for _ in range(3 * PATIENCE):
        await patience.wait_readable(pipe[0])


async def test_a_request_that_comes_later_wakes_the_waiter(pipe: tuple[int, int]) -> None:
    patience, woken = Patience(), []

    async def wait() -> None:
        await patience.wait_readable(pipe[0])
        woken.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        assert not woken
        os.write(pipe[1], b"x")
    assert woken


async def test_other_tasks_get_their_turn_while_requests_pour_in(pipe: tuple[int, int]) -> None:
    patience, turns = Patience(), []
    os.write(pipe[1], b"x")

    async def other() -> None:
        turns.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        for _ in range(2 * PATIENCE):
            await patience.wait_readable(pipe[0])
        assert turns


async def test_the_second_wait_says_that_the_greeting_was_answered_once(pipe: tuple[int, int]) -> None:
    told: list[bool] = []
    patience = Patience(lambda: told.append(True))
    os.write(pipe[1], b"x")
    await patience.wait_readable(pipe[0])
    assert told == []
    await patience.wait_readable(pipe[0])
    await patience.wait_readable(pipe[0])
    assert told == [True]


async def test_a_turn_is_for_one_at_a_time_and_passes_on() -> None:
    turn, inside, order = Turn(), 0, []

    async def take(number: int) -> None:
        nonlocal inside
        async with turn:
            inside += 1
            assert inside == 1
            await trio.lowlevel.checkpoint()
            order.append(number)
            inside -= 1

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(take, number)
    assert sorted(order) == list(range(5))


async def test_who_lets_a_turn_go_may_take_it_again_at_once() -> None:
    turn, waited = Turn(), []

    async def wait() -> None:
        async with turn:
            waited.append(True)

    async with trio.open_nursery() as nursery:
        async with turn:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
        for _ in range(10):
            async with turn:
                assert not waited
    assert waited


def test_everything_that_pyfuse3_uses_of_trio_is_there() -> None:
    folder = Path(pyfuse3.__file__).parent
    source = "".join(path.read_text() for path in folder.glob("*.p[yx][xi]"))
    used = set(re.findall(r"(?:await|with|=|^) *trio\.([\w.]+)", source, re.MULTILINE))
    used |= set(re.findall(r"except trio\.(\w+)", source)) | set(re.findall(r"    trio\.(lowlevel\.\w+)\(", source))
    assert {"Lock", "ClosedResourceError", "open_nursery", "lowlevel.wait_readable"} <= used
    for name in used:
        assert operator.attrgetter(name)(patient_trio(Patience()))
