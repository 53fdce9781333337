"""A state folder without room, or that is read-only: the run does what it can, and says once what is lost."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.test_bad_input import remount, small_disk
from tests.tui.cli.conftest import Yester, finish, start

from yester.engine.events import RunEnd, RunProgress, decode
from yester.engine.journal import JournalFile, Recorder, is_alive, journal_path
from yester.engine.places import Places
from yester.engine.progress import Counters
from yester.engine.runs.history import journaled

LIMIT_S = 60.0

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("snap", "docs").code == 0
    return "docs"


@pytest.fixture
def disk(profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder on a file system of its own."""
    with small_disk(tmp_path / "disk", "300k") as place:
        subprocess.run(["cp", "-a", f"{os.environ['XDG_STATE_HOME']}/.", place], check=True)
        monkeypatch.setenv("XDG_STATE_HOME", str(place))
        yield place


def fill(disk: Path) -> None:
    with suppress(OSError), open(disk / "fill", "wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))


def test_full_from_the_start(yester: Yester, profile: str, disk: Path) -> None:
    fill(disk)
    done = yester("snap", profile)
    assert done.code == 0
    assert done.err.count("journal is not complete") == 1
    assert [len(done.err.splitlines()), done.err.count("yester: ")] == [2, 2], "the witness says it too"
    (disk / "fill").unlink()
    assert [run.state for run in journaled(Places.default().state)] == ["complete"]
    assert yester("snap", profile).err == ""
    assert yester("check", "--read-data").code == 0


@pytest.mark.parametrize("has_session", [True, False])
def test_read_only_from_the_start(
    yester: Yester, profile: str, disk: Path, monkeypatch: pytest.MonkeyPatch, has_session: bool
) -> None:
    if not has_session:
        monkeypatch.delenv("XDG_RUNTIME_DIR")
    remount(disk, "ro")
    done = yester("snap", profile)
    assert done.code == 0
    assert done.err.count("journal") == 1
    assert ("Nobody can follow" in done.err) is not has_session
    assert yester("status").code == 0
    remount(disk, "rw")
    assert yester("snap", profile).err == ""


def test_full_in_mid_run(yester: Yester, profile: str, disk: Path, docs: Path) -> None:
    """Its end is in the journal nevertheless."""
    for index in range(2000):
        (docs / f"{index:05}").write_bytes(os.urandom(20_000))
    process = start("snap", profile, "--events")
    assert process.stdout is not None
    assert any(b'"phase":"read"' in line for line in process.stdout)
    assert yester("pause", profile).code == 0
    fill(disk)
    assert yester("resume", profile).code == 0
    done = finish(process)
    assert done.code == 0
    [run, _] = journaled(Places.default().state)
    assert (run.state, run.files) == ("complete", 2002)
    assert len(yester("list").out.splitlines()) == 3


@pytest.mark.parametrize("progress", [0, 60])
def test_a_disk_that_fills_when_a_run_has_just_begun_has_room_for_its_end(disk: Path, progress: int) -> None:
    path = journal_path(disk / "yester", "r1")
    recorder = Recorder([JournalFile(path)], iter(range(10**18, 2 * 10**18, 10**9)).__next__)
    fill(disk)
    for files in range(progress):
        recorder.update(Counters(files=files, path=b"/a" * 40))
    recorder.event(RunEnd("r1", "complete", snapshot="x" * 64, suspicions=("y" * 3000,)))
    recorder.close()
    assert [event for line in path.read_bytes().splitlines() if isinstance(event := decode(line).event, RunEnd)]


def test_progress_makes_room_for_what_matters(disk: Path) -> None:
    now_ns = 10**18

    def clock() -> int:
        nonlocal now_ns
        now_ns += 10**9
        return now_ns

    path = journal_path(disk / "yester", "r1")
    journal = JournalFile(path)
    recorder = Recorder([journal], clock)
    for files in range(200):
        recorder.update(Counters(files=files, path=b"/a" * 20))
    before = path.stat().st_size
    assert before > 10_000
    fill(disk)
    for number in range(60):
        recorder.event(RunEnd(f"r{number}", "complete", snapshot="x" * 64))
    assert is_alive(path)
    recorder.close()
    events = [decode(line).event for line in path.read_bytes().splitlines()]
    assert [event.run for event in events if isinstance(event, RunEnd)] == [f"r{number}" for number in range(60)]
    assert not any(isinstance(event, RunProgress) for event in events)
    assert recorder.close()[0].startswith("The run's journal is not complete: No space left")


def test_no_room_for_anything_is_no_journal(disk: Path) -> None:
    fill(disk)
    for _ in range(3):
        path = journal_path(disk / "yester", "r1")
        recorder = Recorder([JournalFile(path)], time.time_ns)
        recorder.event(RunEnd("r1", "complete"))
        assert len(recorder.close()) == 1
        assert not path.exists()
