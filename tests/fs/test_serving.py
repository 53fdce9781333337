"""Mounting, unmounting, refusing, and what is left when a server dies."""

import errno
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.comparison import compare
from tests.fs.mounting import World
from tests.zoo import build, clear

from yester.engine.errors import UsageError, YesterError
from yester.engine.repository import Repository
from yester.fs.mounts import find_mount, is_dead
from yester.fs.registry import MountRegistry
from yester.fs.unmounting import unmount
from yester.plugins.backends.folder import FolderStore


def content_differences(source: Path, copy: Path) -> Iterator[bytes]:
    """Compare all data of regular files, and a little of the hole after each extent."""
    for folder, _, names in os.walk(bytes(source)):
        for name in names:
            path = os.path.join(folder, name)
            if not stat.S_ISREG(os.lstat(path).st_mode):
                continue
            other = bytes(copy) + path[len(bytes(source)) :]
            with open(path, "rb") as a, open(other, "rb") as b:
                for start, end in extents(a.fileno()):
                    a.seek(start), b.seek(start)
                    if a.read(end - start + 5000) != b.read(end - start + 5000):
                        yield path
                        break


def extents(fd: int) -> Iterator[tuple[int, int]]:
    """Yield where a file has data."""
    end, size = 0, os.fstat(fd).st_size
    while end < size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError:
            return
        end = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, end


def test_a_mount_shows_the_tree_and_goes_away(world: World) -> None:
    (world.source / "file").write_text("content")
    sid = world.take()
    with world.mounted() as mnt:
        assert sorted(os.listdir(mnt)) == ["hosts", "ids", "latest", "snapshots", "tags", "versions"]
        assert (world.latest / "file").read_text() == "content"
        assert os.readlink(mnt / "ids" / sid.hex()).startswith("../snapshots/docs/")
        assert [mount.path for mount in world.mounts()] == [bytes(mnt)]
        record = MountRegistry(world.places.runtime).find(mnt)
        assert record is not None and record.repository == str(world.repository)
    assert world.mounts() == []
    assert MountRegistry(world.places.runtime).find(mnt) is None


def test_every_kind_of_metadata_is_shown_as_it_was(world: World) -> None:
    build(bytes(world.source / "zoo"))
    try:
        world.take()
        with world.mounted():
            # The interface tells no holes, so reading a sparse terabyte would take a day: its data is compared below.
            different = compare(world.source, world.latest, ignore=("content", "holes", "flags"))
            assert list(map(str, different)) == []
            assert list(content_differences(world.source, world.latest)) == []
    finally:
        clear(bytes(world.source / "zoo"))


def test_new_snapshots_appear_and_forgotten_ones_go(world: World) -> None:
    (world.source / "file").write_text("one")
    first = world.take()
    with world.mounted() as mnt:
        (world.source / "file").write_text("two")
        second = world.take()
        wait_for(lambda: (mnt / "ids" / second.hex()).is_symlink())
        wait_for(lambda: (world.latest / "file").read_text() == "two")
        with open(mnt / "ids" / first.hex() / str(world.source).lstrip("/") / "file") as kept:
            repository = Repository.open(FolderStore(world.repository), None, places=world.places)
            repository.forget_snapshot(first, "asked")
            wait_for(lambda: os.listdir(mnt / "ids") == [second.hex()])
            assert len(os.listdir(mnt / "snapshots/docs")) == 1
            assert kept.read() == "one"
        repository.forget_snapshot(second, "asked")
        wait_for(lambda: os.listdir(mnt) == ["hosts", "ids", "snapshots", "tags", "versions"])


def test_inode_numbers_are_the_same_after_a_remount_and_when_others_are_forgotten(world: World) -> None:
    (world.source / "file").write_text("one")
    first = world.take()
    (world.source / "folder").mkdir()
    world.take()
    with world.mounted():
        before = inodes(world.latest)
    FolderStore(world.repository).delete(f"snap.{first.hex()}")
    with world.mounted():
        assert inodes(world.latest) == before
        assert all(number < 2**53 for number in before.values())


def test_sigterm_unmounts(world: World) -> None:
    world.take()
    assert world.try_to_mount().returncode == 0
    record = MountRegistry(world.places.runtime).find(world.mountpoint)
    assert record is not None
    end(record.pid, signal.SIGTERM)
    assert find_mount(world.mountpoint) is None


def test_a_signal_ends_a_server_whose_store_does_not_answer(world: World) -> None:
    (world.source / "file").write_bytes(os.urandom(40 << 20))
    world.take()
    stall = Path(f"{world.repository}.stall")
    assert world.try_to_mount(far=True).returncode == 0
    record = MountRegistry(world.places.runtime).find(world.mountpoint)
    assert record is not None
    file = os.open(world.latest / "file", os.O_RDONLY)
    for at in range(0, 6 << 20, 128 << 10):
        os.pread(file, 128 << 10, at)
    os.close(file)
    stall.touch()
    reading = subprocess.Popen(["cat", world.latest / "file"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            reading.communicate(timeout=0.5)
        end(record.pid, signal.SIGTERM)
        assert find_mount(world.mountpoint) is None
        assert reading.wait(20) != 0
    finally:
        stall.unlink()
        reading.communicate()


def test_a_dead_mount_stays_is_recognised_and_cleared(world: World) -> None:
    world.take()
    assert world.try_to_mount().returncode == 0
    record = MountRegistry(world.places.runtime).find(world.mountpoint)
    assert record is not None
    end(record.pid, signal.SIGKILL)
    # An emptied mount point could make a mirroring job delete everything on the other side.
    assert is_dead(world.mountpoint) and find_mount(world.mountpoint)
    unmount(world.mountpoint, world.places.runtime)
    assert find_mount(world.mountpoint) is None and os.listdir(world.mountpoint) == []


def test_mounting_over_a_dead_mount_clears_it_first(world: World) -> None:
    world.take()
    assert world.try_to_mount().returncode == 0
    record = MountRegistry(world.places.runtime).find(world.mountpoint)
    assert record is not None
    end(record.pid, signal.SIGKILL)
    with world.mounted() as mnt:
        assert "latest" in os.listdir(mnt)
        assert len(world.mounts()) == 1


def test_a_busy_mount_is_not_unmounted_and_goes_on(world: World) -> None:
    (world.source / "file").write_text("one")
    world.take()
    with world.mounted() as mnt, open(world.latest / "file") as file:
        with pytest.raises(YesterError, match="is busy") as caught:
            unmount(mnt, world.places.runtime)
        assert "fuser" in caught.value.hint and "--lazy" in caught.value.hint
        assert file.read() == "one"


def test_what_is_not_a_mount_of_ours_is_not_unmounted(world: World) -> None:
    for place in (world.mountpoint, world.root / "none", Path("/proc")):
        with pytest.raises(UsageError, match="is not a mount of yester"):
            unmount(place, world.places.runtime)


def test_a_second_mount_at_the_same_place_is_refused(world: World) -> None:
    world.take()
    with world.mounted():
        refused = world.try_to_mount()
        assert refused.returncode == 1 and "is a mount of yester already" in refused.stderr


def test_a_mount_point_inside_the_repository_or_around_it_is_refused(world: World) -> None:
    (world.repository / "inside").mkdir()
    world.mountpoint = world.repository / "inside"
    assert "lies inside the repository" in world.try_to_mount().stderr
    world.mountpoint = world.repository
    assert "not empty" in world.try_to_mount().stderr
    assert world.mounts() == []


def test_what_goes_wrong_in_the_background_is_said_in_front(world: World) -> None:
    (world.repository / "config").unlink()
    refused = world.try_to_mount()
    assert "no repository" in refused.stderr or "lost its config" in refused.stderr
    assert refused.stderr.strip().endswith("| 6")
    assert world.mounts() == []


def test_me_and_others_exclude_each_other(world: World) -> None:
    assert "exclude each other" in world.try_to_mount("me", others=True).stderr


def test_with_me_everything_is_mine_and_open(world: World) -> None:
    (world.source / "secret").write_text("x")
    (world.source / "secret").chmod(0 if os.getuid() == 0 else 0o400)
    (world.source / "folder").mkdir(mode=0o000)
    if os.getuid() == 0:
        os.chown(world.source / "secret", 4001, 4001)
    world.take()
    with world.mounted("me"):
        file, folder = (world.latest / "secret").stat(), (world.latest / "folder").stat()
        assert (file.st_uid, file.st_gid, file.st_mode & 0o777) == (os.getuid(), os.getgid(), 0o400)
        assert folder.st_mode & 0o777 == 0o500
        assert (world.latest / "secret").read_text() == "x"


def test_damage_hits_only_the_files_in_it_and_the_log_names_the_pack(world: World) -> None:
    (world.source / "noise").write_bytes(os.urandom(300_000))
    (world.source / "other").write_text("text")
    world.take()
    packs = sorted((world.repository / "data").rglob("data.*"))
    assert len(packs) == 1
    content = bytearray(packs[0].read_bytes())
    content[1000] ^= 1
    packs[0].write_bytes(content)
    with world.mounted():
        with pytest.raises(OSError) as caught:
            (world.latest / "noise").read_bytes()
        assert caught.value.errno == errno.EIO
        assert sorted(os.listdir(world.latest)) == ["noise", "other"]
        assert (world.latest / "noise").stat().st_size == 300_000
        record = MountRegistry(world.places.runtime).find(world.mountpoint)
    assert record is not None and packs[0].name in Path(record.log).read_text()


def test_what_must_be_waited_for_keeps_nobody_else_waiting(world: World) -> None:
    (world.source / "slow").write_bytes(os.urandom(100_000))
    (world.source / "other").mkdir()
    (world.source / "other" / "file").write_text("x")
    world.take()
    stall = world.root / "repository.stall"
    with world.mounted(far=True), ThreadPoolExecutor() as pool:
        stall.touch()
        slow = [pool.submit((world.latest / "slow").read_bytes) for _ in range(3)]
        try:
            assert os.listdir(world.latest / "other") == ["file"]
            assert (world.latest / "other" / "file").stat().st_size == 1
            assert not any(each.done() for each in slow)
        finally:
            stall.unlink()
        assert {each.result() for each in slow} == {(world.source / "slow").read_bytes()}


READ_ALL = """
import mmap, os, random, sys
top, seed = sys.argv[1:]
names = sorted(os.listdir(top))
random.Random(int(seed)).shuffle(names)
for name in names:
    fd = os.open(os.path.join(top, name), os.O_RDONLY)
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as mapped:
        content = mapped[:]
    assert content == os.pread(fd, 1 << 20, 0) == name.encode() * 2000, name
    os.close(fd)
"""


@pytest.mark.parametrize("far", [False, True])
def test_many_programs_may_open_and_read_the_same_files_at_once(world: World, far: bool) -> None:
    for number in range(150):
        (world.source / f"{number:03}").write_text(f"{number:03}" * 2000)
    world.take()
    with world.mounted(far=far):
        command = [sys.executable, "-c", READ_ALL, str(world.latest)]
        programs = [subprocess.Popen([*command, str(seed)]) for seed in range(6)]
        assert [program.wait(60) for program in programs] == [0] * 6


def test_a_far_store_shows_the_same(world: World) -> None:
    build(bytes(world.source / "zoo"))
    try:
        world.take()
        with world.mounted(far=True):
            different = compare(world.source, world.latest, ignore=("content", "holes", "flags"))
            assert list(map(str, different)) == []
            assert list(content_differences(world.source, world.latest)) == []
    finally:
        clear(bytes(world.source / "zoo"))


def inodes(folder: Path) -> dict[str, int]:
    """All inode numbers below a folder, by path."""
    return {str(path): path.lstat().st_ino for path in [folder, *folder.rglob("*")]}


def wait_for(what: Callable[[], bool]) -> None:
    """Ask until it is so; views of these mounts are looked at again ten times a second."""
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def end(pid: int, number: int) -> None:
    """Send a signal and wait for the process to end."""
    fd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(fd, number)
        assert select.select([fd], [], [], 20)[0]
    finally:
        os.close(fd)


def test_without_extended_attributes_there_are_none_and_nobody_else_gets_in(world: World) -> None:
    (world.source / "file").write_text("content")
    os.setxattr(world.source / "file", "user.mood", b"fine")
    world.take()
    with world.mounted(xattrs=False, cache_size=1 << 20):
        assert (world.latest / "file").read_text() == "content"
        for ask in (
            lambda: os.getxattr(world.latest / "file", "user.mood"),
            lambda: os.listxattr(world.latest / "file"),
        ):
            with pytest.raises(OSError) as caught:
                ask()
            assert caught.value.errno == errno.ENOTSUP
    refused = world.try_to_mount(others=True, xattrs=False)
    assert "exclude each other: ACLs would not keep others out" in refused.stderr


def test_a_repository_that_vanishes_and_comes_back(world: World) -> None:
    for name in ("one", "two"):  # in packs of their own: those that are open stay readable
        (world.source / name).mkdir()
        (world.source / name / "file").write_bytes(os.urandom(18 << 20))
    world.take()
    with world.mounted(poll_seconds=0.05) as mnt:
        read = (world.latest / "one" / "file").read_bytes()
        away = world.root / "away"
        away.mkdir()
        # As when a disk is gone: who holds the folder open finds nothing in it.
        names = os.listdir(world.repository)
        for name in names:
            os.rename(world.repository / name, away / name)
        try:
            assert (world.latest / "one" / "file").read_bytes() == read
            with pytest.raises(OSError) as caught:
                (world.latest / "two" / "file").read_bytes()
            assert caught.value.errno == errno.EIO
            for _ in range(5):
                assert os.listdir(mnt / "snapshots") == ["docs"], "what was listed stays"
        finally:
            for name in names:
                os.rename(away / name, world.repository / name)
        assert (world.latest / "two" / "file").read_bytes() == (world.source / "two" / "file").read_bytes()
        (world.source / "three").write_text("three")
        world.take()
        wait_for(lambda: (world.latest / "three").exists())


def test_a_damaged_tree_page_hurts_what_is_in_it_and_the_log_names_it(world: World) -> None:
    for name in ("one", "two"):
        (world.source / name).mkdir()
        for number in range(200):
            (world.source / name / f"{number}").write_text(name)
    world.take()
    (world.source / "three").mkdir()
    for number in range(200):
        (world.source / "three" / f"{number}").write_text("three")
    world.take()
    packs = sorted((world.repository).rglob("meta.*"), key=lambda path: path.stat().st_mtime_ns)
    assert len(packs) >= 2
    flipped = bytearray(packs[-1].read_bytes())
    for at in range(100, len(flipped) - 100, 40):
        flipped[at] ^= 1
    packs[-1].chmod(0o600)
    packs[-1].write_bytes(flipped)
    with world.mounted() as mnt:
        [first, second] = sorted((mnt / "snapshots" / "docs").iterdir())
        old = first / str(world.source).lstrip("/")
        assert {path.read_text() for path in (old / "one").iterdir()} == {"one"}
        with pytest.raises(OSError) as caught:
            os.listdir(second / str(world.source).lstrip("/") / "three")
        assert caught.value.errno == errno.EIO
        assert {path.read_text() for path in (old / "two").iterdir()} == {"two"}
        record = MountRegistry(world.places.runtime).find(mnt)
        assert record is not None
        assert packs[-1].name in Path(record.log).read_text()


def test_a_disk_that_is_taken_away_and_mounted_again(world: World, as_root: None) -> None:
    """As a stick is: what is held open of it answers no more, and stands for nothing that is mounted later."""
    (world.source / "file").write_bytes(os.urandom(18 << 20))
    (world.source / "other").write_bytes(os.urandom(18 << 20))
    disk = world.root / "disk"
    os.rename(world.repository, disk)
    world.repository.mkdir()
    subprocess.run(["mount", "--bind", disk, world.repository], check=True)
    try:
        world.take()
        with world.mounted(poll_seconds=0.05) as mnt:
            assert (world.latest / "file").stat().st_size == 18 << 20
            subprocess.run(["umount", "--lazy", world.repository], check=True)
            os.rename(disk, world.root / "held")  # what is held open is elsewhere, and holds nothing
            held = world.root / "held"
            shutil.copytree(held, disk)
            shutil.rmtree(held)
            with pytest.raises(OSError) as caught:
                (world.latest / "file").read_bytes()
            assert caught.value.errno == errno.EIO
            assert os.listdir(mnt / "snapshots") == ["docs"]
            subprocess.run(["mount", "--bind", disk, world.repository], check=True)
            assert (world.latest / "file").read_bytes() == (world.source / "file").read_bytes()
            assert (world.latest / "other").read_bytes() == (world.source / "other").read_bytes()
    finally:
        subprocess.run(["umount", world.repository], check=True)
