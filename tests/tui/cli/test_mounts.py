"""What `yester mounts` shows on terminals of any width."""

import os
import pty
import termios

import pytest
from tests.tui.cli.conftest import Yester

from yester.fs.known_mounts import KnownMount, MountState
from yester.fs.registry import MountRecord
from yester.fs.tally import Tally
from yester.tui.cli import mounts, terminals

RECORD = MountRecord(
    "/home/somebody/yesterdays", "/media/somebody/backup/repository", 4711, 1_795_240_800 * 10**9, "", "profile docs"
)
MOUNTS = [
    KnownMount(b"/home/somebody/yesterdays", RECORD.repository, MountState.LIVE, RECORD, Tally(18_211, 17, 3, 2), 0),
    KnownMount(b"/mnt/of\x1b[1mothers", "/srv/repository", MountState.LIVE, None, Tally(), 47114711),
]


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "known_mounts", lambda runtime: MOUNTS)


@pytest.mark.parametrize("width", [64, 80, 100])
def test_nothing_is_wider_than_the_terminal(
    yester: Yester, mounted: None, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(mounts, "terminal_width", lambda: width)
    said = yester("mounts").out
    assert all(len(line) <= width for line in said.splitlines())
    for words in (
        "profile docs of /media/somebody/backup/repository",
        "process 4711",
        "18,211 reads, 85 % from memory",
    ):
        assert words in said
    assert "2 open files" in said and "mounted by user 47114711" in said and "\x1b" not in said


def test_there_is_a_table_where_there_is_room(yester: Yester, mounted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (None, 200):
        monkeypatch.setattr(mounts, "terminal_width", lambda width=width: width)
        head, ours, theirs = yester("mounts").out.splitlines()
        assert head.split()[0] == "MOUNTED" and ours.split()[-3:] == ["85", "%", "2"]
        assert "of user 47114711" in theirs


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 61))
    with open(ours, "rb"), open(theirs, "w") as screen:
        monkeypatch.setattr("sys.stdout", screen)
        assert terminals.terminal_width() == 61
        termios.tcsetwinsize(theirs, (0, 0))
        assert terminals.terminal_width() is None
    with open(os.devnull, "w") as nothing:
        monkeypatch.setattr("sys.stdout", nothing)
        assert terminals.terminal_width() is None
