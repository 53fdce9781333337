"""Each path as a folder of what it was, in real mounts."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.fs.mounting import World
from tests.fs.test_contract import GUEST, become
from tests.fs.test_serving import wait_for

DAY = 86_400 * 10**9


def take(world: World, day: int, profile: str = "docs") -> None:
    """Take a snapshot as if on that day: names of one second need not sort as time passed."""
    repository = world.open()
    sid = world.take(profile)
    world.put(sid, time_ns=20_000 * DAY + day * DAY)
    repository.forget_snapshot(sid, "moved")


@pytest.fixture
def past(world: World) -> World:
    """Four snapshots: a letter of three versions, a note that was deleted, a path that was a file and then a folder."""
    source = world.source
    (source / "deep").mkdir()
    (source / "deep" / "letter.odt").write_text("one")
    (source / "note").write_text("gone")
    (source / "both.d").write_text("file")
    (source / "link").symlink_to("deep/letter.odt")
    take(world, 1)
    (source / "deep" / "letter.odt").write_text("two")
    os.setxattr(source / "deep" / "letter.odt", "user.mood", b"fine")
    (source / "deep" / "letter.odt").chmod(0o640)
    (source / "note").unlink()
    (source / "both.d").unlink()
    (source / "both.d").mkdir()
    (source / "both.d" / "inner").write_text("in")
    take(world, 2)
    take(world, 3)
    (source / "deep" / "letter.odt").write_text("three")
    take(world, 4)
    return world


@contextmanager
def mounted(world: World, far: bool = False, **plan: Any) -> Iterator[tuple[Path, Path]]:
    """The mount, and the source below its versions."""
    with world.mounted(far=far, **plan) as mnt:
        top = mnt / "versions" if plan else mnt / "versions" / "docs"
        yield mnt, top / str(world.source).lstrip("/")


def contents(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.iterdir())]


def test_a_file_is_a_folder_of_its_versions(past: World) -> None:
    with mounted(past) as (mnt, source):
        assert os.listdir(mnt / "versions") == ["docs"]
        assert sorted(os.listdir(source)) == [".times", "both.d", "deep", "link", "note"]
        letter = source / "deep" / "letter.odt"
        assert contents(letter) == ["one", "two", "three"]
        assert all(name.startswith("20") and name.endswith(".odt") for name in os.listdir(letter))
        assert contents(source / "note") == ["gone"]


def test_a_far_store_shows_the_same(past: World) -> None:
    with mounted(past, far=True) as (_, source):
        assert contents(source / "deep" / "letter.odt") == ["one", "two", "three"]


def test_a_version_has_the_attributes_of_its_time(past: World) -> None:
    with mounted(past) as (mnt, source):
        two = sorted((source / "deep" / "letter.odt").iterdir())[1]
        taken = sorted((mnt / "snapshots" / "docs").iterdir())[1] / str(past.source).lstrip("/") / "deep" / "letter.odt"
        one, other = two.stat(), taken.stat()
        for field in ("st_mode", "st_uid", "st_gid", "st_size", "st_mtime_ns", "st_nlink"):
            assert getattr(one, field) == getattr(other, field), field
        assert one.st_ino != other.st_ino
        assert os.listxattr(two) == ["user.mood"]
        assert os.getxattr(two, "user.mood") == b"fine"
        assert os.getxattr(two, "user.yester.blob") == os.getxattr(taken, "user.yester.blob")
        with pytest.raises(OSError) as caught:
            os.getxattr(source / "deep", "user.mood")
        assert caught.value.errno == errno.ENODATA
        assert os.listxattr(source / "deep") == []


def test_plain_cp_brings_a_version_back(past: World, tmp_path: Path) -> None:
    with mounted(past) as (_, source):
        [note] = (source / "note").iterdir()
        subprocess.run(["cp", "-a", note, tmp_path / "back"], check=True)
        assert (tmp_path / "back").read_text() == "gone"
        subprocess.run(["cp", "-a", source / "deep" / "letter.odt", tmp_path / "all"], check=True)
        assert contents(tmp_path / "all") == ["one", "two", "three"]
        [link] = (source / "link").iterdir()
        assert os.readlink(link) == "deep/letter.odt"


def test_a_path_that_was_a_file_and_then_a_folder_is_both(past: World) -> None:
    with mounted(past) as (_, source):
        names = sorted(os.listdir(source / "both.d"))
        assert [name for name in names if name.startswith("20")] == [names[1]]
        assert (source / "both.d" / names[1]).read_text() == "file"
        assert contents(source / "both.d" / "inner") == ["in"]
        assert len(os.listdir(source / "both.d" / ".times")) == 1


def test_a_folder_says_when_it_changed(past: World) -> None:
    with mounted(past) as (mnt, source):
        times = sorted((source / "deep" / ".times").iterdir())
        assert len(times) == 3
        assert [(time / "letter.odt").read_text() for time in times] == ["one", "two", "three"]
        assert all(os.readlink(time).startswith("../") for time in times)
        newest = sorted((mnt / "snapshots" / "docs").iterdir())[-1]
        assert times[-1].resolve() == newest / str(past.source).lstrip("/") / "deep"


def test_every_folder_of_a_snapshot_has_versions_that_nobody_lists(past: World) -> None:
    with mounted(past) as (mnt, source):
        for below in ("", "deep"):
            folder = past.latest / below
            assert ".versions" not in os.listdir(folder)
            assert sorted(os.listdir(folder / ".versions")) == sorted(os.listdir(source / below))
        assert contents(past.latest / "deep" / ".versions" / "letter.odt") == ["one", "two", "three"]
        first = sorted((mnt / "snapshots" / "docs").iterdir())[0] / str(past.source).lstrip("/")
        assert contents(first / ".versions" / "note") == ["gone"]
        time = sorted((past.latest / ".versions" / "deep" / ".times").iterdir())[0]
        assert (time / "letter.odt").read_text() == "one"
        assert os.stat(past.latest / "deep" / ".versions" / "..").st_ino == os.stat(past.latest / "deep").st_ino
        found = subprocess.run(["find", past.latest], capture_output=True, text=True, check=True).stdout
        assert ".versions" not in found
        assert not (past.latest / "deep" / "letter.odt" / ".versions").exists()
        assert not (mnt / "snapshots" / ".versions").exists()


def test_what_is_really_called_so_wins(world: World) -> None:
    (world.source / ".versions").write_text("mine")
    (world.source / ".times").write_text("mine too")
    world.take()
    with mounted(world) as (_, source):
        assert (world.latest / ".versions").read_text() == "mine"
        assert contents(source / ".versions") == ["mine"]
        assert contents(source / ".times") == ["mine too"]
        assert sorted(os.listdir(source)) == [".times", ".versions"]


def test_new_versions_appear_and_forgotten_ones_go(past: World) -> None:
    with mounted(past) as (_, source):
        letter = source / "deep" / "letter.odt"
        assert len(os.listdir(letter)) == 3
        with open(sorted(letter.iterdir())[0]) as kept:
            (past.source / "deep" / "letter.odt").write_text("four")
            (past.source / "new").write_text("new")
            take(past, 5)
            wait_for(lambda: len(os.listdir(letter)) == 4)
            assert contents(source / "new") == ["new"]
            repository = past.open()
            repository.forget_snapshot(repository.snapshots()[0][0], "asked")
            wait_for(lambda: len(os.listdir(letter)) == 3)
            assert contents(letter) == ["two", "three", "four"]
            wait_for(lambda: not (source / "note").exists())
            assert kept.read() == "one"


def test_one_profile_has_its_versions_at_the_top(past: World) -> None:
    past.take("other")
    with mounted(past, profile="docs") as (mnt, source):
        assert contents(source / "deep" / "letter.odt") == ["one", "two", "three"]
        time = sorted((source / "deep" / ".times").iterdir())[0]
        assert (time / "letter.odt").read_text() == "one"
        assert contents(past.latest / "deep" / ".versions" / "letter.odt") == ["one", "two", "three"]
        assert os.listdir(mnt / "versions") != ["docs"]


def test_profiles_do_not_mix(past: World) -> None:
    (past.source / "deep" / "letter.odt").write_text("of another")
    past.take("other")
    with past.mounted() as mnt:
        assert sorted(os.listdir(mnt / "versions")) == ["docs", "other"]
        letter = Path(str(past.source).lstrip("/")) / "deep" / "letter.odt"
        assert contents(mnt / "versions" / "other" / letter) == ["of another"]
        assert contents(mnt / "versions" / "docs" / letter) == ["one", "two", "three"]


def test_a_narrowed_mount_has_none(past: World) -> None:
    with past.mounted(snapshot="latest") as mnt:
        assert "versions" not in os.listdir(mnt)
        assert not (mnt / ".versions").exists()


def test_names_that_are_no_text_and_a_long_listing(world: World) -> None:
    for number in range(700):
        (world.source / f"{number}").write_text("x")
    odd = os.fsencode(world.source) + b"/\xff.\xfe"
    Path(os.fsdecode(odd)).write_text("odd")
    world.take()
    with mounted(world) as (_, source):
        names = os.listdir(bytes(source))
        assert len(names) == len(set(names)) == 702
        [name] = os.listdir(bytes(source) + b"/\xff.\xfe")
        assert name.endswith(b".\xfe")
        numbers = {entry.inode() for entry in os.scandir(source)}
        assert len(numbers) == 702


@pytest.mark.passable
@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root may")
def test_only_the_mounter_gets_in(tmp_path: Path, fuse: None) -> None:
    world = World(tmp_path)
    world.source.chmod(0o700)
    (world.source / "secret").write_text("x")
    world.take()
    world.source.chmod(0o755)
    world.take()
    os.chmod("/dev/fuse", 0o666)
    with world.mounted(others=True) as mnt:
        assert become(GUEST, (world.latest / "secret").read_bytes) == 0
        for folder in (mnt / "versions" / "docs", world.latest / ".versions"):
            assert become(GUEST, lambda folder=folder: os.listdir(folder)) == errno.EACCES  # type: ignore[misc]
