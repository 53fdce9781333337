"""What is made of a command that was started."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from yester.engine.places import Places
from yester.tui.serve import commands
from yester.tui.serve.call import Call
from yester.tui.serve.commands import Command
from yester.tui.serve.outbox import Outbox


@pytest.fixture
def command() -> Iterator[Command]:
    """One that ends when it is told."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield Command(process, os.memfd_create("out"), os.memfd_create("err"))
    process.communicate()


def test_a_run_is_found_whose_journal_was_empty_when_it_was_seen_first(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was there before is none of its own, though its process had the same number."""
    looks = []

    def read_run(state: Path, run: str) -> object:
        looks.append(run)
        return SimpleNamespace(pid=command.process.pid) if len(looks) > 1 else None

    monkeypatch.setattr(commands, "run_ids", lambda state: ["before", "own"])
    monkeypatch.setattr(commands, "read_run", read_run)
    assert command.run(Places.default(), {"before"}, Call(1, Outbox())) == "own"
    assert looks == ["own", "own"]


def test_a_run_that_ends_while_it_is_looked_at_has_begun(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short one is over between two looks: what it did is in its journal all the same."""
    looks = []

    def has_begun(journal: Path) -> bool:
        looks.append(journal)
        if len(looks) == 1:
            command.process.communicate()
            return False
        return True

    monkeypatch.setattr(commands, "_has_begun", has_begun)
    assert command.begins(tmp_path / "journal", Call(1, Outbox()))
