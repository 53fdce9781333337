from dataclasses import replace

from yester.engine.messages.posted import ReadMark
from yester.engine.runs.records import RunRecord
from yester.tui.state.live import LiveRun
from yester.tui.state.world import MESSAGES, Message, MessagesListed, World, apply


def listed(*ids: int, is_whole: bool = True, mark: ReadMark | None = None) -> MessagesListed:
    return MessagesListed(tuple(Message(id=id, text=str(id)) for id in ids), mark, is_whole)


def known(world: World) -> list[tuple[int, bool]]:
    return [(message.id, message.is_read) for message in world.messages or ()]


def test_what_came_since_stands_before_what_was_known() -> None:
    world = apply(World(), listed(2, 1))
    world = apply(world, listed(4, 3, is_whole=False, mark=ReadMark(2, (4,))))
    assert known(world) == [(4, True), (3, False), (2, True), (1, True)]
    assert world.unread == 1
    assert known(apply(world, listed(is_whole=False, mark=ReadMark(4)))) == [(id, True) for id in (4, 3, 2, 1)]
    assert known(apply(world, listed(1))) == [(1, False)]


def test_a_flood_of_messages_does_not_grow_for_ever() -> None:
    world = World()
    for first in range(1, 10_000, 500):
        world = apply(world, listed(*range(first + 499, first - 1, -1), is_whole=not world.messages))
    assert [message.id for message in world.messages or ()] == [*range(10_000, 10_000 - MESSAGES, -1)]


def test_a_run_that_died_does_not_run() -> None:
    live = LiveRun(RunRecord(run="a", state="running", began_ns=0))
    assert len(World(live={"a": live}).running) == 1
    assert World(live={"a": replace(live, is_lost=True)}).running == ()
