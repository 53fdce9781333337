"""Commands that leave no record tell plugins of the repository that they open, as runs do."""

import os
from pathlib import Path

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, finish, start

from yester.engine.places import Places

PLUGIN = """
import os
from pathlib import Path
from yester.plugins.native import Plugin

class Drive(Plugin):
    \"\"\"Plays a drive: the repository is only there between mount.before and unmount.\"\"\"
    def on_mount_before(self, event):
        self.trace(f"before {event.profile or '-'}")
        if os.path.exists(event.repository + ".away"):
            os.rename(event.repository + ".away", event.repository)
    def on_mount_after(self, event): self.trace("after")
    def on_unmount(self, event):
        self.trace("unmount")
        os.rename(event.repository, event.repository + ".away")
    def on_run_begin(self, event): self.trace("run.begin")
    def trace(self, what):
        with open(os.environ["TRACE"], "a") as file:
            file.write(what + "\\n")
"""


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    return tmp_path / "trace"


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path, trace: Path) -> str:
    """A profile with a snapshot, in a repository that is away until a plugin fetches it."""
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("snap", "docs").code == 0
    path = Places.default().data / "plugins" / "native" / "drive.py"
    path.parent.mkdir(parents=True)
    path.write_text(PLUGIN)
    os.rename(plain, f"{plain}.away")
    return "docs"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["list"], "-"),
        (["list", "--profile", "docs"], "docs"),
        (["show", "docs@latest"], "docs"),
        (["find", "*.txt"], "-"),
        (["du"], "-"),
        (["diff", "docs@latest", "now"], "docs"),
        (["verify", "docs@latest"], "docs"),
        (["tag", "docs@latest", "--add", "good"], "docs"),
        (["forget", "docs", "--keep-last", "1"], "docs"),
        (["key", "list"], "-"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
def test_a_plugin_makes_the_repository_reachable(
    yester: Yester, profile: str, trace: Path, command: list[str], name: str
) -> None:
    done = yester(*command)
    assert done.code == 0, done
    assert trace.read_text().splitlines() == [f"before {name}", "after", "unmount"]


def test_what_is_open_is_let_go_of_after_a_mistake_too(yester: Yester, profile: str, trace: Path) -> None:
    done = yester("show", "nonsense")
    assert done.code == 2
    assert trace.read_text().splitlines()[-1] == "unmount"


def test_a_mount_keeps_it_until_it_ends(yester: Yester, profile: str, trace: Path, home: Path) -> None:
    mountpoint = home / "mount"
    mountpoint.mkdir()
    mounted = finish(start("mount", mountpoint))
    assert (mounted.code, mounted.err) == (0, "")
    try:
        assert (mountpoint / "latest").is_symlink()
        assert trace.read_text().splitlines() == ["before -", "after"]
    finally:
        assert yester("umount", mountpoint).code == 0
    while "unmount" not in trace.read_text():
        os.sched_yield()  # the server has left the mount and is still at its end
