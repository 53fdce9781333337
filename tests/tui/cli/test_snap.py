import json
import os
import re
import signal
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Ended, Yester, finish, is_one_complaint, start

from yester.engine.events import (
    Error,
    ErrorCode,
    Message,
    MountBefore,
    RunBegin,
    RunEnd,
    SnapshotNew,
    Unknown,
    Unmount,
    decode,
)
from yester.engine.places import Places
from yester.engine.profiles.reading import load_profile
from yester.engine.runlock import run_lock


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


def journals(home: Path) -> list[Path]:
    return sorted((home / ".local/state/yester/runs").glob("*.jsonl"))


def test_a_snapshot(yester: Yester, profile: str) -> None:
    taken = yester("snap", profile)
    assert (taken.code, taken.err) == (0, "")
    first, second = taken.out.splitlines()
    assert first.startswith("snapshot ")
    assert " of docs: 2 files, 9 B, in " in first
    assert second.startswith("  2 new, 0 changed, 0 unchanged; ")
    assert "  0 new, " in yester("snap", profile).out


def test_json(yester: Yester, profile: str) -> None:
    taken = json.loads(yester("snap", profile, "--json").out)
    assert (taken["profile"], taken["result"], taken["files"], taken["size"]) == ("docs", "complete", 2, 9)
    assert len(taken["snapshot"]) == 64
    assert taken["failures"] == []
    calls = {row["call"]: row for row in taken["store"]}
    assert calls["put"]["size"] > 0 and calls["put"]["count"] > 1 and calls["put"]["time_ns"] > 0
    assert calls["put"]["store"] == str(Places.default().data / "repository")


def test_a_dry_run_stores_nothing(yester: Yester, profile: str, plain: Path) -> None:
    before = sorted(plain.rglob("*"))
    ended = yester("snap", profile, "--dry-run")
    assert ended.code == 0
    assert ended.out.startswith("dry run of docs: 2 files, 9 B")
    assert sorted(plain.rglob("*")) == before


def test_tags_are_listed(yester: Yester, profile: str) -> None:
    yester("snap", profile, "--tag", "b", "--tag", "a")
    assert yester("list").out.splitlines()[1].endswith("  #a #b")


def test_the_journal_and_the_events_are_the_same_lines(yester: Yester, profile: str, home: Path) -> None:
    streamed = yester("snap", profile, "--events")
    [journal] = journals(home)
    assert [line for line in streamed.out.splitlines() if line in journal.read_text() or "progress" not in line] == (
        journal.read_text().splitlines()
    )
    assert journal.stat().st_mode & 0o777 == 0o600
    lines = [decode(line.encode()) for line in streamed.out.splitlines()]
    events = [line.event for line in lines]
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    assert not any(isinstance(event, Unknown) for event in events)
    told = [type(event) for event in events if not isinstance(event, Message)]  # notes on what this machine lacks
    assert (told[:2], told[-2:]) == ([RunBegin, MountBefore], [Unmount, RunEnd])
    [new] = [event for event in events if isinstance(event, SnapshotNew)]
    [end] = [event for event in events if isinstance(event, RunEnd)]
    assert end.snapshot == new.snapshot
    assert journal.stem == end.run


def test_a_file_that_cannot_be_read(yester: Yester, profile: str, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights do not stop root, so the system call itself fails here."""
    real = os.open

    def failing(path: "str | bytes", flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if os.fsencode(path).endswith(b"b.txt"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", failing)
    taken = yester("snap", profile)
    assert taken.code == 3
    assert taken.out.startswith("snapshot ")
    assert "yester: 1 entry could not be taken whole" in taken.err
    assert f"  {docs}/b.txt: " in taken.err
    monkeypatch.undo()


def test_another_run_of_the_profile(yester: Yester, profile: str, home: Path) -> None:
    state = home / ".local/state/yester"
    with run_lock(state, load_profile(home / ".config/yester/profiles", profile)):
        busy = yester("snap", profile)
    assert busy.code == 4
    assert f"Another run of profile docs is active: process {os.getpid()}" in busy.err
    assert is_one_complaint(busy.err)
    _, error, end = [decode(line).event for line in journals(home)[0].read_bytes().splitlines()]
    assert isinstance(error, Error)
    assert error.code is ErrorCode.ALREADY_RUNNING
    assert isinstance(end, RunEnd)
    assert (end.result, end.exit_code) == ("failed", 4)
    assert yester("snap", profile).code == 0


def test_a_repository_that_is_not_there(yester: Yester, home: Path, docs: Path) -> None:
    yester("profile", "add", "docs", docs, "--repo", home / "gone")
    failed = yester("snap", "docs")
    assert failed.code == 6
    assert is_one_complaint(failed.err)
    assert "yester init" in failed.err


def test_every_source_gone(yester: Yester, profile: str, docs: Path) -> None:
    yester("snap", profile)
    docs.rename(docs.with_name("elsewhere"))
    failed = yester("snap", profile)
    assert failed.code == 2
    assert is_one_complaint(failed.err)
    assert str(docs) in failed.err
    assert len(yester("list").out.splitlines()) == 2


def test_a_journal_that_cannot_be_written_stops_no_run(yester: Yester, profile: str, home: Path) -> None:
    state = home / ".local/state/yester"
    state.mkdir(parents=True, exist_ok=True)
    (state / "runs").write_text("in the way")
    taken = yester("snap", profile)
    assert taken.code == 0
    assert taken.out.startswith("snapshot ")
    assert "journal" in taken.err


def test_nobody_reading_the_events_is_no_failure(plain: Path, profile: str) -> None:
    process = start("snap", profile, "--events")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "cancelled"), (signal.SIGTERM, 143, "Terminated")]
)
def test_a_signal_in_mid_run(yester: Yester, profile: str, docs: Path, number: int, code: int, word: str) -> None:
    """The run says so, leaves the repository in order, and the next one works."""
    for index in range(3000):
        (docs / f"{index:05}").write_bytes(os.urandom(20_000))
    process = start("snap", profile, "--events")
    assert process.stdout is not None
    for line in process.stdout:
        if b'"phase":"read"' in line:
            process.send_signal(number)
            break
    ended = finish(process)
    assert ended.code == code
    assert is_one_complaint(ended.err)
    assert '"result":"cancelled"' in ended.out
    assert word in ended.err
    assert yester("list").out.startswith("no snapshots")
    assert yester("snap", profile).code == 0


def schedule(home: Path, words: str) -> None:
    file = home / ".config/yester/profiles/docs.toml"
    with_table = re.sub(r"\n\[schedule\]\n", f"\n[schedule]\n{words}\n", file.read_text() + "\n[schedule]\n", count=1)
    file.write_text(with_table.removesuffix("\n[schedule]\n"))


def health(yester: Yester) -> object:
    """How the profile stands, whether or not anything starts its runs."""
    [docs] = json.loads(yester("status", "--json").out)["profiles"]
    return docs["health"]


def test_only_when_it_is_due(yester: Yester, profile: str, home: Path) -> None:
    """What timers of the kind `repeatedly` run each hour."""
    schedule(home, 'when = "repeatedly"\nevery = 2\nunit = "days"')
    assert yester("snap", profile, "--if-due").out.startswith("snapshot ")
    assert yester("snap", profile, "--if-due") == Ended(0, "", "")
    assert json.loads(yester("snap", profile, "--if-due", "--json").out)["result"] == "not-due"
    assert len(journals(home)) == 1, "nothing ran"
    assert health(yester) == "ok"
    [journal] = journals(home)
    before = journal.read_text()
    past = before.replace(before[before.index('"time":"') :][:18], '"time":"2020-01-01')
    journal.write_text(past)
    assert health(yester) == "late"
    assert yester("snap", profile, "--if-due").out.startswith("snapshot ")
    assert yester("snap", "dosc", "--if-due").code == 2


def test_without_a_schedule_it_is_always_due(yester: Yester, profile: str) -> None:
    for _ in range(2):
        assert yester("snap", profile, "--if-due").out.startswith("snapshot ")
