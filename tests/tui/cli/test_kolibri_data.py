"""A Kolibri's volatile data, there and back, as docs/usb.md tells an administrator; people learn meanwhile."""

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests import kolibris
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, finish, start


@pytest.fixture
def kolibri(yester: Yester, plain: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and its profile."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    place = kolibris.make(home / ".kolibri")
    assert yester("plugin", "enable", "usb").code == 0
    done = yester("plugin", "run", "usb", "kolibri", f"repository={plain}")
    assert (done.code, done.err) == (0, "")
    assert "databases: db.sqlite3, job_storage.sqlite3" in done.out
    assert yester("profile", "check", "kolibri").code == 0
    return place


def test_it_goes_and_comes_back(yester: Yester, kolibri: Path, home: Path, tmp_path: Path) -> None:
    with kolibris.at_work(kolibri) as process:
        before = kolibris.committed(process)
        done = yester("snap", "kolibri")
    after = kolibris.learned(kolibri)
    assert (done.code, done.err) == (0, "")
    assert not list(kolibri.glob("*.snapshot")), "what is of no use any more is gone"
    content = kolibri / "content"
    content.rename(tmp_path / "content")
    kolibri.rename(home / ".kolibri.before")

    assert yester("restore", "kolibri@latest", "--target", "/").code == 0
    assert not (kolibri / "content").exists(), "channels are not in it"
    assert not (kolibri / "db.sqlite3").exists()
    assert (kolibri / "options.ini").read_text() == "[Deployment]\nHTTP_PORT = 8080\n"
    assert {"plugins.json", "logs", "backups", "media"} < {path.name for path in kolibri.iterdir()}
    assert not {"process_cache", "static"} & {path.name for path in kolibri.iterdir()}
    done = yester("plugin", "run", "usb", "kolibri-return")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "a new identity: other devices sync with it as with a new device"
    assert before <= kolibris.learned(kolibri) <= after
    assert [current for _, current in kolibris.identities(kolibri)] == [0, 1]


def test_a_run_that_is_killed_in_the_midst(yester: Yester, kolibri: Path, plain: Path, tmp_path: Path) -> None:
    (kolibri / "logs" / "long.txt").write_bytes(os.urandom(30_000_000))
    with kolibris.at_work(kolibri) as process:
        run = start("snap", "kolibri", YESTER_UPLOAD_LIMIT="4M")
        while not any(plain.glob("data/*/.put-*")):
            assert run.poll() is None, finish(run)
        os.kill(run.pid, signal.SIGKILL)
        finish(run)
        before = kolibris.committed(process)
        done = yester("snap", "kolibri")
    assert (done.code, done.err) == (0, "")
    assert yester("check", "--read-data").code == 0
    assert yester("restore", "kolibri@latest", "--target", tmp_path / "back").code == 0
    back = tmp_path / "back"
    done = yester("plugin", "run", "usb", "kolibri-return", f"home={back}{kolibri}")
    assert (done.code, done.err) == (0, "")
    assert kolibris.learned(Path(f"{back}{kolibri}")) >= before


def test_without_the_plugin_the_databases_are_taken_as_they_lie_there(yester: Yester, kolibri: Path) -> None:
    assert yester("profile", "edit", "kolibri", "--set", "plugins.sqlite.enabled=false").code == 0
    assert yester("snap", "kolibri").code == 0
    shown = json.loads(yester("show", f"kolibri@latest:{kolibri}", "--json").out)
    names = {Path(entry["path"]).name for entry in shown["entries"]}
    assert {"db.sqlite3", "notifications.sqlite3", "options.ini"} <= names
    assert not {"content", "static"} & names


def test_a_damaged_database_is_named_and_the_backup_still_happens(yester: Yester, kolibri: Path) -> None:
    (kolibri / "notifications.sqlite3").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    done = yester("snap", "kolibri")
    assert done.code == 0
    assert "yester: sqlite: " in done.err and "notifications.sqlite3" in done.err


def test_a_database_that_lost_pages_is_taken_and_named(yester: Yester, kolibri: Path) -> None:
    """As after a power cut on a memory card: SQLite opens and copies it, and only a close look tells."""
    with closing(sqlite3.connect(kolibri / "notifications.sqlite3")) as database, database:
        database.executemany("INSERT INTO entry VALUES (?, ?)", [(row, "x" * 900) for row in range(200)])
    with open(kolibri / "notifications.sqlite3", "r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xee" * 4096 * 20)
    done = yester("snap", "kolibri")
    assert done.code == 0
    assert f"yester: sqlite: The database {kolibri}/notifications.sqlite3 is damaged (" in done.err
    assert "older snapshots may have it whole" in done.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["home=kolibri"], "usb: kolibri is no absolute path"),
        (["home=/etc"], "usb: /etc is no home of a Kolibri"),
        ([], "usb: Profile kolibri is already there"),
    ],
)
def test_a_profile_that_cannot_be_made(yester: Yester, kolibri: Path, options: list[str], words: str) -> None:
    done = yester("plugin", "run", "usb", "kolibri", *options)
    assert done.code == 2
    assert words in done.err


def test_another_profile_is_of_no_kolibri(yester: Yester, kolibri: Path, docs: Path) -> None:
    assert yester("profile", "add", "docs", docs).code == 0
    done = yester("plugin", "run", "usb", "kolibri-return", "profile=docs")
    assert done.code == 2
    assert f"usb: {docs} is no home of a Kolibri" in done.err
