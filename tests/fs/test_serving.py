"""Mounting, unmounting, refusing, and what is left when a server dies."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tests.comparison import compare
from tests.fs.mounting import World
from tests.zoo import build, clear

from yester.fs.registry import MountRegistry
from yester.fs.serving import active_mounts


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
        assert sorted(os.listdir(mnt)) == ["ids", "latest", "snapshots"]
        assert (world.latest / "file").read_text() == "content"
        assert os.readlink(mnt / "ids" / sid.hex()).startswith("../snapshots/docs/")
        assert [mount.path for mount in active_mounts()] == [bytes(mnt)]
        record = MountRegistry(world.places.runtime).find(mnt)
        assert record is not None and record.repository == str(world.repository)
    assert active_mounts() == []
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
