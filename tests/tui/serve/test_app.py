"""Plugins that live as long as a front end: what native ones hear, and what those of Back In Time do."""

import os
import signal
from pathlib import Path

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester
from tests.tui.serve.client import served

from yester.engine.places import Places

NATIVE = """
import os
from yester.plugins.native import Plugin

def trace(what):
    with open(os.environ["TRACE"], "a") as file:
        file.write(what + "\\n")

class Witness(Plugin):
    def on_app_start(self, event): trace(f"app.start {event.program}")
    def on_mount_before(self, event): trace(f"mount.before {event.profile}")
    def on_mount_after(self, event): trace(f"mount.after {event.profile}")
    def on_unmount(self, event): trace(f"unmount {event.profile}")
    def on_app_exit(self, event): trace(f"app.exit {os.getpid() == self.pid}")
    pid = os.getpid()
"""

ALL = ["app.start tui 1", "mount.before docs", "mount.after docs", "unmount docs", "mount.before other"]
ALL += ["mount.after other", "unmount other", "app.exit True"]


@pytest.fixture
def trace(yester: Yester, plain: Path, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two profiles and a plugin; where it writes what it hears."""
    monkeypatch.setenv("TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    for name in ("docs", "other"):
        assert yester("profile", "add", name, docs).code == 0
    folder = Places.default().data / "plugins/native"
    folder.mkdir(parents=True)
    (folder / "witness.py").write_text(NATIVE)
    assert yester("plugin", "enable", "witness").code == 0
    return tmp_path / "trace"


@pytest.mark.parametrize("is_killed", [False, True], ids=["leaves", "is killed"])
def test_plugins_live_as_long_as_the_client(trace: Path, is_killed: bool) -> None:
    with served() as client:
        client.call("app.start", program="tui 1")
        assert trace.read_text().splitlines() == ALL[:1]
        for name in ("docs", "docs", "other"):
            client.call("snapshots.list", profile=name)
        assert trace.read_text().splitlines() == ALL[:-2]
        if is_killed:  # what is left of a client that was killed is that its ends are closed
            assert client.process.stdin is not None
            assert client.process.stdout is not None
            client.process.stdout.close()
            client.process.stdin.close()
            assert client.process.wait(60) == 0
    assert trace.read_text().splitlines() == ALL


def test_who_starts_late_hears_of_what_is_open(trace: Path) -> None:
    with served() as client:
        client.call("snapshots.list", profile="docs")
        client.call("app.start", program="tui 1")
        assert trace.read_text().splitlines() == ALL[:3]


def test_a_worker_that_dies_leaves_the_server_and_its_answers_alone(trace: Path) -> None:
    """In mid-life, by the hand of another. What goes to it just then is lost; another one takes its place, or none."""
    with served() as client:
        client.call("app.start", program="tui 1")
        client.call("snapshots.list", profile="docs")
        workers = workers_of(client.process.pid)
        assert workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        assert client.call("snapshots.list", profile="other")[0] == []
        assert len(client.call("profiles.list")[0]) == 2
    heard = trace.read_text().splitlines()
    assert heard[:3] == ALL[:3]
    rest = iter([*ALL[3:-1], "app.exit True", "app.exit False"])
    assert all(line in rest for line in heard[3:]), heard


def workers_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that are there still."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    others = [each.read_text().split() for each in Path(f"/proc/{pid}/task").glob("*/children")]
    return [*{int(child) for child in (*found, *(child for each in others for child in each))}]


def test_a_client_that_starts_no_plugins_has_none(trace: Path) -> None:
    with served() as client:
        client.call("snapshots.list", profile="docs")
    assert not os.path.exists(trace)


BACK_IN_TIME = """
import os, pluginmanager

def trace(what):
    with open(os.environ["TRACE"], "a") as file:
        file.write(what + "\\n")

class Witness(pluginmanager.Plugin):
    def __init__(self): self.at = NAME
    def init(self, snapshots): trace(f"{self.at} init"); return True
    def isGui(self): return IS_GUI
    def appStart(self): trace(f"{self.at} appStart")
    def appExit(self): trace(f"{self.at} appExit")
    def mount(self, profileID=None): trace(f"{self.at} mount {profileID!r}")
    def unmount(self, profileID=None): trace(f"{self.at} unmount {profileID!r}"); raise SystemExit(1)
    def processBegin(self): trace(f"{self.at} processBegin")
"""

CALLED = ["appStart", "mount '1'", "unmount '1'", "mount '2'", "unmount '2'", "appExit"]


@pytest.mark.parametrize("is_killed", [False, True], ids=["leaves", "is killed"])
def test_plugins_of_back_in_time_hear_the_program_once_and_profiles_that_are_opened(
    trace: Path, is_killed: bool
) -> None:
    """As contracts have it for its windows: appStart before anything, appExit after all, each once; unmount of the
    old profile before mount of the new one; all of these the last one loaded first, so what is on a desktop
    comes last. An exception out of one keeps nothing from the others."""
    folder = Places.default().data / "plugins/backintime"
    folder.mkdir(parents=True)
    for name, is_gui in (("a_plain", False), ("b_gui", True), ("c_plain", False)):
        text = BACK_IN_TIME.replace("NAME", repr(name[0])).replace("IS_GUI", str(is_gui))
        (folder / f"{name}.py").write_text(text)
    script = Places.default().config / "backintime/user-callback"
    script.parent.mkdir(parents=True)
    script.write_text('#!/bin/sh\necho "script $3 $1 $2" >> "$TRACE"\n')
    script.chmod(0o755)
    with served() as client:
        client.call("app.start", program="tui 1")
        for name in ("docs", "docs", "other"):
            client.call("snapshots.list", profile=name)
        assert client.process.stdin is not None
        if is_killed:
            assert client.process.stdout is not None
            client.process.stdout.close()
            client.process.stdin.close()
            assert client.process.wait(60) == 0
    lines = [line for line in trace.read_text().splitlines() if line.partition(" ")[0] in ("a", "b", "c", "script")]
    assert lines[:3] == ["a init", "b init", "c init"]
    heard = [line for line in lines[3:] if not line.startswith("script")]
    assert heard == [f"{who} {call}" for call in CALLED for who in "cab"]
    reasons = [line.split()[1:] for line in lines if line.startswith("script")]
    assert [reason for reason, *_ in reasons] == ["5", "7", "8", "7", "8", "6"]
    assert [about for _, *about in reasons][1:5] == [["1", "docs"], ["1", "docs"], ["2", "other"], ["2", "other"]]
