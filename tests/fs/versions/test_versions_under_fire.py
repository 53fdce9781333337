"""Versions in real mounts, while all else changes under them."""

import fcntl
import os
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.fs.mounting import World
from tests.fs.test_serving import end, wait_for
from tests.fs.versions.test_versions_mounted import contents, mounted, take

from yester.fs.registry import MountRegistry


def catalogue_of(world: World) -> Path:
    [found] = world.places.cache.rglob("catalogue.sqlite")
    return found


def test_who_looks_first_when_the_mount_has_not_seen_the_newest_finds_what_it_shows(world: World) -> None:
    (world.source / "letter.odt").write_text("one")
    take(world, 1)
    with world.mounted(far=True, poll_seconds=3600) as mnt:
        source = mnt / "versions" / "docs" / str(world.source).lstrip("/")
        (world.source / "letter.odt").write_text("three")
        (world.source / "new").write_text("new")
        take(world, 3)
        (world.source / "letter.odt").write_text("one")
        take(world, 2)
        assert contents(source / "letter.odt") == ["one"]
        assert len(os.listdir(source / ".times")) == 1
        assert not (source / "new").exists()


def test_a_catalogue_that_is_damaged_or_gone_is_made_anew_without_anybody_noticing(world: World) -> None:
    for number in range(300):
        (world.source / f"{number}.txt").write_text("one")
    take(world, 1)
    with mounted(world) as (_, source):
        assert contents(source / "1.txt") == ["one"]
        file = catalogue_of(world)
        with open(file, "r+b") as opened:
            size = os.fstat(opened.fileno()).st_size
            opened.write(os.urandom(size))
        for number in range(2, 30):
            assert contents(source / f"{number}.txt") == ["one"]
        for path in file.parent.glob("catalogue.*"):
            path.unlink()
        for number in range(30, 60):
            assert contents(source / f"{number}.txt") == ["one"]


def test_while_another_process_brings_the_catalogue_up_to_date_only_versions_wait(world: World) -> None:
    (world.source / "letter.odt").write_text("one")
    (world.source / "large").write_bytes(os.urandom(3 << 20))
    for number in range(60):
        (world.source / f"{number}").mkdir()
    take(world, 1)
    with mounted(world, far=True) as (_, source):
        folder = world.open().cache
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "catalogue.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ThreadPoolExecutor(60) as pool:
            waiting = [pool.submit(os.stat, world.latest / f"{number}" / ".versions" / "none") for number in range(60)]
            wait_for(lambda: all(each.running() for each in waiting))
            read = threading.Event()

            def others() -> None:
                assert (world.latest / "large").read_bytes() == (world.source / "large").read_bytes()
                read.set()

            other = threading.Thread(target=others, daemon=True)
            other.start()
            try:
                assert read.wait(20), "others wait for threads that wait for the catalogue"
            finally:
                os.close(lock)
            for each in waiting:
                with pytest.raises(FileNotFoundError):
                    each.result()
        assert contents(source / "letter.odt") == ["one"]


def test_a_server_that_waits_for_the_catalogue_ends_when_it_is_told_to(world: World) -> None:
    (world.source / "letter.odt").write_text("one")
    take(world, 1)
    assert world.try_to_mount().returncode == 0
    record = MountRegistry(world.places.runtime).find(world.mountpoint)
    assert record is not None
    folder = world.open().cache
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "catalogue.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    asking = subprocess.Popen(["ls", world.mountpoint / "versions" / "docs" / "x"], stderr=subprocess.DEVNULL)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            asking.wait(0.5)
        end(record.pid, signal.SIGTERM)
        assert world.mounts() == []
    finally:
        os.close(lock)
        asking.wait()
