"""What archives do to the jobs that they are given, good and bad."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_fields
from tests.engine.archive.fakes import PLAIN, FakeArchive, World, of

from yester.engine.archive.asked import Job, Kind, State
from yester.engine.archive.bringing_back import CUT_SHORT, NOWHERE, OTHER_BYTES, UNVERIFIED, purge, purge_again, recall
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.handing_over import SILENCE, TOO_LATE, hand_over, let_go
from yester.engine.archive.port import Constraints, Policy
from yester.engine.errors import CancelledError
from yester.engine.ids import PackId


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.of(tmp_path / "world")


def archived(world: World, *, purges: bool = False, at_once: bool = False) -> Report:
    """Ask for all packs to be archived, and purged."""
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.ARCHIVE, purges=purges), world.wanted())
        report = hand_over(desk, at_once=at_once)
        if purges:
            report.take(purge(desk))
        return report


def retried(desk: Desk) -> Report:
    """Do what a person asks for again."""
    report = purge_again(desk, desk.jobs.retry())
    report.take(hand_over(desk))
    return report


def recalled(world: World) -> Report:
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.RECALL), world.wanted())
        return recall(desk)


def states(world: World) -> list[State]:
    return [job.state for job in jobs(world)]


def jobs(world: World) -> list[Job]:
    """Return all jobs, in the order in which they were asked for."""
    with world.desk() as desk:
        found = [job for summary in desk.jobs.summaries() for job in desk.jobs.jobs_of(summary.request.id)]
    return sorted(found, key=lambda job: job.id)


def test_what_is_archived_every_machine_gets_to_know(world: World) -> None:
    world.archive.extra = {"volumes": {name: [f"tape {number}"] for number, name in enumerate(world.names())}}
    report = archived(world)
    assert (len(report.done), report.failed, report.waiting) == (4, [], [])
    assert [job.state for job in report.done] == [State.ARCHIVED] * 4
    [holding] = world.depot.held()[world.packs[2]]
    assert (holding.archive, holding.policy, holding.volumes) == ("fake", "plain", ("tape 2",))
    assert {*world.archive.held} == {each.external_ids[0] for [each] in world.depot.held().values()}
    assert states(world) == [State.ARCHIVED] * 4
    assert [*world.depot.online] == world.packs


def test_what_is_purged_comes_back_as_it_was(world: World) -> None:
    before = dict(world.depot.online)
    archived(world, purges=True)
    assert world.depot.online == {}
    assert states(world) == [State.PURGED] * 4
    assert len(recalled(world).done) == 4
    assert world.depot.online == before
    assert states(world)[4:] == [State.RESTORED] * 4


def test_what_an_archive_has_lost_it_takes_again_when_a_person_asks_again(world: World) -> None:
    archived(world)
    world.archive.held.clear()
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.PURGE), world.wanted())
        assert len(purge(desk).failed) == 4
        assert len(retried(desk).done) == 4
        assert len(world.archive.held) == 4
        assert len(purge(desk).done) == 4
    assert not world.depot.online
    assert len(recalled(world).done) == 4


def test_a_fault_that_has_passed_lets_nothing_be_copied_again_but_what_is_gone(world: World) -> None:
    archived(world)
    world.archive.refuses = dict.fromkeys(world.names(), "no tape in the drive")
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.PURGE), world.wanted())
        assert len(purge(desk).failed) == 4
        world.archive.refuses, gone = {}, world.names()[1]
        world.archive.held = {name: kept for name, kept in world.archive.held.items() if not name.startswith(gone)}
        world.archive.told.clear()
        report = retried(desk)
        assert [names for verb, _, names in world.archive.told if verb == "archive"] == [(gone,)]
        assert (len(report.done), report.failed) == (4, [])
        assert len(purge(desk).done) == 1
    assert not world.depot.online


def test_what_others_need_is_not_copied_again_when_it_is_asked_for_again(world: World) -> None:
    archived(world)
    world.depot.needed = {world.packs[0]: "a new snapshot needs it"}
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.PURGE), world.wanted())
        assert len(purge(desk).failed) == 1
        world.archive.told.clear()
        assert [words for _, words in retried(desk).failed] == ["a new snapshot needs it"]
    assert {verb for verb, _, _ in world.archive.told} == {"restore"}


def test_one_call_takes_many_packs_but_no_more_than_there_is_room_for(world: World) -> None:
    archived(world, purges=True)
    assert [verb for verb, _, _ in world.archive.told] == ["archive", "restore"]
    world.depot.room_size = 500
    recalled(world)
    asked = [names for verb, _, names in world.archive.told[2:]]
    assert [len(names) for names in asked] == [2, 1, 1]


def test_an_archive_that_is_not_ready_lets_jobs_wait_and_says_so(world: World) -> None:
    world.archive.ready = False
    world.now_ns += 90 * 10**9
    [waiting] = archived(world).waiting
    assert (len(waiting.jobs), waiting.words) == (4, "Fake is not ready, as was asked 90 s ago")
    assert states(world) == [State.QUEUED] * 4
    assert {job.words for job in jobs(world)} == {waiting.words}
    world.archive.ready = True
    with world.desk() as desk:
        assert len(hand_over(desk).done) == 4
    assert {job.words for job in jobs(world)} == {""}


def test_an_archive_whose_plugin_is_gone_lets_jobs_wait(world: World) -> None:
    archived(world, purges=True)
    world.archive.guid = "another"
    [waiting] = recalled(world).waiting
    assert waiting.words == "There is no archive fake"
    assert states(world)[4:] == [State.QUEUED] * 4
    world.archive.guid = "fake"
    with world.desk() as desk:
        recall(desk)
    assert len(world.depot.online) == 4


def test_one_that_is_refused_is_said_in_the_archives_words_and_the_others_go_on(world: World) -> None:
    before, [first, second, *_] = dict(world.depot.online), world.names()
    world.archive.refuses, world.archive.silent_about = {first: "tape full"}, [second]
    report = archived(world, purges=True)
    assert [words for _, words in report.failed] == ["tape full", SILENCE]
    assert states(world) == [State.FAILED, State.FAILED, State.PURGED, State.PURGED]
    assert [*world.depot.online] == world.packs[:2]
    world.archive.refuses, world.archive.silent_about = {}, []
    with world.desk() as desk:
        assert len(desk.jobs.retry()) == 2
        hand_over(desk)
        purge(desk)
    assert states(world) == [State.PURGED] * 4
    recalled(world)
    assert world.depot.online == before


def test_one_pack_that_an_archive_cannot_bear_takes_no_other_with_it(tmp_path: Path) -> None:
    world = World.of(tmp_path / "world", 9)
    bad = world.names()[6]
    world.archive.chokes_on = [bad]
    report = archived(world)
    assert [(job.wanted.name, words) for job, words in report.failed] == [(bad, f"cannot bear {bad[:8]}")]
    assert len(report.done) == len(world.depot.held()) == 8
    assert len(world.archive.told) <= 8


def test_an_archive_that_raises_whatever_it_is_given_is_not_asked_without_end(tmp_path: Path) -> None:
    world = World.of(tmp_path / "world", 40)
    world.archive.chokes_on = world.names()
    report = archived(world)
    assert len(report.failed) == 40
    assert len(world.archive.told) <= 20
    assert states(world) == [State.FAILED] * 40
    assert len(world.depot.online) == 40


def test_one_that_goes_away_half_way_lets_the_rest_wait(world: World) -> None:
    class Leaving(FakeArchive):
        def is_ready(self) -> bool:
            return not self.told

    world.archive = Leaving(chokes_on=world.names()[1:2])
    report = archived(world)
    assert report.failed == []
    assert states(world) == [State.QUEUED] * 4
    assert {job.words for job in jobs(world)} == {f"cannot bear {world.names()[1][:8]}"}


def test_one_that_refuses_everything_since_it_is_no_longer_ready_lets_it_wait(world: World) -> None:
    class Leaving(FakeArchive):
        def is_ready(self) -> bool:
            return not self.told

    world.archive = Leaving(refuses=dict.fromkeys(world.names(), "the disk is not connected"))
    report = archived(world)
    assert report.failed == []
    assert {(job.state, job.words) for job in jobs(world)} == {(State.QUEUED, "the disk is not connected")}


BAD_BYTES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda content: content[:-1],
    "empty": lambda content: b"",
    "changed": lambda content: content[:-1] + b"!",
    "longer": lambda content: content + b"!",
}


@pytest.mark.parametrize("what", BAD_BYTES)
def test_an_archive_that_keeps_something_else_is_found_out_before_the_purge(world: World, what: str) -> None:
    world.archive.keeps = BAD_BYTES[what]
    report = archived(world, purges=True)
    assert len(world.depot.online) == 4
    assert states(world) == [State.FAILED] * 4
    assert {words for _, words in report.failed} <= {
        OTHER_BYTES,
        *(CUT_SHORT.format(there=max(0, job.wanted.size - 1), size=job.wanted.size) for job in jobs(world)),
        *(CUT_SHORT.format(there=0, size=job.wanted.size) for job in jobs(world)),
    }
    assert world.depot.held() == {}, "it does not hold what it was given"
    world.archive.keeps = lambda content: content
    with world.desk() as desk:
        retried(desk)
        purge(desk)
    assert world.depot.online == {}


def test_an_archive_that_swaps_files_is_found_out_before_the_purge(world: World) -> None:
    archived(world)
    kept = world.archive.held
    world.archive.held = dict(zip(kept, reversed([*kept.values()]), strict=True))
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.PURGE), world.wanted())
        purge(desk)
    assert len(world.depot.online) == 4


def test_an_archive_that_loses_files_is_found_out_before_the_purge(world: World) -> None:
    lost = world.names()[1]
    world.archive.gives = lambda name, content: None if name == lost else content
    report = archived(world, purges=True)
    assert [words for _, words in report.failed] == [NOWHERE]
    assert [*world.depot.online] == [world.packs[1]]


def test_what_a_new_snapshot_needs_stays_online_and_that_is_said(world: World) -> None:
    world.depot.needed = {world.packs[0]: "a snapshot of today needs it"}
    report = archived(world, purges=True)
    assert [words for _, words in report.failed] == ["a snapshot of today needs it"]
    assert [*world.depot.online] == world.packs[:1]


def test_where_the_person_accepted_it_the_archive_looks_at_its_copies_itself(world: World) -> None:
    world.archive.offered = [replace(PLAIN, trusts_archive=True)]
    world.archive.verifies = [*world.depot.online.values()][1:]
    report = archived(world, purges=True)
    assert [words for _, words in report.failed] == ["rotten"]
    assert [*world.depot.online] == world.packs[:1]
    assert [verb for verb, _, _ in world.archive.told] == ["archive"]
    assert all(each.is_trusted for pack in world.packs[1:] for each in world.depot.held()[pack])


def test_an_archive_that_cannot_look_itself_is_not_trusted_blindly(world: World) -> None:
    world.archive.offered = [replace(PLAIN, trusts_archive=True)]
    report = archived(world, purges=True)
    assert {words for _, words in report.failed} == {UNVERIFIED.format(archive="Fake")}
    assert len(world.depot.online) == 4


def test_what_a_prune_has_deleted_meanwhile_nobody_counts_on(world: World) -> None:
    world.depot.doomed = world.packs[:1]
    assert [words for _, words in archived(world).failed] == [TOO_LATE]
    assert [each.pack for each in world.depot.unneeded()] == world.packs[:1]


def test_only_the_copy_that_was_read_back_counts_as_verified(world: World) -> None:
    archived(world)
    [pack, *_] = world.packs
    [copy] = world.depot.held()[pack]
    world.depot.record([replace_fields(copy, job="another", external_ids=("elsewhere",))])
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.PURGE), [of(copy)])
        purge(desk)
    assert {each.external_ids: bool(each.verified_ns) for each in world.depot.held()[pack]} == {
        copy.external_ids: True,
        ("elsewhere",): False,
    }


def test_a_purge_of_what_no_archive_holds_any_more_is_refused(world: World) -> None:
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.PURGE), world.wanted())
        report = purge(desk)
    assert len(report.failed) == len(world.depot.online) == 4


def test_a_volume_that_is_missing_keeps_only_its_own_packs_away(world: World) -> None:
    archived(world, purges=True)
    world.archive.refuses = {world.names()[0]: "volume A1 is not in the library"}
    world.archive.gives = lambda name, content: content[:-1] if name == world.names()[1] else content
    report = recalled(world)
    assert sorted(words for _, words in report.failed) == [
        CUT_SHORT.format(there=199, size=200),
        "volume A1 is not in the library",
    ]
    assert sorted(world.depot.online) == sorted(world.packs[2:])
    assert len(world.depot.held()) == 4


def test_what_is_on_its_way_is_asked_for_again_later(world: World) -> None:
    archived(world, purges=True)
    world.archive.slow = world.names()[:1]
    report = recalled(world)
    assert [(len(each.jobs), each.words) for each in report.waiting] == [(1, "on its way")]
    assert states(world)[4:] == [State.RESTORING] + [State.RESTORED] * 3
    world.archive.slow = ()
    with world.desk() as desk:
        assert len(recall(desk).done) == 1
    assert len(world.depot.online) == 4


def test_what_a_killed_process_had_got_back_is_not_asked_for_again(world: World) -> None:
    archived(world, purges=True)
    with world.depot.room() as room:
        (room / world.names()[0]).write_bytes(bytes([0]) * 100)
        (room / world.names()[1]).write_bytes(b"half of it")
    recalled(world)
    assert [names for verb, _, names in world.archive.told if verb == "restore"][1:] == [tuple(world.names()[1:])]
    assert len(world.depot.online) == 4


def deleted(world: World, *packs: PackId) -> Report:
    """Release packs as a prune does, and tell archives."""
    with world.desk() as desk:
        world.depot.release([each for pack in packs for each in world.depot.held()[pack]])
        desk.jobs.add(world.request(Kind.DELETE), [*map(of, world.depot.unneeded())])
        return let_go(desk)


def test_an_archive_is_told_what_it_need_not_keep(world: World) -> None:
    archived(world)
    deleted(world, *world.packs[:2])
    assert len(world.archive.held) == len(world.depot.held()) == 2
    assert world.depot.unneeded() == ()
    assert states(world)[4:] == [State.DELETED] * 2


def test_one_that_refuses_to_delete_still_holds_it(world: World) -> None:
    archived(world)
    world.archive.refuses = {world.names()[0]: "written once"}
    assert [words for _, words in deleted(world, *world.packs).failed] == ["written once"]
    assert [each.pack for each in world.depot.unneeded()] == world.packs[:1]


def test_a_copy_that_was_made_anew_in_the_same_place_is_not_deleted_with_the_bad_one(world: World) -> None:
    world.archive.keeps = lambda content: b"other bytes"
    archived(world, purges=True)
    world.archive.keeps = lambda content: content
    with world.desk() as desk:
        retried(desk)
        desk.jobs.add(world.request(Kind.DELETE), [*map(of, world.depot.unneeded())])
        assert len(let_go(desk).done) == 4
        assert len(purge(desk).done) == 4
    assert len(world.archive.held) == 4 and world.depot.unneeded() == ()


def test_a_bulk_policy_gathers_the_packs_of_several_requests(world: World) -> None:
    world.archive.offered = [Policy("bulk", "Bulk", is_bulk=True, constraints=Constraints(count=4))]
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.ARCHIVE, id="one"), world.wanted(*world.packs[:2]))
        [waiting] = hand_over(desk).waiting
        assert (len(waiting.jobs), waiting.words, world.archive.told) == (2, "Gathered for Bulk", [])
        desk.jobs.add(world.request(Kind.ARCHIVE, id="two"), world.wanted(*world.packs[2:]))
        assert len(hand_over(desk).done) == 4
    assert [len(names) for _, _, names in world.archive.told] == [4]


def test_what_a_bulk_policy_gathers_can_be_handed_over_at_once(world: World) -> None:
    world.archive.offered = [Policy("bulk", "Bulk", is_bulk=True, constraints=Constraints(count=400))]
    assert len(archived(world, at_once=True).done) == 4


def test_a_plain_policy_gets_the_packs_of_one_request_in_a_call(world: World) -> None:
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.ARCHIVE, id="one"), world.wanted(*world.packs[:2]))
        desk.jobs.add(world.request(Kind.ARCHIVE, id="two"), world.wanted(*world.packs[2:]))
        hand_over(desk)
    assert [len(names) for _, _, names in world.archive.told] == [2, 2]


def test_a_policy_that_is_gone_lets_what_is_queued_wait_but_gives_back_what_it_took(world: World) -> None:
    archived(world, purges=True)
    world.archive.offered = [replace(PLAIN, uuid="new")]
    assert len(recalled(world).done) == 4


def test_cancelled_in_a_call_that_breaks_off_the_same_call_is_made_again(world: World) -> None:
    world.archive.chokes_on = world.names()[2:]
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.ARCHIVE), world.wanted())
        desk.cancelled = lambda: bool(world.archive.told)
        with pytest.raises(CancelledError):
            hand_over(desk)
    assert states(world) == [State.RUNNING] * 4
    world.archive.chokes_on = ()
    with world.desk() as desk:
        assert len(hand_over(desk).done) == 4
    [first, second] = world.archive.told
    assert first == second


def test_cancelled_between_two_calls_the_rest_waits(world: World) -> None:
    world.depot.room_size = 300
    with world.desk() as desk:
        desk.jobs.add(world.request(Kind.ARCHIVE), world.wanted())
        desk.cancelled = lambda: bool(world.archive.told)
        with pytest.raises(CancelledError):
            hand_over(desk)
    assert states(world) == [State.ARCHIVED] * 2 + [State.QUEUED] * 2
