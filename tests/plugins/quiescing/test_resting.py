"""What becomes of a run's wishes when a plugin cannot bring all to rest."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.shipped.rig import BEGIN, made
from tests.plugins.shipped.test_sqlite import make

from yester.engine.events import RunBegin
from yester.plugins.native import AskError
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.resting import Resting
from yester.plugins.shipped.sqlite import Sqlite


class Host:
    """Grants so many promises, keeps them when asked to, and notes what is wished."""

    def __init__(self, plugin: Resting, promises: int) -> None:
        self.held: dict[str, list[str]] = {}
        self.wishes: list[tuple[str, Any]] = []
        self._left = promises
        plugin._ask, plugin._wish = self._asked, lambda *wish: self.wishes.append(wish)

    def _asked(self, method: str, *arguments: Any) -> str:
        if method == "undo_hold":
            if not self._left:
                raise AskError("The disk is full")
            self._left -= 1
            self.held[str(self._left)] = arguments[2]
            return str(self._left)
        subprocess.run(self.held.pop(arguments[2]), check=True)
        return ""

    def wished(self, kind: str) -> list[str]:
        return [os.fsdecode(value) for each, value in self.wishes if each == kind]


@pytest.mark.parametrize("promises", [0, 1, 2])
def test_no_database_is_left_out_whose_copy_is_not_there(tmp_path: Path, promises: int) -> None:
    for name in ("a.db", "b.db"):
        make(tmp_path / name, "delete")
    plugin, said = made(Sqlite, databases=[str(tmp_path / "*.db")])
    host = Host(plugin, promises)
    plugin.on_run_begin(BEGIN)
    left_out = [name for name in ("a.db", "b.db") if str(tmp_path / name) in host.wished("exclude")]
    assert left_out == ["a.db", "b.db"][:promises]
    assert [path.name for path in sorted(tmp_path.glob("*.snapshot"))] == [f"{name}.snapshot" for name in left_out]
    assert host.wished("add_source") == [str(tmp_path / f"{name}.snapshot") for name in left_out]
    assert len(said) == (promises < 2)


def _fails(plugin: Resting) -> None:
    raise Failed("no more")


def _asks_too_much(plugin: Resting) -> None:
    plugin.promise(["true"], "do something else")


@pytest.mark.parametrize("then", [_fails, _asks_too_much])
def test_what_was_to_be_left_out_is_taken_when_its_copy_goes(tmp_path: Path, then: Callable[[Resting], None]) -> None:
    copy = tmp_path / "copy"
    steps: list[Callable[[Resting], None]] = []

    class Copies(Sqlite):
        """Copies."""

        def rest(self, event: RunBegin) -> None:
            self.promise(["rm", "--", str(copy)], "remove it")
            copy.touch()
            self.add_source(copy)
            self.leave_out(tmp_path / "data", event)
            for step in steps:
                step(self)

    plugin, said = made(Copies)
    host = Host(plugin, 1)
    plugin.on_run_begin(BEGIN)
    assert host.wished("exclude") == [str(tmp_path / "data")] and said == []
    steps.append(then)
    plugin, said = made(Copies)
    host = Host(plugin, 1)
    plugin.on_run_begin(BEGIN)
    assert host.wished("exclude") == [] and len(said) == 1
    assert not copy.exists() and host.held == {}
