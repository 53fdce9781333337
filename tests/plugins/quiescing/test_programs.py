"""Programs of databases, their sessions and their servers, with small programs in their place."""

import os
import pwd
from pathlib import Path

import pytest

from yester.plugins.quiescing import postgres
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.mariadb import connecting
from yester.plugins.quiescing.postgres import Server, program
from yester.plugins.quiescing.programs import as_user, program_in, run
from yester.plugins.quiescing.sessions import Session


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["/no/such"], "/no/such cannot be run: No such file or directory"),
        (["sleep", "1000"], "sleep does not come to an end within 0.2 s"),
        (["sh", "-c", "echo one; echo two >&2; exit 3"], "sh: two"),
        (["sh", "-c", "echo 'sh: one'; exit 3"], "sh: one"),
        (["false"], "false: exit code 1"),
    ],
)
def test_what_goes_wrong_is_said(words: list[str], problem: str) -> None:
    with pytest.raises(Failed) as failed:
        run(words, timeout_s=0.2 if words[0] == "sleep" else 60).well()
    assert str(failed.value) == problem


def test_output(tmp_path: Path) -> None:
    assert run(["sh", "-c", "echo $WORD; echo no >&2"], timeout_s=60, environment={"WORD": "yes"}).well() == "yes\n"
    with open(tmp_path / "out", "wb") as file:
        assert run(["echo", "x"], timeout_s=60, into=file).well() == ""
    assert (tmp_path / "out").read_bytes() == b"x\n"


def test_a_server_that_it_starts_is_not_waited_for(tmp_path: Path) -> None:
    said = run(["sh", "-c", f"sleep 1000 & echo $! >{tmp_path}/pid; echo started"], timeout_s=60)
    os.kill(int((tmp_path / "pid").read_text()), 9)
    assert said.out == "started\n"


def test_nobody_else() -> None:
    assert as_user("", ["x"]) == as_user(pwd.getpwuid(os.geteuid()).pw_name, ["x"]) == ["x"]
    with pytest.raises(Failed, match="there is no user no-such here"):
        as_user("no-such", ["x"])


@pytest.mark.usefixtures("as_root")
def test_another_user() -> None:
    words = as_user("daemon", ["sh", "-c", "id -un; echo $HOME"])
    assert program_in(words) == "sh"
    assert run(words, timeout_s=60).well().split() == ["daemon", pwd.getpwnam("daemon").pw_dir]


def test_only_root_may_be_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(Failed, match="only root can work as daemon"):
        as_user("daemon", ["x"])


ECHO = """
while read -r line; do
    case $line in
    "SELECT '"*) mark=${line#SELECT \\'}; echo "${mark%%\\'*}" ;;
    two*) echo 1; echo 2 ;;
    none*) ;;
    bad*) echo "sh: it is bad" >&2; exit 3 ;;
    slow*) exec sleep 1000 ;;
    esac
done
"""


def session(timeout_s: float = 60) -> Session:
    return Session(["sh", "-c", ECHO], {}, timeout_s)


def test_a_session_gives_lines() -> None:
    with session() as asked:
        assert [asked.ask("two"), asked.ask("none"), asked.ask("two")] == [["1", "2"], [], ["1", "2"]]


def test_a_session_ends_with_what_is_wrong() -> None:
    with session() as asked:
        with pytest.raises(Failed, match=r"^sh: it is bad$"):
            asked.ask("bad")
        with pytest.raises(Failed, match=r"^sh: it is bad$"):
            asked.ask("two")


def test_a_session_that_does_not_answer_is_ended() -> None:
    with pytest.raises(Failed, match=r"sh: no answer within 0\.2 s"), session(0.2) as asked:
        asked.ask("slow")


def test_which_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("debian/9/bin", "debian/15/bin", "own", "path"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "pg_dump").touch(mode=0o755)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("9\n")
    monkeypatch.setattr(postgres, "_DEBIAN", tmp_path / "debian")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert program("pg_dump", "", "") == str(tmp_path / "debian/15/bin/pg_dump"), "the newest, not the last by name"
    assert program("pg_dump", "", str(tmp_path / "data")) == str(tmp_path / "debian/9/bin/pg_dump")
    assert program("pg_dump", str(tmp_path / "own"), str(tmp_path / "data")) == str(tmp_path / "own/pg_dump")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert program("pg_dump", "", "") == str(tmp_path / "path/pg_dump")
    with pytest.raises(Failed, match="there is no program psql here"):
        program("psql", "", "")
    with pytest.raises(Failed, match=r"there is no .*own/psql \(programs\)"):
        program("psql", str(tmp_path / "own"), "")


def test_a_server_is_started_as_it_was_and_only_where_it_is_not(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    data.mkdir()
    control = tmp_path / "pg_ctl"
    control.write_text(f'#!/bin/sh\necho "$@" >>"{log}"\n[ "$1" = start ] || [ -e "{tmp_path}/up" ]\n')
    control.chmod(0o755)
    with pytest.raises(Failed, match="is no data folder of PostgreSQL"):
        Server.of(data, str(control), "", "")
    (data / "PG_VERSION").write_text("15\n")
    (data / "postmaster.opts").write_text(f'/usr/lib/postgres "-D" "{data}" "-p" "5433" "-c" "a=b c"\n')
    server = Server.of(data, str(control), "", "")
    run(server.start(), timeout_s=60).well()
    assert log.read_text().splitlines()[1] == f"start -s -w -t 240 -D {data} -l /dev/null -o -p 5433 -c 'a=b c'"
    log.unlink()
    (tmp_path / "up").touch()
    run(server.start(), timeout_s=60).well()
    assert log.read_text() == f"status -D {data}\n"
    assert server.runs()


@pytest.mark.parametrize(
    ("path", "is_left_out"),
    [
        ("pg_wal/", False),
        ("pg_wal", True),  # a link
        ("pg_wal/000000010000000000000001", True),
        ("pg_wal/archive_status", True),
        ("postmaster.pid", True),
        ("base/1/postmaster.pid", False),
        ("base/pgsql_tmp/x", False),
        ("base/pgsql_tmp", True),
        ("base/1/pg_internal.init", True),
        ("base/1/2608", False),
        ("pg_stat_tmp/x", True),
        ("backup_label", True),
    ],
)
def test_what_a_base_backup_leaves_out(path: str, is_left_out: bool) -> None:
    assert postgres._is_left_out(path.rstrip("/"), path.endswith("/")) == is_left_out


def test_how_to_connect(tmp_path: Path) -> None:
    none = {"defaults_file": "", "host": "", "port": None, "socket": "", "user": ""}
    assert connecting(none) == []
    (tmp_path / "cnf").touch()
    given = {**none, "defaults_file": str(tmp_path / "cnf"), "port": 3307, "user": "me"}
    assert connecting(given) == [f"--defaults-extra-file={tmp_path}/cnf", "--port=3307", "--user=me"]
