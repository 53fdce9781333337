"""Plugins that live as long as a front end, heard by a native one and one of Back In Time."""

import os
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


def test_a_client_that_starts_no_plugins_has_none(trace: Path) -> None:
    with served() as client:
        client.call("snapshots.list", profile="docs")
    assert not os.path.exists(trace)
