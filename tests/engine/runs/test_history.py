import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.runs.made import DAY_NS, NOON_NS, run_id, write_journal, write_run

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import Message, RunBegin, RunEnd, RunPause, RunProgress, RunResume, shown
from yester.engine.journal import JournalFile, is_alive, journal_path
from yester.engine.places import Places
from yester.engine.runs.history import (
    COURSE_STEPS,
    all_runs,
    course_of,
    find_active_run,
    find_run,
    has_run,
    journaled,
    read_run,
    remembered,
    run_ids,
    thin,
    thin_now_and_then,
)
from yester.engine.runs.records import Step
from yester.engine.runs.thinning import KEPT_RUNS


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path)


def test_no_runs(places: Places) -> None:
    assert all_runs(places.state) == []
    assert thin(places) == 0
    for find in (find_run, find_active_run):
        with pytest.raises(UsageError):
            find(places, "docs")


def test_runs_are_read_newest_first_and_what_is_none_is_passed_over(places: Places) -> None:
    ids = [write_run(places.state, number) for number in (1, 2)]
    folder = places.state / "runs"
    (folder / "notes.jsonl").write_text("hello")
    (folder / f"{run_id(3)}.jsonl").touch()
    (folder / f"{run_id(4)}.jsonl").write_bytes(b"\xff\n")
    (folder / f"{run_id(5)}.jsonl").mkdir()
    assert [run.run for run in all_runs(places.state)] == ids[::-1]


def test_a_long_journal_is_read_at_its_ends(places: Places) -> None:
    id = run_id(1)
    middle = [Message(text="x" * 1000) for _ in range(500)]
    write_journal(places.state, id, RunBegin(id, "docs", ""), *middle, RunEnd(id, "complete", files=3))
    run = read_run(places.state, id)
    assert run is not None
    assert (run.state, run.files) == ("complete", 3)


@pytest.mark.parametrize("length", [*range(1, 12), 200, 400])
def test_no_line_falls_between_the_ends(places: Places, length: int) -> None:
    """Whatever the journal's size, its last line is found; and a first line of many sources."""
    id = run_id(1)
    sources = tuple(shown(b"/source" * 30 + b"%d" % number) for number in range(length * 4))
    middle = [Message(text="x" * 330) for _ in range(length)]
    write_journal(places.state, id, RunBegin(id, "docs", "", sources=sources), *middle, RunEnd(id, "complete"))
    run = read_run(places.state, id)
    assert run is not None
    assert run.state == "complete"


def test_a_run_lasts_while_its_journal_is_locked(places: Places) -> None:
    """By whichever process: a killed one holds nothing."""
    path = write_journal(places.state, run_id(1), RunBegin(run_id(1), "docs", ""))
    assert not is_alive(path)
    code = "import sys\nfrom pathlib import Path\nfrom yester.engine.journal import JournalFile\n"
    code += "journal = JournalFile(Path(sys.argv[1]))\nprint('held', flush=True)\nsys.stdin.read()\n"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_alive(path)
        assert find_active_run(places, "docs").state == "running"
        holder.kill()
        holder.wait()
    assert not is_alive(path)
    assert find_run(places, "docs").state == "died"


def test_of_a_profile_the_run_at_work_is_meant(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [write_run(places.state, number) for number in (1, 2, 3)]
    busy = journal_path(places.state, ids[1])
    monkeypatch.setattr("yester.engine.runs.history.is_alive", lambda path: path == busy)
    busy.write_bytes(b"".join(busy.read_bytes().splitlines(keepends=True)[:1]))
    assert find_run(places, "docs").run == ids[1]
    assert find_run(places, "snap").run == ids[1]
    assert find_run(places, "").run == ids[2]
    monkeypatch.undo()
    assert find_run(places, "docs").run == ids[2]


def test_finding_a_run(places: Places) -> None:
    ids = [write_run(places.state, number, profile=name) for number, name in ((1, "docs"), (2, "docs"), (3, "music"))]
    assert find_run(places, "").run == ids[2]
    assert find_run(places, "docs").run == ids[1]
    assert find_run(places, "snap").run == ids[2]
    assert find_run(places, "0001").run == ids[0]
    assert find_run(places, ids[0]).run == ids[0]
    assert find_run(places, ids[0][:-2]).run == ids[0]
    with pytest.raises(UsageError, match="3 runs are meant by 2026"):
        find_run(places, "2026")
    with pytest.raises(UsageError, match="There is no run musik") as caught:
        find_run(places, "musik")
    assert "music" in caught.value.hint
    assert has_run(places, "music")
    assert not has_run(places, "musik")


def test_finding_a_run_that_lasts(places: Places) -> None:
    write_run(places.state, 1)
    with pytest.raises(UsageError, match="No run of docs is active"):
        find_active_run(places, "docs")
    with pytest.raises(UsageError, match=f"Run {run_id(1)} is over"):
        find_active_run(places, "0001")
    path = write_journal(places.state, run_id(2), RunBegin(run_id(2), "docs", ""))
    journal = JournalFile(path)
    assert find_active_run(places, "docs").run == run_id(2)
    journal.close()


def test_thinned_runs_are_remembered_with_their_course(places: Places) -> None:
    ids = [write_run(places.state, number) for number in range(KEPT_RUNS + 3)]
    id = ids[0]
    far = [RunProgress(files=number) for number in range(100)]
    write_journal(places.state, id, RunBegin(id, "docs", ""), *far, RunEnd(id, "complete", files=100, duration_ns=9))
    before = all_runs(places.state)
    assert thin(places, now_ns=NOON_NS) == 3
    assert len(list(journaled(places.state))) == KEPT_RUNS
    old = remembered(places.state)
    assert [run.run for run in old] == ids[2::-1]
    assert course_of(places.state, old[-1])[1] == Step(4.0, 3, 0)
    assert len(old[-1].course) <= COURSE_STEPS
    after = all_runs(places.state)
    assert [(run.run, run.state, run.files) for run in after] == [(run.run, run.state, run.files) for run in before]
    assert thin(places, now_ns=NOON_NS + 100 * DAY_NS) == KEPT_RUNS - 1
    assert [run.run for run in all_runs(places.state)] == ids[::-1]


def test_a_run_whose_journal_goes_while_others_look_is_known(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [write_run(places.state, number) for number in range(KEPT_RUNS + 3)]

    def listed(state: Path) -> list[str]:
        found = run_ids(state)
        monkeypatch.undo()
        thin(places, now_ns=NOON_NS)
        return found

    monkeypatch.setattr("yester.engine.runs.history.run_ids", listed)
    assert [run.run for run in all_runs(places.state)] == ids[::-1]


def test_pauses_are_no_part_of_a_course(places: Places) -> None:
    id = run_id(1)
    events = (RunProgress(files=1), RunPause(), RunResume(), RunProgress(files=2))
    write_journal(places.state, id, RunBegin(id, "docs", ""), *events)
    run = read_run(places.state, id)
    assert run is not None
    assert course_of(places.state, run) == (Step(1.0, 1, 0), Step(3.0, 2, 0))


def test_a_history_that_cannot_be_written_costs_no_journal(places: Places) -> None:
    for number in range(KEPT_RUNS + 1):
        write_run(places.state, number)
    (places.state / "runs" / "history.jsonl").mkdir()
    with pytest.raises(YesterError, match="cannot be written"):
        thin(places, now_ns=NOON_NS)
    assert len(list(journaled(places.state))) == KEPT_RUNS + 1
    thin_now_and_then(places)


def test_a_history_with_broken_lines(places: Places) -> None:
    for number in range(KEPT_RUNS + 2):
        write_run(places.state, number)
    thin(places, now_ns=NOON_NS)
    path = places.state / "runs" / "history.jsonl"
    path.write_bytes(path.read_bytes() + b'{"run":"x"}\n\xff\n[]\nhalf a li')
    assert len(all_runs(places.state)) == KEPT_RUNS + 2


def test_it_is_thinned_now_and_then(places: Places) -> None:
    for number in range(KEPT_RUNS + 1):
        write_run(places.state, number)
    thin_now_and_then(places)
    assert len(list(journaled(places.state))) == KEPT_RUNS
    write_run(places.state, KEPT_RUNS + 1)
    thin_now_and_then(places)
    assert len(list(journaled(places.state))) == KEPT_RUNS + 1
    os.utime(places.state / "runs" / ".thinned", (0, 0))
    thin_now_and_then(places)
    assert len(list(journaled(places.state))) == KEPT_RUNS
    assert journal_path(places.state, run_id(0)).exists() is False
