import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from yester.engine.archive.asked import AT_WORK, COURSES, FIRST, Job, Kind, Outcome, Request, State, Wanted
from yester.engine.archive.jobs import FILE, KEPT_NS, Jobs
from yester.engine.errors import YesterError
from yester.engine.ids import PackId, SnapshotId

SID = SnapshotId(bytes(range(32)))
PACKS = [PackId(bytes([number]) * 32) for number in range(4)]


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with Jobs(tmp_path / "state") as opened:
        yield opened


def wanted(*numbers: int, archive: str = "a", policy: str = "p") -> list[Wanted]:
    return [Wanted(PACKS[number], 10, archive, policy, archive_name="Tapes") for number in numbers]


def request(id: str, kind: Kind = Kind.ARCHIVE, *, purges: bool = False, asked_ns: int = 1) -> Request:
    return Request(id, kind, asked_ns, "of docs", "anna", purges, (SID,))


def settled(jobs: Jobs, kind: Kind, state: State, words: str = "") -> list[Job]:
    """Let all that wait be called, and end so."""
    claimed = jobs.claim(jobs.waiting(kind), "call", 5)
    jobs.settle(claimed, [Outcome(job.id, state, words) for job in claimed], 6)
    return claimed


def test_what_is_asked_for_is_there_after_a_restart(jobs: Jobs, tmp_path: Path) -> None:
    assert jobs.add(request("r", purges=True), wanted(0, 1)) == 2
    with Jobs(tmp_path / "state") as again:
        assert again.jobs_of("r") == jobs.jobs_of("r")
        [summary] = again.summaries()
    assert summary.request == jobs.request("r") == request("r", purges=True)
    assert (summary.states, summary.open, summary.size, summary.archives) == ({State.QUEUED: 2}, 2, 20, ("Tapes",))


READER = """
import sys
from pathlib import Path
from yester.engine.archive.jobs import Jobs
with Jobs(Path(sys.argv[1])) as jobs:
    print([each.request.id for each in jobs.summaries()])
"""


def test_a_process_that_opens_it_twice_keeps_its_locks(jobs: Jobs, tmp_path: Path) -> None:
    """Else another process takes itself for the last one, and the log away in which the next job is written."""

    def seen_elsewhere() -> str:
        told = subprocess.run([sys.executable, "-P", "-c", READER, tmp_path / "state"], capture_output=True, check=True)
        return told.stdout.decode().strip()

    jobs.add(request("one"), wanted(0))
    with Jobs(tmp_path / "state"):
        pass
    assert seen_elsewhere() == "['one']"
    jobs.add(request("two"), wanted(1))
    assert seen_elsewhere() == "['one', 'two']"


def test_what_is_queued_already_is_not_queued_twice(jobs: Jobs) -> None:
    jobs.add(request("one"), wanted(0, 1))
    assert jobs.add(request("two"), wanted(1, 2)) == 1
    assert jobs.add(request("three"), wanted(0)) == 0
    assert jobs.add(request("four"), wanted(0, archive="b")) == 1
    assert [summary.request.id for summary in jobs.summaries()] == ["four", "one", "two"]
    settled(jobs, Kind.ARCHIVE, State.ARCHIVED)
    assert jobs.add(request("five"), wanted(0)) == 1


def test_a_purge_may_be_asked_for_while_the_pack_is_being_archived(jobs: Jobs) -> None:
    jobs.add(request("one"), wanted(0, 1))
    claimed = jobs.claim(jobs.waiting(Kind.ARCHIVE), "call", 2)
    assert jobs.add(request("two", purges=True), wanted(0)) == 0
    jobs.settle(claimed, [Outcome(job.id, State.ARCHIVED) for job in claimed], 3)
    assert [(job.kind, job.state) for job in jobs.jobs_of("two")] == [(Kind.PURGE, State.ARCHIVED)]
    assert [(job.kind, job.state) for job in jobs.jobs_of("one")] == [(Kind.ARCHIVE, State.ARCHIVED)]


def test_a_pack_is_purged_for_the_snapshots_of_who_asked_for_the_purge(jobs: Jobs) -> None:
    """Not for those with which it was queued first: what these need online was not given up by anybody."""
    first, other = SnapshotId(b"1" * 32), SnapshotId(b"2" * 32)
    jobs.add(replace(request("archives"), snapshots=(first, other)), wanted(0, 1))
    jobs.add(replace(request("purges", purges=True), snapshots=(other,)), wanted(0))
    jobs.add(replace(request("archives again"), snapshots=(first,)), wanted(0))
    settled(jobs, Kind.ARCHIVE, State.ARCHIVED)
    [job] = jobs.waiting(Kind.PURGE)
    assert job.wanted.pack == PACKS[0] and jobs.request(job.request).snapshots == (other,)


def test_a_request_whose_packs_all_are_to_be_purged_for_another_is_that_one(jobs: Jobs) -> None:
    jobs.add(request("one"), wanted(0))
    assert jobs.add(request("two", purges=True), wanted(0)) == 0
    assert [summary.request.id for summary in jobs.summaries()] == ["two"]


def test_a_pack_that_others_need_too_is_archived_only(jobs: Jobs) -> None:
    jobs.add(request("r", purges=True), [*wanted(0), replace(*wanted(1), stays=True)])
    settled(jobs, Kind.ARCHIVE, State.ARCHIVED)
    assert [job.wanted.pack for job in jobs.waiting(Kind.PURGE)] == [PACKS[0]]


def test_what_is_claimed_keeps_its_call_until_it_is_settled(jobs: Jobs) -> None:
    jobs.add(request("r"), wanted(0, 1))
    jobs.claim(jobs.waiting(Kind.ARCHIVE)[:1], "call", 2)
    assert [job.wanted.pack for job in jobs.waiting(Kind.ARCHIVE)] == [PACKS[1]]
    [broken] = jobs.broken_off(Kind.ARCHIVE)
    assert (broken.call, broken.state) == ("call", State.RUNNING)
    ids = ("here", "there")
    jobs.settle([broken], [Outcome(broken.id, State.ARCHIVED, external_ids=ids, sha1="ab")], 3)
    [job, _] = jobs.jobs_of("r")
    assert (job.wanted.external_ids, job.wanted.sha1, job.changed_ns) == (ids, "ab", 3)


def test_what_was_cancelled_in_between_is_not_claimed(jobs: Jobs) -> None:
    jobs.add(request("r"), wanted(0, 1))
    seen = jobs.waiting(Kind.ARCHIVE)
    assert jobs.cancel("r") == 2
    assert jobs.claim(seen, "call", 2) == []
    assert jobs.cancel() == 0


def test_what_is_with_the_archive_is_not_cancelled_and_what_was_to_be_purged_stays(jobs: Jobs) -> None:
    jobs.add(request("r", purges=True), wanted(0))
    settled(jobs, Kind.ARCHIVE, State.ARCHIVED)
    jobs.add(request("s", Kind.RECALL), wanted(1))
    jobs.claim(jobs.waiting(Kind.RECALL), "call", 2)
    assert jobs.cancel() == 1
    assert [(job.kind, job.state) for job in jobs.jobs_of("r")] == [(Kind.ARCHIVE, State.ARCHIVED)]
    assert [job.state for job in jobs.jobs_of("s")] == [State.RESTORING]


def test_what_failed_is_queued_again_once(jobs: Jobs) -> None:
    jobs.add(request("one"), wanted(0))
    settled(jobs, Kind.ARCHIVE, State.FAILED, "tape full")
    [summary] = jobs.summaries()
    assert (summary.words, summary.open) == (("tape full",), 0)
    jobs.add(request("two"), wanted(0))
    settled(jobs, Kind.ARCHIVE, State.FAILED, "tape full")
    assert len(jobs.retry("one")) == 1
    assert jobs.retry() == []
    assert [job.request for job in jobs.waiting(Kind.ARCHIVE)] == ["one"]


def test_what_could_not_be_purged_is_read_back_again_and_only_then_archived_again(jobs: Jobs) -> None:
    jobs.add(request("r", Kind.PURGE), wanted(0))
    settled(jobs, Kind.PURGE, State.FAILED, "other bytes")
    [job] = jobs.waiting(Kind.PURGE) if jobs.retry() else []
    settled(jobs, Kind.PURGE, State.FAILED, "other bytes")
    assert jobs.copy_again([job]) == [job.id]
    [job] = jobs.waiting(Kind.ARCHIVE)
    assert job.is_purging


def test_of_several_jobs_about_a_pack_the_one_that_changed_last_counts(jobs: Jobs) -> None:
    jobs.add(request("r", Kind.RECALL), wanted(0, 1))
    first, _ = jobs.waiting(Kind.RECALL)
    jobs.add(request("s", Kind.RECALL), [replace(first.wanted, archive="other")])
    jobs.settle(jobs.claim(jobs.waiting(Kind.RECALL)[2:], "s", 5), [Outcome(3, State.FAILED)], 6)
    jobs.settle(jobs.claim([first], "r", 7), [Outcome(1, State.RESTORED)], 8)
    assert [job.state for job in jobs.last(Kind.RECALL, [first.wanted.pack])] == [State.RESTORED]


def test_when_archives_were_asked_last_is_known_to_all(jobs: Jobs) -> None:
    assert jobs.last_asked_ns(Kind.RECALL) == 0
    jobs.note_asked(Kind.RECALL, 7)
    jobs.note_asked(Kind.RECALL, 9)
    with Jobs(jobs.path.parent) as others:
        assert (others.last_asked_ns(Kind.RECALL), others.last_asked_ns(Kind.PURGE)) == (9, 0)


def test_requests_of_long_ago_are_forgotten_unless_something_is_open(jobs: Jobs) -> None:
    jobs.add(request("old"), wanted(0))
    settled(jobs, Kind.ARCHIVE, State.ARCHIVED)
    jobs.add(request("open"), wanted(1))
    jobs.add(request("new", asked_ns=KEPT_NS + 2), wanted(2))
    assert [summary.request.id for summary in jobs.summaries()] == ["new", "open"]


def test_a_file_of_a_newer_yester_is_left_alone(tmp_path: Path) -> None:
    Jobs(tmp_path).close()
    db = sqlite3.connect(tmp_path / FILE)
    db.execute("PRAGMA user_version=9")
    db.close()
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(YesterError, match="newer yester"):
        Jobs(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


def test_a_damaged_file_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(YesterError, match="damaged") as raised:
        Jobs(tmp_path)
    assert "Move it away" in raised.value.hint
    assert (tmp_path / FILE).read_bytes() == b"no database" * 1000


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(YesterError):
        Jobs(tmp_path / "state")


def test_two_processes_may_ask_at_a_time(tmp_path: Path, jobs: Jobs) -> None:
    with Jobs(tmp_path / "state") as other:
        assert jobs.add(request("one"), wanted(0)) + other.add(request("two"), wanted(0, 1)) == 2
        assert len(jobs.waiting(Kind.ARCHIVE)) == len(other.waiting(Kind.ARCHIVE)) == 2


@pytest.mark.parametrize("kind", Kind)
def test_every_course_ends(kind: Kind) -> None:
    ends = {end for nexts in COURSES[kind].values() for end in nexts} - COURSES[kind].keys()
    assert len(ends) == 2 and State.CANCELLED in ends
    assert AT_WORK[kind] in COURSES[kind][FIRST[kind]]
