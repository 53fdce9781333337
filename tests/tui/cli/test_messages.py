import json
import os
from pathlib import Path

import pytest
from tests.test_bad_input import remount, small_disk
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start

from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore
from yester.engine.places import Places
from yester.engine.profiles.reading import load_profile
from yester.engine.runlock import run_lock


def post(*messages: Posted) -> None:
    store = MessageStore(Places.default().state)
    for message in messages:
        store.post(message)


def test_none(yester: Yester) -> None:
    assert yester("messages").out == "no messages\n"
    assert yester("messages", "--unread", "--mark-read").out == "no unread messages\n"
    assert json.loads(yester("messages", "--json").out) == []


def test_a_failed_run_leaves_a_message(yester: Yester, docs: Path, tmp_path: Path) -> None:
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("snap", "docs").code == 6
    [message] = json.loads(yester("messages", "--json").out)
    assert message["level"] == "error"
    assert (message["source"], message["profile"], message["is_read"]) == ("yester", "docs", False)
    assert message["text"].startswith("There is no repository at ")
    assert message["hint"]
    [run] = json.loads(yester("runs", "--json").out)
    assert message["run"] == run["run"]
    shown = yester("messages").out.splitlines()
    assert shown[1].startswith("*  ")
    assert shown[2] == f"   hint: {message['hint']}"


def test_a_run_that_died_has_a_message_too(yester: Yester, plain: Path, docs: Path) -> None:
    assert yester("profile", "add", "docs", docs).code == 0
    for size in range(1000):
        (docs / str(size)).write_bytes(os.urandom(20_000))
    process = start("snap", "docs", "--events")
    assert process.stdout is not None
    assert any(b'"phase":"read"' in line for line in process.stdout)
    assert yester("messages").out == "no messages\n"
    process.kill()
    finish(process)
    for _ in range(2):
        [message] = json.loads(yester("messages", "--json").out)
        assert message["text"].startswith("The run died: ")
        assert (message["profile"], message["level"]) == ("docs", "error")
    assert yester("snap", "docs").code == 0
    assert len(json.loads(yester("messages", "--json").out)) == 1
    looked = Places.default().state / "messages" / "looked-at"
    assert looked.read_text() == json.loads(yester("runs", "--json").out)[-1]["run"]


def test_another_run_at_work_is_no_failure(yester: Yester, plain: Path, docs: Path) -> None:
    assert yester("profile", "add", "docs", docs).code == 0
    places = Places.default()
    with run_lock(places.state, load_profile(places.config / "profiles", "docs"), places.runtime):
        assert yester("snap", "docs").code == 4
    assert yester("messages").out == "no messages\n"


def test_files_that_failed_are_counted_and_not_listed(yester: Yester, plain: Path, docs: Path) -> None:
    (docs / "b.txt").unlink()
    (docs / "letters" / "a.txt").rename(docs / "a.txt")
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("snap", "docs").code == 0
    assert json.loads(yester("messages", "--json").out) == []


def test_a_warning_of_a_run_leaves_a_message(yester: Yester, plain: Path, docs: Path) -> None:
    (docs / "gone").mkdir()
    assert yester("profile", "add", "docs", docs / "letters", docs / "gone").code == 0
    assert yester("snap", "docs").code == 0
    (docs / "gone").rmdir()
    done = yester("snap", "docs")
    messages = json.loads(yester("messages", "--json", "--level", "warning").out)
    assert messages and all(each["run"] and each["profile"] == "docs" for each in messages)
    assert any("gone" in each["text"] for each in messages), (done, messages)


def test_reading(yester: Yester) -> None:
    post(
        Posted(text="one", profile="docs"),
        Posted(text="two", level="warning", source="ping", action="again"),
        Posted(text="three", level="error", profile="docs"),
    )

    def texts(*options: str) -> list[str]:
        return [message["text"] for message in json.loads(yester("messages", "--json", *options).out)]

    assert texts() == ["one", "two", "three"]
    assert texts("--level", "warning") == ["two", "three"]
    assert texts("--profile", "docs") == ["one", "three"]
    assert "   to do: yester plugin run ping again\n" in yester("messages").out
    assert texts("--level", "error", "--mark-read") == ["three"]
    assert texts("--unread") == ["one", "two"]
    assert texts("--unread", "--mark-read") == ["one", "two"]
    assert texts("--unread") == []
    assert "*" not in yester("messages").out


def test_the_newest_are_shown(yester: Yester) -> None:
    post(*(Posted(text=f"text {number}") for number in range(30)))
    out = yester("messages", "--mark-read").out
    assert out.splitlines()[-1] == "10 earlier ones: yester messages --all"
    assert "text 29" in out and "text 10" in out and "text 9\n" not in out
    assert len(json.loads(yester("messages", "--unread", "--json", "--all").out)) == 10, (
        "what was not shown is not read"
    )


def test_no_text_moves_the_cursor(yester: Yester) -> None:
    post(Posted(text="a\x1b[2Jb\nc", hint="\x07", source="p\x1b"))
    assert all(line.isprintable() for line in yester("messages").out.splitlines())


def test_a_wrong_level(yester: Yester) -> None:
    done = yester("messages", "--level", "loud")
    assert done.code == 2
    assert is_one_complaint(done.err)


@pytest.mark.usefixtures("as_root")
def test_a_state_folder_that_is_read_only(yester: Yester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk", "300k") as disk:
        monkeypatch.setenv("XDG_STATE_HOME", os.fspath(disk))
        post(Posted(text="one"))
        remount(disk, "ro")
        assert "one" in yester("messages").out
        done = yester("messages", "--mark-read")
        assert done.code == 1
        assert is_one_complaint(done.err)
        assert "Read-only file system" in done.err
