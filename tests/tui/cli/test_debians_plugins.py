"""The plugin files of Debian's Back In Time, as they come out of its packages, in a run of yester."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester
from tests.tui.cli.test_backintime_runs import PATH as SNAPSHOT
from tests.tui.cli.test_backintime_runs import SCRIPT, callback, heard, journal, options, profile, trace

from yester.engine.places import Places

pytestmark = pytest.mark.servers

__all__ = ["profile", "trace"]
_PACKAGES = ("backintime-common", "backintime-qt")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of plugins, from packages that are unpacked and not installed: they would bring a whole desktop."""
    folder = tmp_path_factory.mktemp("packages")
    download = ["apt-get", "download", *_PACKAGES]
    if subprocess.run(download, cwd=folder, capture_output=True, check=False).returncode != 0:
        subprocess.run(["apt-get", "update"], capture_output=True, check=True)
        subprocess.run(download, cwd=folder, capture_output=True, check=True)
    for package in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", package, folder / "root"], check=True)
    return folder / "root/usr/share/backintime/plugins"


@pytest.fixture
def installed(theirs: Path, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """All of them in yester's folder; programs of a desktop are stand-ins that write down their arguments."""
    folder = Places.default().data / "plugins" / "backintime"
    folder.mkdir(parents=True)
    for name in ("usercallbackplugin.py", "notifyplugin.py", "qt4plugin.py"):
        shutil.copy(theirs / name, folder / name)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("notify-send", "xdpyinfo"):
        (programs / name).write_text(SCRIPT.replace("sys.argv[1:]", f"[{name!r}, *sys.argv[1:]]"))
        (programs / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return profile


@pytest.mark.parametrize("display", ["", ":99"])
def test_a_run(
    yester: Yester, installed: str, trace: Path, monkeypatch: pytest.MonkeyPatch, display: str, fuse: None
) -> None:
    monkeypatch.setenv("DISPLAY", display)
    callback()
    done = yester("snap", installed)
    assert (done.code, done.err) == (0, "")
    assert heard(trace) == [
        ["1", "docs", "7"],
        ["1", "docs", "1"],
        ["1", "docs", "3", "SID", SNAPSHOT],
        ["1", "docs", "2"],
        ["1", "docs", "8"],
    ]
    assert not [each for each in journal(yester) if each.source == "qt4plugin"]
    for name in ("usercallbackplugin", "notifyplugin", "qt4plugin"):
        assert yester("plugin", "test", name).code == 0


def test_failures_are_shown_and_reach_the_script(
    yester: Yester, installed: str, trace: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    callback()
    shutil.rmtree(docs)
    yester("snap", installed)
    text = f"No source of the profile docs exists: {docs}"
    told = heard(trace)
    title = next(each for each in told if each[0] == "notify-send")
    assert title[1].startswith("Back In Time (")
    assert title[1].endswith(") : docs")
    assert title[2] == text
    assert [each[2:] for each in told if each[0] == "1"] == [["7"], ["1"], ["4", "5", text], ["2"], ["8"]]


def test_a_target_that_is_missing_is_said_on_the_desktop(
    yester: Yester, installed: str, trace: Path, plain: Path
) -> None:
    callback()
    plain.rename(plain.with_name("away"))
    for name in ("usercallbackplugin", "notifyplugin", "qt4plugin"):
        options(name, wait=1 if name == "notifyplugin" else 0)
    assert yester("snap", installed).code == 6
    told = heard(trace)
    assert [each[2:] for each in told if each[0] == "1"] == [["7"], ["1"], ["4", "3"], ["2"], ["8"]]
    assert next(each for each in told if each[0] == "notify-send")[1:3] == ["-t", "1000"]


def test_an_exit_code_at_the_begin_stops_the_run(yester: Yester, installed: str, trace: Path) -> None:
    callback(SCRIPT + 'sys.exit(1 if sys.argv[3] == "1" else 0)\n')
    assert yester("snap", installed).code == 1
    assert [each[2] for each in heard(trace)] == ["7", "1", "8"]
