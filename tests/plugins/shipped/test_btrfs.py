"""Sources that are read from a snapshot of their btrfs subvolume: a real file system on a loop device."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, finish, plain, start, yester  # noqa: F401  fixtures

from yester.engine.places import Places
from yester.plugins.shipped.btrfs import FOLDER

pytestmark = pytest.mark.servers
SIZE = 128 << 20
"""The least that mkfs.btrfs takes is 109 MiB."""

WRITER = """
import os
from pathlib import Path
from yester.plugins.native import Plugin

class Writer(Plugin):
    '''Changes what is to be saved, when the snapshot was made and before anything is read.'''
    order = 60
    def on_run_begin(self, event):
        Path({file!r}).write_text("later")
        print("snapshots:", sorted(os.listdir({folder!r})))
"""


def run(*words: str | Path) -> str:
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted btrfs with a subvolume `home`, in which there is another one, and a folder `data`."""
    if os.geteuid() != 0 or shutil.which("mkfs.btrfs") is None:
        pytest.fail("this needs root, and mkfs.btrfs: apt-get install btrfs-progs", pytrace=False)
    image, point = tmp_path / "image", tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(SIZE)
    run("mkfs.btrfs", "--quiet", image)
    device = run("losetup", "--find", "--show", image)
    try:
        point.mkdir()
        run("mount", device, point)
        try:
            (point / "data").mkdir()
            (point / "data/file").write_text("then")
            run("btrfs", "subvolume", "create", point / "home")
            run("btrfs", "subvolume", "create", point / "home/nested")
            (point / "home/nested/deep").write_text("deep")
            (point / "home/letter").write_text("dear")
            os.link(point / "home/letter", point / "home/other-name")
            yield point
        finally:
            run("umount", point)
    finally:
        run("losetup", "--detach", device)


Switch = Callable[..., None]


@pytest.fixture
def switch(yester: Yester, plain: Path, disk: Path, monkeypatch: pytest.MonkeyPatch) -> Switch:  # noqa: F811
    """Make the profile `disk`, and return what switches the plugin on for it."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    assert yester("profile", "add", "disk", disk / "data", disk / "home").code == 0
    path = Places.default().config / "profiles" / "disk.toml"
    text = path.read_text()

    def on(*options: str) -> None:
        path.write_text("\n".join([text, "[plugins.btrfs]", "enabled = true", *options, ""]))

    return on


def put_writer(disk: Path) -> None:
    path = Places.default().data / "plugins/native/writer.py"
    path.parent.mkdir(parents=True)
    path.write_text(WRITER.format(file=str(disk / "data/file"), folder=str(disk / FOLDER)))


def left(disk: Path) -> list[str]:
    """Return the snapshots that there are."""
    return [line.rpartition("/")[2] for line in run("btrfs", "subvolume", "list", "-s", disk).splitlines()]


def test_what_is_taken_is_of_the_moment_of_the_snapshot(yester: Yester, switch: Switch, disk: Path) -> None:  # noqa: F811
    switch()
    put_writer(disk)
    done = yester("snap", "disk")
    assert (done.code, done.err) == (0, "")
    assert left(disk) == []
    assert (disk / "data/file").read_text() == "later"
    log = yester("log").out
    assert f"btrfs: stdout: {disk} is read from {disk}/{FOLDER}/yester-" in log
    assert "writer: stdout: snapshots: ['yester-" in log
    target = disk.parent / "back"
    assert yester("restore", "latest", "--target", target).code == 0
    back = Path(f"{target}{disk}")
    assert (back / "data/file").read_text() == "then"
    assert (back / "home/nested/deep").read_text() == "deep", "a subvolume in it is read where it is"
    assert os.stat(back / "home/letter").st_nlink == 2
    assert not (back / FOLDER).exists()


@pytest.mark.usefixtures("settled")
def test_with_and_without_nothing_is_read_again(yester: Yester, switch: Switch, disk: Path) -> None:  # noqa: F811
    for subvolume in (disk, disk / "home"):
        (subvolume / FOLDER).mkdir(mode=0o700)  # as the first run leaves it
    # The folder stays, and without the plugin it would be taken, empty as it is.
    for said in ("when_unchanged=skip", f"filters.exclude={FOLDER}/"):
        assert yester("profile", "edit", "disk", "--set", said).code == 0
    assert yester("snap", "disk").code == 0
    for switched in ("enable", "enable", "disable"):
        assert yester("plugin", switched, "btrfs").code == 0
        done = json.loads(yester("snap", "disk", "--json").out)
        assert (done["result"], done["new"], done["changed"], done["unchanged"]) == ("unchanged", 0, 0, 4)
        assert ("is read from" in yester("log").out) == (switched == "enable")
        assert left(disk) == []


def test_a_source_that_is_the_whole_disk(yester: Yester, switch: Switch, disk: Path) -> None:  # noqa: F811
    assert yester("profile", "add", "all", disk).code == 0
    path = Places.default().config / "profiles" / "all.toml"
    path.write_text(path.read_text() + "[plugins.btrfs]\nenabled = true\n")
    for _ in range(2):
        assert yester("snap", "all").err == ""
    target = disk.parent / "back"
    assert yester("restore", "latest", "--target", target).code == 0
    back = Path(f"{target}{disk}")
    names = {str(path.relative_to(back)) for path in back.rglob("*")}
    assert names == {"data", "data/file", "home", "home/nested", "home/nested/deep", "home/letter", "home/other-name"}


def test_a_run_that_is_killed_leaves_no_snapshot(yester: Yester, switch: Switch, disk: Path) -> None:  # noqa: F811
    switch()
    path = Places.default().data / "plugins/native/stands.py"
    path.parent.mkdir(parents=True)
    os.mkfifo(disk.parent / "stands")
    path.write_text(
        "from yester.plugins.native import Plugin\nimport time\n"
        "class Stands(Plugin):\n    order = 60\n    deadlines = {'on_run_begin': 900}\n"
        "    def on_run_begin(self, event):\n"
        f"        open({str(disk.parent / 'stands')!r}, 'w').close()\n        time.sleep(900)\n"
    )
    process = start("snap", "disk")
    (disk.parent / "stands").read_text()
    assert len(left(disk)) == 2
    os.killpg(process.pid, signal.SIGKILL)
    assert finish(process).code == -signal.SIGKILL
    while left(disk):
        os.sched_yield()


@pytest.mark.parametrize(("on_failure", "code"), [("continue", 0), ("stop", 1)])
def test_where_none_can_be_made(
    yester: Yester, switch: Switch, disk: Path, on_failure: str, code: int  # noqa: F811
) -> None:  # fmt: skip
    switch(f'on_failure = "{on_failure}"')
    (disk / FOLDER).mkdir()
    (disk / FOLDER).chmod(0o777)
    done = yester("snap", "disk")
    assert done.code == code
    assert f"{disk}: {disk}/{FOLDER} could be written to by others: remove it" in done.err + yester("log").out
    assert left(disk) == []
    snapshots = json.loads(yester("list", "--json").out)
    assert len(snapshots) == (1 if code == 0 else 0)
