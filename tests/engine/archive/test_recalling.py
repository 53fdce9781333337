from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.archive.fakes import NOON_NS, PLAIN, FakeArchive, World

from yester.engine.archive import recalling
from yester.engine.archive.asked import Kind, Request, State, Wanted
from yester.engine.archive.bringing_back import purge, recall
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.handing_over import hand_over
from yester.engine.archive.recall_plan import Offers, plan_recall
from yester.engine.archive.recalling import await_recall, recall_from_any
from yester.engine.errors import CancelledError


@pytest.fixture
def world(tmp_path: Path) -> World:
    """All packs are held by two archives, and online no more."""
    world = World.of(tmp_path / "world")
    other = FakeArchive("other", "Other")
    world.others = [other]
    for archive in (other, world.archive):
        wanted = [Wanted(each.pack, each.size, archive.guid, "plain") for each in world.wanted()]
        with world.desk() as desk:
            desk.jobs.add(world.request(Kind.ARCHIVE, id=archive.guid), wanted)
            hand_over(desk)
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.PURGE), world.wanted())
        purge(desk)
    assert world.depot.online == {}
    return world


OFFERS: Offers = {("fake", "plain"): PLAIN, ("other", "plain"): PLAIN}


def renewed(number: list[int]) -> Callable[[], Request]:
    def renew() -> Request:
        number.append(len(number))
        return Request(f"again-{len(number)}", Kind.RECALL, NOON_NS, "the same", "", False)

    return renew


def asked(desk: Desk, world: World) -> None:
    plan = plan_recall(world.packs, desk.depot.held(), {("fake", "plain"): PLAIN})
    desk.jobs.add(world.request(Kind.RECALL), plan.wanted())


def test_what_one_archive_has_lost_another_one_gives_back(world: World) -> None:
    world.archive.refuses = {world.names()[1]: "torn"}
    number: list[int] = []
    with world.desk() as desk:
        asked(desk, world)
        report = recall_from_any(desk, OFFERS, renewed(number))
        assert [job.wanted.archive for job in desk.jobs.jobs_of("again-1")] == ["other"]
    assert (len(report.done), report.failed, len(number)) == (4, [], 1)
    assert len(world.depot.online) == 4


def test_what_no_archive_gives_back_is_said_once(world: World) -> None:
    for archive in (world.archive, world.others[0]):
        assert isinstance(archive, FakeArchive)
        archive.refuses = {world.names()[1]: f"torn in {archive.guid}"}
    with world.desk() as desk:
        asked(desk, world)
        report = recall_from_any(desk, OFFERS, renewed([]))
        assert [job.wanted.archive for job in desk.jobs.failed(Kind.RECALL)] == ["fake", "other"]
    assert [words for _, words in report.failed] == ["torn in other"]
    assert len(world.depot.online) == 3


def test_what_is_on_its_way_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.archive.slow = world.names()[:2]
    waits: list[Desk] = []

    def wait(desk: Desk) -> None:
        waits.append(desk)
        world.archive.slow = world.archive.slow[1:]  # type: ignore[index]

    monkeypatch.setattr(recalling, "_wait", wait)
    with world.desk() as desk:
        asked(desk, world)
        told: list[str] = []
        report = await_recall(desk, world.packs, lambda: recall(desk), told.append)
    assert told == ["Waiting: on its way"]
    assert (len(waits), len(report.done), report.waiting) == (2, 4, [])
    assert len(world.depot.online) == 4


def test_who_waits_may_stop_and_the_next_one_goes_on(world: World) -> None:
    world.archive.ready = False
    with world.desk() as desk:
        asked(desk, world)
        desk.cancelled = lambda: True
        with pytest.raises(CancelledError):
            await_recall(desk, world.packs, lambda: Report())
    world.archive.ready = True
    with world.desk() as desk:
        assert len(recall(desk).done) == 4
        assert {job.state for job in desk.jobs.jobs_of("recall")} == {State.RESTORED}
