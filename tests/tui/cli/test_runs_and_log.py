"""runs, log, cancel, pause, resume: by the real command line, on real runs."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.runs.made import run_id, write_journal, write_run
from tests.engine.test_events import GOLDEN
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start

from yester.engine.events import Error, ErrorCode, Message, RunBegin, RunEnd, RunProgress, Unknown, decode
from yester.engine.runs.history import read_run


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


@pytest.fixture
def state(home: Path) -> Path:
    return home / ".local/state/yester"


@pytest.fixture
def long_run(profile: str, docs: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A run that reads more than any machine does in a moment."""
    for index in range(3000):
        (docs / f"{index:05}").write_bytes(os.urandom(20_000))
    process = start("snap", profile, "--events")
    assert process.stdout is not None
    assert any(b'"phase":"read"' in line for line in process.stdout)
    yield process
    process.kill()
    process.communicate()


def test_nothing_ran(yester: Yester, home: Path) -> None:
    assert yester("runs").out == "nothing ran yet\n"
    assert json.loads(yester("runs", "--json").out) == []
    for command in (("log",), ("cancel", "docs"), ("pause", "docs"), ("resume", "docs"), ("runs", "docs")):
        done = yester(*command)
        assert done.code == 2
        assert is_one_complaint(done.err)


def test_runs_are_listed_newest_last(yester: Yester, profile: str) -> None:
    yester("snap", profile)
    yester("check")
    yester("snap", profile, "--dry-run")
    header, *rows = yester("runs").out.splitlines()
    assert header.split()[:5] == ["TIME", "RUN", "COMMAND", "PROFILE", "RESULT"]
    assert [row.split()[3] for row in rows] == ["snap", "check", "snap"]
    assert "dry run" in rows[2]
    assert [row.split()[3] for row in yester("runs", profile).out.splitlines()[1:]] == ["snap", "snap"]
    shown = json.loads(yester("runs", "--json").out)
    assert [(run["action"], run["state"]) for run in shown] == [
        ("snap", "complete"),
        ("check", "complete"),
        ("snap", "dry-run"),
    ]
    assert len(shown[0]["snapshot"]) == 64
    assert yester("runs", "dosc").code == 2
    yester("check")  # of no profile
    assert yester("runs", "zzzz").err.endswith("hint: There is: docs\n")


def test_the_newest_are_listed_unless_all_are_wanted(yester: Yester, state: Path) -> None:
    for number in range(30):
        write_run(state, number)
    shown = yester("runs").out.splitlines()
    assert len(shown) == 22
    assert shown[-1] == "10 earlier ones: yester runs --all"
    assert len(yester("runs", "--all").out.splitlines()) == 31
    assert len(json.loads(yester("runs", "--json").out)) == 20


def test_what_failed_and_what_died_is_said(yester: Yester, state: Path) -> None:
    error = Error(ErrorCode.FAILED, "no room\x1b[31m", "make some")
    write_journal(state, run_id(1), RunBegin(run_id(1), "docs", ""), error, RunEnd(run_id(1), "failed", 1))
    write_journal(state, run_id(2), RunBegin(run_id(2), "docs", ""))
    out = yester("runs").out
    assert "failed" in out and "no room\\x1b[31m" in out and "\x1b" not in out
    assert "died" in out
    died = yester("log")
    assert died.code == 1
    assert is_one_complaint(died.err)
    assert "died" in died.err
    failed = yester("log", "0001")
    assert (failed.code, failed.err) == (0, "")
    assert "no room\\x1b[31m (hint: make some)" in failed.out


def test_the_log_of_a_run(yester: Yester, profile: str, state: Path) -> None:
    id = json.loads(yester("snap", profile, "--json").out)["run"]
    said = yester("log", id)
    assert said.code == 0
    day, *lines = said.out.splitlines()
    assert len(day) == 10
    assert "snap of docs begins" in lines[0]
    assert "complete: 2 files, 9 B, 2 new" in lines[-1]
    assert re.search(r", \d+ put \([\d.]+ KiB, 0\.\d s\), ", lines[-1])
    (run,) = json.loads(yester("runs", "--json").out)
    assert {"put", "get", "list"} <= {row["call"] for row in run["store"]}
    for name in ("", profile, id[:-1], id[-4:]):
        assert yester("log", *([name] if name else [])).out == said.out
    raw = yester("log", id, "--json").out
    assert raw == (state / "runs" / f"{id}.jsonl").read_text()
    assert yester("log", id, "--follow", "--json").out == raw


def test_a_journal_that_was_given_up(yester: Yester, state: Path) -> None:
    for number in range(60):
        write_run(state, number)
    (state / "runs" / ".thinned").unlink(missing_ok=True)
    assert yester("check", "--repo", "/nowhere").code == 6
    assert len(yester("runs", "--all").out.splitlines()) == 62
    gone = yester("log", run_id(0))
    assert gone.code == 1
    assert is_one_complaint(gone.err)
    assert "given up" in gone.err


def test_every_event_has_words(yester: Yester, state: Path) -> None:
    begin = next(event for event in GOLDEN if isinstance(event, RunBegin))
    write_journal(state, run_id(1), begin, *GOLDEN)
    said = yester("log")
    assert (said.code, said.err) == (0, "")
    progress = sum(isinstance(event, RunProgress) for event in GOLDEN)
    assert len(said.out.splitlines()) == 2 + len(GOLDEN) - progress


def test_a_run_is_followed_paused_resumed_and_cancelled_from_elsewhere(
    yester: Yester, long_run: "subprocess.Popen[bytes]", state: Path
) -> None:
    follower = start("log", "docs", "--follow", "--json")
    assert yester("pause", "docs").code == 0
    [run] = json.loads(yester("runs", "--json").out)
    assert run["state"] == "paused"
    assert "paused" in yester("runs").out
    assert json.loads(yester("pause", run["run"], "--json").out)["paused"] is True
    assert yester("status").out.splitlines()[1].split()[1] == "running"
    assert yester("resume", run["run"][-4:]).out == f"resuming: snap of docs, run {run['run']}\n"
    assert yester("cancel", "docs").out == f"cancelling: snap of docs, run {run['run']}\n"
    assert finish(long_run).code == 130
    followed = finish(follower)
    assert followed.code == 0
    events = [decode(line.encode()).event for line in followed.out.splitlines()]
    assert isinstance(events[0], RunBegin)
    end = events[-1]
    assert isinstance(end, RunEnd)
    assert (end.result, end.exit_code) == ("cancelled", 130)
    assert not any(isinstance(event, Unknown) for event in events)
    over = yester("cancel", "docs")
    assert over.code == 2
    assert "No run of docs is active" in over.err


def test_a_killed_run_is_said_to_have_died(yester: Yester, long_run: "subprocess.Popen[bytes]", state: Path) -> None:
    follower = start("log", "docs", "--follow")
    assert yester("pause", "docs").code == 0
    long_run.kill()
    long_run.communicate()
    followed = finish(follower)
    assert followed.code == 1
    assert "died" in followed.err
    [run] = json.loads(yester("runs", "--json").out)
    assert run["state"] == "died"
    assert yester("status").code == 1
    assert yester("snap", "docs").code == 0
    assert yester("status").code == 0
    [record] = [read_run(state, run["run"])]
    assert record is not None and record.state == "died"


def test_messages_of_a_journal_do_not_move_the_cursor(yester: Yester, state: Path) -> None:
    message = Message(path="/x\x1b[2J", text="\x07beep", level="error", source="plug\nin")
    write_journal(state, run_id(1), RunBegin(run_id(1), "do\x1bcs", ""), message, RunEnd(run_id(1), "complete"))
    out = yester("log").out + yester("runs").out + yester("status").out
    assert all(line.isprintable() for line in out.splitlines())


@pytest.mark.parametrize(
    ("words", "code", "result"),
    [
        (("snap", "docs"), 0, "complete"),
        (("snap", "docs", "--dry-run"), 0, "dry-run"),
        (("check",), 0, "complete"),
        (("prune",), 0, "complete"),
        (("restore", "latest", "--target", "back"), 0, "complete"),
        (("restore", "latest", "/nowhere", "--target", "back"), 2, "failed"),
        (("restore", "nosuch", "--target", "back"), 2, "failed"),
        (("check", "--repo", "/nowhere"), 6, "failed"),
        (("copy", "--all", "--to", "/nowhere"), 6, "failed"),
    ],
)
def test_whatever_happens_a_journal_has_its_frame(
    yester: Yester,
    profile: str,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    result: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert yester("snap", profile).code == 0
    before = set((state / "runs").glob("*.jsonl"))
    assert yester(*words).code == code
    [journal] = set((state / "runs").glob("*.jsonl")) - before
    events = [decode(line).event for line in journal.read_bytes().splitlines()]
    begin, end = events[0], events[-1]
    assert isinstance(begin, RunBegin) and isinstance(end, RunEnd)
    assert (begin.action, begin.run, end.run) == (words[0], journal.stem, journal.stem)
    assert (end.result, end.exit_code) == (result, code)
    assert sum(isinstance(event, RunBegin | RunEnd) for event in events) == 2
    assert any(isinstance(event, Error) for event in events) == (result == "failed")
