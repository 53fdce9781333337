import fcntl
import os
from pathlib import Path

import pytest

from yester.engine.events import AppExit, File, Message, Phase, RunPhase, RunProgress, Unknown, decode
from yester.engine.journal import EventStream, JournalFile, Recorder, journal_path, new_run_id
from yester.engine.progress import Counters


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now_ns = 1_795_176_000_000_000_000

    def __call__(self) -> int:
        return self.now_ns


class Pipe:
    """A pipe of one page, the smallest that the kernel makes, or of the usual size."""

    def __init__(self, *, small: bool = True) -> None:
        self.reading, self.writing = os.pipe()
        if small:
            fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 4096)

    def read(self) -> bytes:
        os.set_blocking(self.reading, False)
        try:
            return os.read(self.reading, 1 << 20)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


def test_run_ids_sort_by_time() -> None:
    first, second = new_run_id(1_795_176_000_000_000_000), new_run_id(1_795_176_001_000_000_000)
    within = new_run_id(1_795_176_000_000_020_000)
    assert first == "20261120T120000Z-0000"
    assert new_run_id(1_795_176_000_999_999_999) == "20261120T120000Z-ffff"
    assert first < within < second
    assert journal_path(Path("/state"), first) == Path(f"/state/runs/{first}.jsonl")


def test_a_journal_is_lines_numbered_and_timed(tmp_path: Path) -> None:
    clock = Clock()
    path = journal_path(tmp_path, "run")
    recorder = Recorder([JournalFile(path)], clock)
    recorder.phase(Phase.READ)
    clock.now_ns += 1_000_000
    recorder.on_message(Message(text="hello"))
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [decode(line) for line in path.read_bytes().splitlines()]
    assert [(line.seq, line.event) for line in lines] == [(1, RunPhase(Phase.READ)), (2, Message(text="hello"))]
    assert lines[1].time_ns - lines[0].time_ns == 1_000_000
    assert recorder.close() == []


def test_a_journal_takes_progress_once_a_second(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "run.jsonl"
    recorder = Recorder([JournalFile(path)], clock)
    for files in range(25):
        recorder.update(Counters(files=files))
        clock.now_ns += 100_000_000
    recorder.close()
    events = [decode(line).event for line in path.read_bytes().splitlines()]
    assert events == [RunProgress(files=0), RunProgress(files=10), RunProgress(files=20)]


def test_a_journal_that_cannot_be_made_is_complained_about_once(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    recorder = Recorder([JournalFile(journal_path(tmp_path, "run"))])
    recorder.on_app_exit(AppExit())
    recorder.on_app_exit(AppExit())
    [problem] = recorder.close()
    assert "cannot be written" in problem


def test_two_runs_never_share_a_journal(tmp_path: Path) -> None:
    first, second = (JournalFile(tmp_path / "run.jsonl") for _ in range(2))
    first.write(b"one\n")
    second.write(b"two\n")
    assert second.problem.endswith("is another run's")
    first.close()
    second.close()
    assert (tmp_path / "run.jsonl").read_bytes() == b"one\n"


def test_a_full_disk_stops_the_journal_and_nothing_else() -> None:
    journal = JournalFile(Path("/dev/full"))
    recorder = Recorder([journal])
    recorder.on_app_exit(AppExit())
    recorder.on_app_exit(AppExit())
    assert recorder.close() == ["The run's journal is not complete: No space left on device"]


def test_a_follower_gets_every_line() -> None:
    pipe = Pipe(small=False)
    recorder = Recorder([EventStream(pipe.writing)])
    recorder.on_app_exit(AppExit(1))
    recorder.update(Counters(files=1))
    recorder.close()
    assert [decode(line).event for line in pipe.read().splitlines()] == [AppExit(1), RunProgress(files=1)]
    pipe.close()


def test_a_slow_follower_misses_progress_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.engine.journal.FLUSH_TIMEOUT_S", 0.05)  # nobody reads while it closes
    pipe = Pipe()
    recorder = Recorder([EventStream(pipe.writing)])
    texts = [f"{number} " + "x" * 500 for number in range(40)]
    for text in texts:
        recorder.on_message(Message(text=text))
        recorder.update(Counters(files=1))
    got = b""
    for _ in texts:
        got += pipe.read()
        recorder.on_app_exit(AppExit())
    recorder.close()
    got += pipe.read()
    events = [decode(line).event for line in got.splitlines()]
    assert not any(isinstance(event, Unknown) for event in events)
    assert [event.text for event in events if isinstance(event, Message)] == texts
    assert sum(isinstance(event, RunProgress) for event in events) < len(texts)
    pipe.close()


def test_a_line_longer_than_a_pipe_arrives_whole() -> None:
    pipe = Pipe()
    stream = EventStream(pipe.writing)
    recorder = Recorder([stream])
    recorder.on_file(File(path="x" * 9000, change="new"))
    got = b""
    for _ in range(4):
        got += pipe.read()
        recorder.on_app_exit(AppExit())
    assert decode(got.splitlines()[0]).event == File(path="x" * 9000, change="new")
    pipe.close()


def test_nobody_watching_is_no_failure() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    recorder = Recorder([EventStream(writing)])
    recorder.on_app_exit(AppExit())
    recorder.on_app_exit(AppExit())
    recorder.update(Counters())
    assert recorder.close() == []
    os.close(writing)
