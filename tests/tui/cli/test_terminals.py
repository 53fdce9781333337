"""Runs and their terminals: a real one, which is closed in mid-run; and runs that leave it at once."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, environment, finish, is_one_complaint, start

from yester.engine.journal import is_alive, journal_path
from yester.engine.places import Places
from yester.engine.runs.following import follow
from yester.engine.runs.history import journaled
from yester.engine.runs.records import RunRecord
from yester.tui.cli.terminals import leave_dead_terminal, outliving_terminal

LIMIT_S = 60.0

AT_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    for index in range(2000):
        (docs / f"{index:05}").write_bytes(os.urandom(20_000))
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


def at_terminal(*arguments: str) -> tuple["subprocess.Popen[bytes]", int]:
    """Start a command that has a terminal of its own, and return that terminal's other end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", AT_TERMINAL, sys.executable, "-m", "yester", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(TERM="xterm"),
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def only_run() -> RunRecord:
    [run] = journaled(Places.default().state)
    return run


def journal() -> bytes:
    return b"".join(path.read_bytes() for path in (Places.default().state / "runs").glob("*.jsonl"))


@pytest.mark.parametrize("command", ["snap docs", "check --read-data"])
def test_a_run_survives_its_terminal(yester: Yester, profile: str, command: str) -> None:
    """The kernel hangs it up, and what is written to it fails from then on: progress, warnings, the result."""
    if command.startswith("check"):
        assert yester("snap", profile).code == 0
        for path in (Places.default().state / "runs").glob("*.jsonl"):
            path.unlink()
    process, terminal = at_terminal(*command.split())
    wait_for(lambda: b"run.begin" in journal())
    process.send_signal(signal.SIGSTOP)
    os.close(terminal)
    process.send_signal(signal.SIGCONT)
    assert process.wait(LIMIT_S) == 0
    run = only_run()
    assert (run.state, run.exit_code, run.action) == ("complete", 0, command.split()[0])


def test_a_run_in_the_background_of_a_shell_survives_too(yester: Yester, profile: str) -> None:
    """No signal comes then, but the terminal is as dead."""
    process, terminal = at_terminal("snap", profile)
    wait_for(lambda: b"run.begin" in journal())
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGHUP)
    os.close(terminal)
    process.send_signal(signal.SIGCONT)
    assert process.wait(LIMIT_S) == 0
    assert only_run().state == "complete"
    assert yester("status").code == 0


def test_only_a_dead_terminal_is_left() -> None:
    """In a process of its own, since it is about the standard streams."""
    code = "from yester.tui.cli.terminals import leave_dead_terminal\nimport os, sys\n"
    code += "sys.stdin.readline()\nleave_dead_terminal()\nos.write(1, b'said')\nos.write(int(sys.argv[1]), b'+')\n"
    reading, writing = os.pipe()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(writing)],
        stdin=subprocess.PIPE,
        stdout=theirs,
        pass_fds=(writing,),
        env=environment(),
    )
    os.close(theirs)
    os.close(writing)
    os.close(ours)
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.close()
    assert os.read(reading, 1) == b"+"
    os.close(reading)
    assert process.wait(LIMIT_S) == 0
    leave_dead_terminal()


def test_the_signal_is_heard_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with outliving_terminal():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGHUP) is before


# Detached.


def test_detached_it_returns_when_the_run_has_begun(yester: Yester, profile: str) -> None:
    assert yester("profile", "edit", profile, "--set", "limits.upload=20M").code == 0  # it is not through too soon
    process, terminal = at_terminal("snap", profile, "--detach")
    said = b""
    while b"\n" not in said:
        said += os.read(terminal, 4096)
    assert process.wait(LIMIT_S) == 0
    id = said.decode().split()[0]
    path = journal_path(Places.default().state, id)
    assert b'"phase":"read"' in path.read_bytes()
    os.close(terminal)
    following = follow(Places.default(), id)
    for _ in following:
        pass
    assert following.ended
    wait_for(lambda: not is_alive(path))
    assert only_run().state == "complete"
    assert len(yester("list").out.splitlines()) == 2


def test_detached_it_has_a_session_of_its_own(profile: str) -> None:
    id = json.loads(finish(start("snap", profile, "--detach", "--json")).out)["run"]
    run = only_run()
    assert run.run == id
    if not run.is_over:
        assert os.getsid(run.pid) == run.pid
        assert os.readlink(f"/proc/{run.pid}/fd/1") == "/dev/null"
    wait_for(lambda: only_run().is_over)


def test_detached_it_says_what_kept_it_from_beginning(yester: Yester, profile: str, plain: Path) -> None:
    plain.rename(plain.with_name("away"))
    failed = finish(start("snap", profile, "--detach"))
    assert (failed.code, failed.out) == (6, "")
    assert is_one_complaint(failed.err)
    assert only_run().exit_code == 6
    plain.with_name("away").rename(plain)
    assert finish(start("snap", "nosuch", "--detach")).code == 2
    both = yester("snap", profile, "--detach", "--events")
    assert both.code == 2
    assert is_one_complaint(both.err)


def test_detached_while_another_is_at_work(yester: Yester, profile: str) -> None:
    assert finish(start("snap", profile, "--detach")).code == 0
    assert yester("pause", profile).code == 0
    busy = finish(start("snap", profile, "--detach"))
    assert (busy.code, busy.out) == (4, "")
    assert yester("cancel", profile).code == 0
    wait_for(lambda: all(run.is_over for run in journaled(Places.default().state)))


def test_an_interrupt_before_it_has_begun(yester: Yester, home: Path, docs: Path, tmp_path: Path) -> None:
    """While the passphrase is asked for; the one who asks is the child, and the terminal is his until then."""
    os.environ["YESTER_PASSPHRASE"] = "secret"
    try:
        assert yester("init").code == 0
    finally:
        del os.environ["YESTER_PASSPHRASE"]
    assert yester("profile", "add", "docs", docs).code == 0
    process, terminal = at_terminal("snap", "docs", "--detach")
    drawn = b""
    while b"Passphrase of" not in drawn:
        drawn += os.read(terminal, 4096)
    flags = termios.tcgetattr(terminal)
    assert flags[3] & termios.ISIG
    os.write(terminal, b"\x03")
    assert process.wait(LIMIT_S) == 130
    fcntl.fcntl(terminal, fcntl.F_SETFL, os.O_NONBLOCK)
    os.close(terminal)
    assert only_run().state == "cancelled"
    process, terminal = at_terminal("snap", "docs", "--detach")
    drawn = b""
    while b"Passphrase of" not in drawn:
        drawn += os.read(terminal, 4096)
    os.write(terminal, b"secret\n")
    assert process.wait(LIMIT_S) == 0
    os.close(terminal)
    wait_for(lambda: all(run.is_over for run in journaled(Places.default().state)))
    assert yester("status").code == 0
