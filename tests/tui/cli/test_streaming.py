import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, environment, is_one_complaint, start


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    assert yester("profile", "add", "db", docs).code == 0
    return "db"


def piped(content: bytes, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    words = [sys.executable, "-m", "yester", *arguments]
    return subprocess.run(words, input=content, capture_output=True, env=environment(), check=False)


def test_standard_input_as_a_file(yester: Yester, profile: str, tmp_path: Path) -> None:
    taken = piped(b"content", "snap", profile, "--stdin-name", "db/dump.sql")
    assert (taken.returncode, taken.stderr) == (0, b"")
    assert b" of db: 1 file, 7 B, in " in taken.stdout
    assert yester("restore", "latest", "/db/dump.sql", "--target", tmp_path / "back").code == 0
    assert (tmp_path / "back" / "dump.sql").read_bytes() == b"content"
    [listed] = json.loads(yester("list", "--json").out)
    assert (listed["sources"], listed["streams"]) == ([], [{"path": "/db/dump.sql"}])


def test_a_file_as_standard_input(yester: Yester, profile: str, tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(b"content")
    with (tmp_path / "dump").open("rb") as file:
        words = [sys.executable, "-m", "yester", "snap", profile, "--stdin-name", "dump"]
        subprocess.run(words, stdin=file, capture_output=True, env=environment(), check=True)
    assert "-rw-------" in yester("show", "latest:/").out


def test_a_command(yester: Yester, profile: str) -> None:
    assert yester("snap", profile, "--from-command", "--", "printf", "%s", "text").code == 0
    assert yester("show", "latest:/printf").out
    taken = yester("snap", profile, "--stdin-name", "a", "--from-command", "--", "sh", "-c", "echo oh >&2; printf 1")
    assert (taken.code, taken.err) == (0, "yester: oh\n")


def test_a_command_that_fails(yester: Yester, profile: str) -> None:
    ended = yester("snap", profile, "--from-command", "--", "sh", "-c", "printf some; exit 9")
    assert (ended.code, ended.out) == (1, "")
    assert "ended with status 9, so no snapshot was taken" in ended.err and is_one_complaint(ended.err)
    assert json.loads(yester("list", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from-command"], "wants a command"),
        (["word"], "'word' is one word too many"),
        (["--stdin-name", "../a"], "cannot name a file"),
        (["--stdin-name", "a", "word"], "one word too many"),
        (["--stdin-name", "a", "--detach"], "leaves standard input behind"),
    ],
)
def test_nonsense(yester: Yester, profile: str, arguments: list[str], said: str) -> None:
    ended = piped(b"", "snap", profile, *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr.decode() and is_one_complaint(ended.stderr.decode())


def test_a_terminal_is_no_stream(yester: Yester, profile: str) -> None:
    primary, secondary = os.openpty()
    words = [sys.executable, "-m", "yester", "snap", profile, "--stdin-name", "a"]
    ended = subprocess.run(words, stdin=secondary, capture_output=True, env=environment(), check=False)
    os.close(primary)
    os.close(secondary)
    assert ended.returncode == 2 and b"is no pipe and no file" in ended.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_ends_the_command_too(
    yester: Yester, profile: str, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    fifo = tmp_path / "begun"
    os.mkfifo(fifo)
    process = start("snap", profile, "--from-command", "--", "sh", "-c", f"echo $$ > {fifo}; exec sleep 1000")
    pid = int(fifo.read_text())
    process.send_signal(number)
    _, complaint = process.communicate()
    assert process.returncode == code, complaint
    assert not Path(f"/proc/{pid}").exists()
    assert json.loads(yester("list", "--json").out) == []
