import json
import os
import signal
import time
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start

from yester.engine.places import Places
from yester.fs.mounts import active_mounts
from yester.fs.registry import MountRegistry


@pytest.fixture
def mountpoint(home: Path) -> Path:
    folder = home / "mount"
    folder.mkdir()
    return folder


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    return docs


@pytest.mark.usefixtures("fuse")
def test_mounted_in_the_background(yester: Yester, taken: Path, mountpoint: Path) -> None:
    mounted = finish(start("mount", mountpoint))
    assert mounted == type(mounted)(0, f"mounted: {mountpoint}\n", "")
    assert (mountpoint / "latest" / taken.relative_to("/") / "b.txt").read_text() == "b\n"
    again = finish(start("mount", mountpoint))
    assert again.code == 2
    assert is_one_complaint(again.err)
    assert yester("umount", mountpoint).out == f"unmounted: {mountpoint}\n"
    assert list(mountpoint.iterdir()) == []


def wait_for_their_turn(folder: Path, count: int) -> None:
    """Wait until so many processes wait for the lock of a folder."""
    inode = f":{folder.stat().st_ino} "
    for _ in range(3000):
        waiting = [line for line in Path("/proc/locks").read_text().splitlines() if "->" in line and inode in line]
        if len(waiting) == count:
            return
        time.sleep(0.01)
    pytest.fail(f"never did {count} wait for {folder}")


@pytest.mark.usefixtures("fuse")
def test_of_many_that_mount_at_the_same_place_at_once_one_does(yester: Yester, taken: Path, mountpoint: Path) -> None:
    registry = MountRegistry(Places.default().runtime)
    with registry.turn():
        processes = [start("mount", mountpoint) for _ in range(3)]
        wait_for_their_turn(Places.default().runtime / "mounts", 3)
    ended = sorted((finish(process) for process in processes), key=lambda each: each.code)
    assert [each.code for each in ended] == [0, 2, 2]
    assert all("is a mount of yester already" in each.err for each in ended[1:])
    assert len([mount for mount in active_mounts() if mount.path == os.fsencode(mountpoint)]) == 1
    assert yester("umount", mountpoint).out == f"unmounted: {mountpoint}\n"


@pytest.mark.usefixtures("fuse")
def test_mounted_in_the_foreground_until_stopped(taken: Path, mountpoint: Path) -> None:
    process = start("mount", mountpoint, "--foreground")
    assert process.stdout is not None
    assert process.stdout.readline() == f"mounted: {mountpoint}\n".encode()
    assert (mountpoint / "latest").is_symlink()
    process.send_signal(signal.SIGTERM)
    ended = finish(process)
    assert ended.err == ""
    assert not (mountpoint / "latest").is_symlink()


@pytest.mark.parametrize("command", ["mount", "umount"])
def test_a_mount_point_that_is_not_there(yester: Yester, plain: Path, home: Path, command: str) -> None:
    refused = yester(command, home / "nowhere")
    assert refused.code == 2
    assert is_one_complaint(refused.err)


def test_a_mount_point_that_is_not_empty(yester: Yester, taken: Path) -> None:
    refused = yester("mount", taken)
    assert refused.code == 2
    assert "is not empty" in refused.err


def test_a_mount_point_that_can_not_be_made(yester: Yester, taken: Path) -> None:
    refused = yester("mount", "--make-folder", taken / "b.txt" / "mount")
    assert refused.code == 2
    assert is_one_complaint(refused.err) and "cannot be made: Not a directory" in refused.err
    assert "is not empty" in yester("mount", "--make-folder", taken).err


def test_a_repository_that_is_not_there(home: Path, mountpoint: Path) -> None:
    refused = finish(start("mount", mountpoint))
    assert refused.code == 6
    assert is_one_complaint(refused.err)
    assert list(mountpoint.iterdir()) == []


@pytest.mark.usefixtures("fuse")
def test_one_folder_under_names_of_ones_own(yester: Yester, taken: Path, mountpoint: Path) -> None:
    options = ("--poll", "5", "--time-format", "%Y/%m-%d %T")
    assert finish(start("mount", mountpoint, "--path", taken / "letters", *options)).code == 0
    assert (mountpoint / "a.txt").read_text() == "dear a\n"
    assert yester("umount", mountpoint).code == 0
    assert finish(start("mount", mountpoint, "--profile", "docs", *options)).code == 0
    assert (mountpoint / "latest").resolve().parent.parent == mountpoint
    assert yester("umount", mountpoint).code == 0


UNSHOWABLE = [
    (("--time-format", "%Y/../%d"), "it leads elsewhere"),
    (("--time-format", "backup"), "all would be called the same"),
    (("--time-format", "/%Y"), "it is an absolute path"),
    (("--poll", "0"), "--poll"),
    (("--poll", "never"), "--poll"),
    (("--profile", "nothing"), "Profiles in this repository: docs"),
    (("--snapshot", "nothing"), "There is no snapshot nothing"),
    (("--path", "/nowhere"), "There is no folder /nowhere"),
    (("--path", "/nowhere\x1b[1m"), r"There is no folder /nowhere\x1b[1m"),
]


def test_what_cannot_be_shown(yester: Yester, taken: Path, mountpoint: Path) -> None:
    for options, said in UNSHOWABLE:
        refused = yester("mount", mountpoint, *options)
        assert refused.code == 2, refused
        assert is_one_complaint(refused.err) and said in refused.err
        assert list(mountpoint.iterdir()) == [], options


@pytest.mark.usefixtures("fuse")
def test_mounts_are_listed_let_go_and_cleared(
    yester: Yester, taken: Path, mountpoint: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever runs the tests may have mounts of their own.
    ours = lambda: [mount for mount in active_mounts() if mount.path == bytes(mountpoint)]  # noqa: E731
    monkeypatch.setattr("yester.fs.known_mounts.active_mounts", ours)
    assert yester("mounts").out == "nothing is mounted\n" and json.loads(yester("mounts", "--json").out) == []
    assert finish(start("mount", mountpoint, "--profile", "docs")).code == 0
    mine = [line.split() for line in yester("mounts").out.splitlines() if line.startswith(str(mountpoint))]
    assert mine[0][1:5] == ["live", "profile", "docs", str(plain)]
    listed = [each for each in json.loads(yester("mounts", "--json").out) if each["path"] == str(mountpoint)]
    assert (listed[0]["state"], listed[0]["shows"], listed[0]["repository"]) == ("live", "profile docs", str(plain))
    assert {"pid", "since_ns", "reads", "cache_hits", "cache_misses", "log"} <= set(listed[0])

    with open(mountpoint / "latest" / taken.relative_to("/") / "b.txt") as file:
        busy = yester("umount", mountpoint)
        assert busy.code != 0 and is_one_complaint(busy.err)
        assert "busy" in busy.err and f"yester umount --lazy {mountpoint}" in busy.err
        assert yester("umount", "--lazy", mountpoint).code == 0
        assert file.read() == "b\n" and list(mountpoint.iterdir()) == []

    assert finish(start("mount", mountpoint)).code == 0
    alive = [each for each in json.loads(yester("mounts", "--json").out) if each["path"] == str(mountpoint)]
    os.kill(alive[0]["pid"], signal.SIGKILL)
    while "dead" not in (said := yester("mounts").out):
        assert str(mountpoint) in said
    assert "yester mounts --clean" in said
    assert f"cleared: {mountpoint}" in yester("mounts", "--clean").out
    assert list(mountpoint.iterdir()) == [] and yester("mounts", "--clean").out == "no mount is dead\n"
