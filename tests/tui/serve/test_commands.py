"""What is made of a command that was started."""

import os
import subprocess
from pathlib import Path

import pytest

from yester.tui.serve import commands
from yester.tui.serve.call import Call
from yester.tui.serve.commands import Command
from yester.tui.serve.outbox import Outbox


def test_a_run_that_ends_while_it_is_looked_at_has_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short one is over between two looks: what it did is in its journal all the same."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    command = Command(process, os.memfd_create("out"), os.memfd_create("err"))
    looks = []

    def has_begun(journal: Path) -> bool:
        looks.append(journal)
        if len(looks) == 1:
            process.communicate()
            return False
        return True

    monkeypatch.setattr(commands, "_has_begun", has_begun)
    assert command.begins(tmp_path / "journal", Call(1, Outbox()))
