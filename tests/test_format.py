"""docs/format.md is true and complete: a reader that was written from it alone sees in a repository what the source
had, and what yester sees.
"""

import fcntl
import os
import pwd
import shutil
import stat
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from tests import zoo
from tests.engine.metadata import PAGE_KEY, MemoryBlobs, file_entry
from tests.format_description import by_reader, by_yester
from tests.format_nodes import BLOBS, EXTENTS, LINKS, UNREADABLE, DirectoryReader, ListReader
from tests.format_objects import Refused
from tests.format_reader import Item, Reader, recovery_secret
from tests.rig import Rig

from yester.engine.entries import Ref, Span
from yester.engine.ids import BlobId, BlobKind, SnapshotId
from yester.engine.profiles.writing import new_profile
from yester.engine.repository import Repository
from yester.engine.sealed.keyslots import SlotKind, new_recovery_key, new_slot, parse_recovery_key
from yester.engine.trees.directories import TreeWriter
from yester.engine.trees.links import write_links
from yester.engine.trees.lists import write_blob_list, write_extents
from yester.plugins.backends.folder import FolderStore

PASSPHRASE = "pässword".encode()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """The zoo, and beside it a file of more than 32 blobs."""
    folder = tmp_path / "source"
    folder.mkdir()
    zoo.build(folder / "zoo")
    (folder / "large").write_bytes(zoo.noise(16 << 20))
    yield folder
    zoo.clear(folder)


@pytest.fixture
def rig(home: Path, tmp_path: Path, source: Path) -> Rig:
    made = Rig.of(home, source)
    made.store, made.secret = FolderStore(tmp_path / "repository", create=True), PASSPHRASE
    return made


def taken(rig: Rig) -> SnapshotId:
    snapshot = rig.snap(tags=("first", "kept")).snapshot
    assert snapshot is not None
    return snapshot


def opened(rig: Rig) -> Repository:
    """Open the repository and wait for its keys: two derivations at once are more than OpenSSL bears."""
    repository = rig.open()
    repository.unlock()
    return repository


def is_as_in_the_source(reader: Reader, item: Item) -> None:
    """Compare all that lstat, listxattr, readlink, ioctl and read say of one entry."""
    path, row = item.path, item.row
    status = os.lstat(path)
    assert (row.mode, row.owner[:2], row.nlink) == (status.st_mode, (status.st_uid, status.st_gid), status.st_nlink)
    assert (row.mtime, row.ctime) == (status.st_mtime_ns, status.st_ctime_ns), path
    assert (row.size, row.blocks, row.atime) == (status.st_size, status.st_blocks, None)
    names = os.listxattr(path, follow_symlinks=False)
    assert item.xattrs == {os.fsencode(name): os.getxattr(path, name, follow_symlinks=False) for name in names}
    if stat.S_ISLNK(row.mode):
        assert row.target == os.readlink(path)
    if stat.S_ISCHR(row.mode) or stat.S_ISBLK(row.mode):
        assert row.device == (os.major(status.st_rdev), os.minor(status.st_rdev))
    if stat.S_ISREG(row.mode):
        has_the_bytes_of(reader, item)


def has_the_bytes_of(reader: Reader, item: Item) -> None:
    """Compare data with data, and what lies between with the holes of the source."""
    fd = os.open(item.path, os.O_RDONLY)
    try:
        end = 0
        for offset, data in reader.pieces(item):
            assert is_hole(fd, end, offset), item.path
            assert os.pread(fd, len(data), offset) == data
            end = offset + len(data)
        assert is_hole(fd, end, item.row.size)
        if os.fstat(fd).st_blocks:
            flags = struct.unpack("l", fcntl.ioctl(fd, zoo.GET_FLAGS, bytes(8)))[0]
            assert item.row.flags == flags & (zoo.IMMUTABLE | zoo.APPEND | zoo.NODUMP | zoo.NOATIME | zoo.SYNC)
    finally:
        os.close(fd)


def is_hole(fd: int, start: int, end: int) -> bool:
    if start == end:
        return True
    try:
        return os.lseek(fd, start, os.SEEK_DATA) >= end
    except OSError:  # no data after this
        return True


@pytest.mark.parametrize("name", ["format_objects", "format_nodes", "format_reader"])
def test_the_independent_reader_is_independent(name: str) -> None:
    source = Path(__file__).with_name(f"{name}.py").read_text()
    assert not [line for line in source.splitlines() if line.lstrip().startswith(("import yester", "from yester"))]


def test_the_independent_reader_sees_the_source_and_what_yester_sees(rig: Rig, source: Path, tmp_path: Path) -> None:
    snapshot = taken(rig)
    repository, reader = opened(rig), Reader(tmp_path / "repository", PASSPHRASE)
    assert set(reader.snapshots) == {snapshot.hex()}
    assert reader.labels[snapshot.hex()]["tags"] == ["first", "kept"]
    items = {item.path: item for item in reader.items(snapshot.hex())}
    here = [path for path in items if path.startswith(os.fsencode(source))]
    assert len(here) > zoo.CROWD
    for path in here:
        is_as_in_the_source(reader, items[path])
    assert by_reader(reader, snapshot.hex()) == by_yester(repository, snapshot)
    me = pwd.getpwuid(os.geteuid()).pw_name.encode()
    assert items[os.fsencode(source)].row.owner[2] == me
    assert len(items[os.fsencode(source / "large")].blobs) > 32
    assert len(items[os.fsencode(source / "zoo/sparse/many")].extents or ()) > 32
    assert reader.every_blob() == len(reader.places)
    assert reader.config["repository"] == repository.config.repository
    assert reader.master.chunker_seed == repository.keys.chunker_seed


def test_a_history_of_two_profiles_and_a_forgotten_snapshot(
    rig: Rig, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = source / "zoo/hard_links"
    first = taken(rig)
    (links / "a-new-name-before-all").hardlink_to(links / "alone")
    (links / "below/file").unlink()
    (source / "zoo/directories/crowded/000100").unlink()
    second = taken(rig)
    honest = os.open

    def refusing(path: str | bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == b"other":
            raise OSError(5, "Input/output error")
        return honest(path, flags, mode, dir_fd=dir_fd)

    one_profile = rig.profile
    rig.profile = new_profile("links", [os.fsencode(links)], filters=one_profile.filters)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing)
        third = taken(rig)
    rig.profile = one_profile
    rig.open().forget_snapshot(first, "a test")

    repository, reader = opened(rig), Reader(tmp_path / "repository", PASSPHRASE)
    assert set(reader.snapshots) == {second.hex(), third.hex()}
    assert [found["profile"] for found in reader.snapshots.values() if found.get("errors")] == ["links"]
    assert [stone["reason"] for stone in reader.records("tomb").values()] == ["a test"]
    assert reader.snapshots[second.hex()]["parent"] == reader.snapshots[second.hex()]["previous"] == first
    for snapshot in (second, third):
        assert by_reader(reader, snapshot.hex()) == by_yester(repository, snapshot)
    of_second = {item.path: item for item in reader.items(second.hex())}
    group = [os.fsencode(links / name) for name in ("a-new-name-before-all", "alone")]
    assert len({of_second[path].inode for path in group}) == 1
    assert os.fsencode(links / "below/file") not in of_second
    unreadable = [item for item in reader.items(third.hex()) if item.row.marks & UNREADABLE]
    assert [os.path.basename(item.path) for item in unreadable] == [b"other", b"other"]


def test_every_way_to_unlock_shows_the_same(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    zoo.contents(zoo.Zoo(os.fsencode(source)), os.fsencode(source))
    rig = Rig.of(home, source)
    place = tmp_path / "repository"
    rig.store, rig.secret = FolderStore(place, create=True), PASSPHRASE
    snapshot = taken(rig).hex()
    shown = new_recovery_key()
    repository = opened(rig)
    for kind, secret in ((SlotKind.RECOVERY, parse_recovery_key(shown)), (SlotKind.NONE, None)):
        slot = new_slot(repository.master, kind=kind, secret=secret, label="", now_ns=time.time_ns())
        repository.store.put(f"key.{blake3(slot).hexdigest()}", [slot])
    by_passphrase, by_recovery_key = (Reader(place, secret) for secret in (PASSPHRASE, recovery_secret(shown.lower())))
    with pytest.raises(Refused, match="no slot opens"):
        Reader(place, b"password")
    with pytest.raises(Refused, match="no slot opens"):
        Reader(place)
    unlocked = tmp_path / "unlocked"
    shutil.copytree(place, unlocked)
    for path in (unlocked / "key").iterdir():
        if b"argon2id" in path.read_bytes():
            path.unlink()
    expected = by_yester(repository, SnapshotId(bytes.fromhex(snapshot)))
    for reader in (by_passphrase, by_recovery_key, Reader(unlocked)):
        assert by_reader(reader, snapshot) == expected


# What no small repository has: nodes below nodes below nodes


@pytest.mark.parametrize(("count", "height"), [(0, 0), (1, 0), (64, 0), (65, 0), (1025, 1), (65_000, 2)])
def test_directories_are_cut_and_summed_up_as_the_format_says(count: int, height: int) -> None:
    blobs = MemoryBlobs()
    writer = TreeWriter(blobs.put, PAGE_KEY)
    names = [b"%06x" % number for number in range(count)]
    for name in names:
        writer.add(file_entry(name))
    tree, summary = writer.finish()
    assert blobs[BlobKind.TREE, tree][1] == height
    reader = DirectoryReader(lambda kind, id: blobs[BlobKind(kind), id], PAGE_KEY)
    rows = reader.rows(tree)
    assert [row.name for row in rows] == names
    assert sum(row.own.size for row in rows) == summary.size


@pytest.mark.parametrize(("count", "height"), [(1, 0), (64, 0), (65, 0), (1025, 1), (70_000, 2)])
def test_blob_lists_are_cut_and_summed_up_as_the_format_says(count: int, height: int) -> None:
    blobs = MemoryBlobs()
    refs = [Ref(BlobId(blake3(b"%d" % number).digest()), 1 + number % 1000) for number in range(count)]
    root = write_blob_list(blobs.put, PAGE_KEY, refs)
    assert blobs[BlobKind.LIST, root][1] == height
    assert list_reader(blobs).records(BLOBS, root) == [(ref.size, ref.blob) for ref in refs]


@pytest.mark.parametrize("count", [1, 64, 65, 5000])
def test_lists_of_extents_and_links_are_cut_and_summed_up_as_the_format_says(count: int) -> None:
    blobs = MemoryBlobs()
    spans = [Span(number * 7919 % 10_007, 1 + number % 300) for number in range(count)]
    found = list_reader(blobs).records(EXTENTS, write_extents(blobs.put, PAGE_KEY, spans))
    assert found == [(span.hole, span.data) for span in spans]
    pairs = [(3 * number + 2, number) for number in range(count)]
    assert list_reader(blobs).records(LINKS, write_links(blobs.put, PAGE_KEY, pairs)) == pairs


def list_reader(blobs: MemoryBlobs) -> ListReader:
    return ListReader(lambda id: blobs[BlobKind.LIST, id], PAGE_KEY)
