from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.archive.fakes import NOON_NS, PLAIN, FakeArchive, FakeArchives, World

from yester.engine.archive import recalling
from yester.engine.archive.asked import Kind, Request, State, Wanted
from yester.engine.archive.bringing_back import purge, recall
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.handing_over import hand_over
from yester.engine.archive.recall_plan import Offers, plan_recall
from yester.engine.archive.recalling import POLL_S, STAYS_ASKED, TAKEN_BACK, await_recall, recall_from_any
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


def test_what_no_archive_gives_back_is_said_with_the_words_of_each(world: World) -> None:
    for archive in (world.archive, world.others[0]):
        assert isinstance(archive, FakeArchive)
        archive.refuses = {world.names()[1]: f"torn in {archive.guid}"}
    with world.desk() as desk:
        asked(desk, world)
        report = recall_from_any(desk, OFFERS, renewed([]))
        assert [job.wanted.archive for job in desk.jobs.failed(Kind.RECALL)] == ["fake", "other"]
    said = [(job.wanted.archive_name, words) for job, words in report.failed]
    assert said == [("Fake", "torn in fake"), ("Other", "torn in other")]
    assert len(world.depot.online) == 3


def test_what_is_on_its_way_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.archive.slow = world.names()[:2]
    waits: list[Desk] = []

    def wait(desk: Desk, packs: object) -> None:
        waits.append(desk)
        world.now_ns += round(POLL_S * 1e9)
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


def no_wait(desk: Desk, packs: object) -> None:
    raise AssertionError("nobody can bring it, and it is waited for")


def test_what_no_archive_here_has_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling, "_wait", no_wait)
    with world.desk() as desk:
        asked(desk, world)
        desk.archives = FakeArchives([])
        report = await_recall(desk, world.packs, lambda: recall(desk))
        assert len(desk.jobs.waiting(Kind.RECALL)) == 4, "it stays asked for"
    assert {words for _, words in report.failed} == {"There is no archive fake"}
    assert (len(report.failed), report.waiting, report.said) == (4, [], ["Put it back.", STAYS_ASKED])


def test_what_is_on_its_way_is_waited_for_before_it_is_said_what_never_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = world.others[0]
    assert isinstance(here, FakeArchive)
    here.slow = world.names()

    def wait(desk: Desk, packs: object) -> None:
        here.slow = ()
        world.now_ns += round(POLL_S * 1e9)

    monkeypatch.setattr(recalling, "_wait", wait)
    with world.desk() as desk:
        plans = [
            plan_recall(packs, desk.depot.held(), {(guid, "plain"): PLAIN})
            for guid, packs in (("fake", world.packs[:1]), ("other", world.packs[1:]))
        ]
        desk.jobs.add(world.request(Kind.RECALL), [each for plan in plans for each in plan.wanted()])
        desk.archives = FakeArchives([here])
        report = await_recall(desk, world.packs, lambda: recall(desk))
    assert (len(report.done), [words for _, words in report.failed]) == (3, ["There is no archive fake"])


def test_who_waits_too_asks_no_archive_and_is_told_what_became_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.archive.slow = world.names()
    with world.desk() as first, world.desk() as second:
        asked(first, world)
        recall(first)

        def wait(desk: Desk, packs: object) -> None:
            world.archive.slow, world.archive.refuses = (), {world.names()[0]: "torn"}
            recall(first)
            first.jobs.note_asked(Kind.RECALL, world.now_ns)
            world.archive.told.clear()

        monkeypatch.setattr(recalling, "_wait", wait)
        told: list[str] = []
        report = await_recall(second, world.packs[:3], lambda: recall(second), told.append)
    assert told == ["Waiting: on its way"]
    assert world.archive.told == []
    assert (len(report.done), [words for _, words in report.failed], report.waiting) == (2, ["torn"], [])


def test_of_those_who_wait_any_asks_once_the_last_time_is_long_ago(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalling, "_TICK_S", 0)
    world.archive.slow, steps = world.names(), list[int]()
    with world.desk() as desk:
        asked(desk, world)

        def step() -> Report:
            steps.append(world.now_ns)
            return recall(desk)

        def said(words: str) -> None:
            world.archive.slow, world.now_ns = (), world.now_ns + round(POLL_S * 1e9)

        assert len(await_recall(desk, world.packs, step, said).done) == 4
    assert steps == [NOON_NS, NOON_NS + POLL_S * 1e9]


def test_what_a_person_takes_back_is_waited_for_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recalling, "_TICK_S", 0)
    world.archive.ready = False
    with world.desk() as desk:
        asked(desk, world)

        def heard(words: str) -> None:
            desk.jobs.cancel()

        report = await_recall(desk, world.packs, lambda: recall(desk), heard)
    assert [words for _, words in report.failed] == [TAKEN_BACK] * 4
