"""yester backend: a folder and an SFTP server put to the test, and what is left of it however it ends."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.backends.sftp.conftest import server, sshd  # noqa: F401 - fixtures are found by name
from tests.plugins.backends.test_third_party import REGISTERS, example
from tests.sshd import Sshd
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start

from yester.engine.places import Places
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.proving import visiting
from yester.plugins.backends.proving.leftovers import STALE_S, running
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.suite import CHECKS
from yester.plugins.backends.registry import SCHEMES, Row


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.fixture
def url(server: Sshd, place: Path) -> str:  # noqa: F811
    return server.url(place)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a long list be one of few names, where it is not the point: this process puts thousands."""
    monkeypatch.setattr(visiting, "LEAST_MANY", 20)


# What is said.


def test_a_folder_that_is_not_there_yet_is_tried_and_is_not_there_afterwards(yester: Yester, tmp_path: Path) -> None:
    done = yester("backend", "test", "--quick", tmp_path / "new" / "place")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"testing {tmp_path}/new/place"
    verdicts = {check.name: next(line for line in lines if line.startswith(f"{check.name} ")) for check in CHECKS}
    assert all(line.split("  ")[-1] and " yes " in line for line in verdicts.values())
    assert "30 of 30 races had one winner" in verdicts["one creator"]
    assert "1,200 names" in verdicts["long list"]
    assert "put an object of 4.0 MiB" in done.out and "OPERATION" in done.out
    assert lines[-1] == "a repository can lie there"
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("few")
def test_a_server_is_tried_by_json(yester: Yester, url: str, place: Path) -> None:
    done = yester("backend", "test", "--quick", "--json", url)
    assert (done.code, done.err) == (0, "")
    said = json.loads(done.out)
    assert said["place"] == url
    assert said["is_usable"] is True
    assert {check["verdict"] for check in said["checks"]} == {"yes"}
    assert [check["name"] for check in said["checks"]] == [check.name for check in CHECKS]
    assert said["does"] == said["says"] == {"ranges": True, "if_absent": True, "tier": False}
    assert {"put", "get", "part", "size", "list", "delete"} == {each["operation"] for each in said["operations"]}
    assert everything(place) == []


# What is refused.


@pytest.mark.usefixtures("few")
def test_a_repository_is_left_alone_unless_it_is_said(yester: Yester, plain: Path) -> None:
    before = everything(plain)
    done = yester("backend", "test", "--quick", plain)
    assert done.code == 2
    assert is_one_complaint(done.err)
    assert "There is a repository at" in done.err and "--beside-repository" in done.err
    done = yester("backend", "test", "--quick", "--beside-repository", plain)
    assert (done.code, done.err) == (0, "")
    assert everything(plain) == before
    assert yester("check", "--read-data").code == 0


@pytest.mark.parametrize("left", ["key/key.1", "snap/snap.1"])
def test_what_is_left_of_a_repository_counts_as_one(yester: Yester, place: Path, left: str) -> None:
    (place / left).parent.mkdir()
    (place / left).write_bytes(b"x")
    done = yester("backend", "test", "--quick", place)
    assert done.code in (2, 6)
    assert everything(place) == [os.path.dirname(left), left]


def test_foreign_files_are_refused_and_stay(yester: Yester, place: Path) -> None:
    (place / "letter.txt").write_text("dear")
    done = yester("backend", "test", place)
    assert done.code == 6
    assert "letter.txt" in done.err and is_one_complaint(done.err)
    assert everything(place) == ["letter.txt"]


def test_a_place_that_cannot_be_reached(yester: Yester, place: Path) -> None:
    done = yester("backend", "test", "sftp://127.0.0.1:1/nowhere")
    assert done.code == 6
    assert is_one_complaint(done.err) and "  hint: " in done.err


@pytest.mark.usefixtures("as_root")
@pytest.mark.passable
def test_a_place_that_cannot_be_written(yester: Yester, tmp_path: Path) -> None:
    import subprocess

    place = tmp_path / "place"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "none", place], check=True)
    try:
        done = yester("backend", "test", place)
    finally:
        subprocess.run(["umount", place], check=True)
    assert done.code == 1
    assert "read-only" in done.err.lower() and is_one_complaint(done.err)


# What is left.


def stopped(place: Path | str, number: int) -> tuple[int, str]:
    """Start a test, and let a signal end it in the midst of the long list."""
    process = start("backend", "test", place)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"list while changing"):
            break
    process.send_signal(number)
    done = finish(process)
    return done.code, done.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_test_that_is_stopped_leaves_nothing(home: Path, url: str, place: Path, number: int, code: int) -> None:
    assert stopped(url, number)[0] == code
    assert everything(place) == []


@pytest.fixture
def store(place: Path) -> Iterator[FolderStore]:
    opened = FolderStore(place, create=True)
    yield opened
    opened.close()


@pytest.mark.usefixtures("few")
def test_a_test_that_still_runs_is_left_alone(yester: Yester, place: Path, store: FolderStore) -> None:
    names = Names.new(int(time.time()) - 10 * STALE_S, b"abc")
    store.put(names.mark, [])
    with running(Places.default(), names):
        done = yester("backend", "test", "--quick", place)
    assert done.code == 0
    assert "left alone: 1 object of a test that began 10 days ago and may still run" in done.out
    assert list(store.list()) == [names.mark]
    assert "removed 1 object of a test" in yester("backend", "test", "--quick", place).out
    assert everything(place) == []


@pytest.mark.usefixtures("few")
def test_a_test_of_another_machine_is_left_alone_for_a_day(yester: Yester, place: Path, store: FolderStore) -> None:
    young, old = Names.new(int(time.time()) - 3600, b"abc"), Names.new(int(time.time()) - STALE_S - 5, b"abc")
    for names in (young, old):
        store.put(names.mark, [])
        store.put(names.name("x"), [])
    said = json.loads(yester("backend", "test", "--quick", "--json", place).out)
    assert said["removed"] == [old.mark, old.name("x")]
    assert said["left_alone"] == [young.mark, young.name("x")]
    assert set(store.list()) == {young.mark, young.name("x")}


# A backend that is not installed.


def shelf(home: Path) -> Path:
    file = home / "shelf.py"
    file.write_text(example())
    file.chmod(0o600)
    return file


@pytest.mark.usefixtures("few")
def test_a_file_is_loaded_for_one_test(yester: Yester, home: Path, place: Path) -> None:
    file = shelf(home)
    done = yester("backend", "test", "--quick", "--json", "--load", file, f"shelf://{place}/board")
    assert done.err == ""
    said = json.loads(done.out)
    wrong = {check["name"] for check in said["checks"] if check["verdict"] == "no"}
    lacks = {check["name"] for check in said["checks"] if check["verdict"] == "not tried"}
    assert lacks == {"_delete_list", "_move", "_query_list", "_validate"}
    assert done.code == 0
    assert {"only parts"} <= wrong <= {"only parts", "one creator"}
    assert said["does"] == {"ranges": False, "if_absent": False, "tier": False}
    assert [path for path in place.rglob("*") if path.is_file()] == []
    assert yester("backend", "test", f"shelf://{place}/board").code == 2


def test_a_file_that_cannot_be_loaded(yester: Yester, home: Path, place: Path) -> None:
    done = yester("backend", "test", "--load", home / "none.py", "shelf://x")
    assert done.code == 2 and "There is no file" in done.err and is_one_complaint(done.err)
    file = shelf(home)
    file.chmod(0o666)
    done = yester("backend", "test", "--load", file, "shelf://x")
    assert done.code == 2 and "written by others" in done.err and is_one_complaint(done.err)


@pytest.mark.usefixtures("few")
def test_a_file_serves_what_it_is_named_like_or_registers(yester: Yester, home: Path, place: Path) -> None:
    file = shelf(home)
    done = yester("backend", "test", "--quick", "--load", file, f"shlef://{place}/board")
    assert done.code == 2 and "No backend serves shlef://" in done.err and is_one_complaint(done.err)
    assert not (place / "board").exists()
    file.write_text(file.read_text() + f"\n{REGISTERS}('shlef', Shelf)\n")
    assert yester("backend", "test", "--quick", "--load", file, f"shlef://{place}/board").code == 0


# The list of backends.


def test_lists_what_there_is(yester: Yester) -> None:
    done = yester("backend", "list")
    assert done.code == 0
    assert "file://" in done.out and "sftp://nas/srv/backup" in done.out
    said = {each["name"]: each for each in json.loads(yester("backend", "list", "--json").out)}
    assert said["sftp"]["is_installed"] is True
    assert {"about", "example", "extra", "options", "origin"} <= set(said["file"])


def test_shows_what_others_made(yester: Yester, home: Path) -> None:
    folder = home / ".local/share/yester/plugins/backends"
    folder.mkdir(parents=True)
    (folder / "shelf.py").write_text("raise SystemExit('nobody runs this to list it')")
    (said,) = (each for each in json.loads(yester("backend", "list", "--json").out) if each["name"] == "shelf")
    assert said["origin"] == str(folder / "shelf.py")
    assert {each["name"]: each["variable"] for each in said["options"]}["timeout"] == "YESTER_SHELF_TIMEOUT"
    assert "shelf://" in yester("backend", "list").out


def test_one_that_is_not_installed_says_how(yester: Yester, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("nowhere", "a moon", "moon://crater", needs="no_such_module", extra="moon")
    monkeypatch.setattr("yester.plugins.backends.listing.SCHEMES", {**SCHEMES, "moon": row})
    assert "no: pip install 'yester[moon]'" in yester("backend", "list").out
    assert "options: shown once it is installed" in yester("backend", "list", "moon").out


def test_shows_one(yester: Yester) -> None:
    done = yester("backend", "list", "sftp://")
    assert done.out.startswith("sftp://  a machine with SSH\n")
    done = yester("backend", "list", "stfp")
    assert done.code == 2 and "Did you mean sftp" in done.err
