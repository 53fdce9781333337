"""The server as its client knows it: a process of its own, real repositories and real runs."""

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import Yester
from tests.tui.serve.client import served

from yester.engine.journal import journal_path
from yester.engine.places import Places
from yester.engine.runs.history import read_run
from yester.tui.serve.protocol import MAX_LINE


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> Path:
    """A profile `docs` that has a snapshot."""
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("snap", "docs").code == 0
    return docs


def test_answers_are_those_of_the_command_line(yester: Yester, profile: Path) -> None:
    with served() as client:
        assert client.hello["v"] == 1
        assert client.call("profiles.list")[0] == json.loads(yester("profile", "list", "--json").out)
        assert client.call("profiles.status")[0] == json.loads(yester("status", "--json").out)["profiles"]
        assert client.call("runs.list")[0] == json.loads(yester("runs", "--json").out)
        assert client.call("snapshots.list")[0] == json.loads(yester("list", "--why", "--json").out)
        assert client.call("messages.list")[0] == json.loads(yester("messages", "--json").out)
        assert client.call("plugins.list")[0] == json.loads(yester("plugin", "list", "--json").out)
        assert client.call("files.find", pattern="a.txt")[0] == json.loads(yester("find", "a.txt", "-i", "--json").out)
        shown = {"path": f"{profile}/b.txt"}
        versions, place = client.call("files.versions", entry=shown)
        assert {**place, "versions": versions} == json.loads(yester("versions", profile / "b.txt", "--json").out)
        inside, _ = client.call("files.list", snapshot="latest", folder={"path": str(profile)})
        assert inside == json.loads(yester("show", f"latest:{profile}", "--json").out)["entries"]
        rows, _ = client.call("files.show", snapshot="latest", entry=shown)
        assert [row["name"] for row in rows][:3] == ["path", "type", "mode"]


def test_a_run_is_a_command_that_goes_on_without_the_client(yester: Yester, profile: Path) -> None:
    with served() as client:
        id = client.ask("runs.start", profile="docs")
        assert client.next(id) == {"id": id, "command": "yester snap docs"}
        run = client.next(id)["item"]["run"]
        lines, end = client.call("runs.follow", run=run)
        assert [line["seq"] for line in lines] == sorted({line["seq"] for line in lines})
        assert (lines[0]["type"], lines[-1]["type"]) == ("run.begin", "run.end")
        assert end == {"next": lines[-1]["seq"] + 1, "ended": True}
        again, _ = client.call("runs.follow", run=run, first=lines[-1]["seq"], live=False)
        assert again == lines[-1:]
    record = read_run(Places.default().state, run)
    assert record is not None
    assert record.state == "complete"


def test_a_snapshot_taken_elsewhere_is_seen_at_once(yester: Yester, profile: Path) -> None:
    with served() as client:
        assert len(client.call("snapshots.list", profile="docs")[0]) == 1
        (profile / "new.txt").write_text("new\n")
        assert yester("snap", "docs").code == 0
        newest = client.call("snapshots.list", profile="docs")[0][0]["snapshot"]
        inside, _ = client.call("files.list", snapshot=newest, folder={"path": str(profile)}, profile="docs")
        assert [entry["path"] for entry in inside] == ["b.txt", "letters", "new.txt"]
        assert [each["path"] for each in client.call("files.find", pattern="new.txt")[0]] == [f"{profile}/new.txt"]


def test_a_folder_comes_by_the_page(yester: Yester, plain: Path, docs: Path) -> None:
    names = [f"{number:04}.txt" for number in range(300)]
    for name in names:
        (docs / "letters" / name).write_bytes(b"")
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    folder = {"path": str(docs / "letters")}
    with served() as client:
        for start in (0, 7, 199, 295, 301, 5000):
            page, end = client.call("files.list", snapshot="latest", folder=folder, start=start, count=100)
            assert [entry["path"] for entry in page] == [*names, "a.txt"][start : start + 100]
            assert end == {"total": 301}
        page, end = client.call("files.list", snapshot="latest", folder=folder, grep="09.T", start=1, count=1)
        assert ([entry["path"] for entry in page], end) == (["0109.txt"], {"total": 3})


def test_a_folder_comes_in_another_order(yester: Yester, plain: Path, docs: Path) -> None:
    for number in range(300):
        file = docs / "letters" / f"{number:04}.txt"
        file.write_bytes(b"x" * (number * 7919 % 300))
        os.utime(file, ns=(0, (300 - number) * 10**9))
    (docs / "letters/a.txt").unlink()
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    asked: dict[str, Any] = {"snapshot": "latest", "folder": {"path": str(docs / "letters")}}
    with served() as client:
        names = {
            (sort, falling): [
                entry["path"] for entry in client.call("files.list", sort=sort, falling=falling, count=300, **asked)[0]
            ]
            for sort in ("name", "size", "modified")
            for falling in (False, True)
        }
        plain_names = [f"{number:04}.txt" for number in range(300)]
        assert names["name", False] == names["modified", True] == plain_names
        assert names["name", True] == names["modified", False] == plain_names[::-1]
        assert [int(name[:4]) * 7919 % 300 for name in names["size", False]] == [*range(300)]
        assert names["size", True] == names["size", False][::-1]
        page, end = client.call("files.list", sort="size", start=20, count=3, grep="09", **asked)
        few = [name for name in names["size", False] if "09" in name]
        assert ([entry["path"] for entry in page], end["total"]) == (few[20:23], len(few))

        def seek(**more: object) -> list[Any]:
            found, _ = client.call("files.seek", text="9.TXT", **asked, **more)
            return [each["position"] for each in found]

        assert (seek(start=9), seek(start=299), seek(start=9, backwards=True)) == ([19], [9], [299])
        assert seek(sort="name", falling=True, start=0) == [10]
        [place] = seek(sort="size", start=3)
        assert names["size", False][place].endswith("9.txt")
        assert client.call("files.seek", text="nowhere", **asked)[0] == []


def test_changes_are_told_as_they_come(yester: Yester, profile: Path) -> None:
    with served() as client:
        id = client.ask("changes.watch")
        assert "runs" in client.next(id)["item"]["what"]
        yester("snap", "docs")
        assert "runs" in client.next(id)["item"]["what"]
        client.raw(b'{"cancel":%d}\n' % id)
        assert client.end(id)[1]["error"]["code"] == 130
        client.raw(b'{"cancel":%d}\n{"cancel":99}\n' % id)
        assert client.call("runs.list")[1] == {"total": 2}


def test_messages_are_read_by_their_numbers(yester: Yester, profile: Path, home: Path) -> None:
    assert yester("profile", "add", "bad", home, "--set", "repository=/nowhere/repo").code == 0
    for _ in range(2):
        assert yester("snap", "bad").code != 0
    with served() as client:
        newest, older = client.call("messages.list")[0][:2]
        _, done = client.call("messages.read", ids=[newest["id"]])
        assert [message["id"] for message in done["answer"]] == [newest["id"]]
        read = {message["id"]: message["is_read"] for message in client.call("messages.list")[0]}
        assert (read[newest["id"]], read[older["id"]]) == (True, False)
        client.call("messages.read")
        assert all(message["is_read"] for message in client.call("messages.list")[0])


def test_errors_are_those_of_the_command_line(yester: Yester, profile: Path) -> None:
    with served() as client:
        failed = yester("cancel", "none")
        error = client.refused("runs.cancel", run="none")
        assert error["code"] == failed.code == 2
        assert failed.err == f"yester: {error['message']}\n  hint: {error['hint']}\n"
        assert client.refused("runs.start", profile="none")["code"] == 2
        assert client.refused("snapshots.list", repository="/nowhere")["code"] == 6
        assert client.refused("files.list", snapshot="latest", folder={"path": "/none"})["code"] == 2
        assert client.refused("files.list", snapshot="latest", folder={"path": f"{profile}/b.txt"})["code"] == 2
        assert "\\x1b[31m\\n" in client.refused("runs.follow", run="\x1b[31m\n")["message"]


def test_a_command_is_cancelled_as_anything_is(
    yester: Yester, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ended, and says that it was; its client hears what it asked for."""
    gate, crontab = tmp_path / "gate", tmp_path / "bin/crontab"
    os.mkfifo(gate)
    crontab.parent.mkdir()
    crontab.write_text(f"#!/bin/sh\nexec cat {gate}\n")
    crontab.chmod(0o755)
    monkeypatch.setenv("PATH", f"{crontab.parent}:{os.environ['PATH']}")
    with served() as client:
        id = client.ask("profiles.edit", profile="docs", settings=["schedule.when=daily"])
        with open(gate, "w"):  # which waits until somebody reads: the command is in the midst of it
            client.raw(b'{"cancel":%d}\n' % id)
            assert client.end(id)[1]["error"] == {"code": 130, "message": "The request was cancelled"}


def test_a_repository_that_went_is_not_answered_for(yester: Yester, profile: Path, plain: Path) -> None:
    """Nor is another one in its place, though what was opened lies open still; when it is back it is as before."""
    folder = {"path": str(profile)}
    looks: dict[str, dict[str, Any]] = {
        "snapshots.list": {},
        "files.list": {"snapshot": "latest", "folder": folder},
        "files.find": {"pattern": "b.txt"},
        "storage.usage": {},
        "keys.list": {},
    }
    away = plain.with_name("away")
    with served() as client:
        before = {method: client.call(method, **params)[0] for method, params in looks.items()}
        plain.rename(away)
        for method, params in looks.items():
            error = client.refused(method, **params)
            assert (error["code"], "There is no repository" in error["message"]) == (6, True), method
        assert yester("init", "--no-encryption").code == 0
        assert client.call("snapshots.list")[0] == []
        assert client.call("files.find", pattern="b.txt")[0] == []
        plain.rename(plain.with_name("other"))
        away.rename(plain)
        assert {method: client.call(method, **params)[0] for method, params in looks.items()} == before


BAD = {
    "no JSON": b"\xff{nonsense",
    "no object": b"[1]",
    "deep": b'{"id":1,"method":"runs.list","params":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "neither": b"{}",
    "a huge line": b"x" * (MAX_LINE + 1),
    "a number with a fraction": b'{"id":1.5,"method":"runs.list"}',
}


@pytest.mark.parametrize("line", BAD.values(), ids=BAD.keys())
def test_what_is_no_request_is_refused_and_the_next_one_answered(home: Path, line: bytes) -> None:
    with served() as client:
        client.raw(line + b"\n")
        assert client.next(None)["error"]["code"] == 2
        assert client.call("runs.list") == ([], {"total": 0})


def test_wrong_requests_are_refused(home: Path) -> None:
    with served() as client:
        assert client.refused("runs.lst")["hint"].startswith("Did you mean runs.list")
        assert "unknown field" in client.refused("runs.list", what=1)["message"]
        assert "missing required field" in client.refused("runs.follow")["message"]
        assert client.refused("runs.list", limit=-1)["code"] == 2
        waiting = client.ask("repositories.unlock", repository="/nowhere")
        client.raw(b'{"cancel":%d}\n' % waiting)
        assert client.end(waiting)[1]["error"]["code"] == 130
        watching = client.ask("changes.watch")
        client.raw(b'{"id":%d,"method":"runs.list"}\n' % watching)
        while "item" in (line := client.next(watching)):
            continue
        assert "is not answered yet" in line["error"]["message"]
        client.raw(b'{"id":-1,"method":"runs.list"}\n')
        assert client.next(-1)["error"]["code"] == 2
        assert "There is no method \\x1b[31m" in client.refused("\x1b[31m")["message"]
        many = range(100, 1100)
        lines = b"".join(b'{"id":%d,"method":"runs.list"}\n' % number for number in many)
        sending = threading.Thread(target=client.raw, args=(lines,))
        sending.start()
        ends = [client.end(number)[1] for number in many]  # to some that they have to wait
        sending.join()
        assert all("done" in end or end["error"]["code"] == 4 for end in ends)


def test_a_client_that_reads_no_more_ends_it(home: Path) -> None:
    with served() as client:
        client.ask("changes.watch")
        assert client.process.stdout is not None
        client.process.stdout.close()
        for _ in range(100):
            client.ask("profiles.status")
        assert client.process.wait(60) == 0


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (signal.SIGTERM, 143, b"yester: Terminated\n"),
        (signal.SIGHUP, -1, b""),
    ],
)
def test_a_signal_ends_it_in_order(home: Path, number: int, code: int, said: bytes) -> None:
    with served() as client:
        id = client.ask("changes.watch")
        client.next(id)
        client.process.send_signal(number)
        _, last = client.end(id)  # something may have changed meanwhile
        assert last["error"]["code"] == 130  # it was ended, and not cut off
        assert client.process.wait(60) == code
        assert client.process.stderr is not None
        assert client.process.stderr.read() == said


STRUCK = """
import os, signal, sys, threading
begin = threading.Thread.start

def start(thread):
    if thread.name.endswith("(_answer)"):
        os.kill(os.getpid(), signal.SIGTERM)
    begin(thread)

threading.Thread.start = start
from yester.__main__ import main
main()
"""


def test_a_signal_that_comes_before_an_answer_has_begun_ends_it_in_order(home: Path) -> None:
    """As on a busy machine, where the request is on the books for long before its thread is."""
    with served(("-c", STRUCK)) as client:
        client.ask("runs.list")
        assert client.process.wait(60) == 143
        assert client.process.stderr is not None
        assert client.process.stderr.read() == b"yester: Terminated\n"


def test_passphrases_come_on_a_descriptor(yester: Yester, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", "one two")
    assert yester("init").code == 0
    assert yester("profile", "add", "docs", docs).code == 0
    monkeypatch.delenv("YESTER_PASSPHRASE")
    with served() as client:
        assert client.refused("snapshots.list", profile="docs")["needs"] == "passphrase"
        assert client.refused("runs.start", profile="docs")["needs"] == "passphrase"
        os.write(client.secrets, b"for what is not there\n")  # taken all the same, or it would answer the next question
        assert client.refused("keys.add", profile="gone meanwhile")["code"] == 2
        os.write(client.secrets, b"wrong\n")
        assert client.refused("repositories.unlock", profile="docs")["code"] == 6
        os.write(client.secrets, b"one two\n")
        client.call("repositories.unlock", profile="docs")
        run = client.call("runs.start", profile="docs")[1]["run"]
        assert client.call("runs.follow", run=run)[0][-1]["result"] == "complete"
        assert len(client.call("snapshots.list", profile="docs")[0]) == 1
    assert "one two" not in journal_path(Places.default().state, run).read_text()


def test_commands_find_the_passphrase_that_a_profile_names(
    yester: Yester, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They name the repository, of which no profile knows: nobody is asked for what was kept."""
    monkeypatch.setenv("YESTER_PASSPHRASE", "one two")
    assert yester("init").code == 0
    kept = tmp_path / "kept"
    kept.write_text("one two\n")
    assert yester("profile", "add", f"--set=passphrase_file={kept}", "docs", docs).code == 0
    assert yester("snap", "docs").code == 0
    monkeypatch.delenv("YESTER_PASSPHRASE")
    (docs / "b.txt").unlink()
    with served() as client:
        assert client.call("snapshots.plan", profile="docs")[1]["code"] == 0
        entry = {"path": f"{docs}/b.txt"}
        run = client.call("files.restore", profile="docs", snapshot="latest", entries=[entry])[1]["run"]
        assert client.call("runs.follow", run=run)[0][-1]["result"] == "complete"
        assert (docs / "b.txt").exists()
        kept.write_text("three\n")
        refused = client.refused("runs.start", profile="docs")
        assert (refused["needs"], "Wrong passphrase" in refused["message"]) == ("passphrase", True)
        kept.unlink()
        refused = client.refused("files.restore", profile="docs", snapshot="latest", entries=[entry])
        assert (refused["needs"], f"file {kept} cannot" in refused["message"]) == ("passphrase", True)
        assert f"file {kept} cannot" in client.refused("snapshots.list", profile="docs")["message"]
        kept.write_text("three\n")
        refused = client.refused("snapshots.list", profile="docs")
        assert (refused["needs"], "Wrong passphrase" in refused["message"]) == ("passphrase", True)
        os.write(client.secrets, b"one two\n")
        client.call("repositories.unlock", profile="docs")
        assert len(client.call("snapshots.list", profile="docs")[0]) == 1
        run = client.call("runs.start", profile="docs")[1]["run"]
        assert client.call("runs.follow", run=run)[0][-1]["result"] == "complete"


def test_a_file_is_read_as_it_was_and_as_it_is(yester: Yester, profile: Path) -> None:
    file = {"path": f"{profile}/b.txt"}
    (profile / "b.txt").write_text("newer\n")
    with served() as client:
        assert client.call("files.read", snapshot="latest", entry=file)[0] == [{"size": 2, "bytes": "Ygo="}]
        assert client.call("files.read", entry=file, count=3)[0] == [{"size": 6, "bytes": "bmV3"}]
        assert client.call("files.read", entry=file, start=4, count=3)[0] == [{"size": 6, "bytes": "cgo="}]
        assert client.call("files.read", snapshot="latest", entry=file, start=1)[0] == [{"size": 2, "bytes": "Cg=="}]
        assert client.call("files.read", snapshot="latest", entry=file, start=9)[0] == [{"size": 2, "bytes": ""}]
        for entry in (profile, profile / "none", "/dev/null"):
            assert client.refused("files.read", entry={"path": str(entry)})["code"] == 2
        assert client.refused("files.read", snapshot="latest", entry={"path": str(profile)})["code"] == 2


def test_a_restore_is_foreseen(yester: Yester, profile: Path) -> None:
    (profile / "b.txt").write_text("newer\n")
    with served() as client:
        asked = {"entries": [{"path": f"{profile}/b.txt"}], "target": {"path": str(profile)}}
        [found], _ = client.call("files.foresee", snapshot="latest", **asked)
        assert (found["files"], found["different"]) == (1, 1)
        assert found["examples"] == [{"path": f"{profile}/b.txt"}]


def test_what_takes_the_room(yester: Yester, profile: Path) -> None:
    with served() as client:
        [found], _ = client.call("storage.usage", profile="docs")
        told = json.loads(yester("du", "--json").out)
        assert (found["size"], found["snapshots"]) == (told["size"], told["snapshots"])
        assert found["paths"] == told["paths"]
        assert found["folder"] == {"path": str(profile)}
        _, plan = client.call("storage.plan", profile="docs")
        assert plan["answer"]["plan"]["freed_size"] == 0
        run = client.call("storage.check", profile="docs")[1]["run"]
        assert client.call("runs.follow", run=run)[0][-1]["result"] == "complete"


def test_what_there_is_to_take_and_where(yester: Yester, home: Path, docs: Path) -> None:
    (home / "Documents").mkdir()
    with served() as client:
        [found], _ = client.call("sources.suggest")
        assert found["home"] == {"path": str(home)}
        assert {"path": f"{home}/Documents"} in found["folders"]
        sums, _ = client.call("sources.measure", sources=[{"path": str(docs)}], excludes=["b.txt"])
        assert (sums[-1]["files"], sums[-1]["left_out"], sums[-1]["is_over"]) == (1, 1, True)
        assert client.refused("sources.measure", sources=[{"path": "docs"}])["code"] == 2
        assert client.refused("sources.measure", sources=[{"path": "/x"}], larger_than="many")["code"] == 2
        typed, _ = client.call("folders.complete", text={"path": f"{home}/do"})
        assert typed == [{"path": str(docs)}]
        assert client.call("folders.complete", text={"path": "/none/x"})[0] == []
        assert client.call("folders.complete", text={"path": "x"})[0] == []
        assert "sftp" in {each["name"] for each in client.call("backends.list")[0]}
