"""What a plugin did is undone, however the run ends: really killed, and found by the next one."""

import json
import os
import select
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, finish, start

from yester.engine.places import Places
from yester.plugins.undoing.records import folder_of, records

PLUGIN = """
import os, signal
from yester.plugins.native import Plugin

class Stops(Plugin):
    def on_run_begin(self, event):
        undo = f'echo undone >>"{os.environ["TRACE"]}" && echo $PPID >"{os.environ["TRACE"]}.guardian"'
        self.promise = self.will_undo(["sh", "-c", undo], "start it again")
        with open(os.environ["TRACE"], "a") as trace:
            trace.write("done\\n")
        self.end(event.pid)

    def end(self, pid):
        match os.environ.get("END"):
            case "run":
                os.kill(pid, signal.SIGKILL)
            case "group":
                os.killpg(pid, signal.SIGKILL)
            case "all":
                parents = {each: self.parent(each) for each in os.listdir("/proc") if each.isdecimal()}
                guardians = [int(each) for each, parent in parents.items() if parent == pid and self.is_guardian(each)]
                for guardian in guardians:
                    os.kill(guardian, signal.SIGKILL)
                os.kill(pid, signal.SIGKILL)
            case "worker":
                os._exit(3)

    def parent(self, pid):
        try:
            with open(f"/proc/{pid}/stat") as file:
                return int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            return 0

    def is_guardian(self, pid):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"yester.plugins.undoing.guardian" in file.read()

    def on_run_end(self, event):
        if os.environ.get("END") != "forgets":
            self.promise.keep()
            with open(os.environ["TRACE"], "a") as trace:
                trace.write("heard the end\\n")
"""


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    assert yester("profile", "add", "docs", docs).code == 0
    path = Places.default().data / "plugins" / "native" / "stops.py"
    path.parent.mkdir(parents=True)
    path.write_text(PLUGIN)
    return "docs"


def traced(tmp_path: Path) -> list[str]:
    return (tmp_path / "trace").read_text().splitlines()


def left() -> list[Path]:
    return records(folder_of(Places.default().state))


def messages(yester: Yester) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(yester("messages", "--json", "--all").out)
    return [message for message in found if message["source"] == "stops"]


def test_a_run_that_goes_well(yester: Yester, profile: str, tmp_path: Path) -> None:
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "")
    assert traced(tmp_path) == ["done", "undone", "heard the end"]
    assert left() == []
    assert messages(yester) == []


@pytest.mark.parametrize("end", ["forgets", "worker"])
def test_a_plugin_that_does_not_undo(
    yester: Yester, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("END", end)
    assert yester("snap", profile).code == 0
    assert traced(tmp_path) == ["done", "undone"]
    assert left() == []
    assert "At the end yester did what it had left: start it again" in yester("log").out


@pytest.mark.parametrize("end", ["run", "group"])
def test_a_run_that_is_killed(yester: Yester, profile: str, tmp_path: Path, end: str) -> None:
    os.mkfifo(tmp_path / "trace.guardian")
    run = start("snap", profile, END=end)
    with open(tmp_path / "trace.guardian") as file:
        guardian = int(file.read())
    assert finish(run).code == -signal.SIGKILL
    with suppress(ProcessLookupError):
        ended = os.pidfd_open(guardian)
        select.select([ended], [], [])
        os.close(ended)
    assert traced(tmp_path) == ["done", "undone"]
    assert left() == []
    [message] = messages(yester)
    assert (message["level"], message["profile"]) == ("warning", profile)
    assert message["text"] == "An earlier run did not start it again; that is done now"
    (tmp_path / "trace.guardian").unlink()
    assert yester("snap", profile).code == 0
    assert traced(tmp_path) == ["done", "undone", "done", "undone", "heard the end"], "and not once more"


@pytest.mark.parametrize("machine", ["the same", "another"])
def test_a_run_that_is_killed_with_its_guardian(yester: Yester, profile: str, tmp_path: Path, machine: str) -> None:
    """As when the machine goes down: nothing is left but the record."""
    assert finish(start("snap", profile, END="all")).code == -signal.SIGKILL
    assert traced(tmp_path) == ["done"]
    [record] = left()
    said = json.loads(record.read_bytes())
    assert said["boot"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    if machine == "another":
        record.write_bytes(json.dumps({**said, "boot": "an earlier one"}).encode())
    done = yester("check")
    assert done.code == 0
    went_down = ", since the machine went down" if machine == "another" else ""
    words = f"An earlier run did not start it again{went_down}; that is done now"
    assert f"stops: {words}\n" in done.err
    assert traced(tmp_path) == ["done", "undone"]
    assert left() == []
    assert [message["text"] for message in messages(yester)] == [words]


def test_what_is_left_is_also_seen_to_before_a_plugin_is_tried(yester: Yester, profile: str, tmp_path: Path) -> None:
    finish(start("snap", profile, END="all"))
    (Places.default().data / "plugins" / "native" / "stops.py").write_text(PLUGIN.replace("will_undo", "x"))
    assert "An earlier run did not start it again; that is done now" in yester("plugin", "test", "stops").err
    assert traced(tmp_path) == ["done", "undone"]


def test_an_undoing_that_fails_is_told_loudly_and_tried_again(yester: Yester, profile: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.mkdir()  # nothing can be appended to it
    path = Places.default().data / "plugins" / "native" / "stops.py"
    path.write_text(PLUGIN.replace('with open(os.environ["TRACE"], "a") as trace:', "if False:"))
    done = yester("snap", profile)
    assert done.code == 0
    assert "stops: It could not start it again: sh: " in done.err
    assert [message["level"] for message in messages(yester)] == ["error"]
    assert len(left()) == 1
    trace.rmdir()
    assert yester("check").code == 0
    assert traced(tmp_path) == ["undone"]
    assert left() == []
