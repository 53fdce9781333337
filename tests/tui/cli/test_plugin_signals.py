"""Signals that arrive while plugins hear of mounting and unmounting: who has connected a drive must let go of it."""

import os
import signal
from pathlib import Path

import pytest
from tests.tui.cli import test_plugin_runs
from tests.tui.cli.conftest import finish, start
from tests.tui.cli.test_plugin_runs import heard, put

trace = test_plugin_runs.trace
profile = test_plugin_runs.profile

DRIVE = """
class Drive(Plugin):
    def on_mount_before(self, event): trace(self.name, "mount.before")
    def on_unmount(self, event): trace(self.name, "unmount")
"""
SLOW = """
class Slow(Plugin):
    def {method}(self, event):
        open("{fifo}", "w").close()
        open("{fifo}").close()
        trace(self.name, "goes on")
"""
COMMANDS = {"a run": ("snap", "docs"), "a look": ("list", "--profile", "docs")}


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "fifo")
    return tmp_path / "fifo"


@pytest.mark.parametrize(
    ("number", "code", "command"),
    [
        (signal.SIGINT, 130, COMMANDS["a run"]),
        (signal.SIGTERM, 143, COMMANDS["a look"]),
        pytest.param(signal.SIGTERM, 143, COMMANDS["a run"], marks=pytest.mark.long),
        pytest.param(signal.SIGINT, 130, COMMANDS["a look"], marks=pytest.mark.long),
    ],
    ids=["a run-INT", "a look-TERM", "a run-TERM", "a look-INT"],
)
def test_what_was_connected_is_let_go_of(
    profile: str, trace: Path, fifo: Path, number: signal.Signals, code: int, command: tuple[str, ...]
) -> None:
    put("a", DRIVE)
    put("b", SLOW.format(method="on_mount_before", fifo=fifo))
    process = start(*command)
    fifo.read_bytes()  # b is at work now
    process.send_signal(number)
    ended = finish(process)
    assert ended.code == code
    assert "b: on_mount_before was broken off, since the run is to stop" in ended.err
    assert heard(trace, "a") == ["mount.before", "unmount"]
    assert heard(trace, "b") == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_an_end_is_not_broken_off(profile: str, trace: Path, fifo: Path, command: tuple[str, ...]) -> None:
    put("a", DRIVE)
    put("b", SLOW.format(method="on_unmount", fifo=fifo))
    process = start(*command)
    fifo.read_bytes()
    process.send_signal(signal.SIGINT)
    fifo.write_bytes(b"")
    assert finish(process).code == 130
    assert heard(trace, "b") == ["goes on"]
    assert heard(trace, "a") == ["mount.before", "unmount"]


def test_the_second_signal_does_not_wait(profile: str, trace: Path, fifo: Path) -> None:
    put("a", DRIVE)
    put("b", SLOW.format(method="on_unmount", fifo=fifo))
    process = start("snap", "docs", "--events")
    fifo.read_bytes()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert finish(process).code in (130, 143)
    assert heard(trace, "b") == []
