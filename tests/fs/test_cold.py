"""A mount of files that are offline: packs are in an archive and in the store no more."""

import errno
import os
import random
import subprocess
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.fs.mounting import World

from yester.engine.archive.holdings import Holding
from yester.engine.archive.needing import offline_among
from yester.engine.archive.recording import record_held
from yester.engine.ids import PackId
from yester.engine.packs.packs import OpenPack
from yester.engine.sealed.sealing import digest_of
from yester.engine.trees.directories import decode_root, open_directory, resolve, walk
from yester.fs.known_mounts import known_mounts
from yester.fs.registry import log_path

pytestmark = pytest.mark.usefixtures("fuse")

FILES, PACKS = 240, 24
SIZE = 2_000

RECALLS = """
import time
from pathlib import Path
from yester.engine.archive.recaller import Recaller

def recalls(repository):
    archive = Path({archive!r})

    def bring(packs):
        with open(archive / "calls", "a") as calls:
            calls.write(f"{{len(packs)}}\\n")
        while (archive / "stall").exists():
            time.sleep(0.01)
        lost = {{}}
        for pack in packs:
            name = "data." + pack.hex()
            if (archive / name).exists():
                repository.store.put(name, [(archive / name).read_bytes()])
            else:
                lost[pack] = "the tape is torn"
        return lost

    return Recaller(bring)
"""


class Shelf:
    """A repository of which every data pack is in an archive and offline."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.folder = world.root / "archive"
        self.folder.mkdir()

    def fill(self, files: int, packs: int) -> None:
        """Take a snapshot of files in folders, with so many packs of data."""
        noise = random.Random(1)
        for number in range(files):
            path = self.world.source / f"{number % 7}/{number % 3}/{number}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(noise.randbytes(SIZE))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("yester.engine.packs.writing.FRAME_SIZE", -(-files // packs) * SIZE)
            patched.setattr(OpenPack, "fits", lambda *_: False)
            self.world.take()
        assert len(self.packs()) == -(-files // -(-files // packs))

    def packs(self) -> set[PackId]:
        """Return the data packs that are online."""
        repository = self.world.open()
        try:
            return {PackId(digest_of(name)) for name in repository.store.list("data.")}
        finally:
            repository.close()

    def purge(self, spared: Collection[PackId] = ()) -> list[PackId]:
        """Archive all data packs but some, and delete them."""
        packs = sorted(self.packs() - {*spared})
        repository = self.world.open()
        try:
            record_held(repository, [self._taken(pack, repository.store.get(f"data.{pack.hex()}")) for pack in packs])
            for pack in packs:
                repository.store.delete(f"data.{pack.hex()}")
        finally:
            repository.close()
        return packs

    def _taken(self, pack: PackId, data: bytes) -> Holding:
        (self.folder / f"data.{pack.hex()}").write_bytes(data)
        return Holding(
            pack=pack,
            archive="guid",
            archive_name="tapes",
            policy="p",
            job="1",
            size=len(data),
            sha1="",
            archived_ns=1,
            volumes=("A0001",),
        )

    def recalls(self) -> str:
        """Return a server's code that recalls from here."""
        return RECALLS.format(archive=str(self.folder))

    @property
    def calls(self) -> list[int]:
        """How many packs each call was for."""
        return [int(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world)


def open_files(world: World) -> int:
    [mount] = [each for each in known_mounts(world.places.runtime) if each.path == os.fsencode(world.mountpoint)]
    return mount.tally.open_files


@pytest.fixture(params=[False, True], ids=["local", "far"])
def far(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_an_offline_file_is_listed_with_all_its_attributes(shelf: Shelf, far: bool) -> None:
    world = shelf.world
    shelf.fill(6, 2)
    os.setxattr(world.source / "0/0/0", b"user.colour", b"blue")
    world.take()
    packs = shelf.purge()
    with world.mounted(far=far):
        file, original = world.latest / "0/0/0", world.source / "0/0/0"
        was, now = original.stat(), file.stat()
        assert (now.st_size, now.st_mtime_ns, now.st_mode, now.st_uid) == (
            was.st_size,
            was.st_mtime_ns,
            was.st_mode,
            was.st_uid,
        )
        assert os.listxattr(file) == ["user.colour"]
        assert os.getxattr(file, "user.yester.tier") == b"offline"
        words = os.getxattr(file, "user.yester.recall").decode()
        assert words.startswith("it is in the archive tapes on A0001: yester recall ")
        assert words.endswith(f":{original}")
        with pytest.raises(OSError) as caught:
            file.read_bytes()
        assert caught.value.errno == errno.EIO
        said = log_path(world.places.state, world.mountpoint).read_text()
        assert "is offline: it is in the archive tapes on A0001, and yester recall brings it back" in said
        assert "Traceback" not in said
        # It comes back while the mount is there.
        repository = world.open()
        for pack in packs:
            name = f"data.{pack.hex()}"
            repository.store.put(name, [(shelf.folder / name).read_bytes()])
        repository.close()
        assert file.read_bytes() == original.read_bytes()
        assert os.getxattr(file, "user.yester.tier") == b"online"
        with pytest.raises(OSError) as caught:
            os.getxattr(file, "user.yester.recall")
        assert caught.value.errno == errno.ENODATA


def test_of_a_page_of_entries_it_is_told_which_are_offline(shelf: Shelf) -> None:
    shelf.fill(4, 2)
    online = shelf.packs()
    (shelf.world.source / "online").write_bytes(b"here")
    shelf.world.take()
    shelf.purge(shelf.packs() - online)
    repository = shelf.world.open()
    try:
        [*_, (_, snapshot)] = repository.snapshots()
        found = resolve(repository.reader(), decode_root(snapshot.root), bytes(shelf.world.source))
        assert found is not None
        inside = open_directory(repository.reader(), found)
        entries = [leaf.entry(row) for leaf, *_ in inside.leaves() for row in range(leaf.count)]
        assert [entry.name for entry in entries][-1] == b"online"
        assert offline_among(repository, entries) == [False] * len(entries)  # folders, and one that is online
        [deep] = (
            entry
            for path, entry, _ in walk(repository.reader(), decode_root(snapshot.root))
            if path == bytes(shelf.world.source / "0/0/0")
        )
        assert offline_among(repository, [deep, entries[-1]]) == [True, False]
    finally:
        repository.close()


def test_only_files_of_snapshots_have_a_tier(shelf: Shelf) -> None:
    shelf.fill(2, 1)
    with shelf.world.mounted():
        (shelf.world.source / "empty").touch()
        for path in (shelf.world.mountpoint, shelf.world.latest, shelf.world.mountpoint / "snapshots"):
            with pytest.raises(OSError) as caught:
                os.getxattr(path, "user.yester.tier")
            assert caught.value.errno == errno.ENODATA
        assert os.getxattr(shelf.world.latest / "0/0/0", "user.yester.tier") == b"online"
        [version] = os.listdir(shelf.world.latest / "0/0/.versions/0")
        assert os.getxattr(shelf.world.latest / "0/0/.versions/0" / version, "user.yester.tier") == b"online"


def test_a_copy_of_many_files_makes_two_calls(shelf: Shelf, tmp_path: Path, far: bool) -> None:
    shelf.fill(FILES, PACKS)
    assert len(shelf.purge()) == PACKS
    with shelf.world.mounted(far=far, before=shelf.recalls()):
        subprocess.run(["cp", "-a", shelf.world.latest, tmp_path / "copy"], check=True)
    subprocess.run(["diff", "-r", shelf.world.source, tmp_path / "copy"], check=True)
    assert len(shelf.calls) <= 2
    assert sum(shelf.calls) == PACKS


def test_one_file_brings_back_no_more_than_it_needs(shelf: Shelf) -> None:
    shelf.fill(60, 6)
    shelf.purge()
    with shelf.world.mounted(before=shelf.recalls()):
        for name in ("0/0/0", "1/1/1"):
            assert (shelf.world.latest / name).read_bytes() == (shelf.world.source / name).read_bytes()
    assert shelf.calls == [1, 1]


def test_others_read_on_meanwhile(shelf: Shelf, far: bool) -> None:
    """However many wait, up to MOST_ASLEEP: more than pyfuse3 answers at once if nothing is said."""
    many = 110
    shelf.fill(many, 2)
    before = shelf.packs()
    (shelf.world.source / "online").write_bytes(b"here")
    shelf.world.take()
    shelf.purge(shelf.packs() - before)
    (shelf.folder / "stall").touch()
    names = [f"{number % 7}/{number % 3}/{number}" for number in range(many)]
    with shelf.world.mounted(far=far, before=shelf.recalls()), ThreadPoolExecutor(many + 1) as pool:
        waiting = [pool.submit((shelf.world.latest / name).read_bytes) for name in names]
        try:
            while not (shelf.folder / "calls").exists() or open_files(shelf.world) < many:
                assert pool.submit((shelf.world.latest / "online").read_bytes).result(60) == b"here"
            assert pool.submit((shelf.world.latest / "online").read_bytes).result(60) == b"here"
            assert not any(each.done() for each in waiting)
        finally:
            (shelf.folder / "stall").unlink()
        assert [each.result() for each in waiting] == [(shelf.world.source / name).read_bytes() for name in names]


def test_what_does_not_come_is_said_and_the_rest_comes(shelf: Shelf) -> None:
    shelf.fill(4, 2)
    torn, *_ = shelf.purge()
    (shelf.folder / f"data.{torn.hex()}").unlink()
    with shelf.world.mounted(before=shelf.recalls()):
        found = []
        for number in range(4):
            try:
                found.append((shelf.world.latest / f"{number % 7}/{number % 3}/{number}").read_bytes())
            except OSError as error:
                assert error.errno == errno.EIO
        assert len(found) == 2
        said = log_path(shelf.world.places.state, shelf.world.mountpoint).read_text()
        assert "and did not come: the tape is torn" in said


def test_who_has_waited_long_enough_is_told(shelf: Shelf) -> None:
    shelf.fill(2, 1)
    shelf.purge()
    (shelf.folder / "stall").touch()
    with shelf.world.mounted(before=shelf.recalls(), recall_seconds=0.2):
        file = shelf.world.latest / "0/0/0"
        with pytest.raises(OSError) as caught:
            file.read_bytes()
        assert caught.value.errno == errno.EIO
        said = log_path(shelf.world.places.state, shelf.world.mountpoint).read_text()
        assert "on its way" in said or "has not come back" in said
        (shelf.folder / "stall").unlink()
