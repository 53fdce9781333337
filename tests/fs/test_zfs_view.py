"""Snapshots where programs that know ZFS look for them."""

import os
import subprocess
from pathlib import Path

from tests.fs.mounting import World
from tests.fs.test_serving import wait_for


def test_it_is_found_and_not_listed(world: World) -> None:
    (world.source / "file").write_text("content")
    world.take()
    with world.mounted() as mnt:
        assert ".zfs" not in os.listdir(mnt)
        assert os.listdir(mnt / ".zfs") == ["snapshot"]
        [name] = os.listdir(mnt / ".zfs" / "snapshot")
        [time] = os.listdir(mnt / "snapshots" / "docs")
        assert name == f"docs@{time}"
        found = subprocess.run(["find", mnt, "-name", ".zfs"], capture_output=True, text=True, check=True)
        assert found.stdout == ""
        assert not (world.latest / ".zfs").exists()


def test_everything_is_there_by_numbers_of_its_own(world: World) -> None:
    (world.source / "deep").mkdir()
    (world.source / "deep" / "file").write_text("content")
    os.link(world.source / "deep" / "file", world.source / "other")
    sid = world.take()
    with world.mounted() as mnt:
        [top] = (mnt / ".zfs" / "snapshot").iterdir()
        alias = top / str(world.source).lstrip("/")
        assert (alias / "deep" / "file").read_text() == "content"
        one, other = alias / "deep" / "file", alias / "other"
        assert one.stat().st_ino == other.stat().st_ino != (world.latest / "other").stat().st_ino
        real, shown = (
            {str(path.relative_to(start)): path.lstat() for path in [start, *start.rglob("*")]}
            for start in (world.latest, alias)
        )
        assert real.keys() == shown.keys()
        assert not {each.st_ino for each in real.values()} & {each.st_ino for each in shown.values()}
        for name, status in real.items():
            assert status[:1] + status[3:] == shown[name][:1] + shown[name][3:], name
        assert os.stat(alias / "..").st_ino == os.stat(alias.parent).st_ino
        assert os.stat(top / "..").st_ino == os.stat(mnt / ".zfs" / "snapshot").st_ino
        assert os.listdir(alias / ".versions" / "other")
        world.open().forget_snapshot(sid, "asked")
        wait_for(lambda: os.listdir(mnt / ".zfs" / "snapshot") == [])


def test_one_profile_has_times_alone(world: World) -> None:
    world.take()
    world.take("other")
    with world.mounted(profile="docs", times="%Y/%m/%d %H:%M:%S") as mnt:
        [name] = os.listdir(mnt / ".zfs" / "snapshot")
        assert len(name) == len("2026-11-20T16-03-12") and name.count("-") == 4
        assert (mnt / ".zfs" / "snapshot" / name / str(world.source).lstrip("/")).is_dir()


def test_who_stands_in_one_that_is_forgotten_goes_on(world: World) -> None:
    (world.source / "file").write_text("content")
    sid = world.take()
    world.take()
    with world.mounted() as mnt:
        top = sorted((mnt / ".zfs" / "snapshot").iterdir())[0]
        fd = os.open(top / str(world.source).lstrip("/"), os.O_RDONLY)
        try:
            world.open().forget_snapshot(sid, "asked")
            wait_for(lambda: len(os.listdir(mnt / ".zfs" / "snapshot")) == 1)
            assert Path(f"/proc/self/fd/{fd}/file").read_text() == "content"
        finally:
            os.close(fd)
