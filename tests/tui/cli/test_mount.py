import signal
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start


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


def test_a_repository_that_is_not_there(home: Path, mountpoint: Path) -> None:
    refused = finish(start("mount", mountpoint))
    assert refused.code == 6
    assert is_one_complaint(refused.err)
    assert list(mountpoint.iterdir()) == []
