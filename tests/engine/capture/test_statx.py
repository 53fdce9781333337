import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from yester.engine.capture import statx
from yester.engine.capture.statx import Probe, Status


@pytest.fixture(params=["statx", "stat"])
def probe(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """With the system call, and where a sandbox forbids it."""
    if request.param == "stat":
        monkeypatch.setattr(statx, "_statx", lambda *_: -1)
    return Probe()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def agrees(status: Status, found: os.stat_result) -> bool:
    names = ("mode", "ino", "size", "blocks", "nlink", "uid", "gid", "mtime_ns", "ctime_ns", "dev")
    return all(getattr(status, f"st_{name}") == getattr(found, f"st_{name}") for name in names) and (
        status.rdev_major,
        status.rdev_minor,
    ) == (os.major(found.st_rdev), os.minor(found.st_rdev))


def refuse(name: bytes, error: OSError) -> None:
    raise AssertionError(name) from error


def test_every_field_is_what_stat_says(tmp_path: Path, folder: int, probe: Probe) -> None:
    (tmp_path / "file").write_bytes(b"content" * 1000)
    os.utime(tmp_path / "file", ns=(5, -1_500_000_001))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/null")
    os.link(tmp_path / "file", tmp_path / "same")
    names = [b"file", b"folder", b"link", b"same"]
    there, stats = probe.statuses(folder, [*names, b"vanished"], refuse)
    assert there == names
    found = [os.lstat(tmp_path / os.fsdecode(name)) for name in names]
    assert len(stats) == 4
    assert all(map(agrees, stats, found))
    assert all(agrees(stats[row], found[row]) for row in range(4))
    assert all(map(agrees, stats.selected([3, 1]), [found[3], found[1]]))
    assert stats.modes == [each.st_mode for each in found]
    assert stats.links == [each.st_nlink for each in found]
    assert stats.sizes == [each.st_size for each in found]
    assert stats.changes_s == [each.st_ctime_ns // 10**9 for each in found]
    assert agrees(probe.status(folder, b"file"), found[0])
    assert agrees(probe.status(folder), os.fstat(folder))
    device = os.open("/dev", os.O_RDONLY)
    assert agrees(probe.status(device, b"null"), os.lstat("/dev/null"))
    os.close(device)
    with pytest.raises(FileNotFoundError):
        probe.status(folder, b"vanished")


@pytest.mark.parametrize("count", [0, 255, 256, 257, 600])
def test_directories_of_any_size(tmp_path: Path, folder: int, probe: Probe, count: int) -> None:
    names = [b"%04d" % number for number in range(count)]
    for number, name in enumerate(names):
        file = os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=folder)
        os.truncate(file, number)
        os.close(file)
    there, stats = probe.statuses(folder, names, refuse)
    assert there == names
    assert stats.sizes == list(range(count))
    if count:
        os.unlink(names[-1], dir_fd=folder)
        there, stats = probe.statuses(folder, names, refuse)
        assert (there, stats.sizes) == (names[:-1], list(range(count - 1)))


def test_birth_time_is_what_the_system_says(tmp_path: Path, folder: int) -> None:
    path = tmp_path / "file"
    path.touch()
    words = subprocess.run(["stat", "-c", "%.9W", path], capture_output=True, text=True, check=True).stdout
    seconds, _, ns = words.strip().partition(".")
    assert Probe().status(folder, b"file").birth_ns == int(seconds) * 10**9 + int(ns)


def test_where_a_sandbox_forbids_the_call_birth_times_are_unknown(folder: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statx, "_statx", lambda *_: -1)
    assert Probe().status(folder).birth_ns is None


def test_a_second_look_sees_every_change(tmp_path: Path, folder: int, probe: Probe) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    status = probe.status(folder, b"file")
    file = os.open(path, os.O_RDWR)
    try:
        assert probe.is_still(file, status)
        os.utime(file, ns=(0, status.st_mtime_ns - 1))
        assert not probe.is_still(file, status)
        status = probe.status(folder, b"file")
        os.write(file, b"longer")
        assert not probe.is_still(file, status)
        path.unlink()
        path.write_bytes(b"longer")
        assert not probe.is_still(file, probe.status(folder, b"file"))
    finally:
        os.close(file)


def test_times_before_1970(tmp_path: Path, folder: int, probe: Probe) -> None:
    path = tmp_path / "file"
    path.touch()
    os.utime(path, ns=(-5_500_000_000, -1_500_000_001))
    status = probe.status(folder, b"file")
    assert status.st_mtime_ns == -1_500_000_001
    with path.open() as file:
        assert probe.is_still(file.fileno(), status)
