"""The tree of a mount, called directly, with all blobs in memory."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fs.stand_in import Memory, Snapshots

from yester.engine.errors import DamageError, Retry
from yester.engine.restore.ownership import OwnerMode
from yester.fs.attributes import FOREVER, VIEW_SECONDS
from yester.fs.file_reading import STEP, WINDOW, Desk
from yester.fs.file_system import POLL_SECONDS, FileSystem, NotLooked
from yester.fs.inodes import IDS, LATEST, ROOT, SNAPSHOTS, TAGS, Inode, Numbers, inode_of
from yester.fs.read_ahead import ReadAhead
from yester.fs.snapshot_tree import FolderCache
from yester.fs.sources import MountSource, NotAtHand
from yester.fs.views import ViewBuilder

ME = (4001, 4002)


class Asked:
    """Remembers what was to be read ahead."""

    def __init__(self) -> None:
        self.ids: list[bytes] = []

    def read_ahead(self, ids: Iterable[bytes]) -> None:
        self.ids += ids


class AtOnce(ReadAhead):
    """Reads ahead in the caller's thread: threads drop what is not begun when they are closed."""

    def want(self, ids: Iterable[bytes]) -> None:
        for id in ids:
            self._fetcher.read_ahead((id,))


class Scene:
    """A source folder, its snapshots and a mount's tree."""

    def __init__(self, root: Path, *, local: bool = True) -> None:
        self.source = root / "source"
        self.source.mkdir()
        self.memory = Memory()
        self.snapshots = Snapshots(self.memory)
        self.now = 0.0
        self.asked = Asked()
        self.ahead = AtOnce(self.asked)
        self.blobs = MountSource(self.memory, local=local)
        self._builder = ViewBuilder(Numbers(root / "snapshots"), Numbers(root / "folders"))

    def open(self, owner: OwnerMode = OwnerMode.AS_STORED) -> FileSystem[Any]:
        """Mount, so to speak."""
        return FileSystem(
            self.snapshots,
            self._builder,
            Desk(self.blobs, self.ahead),
            SimpleNamespace(),
            owner=owner,
            me=ME,
            clock=lambda: self.now,
        )


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture
def remote(tmp_path: Path) -> Scene:
    return Scene(tmp_path, local=False)


def find(system: FileSystem[Any], path: str, start: Inode = ROOT) -> Any:
    """Look a path up, name by name; 0 when there is none."""
    inode = start
    for name in path.split("/"):
        found = system.lookup(inode, os.fsencode(name))
        inode = found.st_ino
        if not inode:
            return 0
    return inode


def names(system: FileSystem[Any], inode: Inode, position: int = 0, room: int = 10**6) -> list[tuple[bytes, int, int]]:
    """List a folder: name, number, position after it."""
    told: list[tuple[bytes, int, int]] = []

    def reply(name: bytes, after: int) -> bool:
        if len(told) == room:
            return False
        told.append((name, system.attributes_object.st_ino, after))
        return True

    system.list_from(system.open_listing(inode), position, reply)
    return told


def test_every_number_leads_back_to_its_entry(scene: Scene) -> None:
    for folder in ("a", "a/b", "a/b/c", "d", "e/f"):
        (scene.source / folder).mkdir(parents=True)
        for number in range(70):
            (scene.source / folder / f"{number}").write_text(f"{folder} {number}")
    scene.snapshots.take(scene.source)
    system = scene.open()
    top = inode_of(1, 0)
    for path in sorted(scene.source.rglob("*")):
        relative = str(path.relative_to(scene.source))
        inode = find(system, relative, top)
        assert system.attributes(inode).st_size == path.lstat().st_size
        assert system.lookup(inode, b".").st_ino == inode
        assert system.lookup(inode, b"..").st_ino == (
            find(system, str(Path(relative).parent), top) if "/" in relative else top
        )
        if path.is_file():
            assert bytes(system.open_file(inode).read(0, 1000)) == path.read_bytes()


def test_numbers_are_preorder_so_that_sorting_by_them_is_walk_order(scene: Scene) -> None:
    (scene.source / "b").mkdir()
    for name in ("a", "b/x", "b/y", "c"):
        (scene.source / name).touch()
    scene.snapshots.take(scene.source)
    system = scene.open()
    assert [find(system, name, inode_of(1, 0)) & 0xFF for name in ("a", "b", "b/x", "b/y", "c")] == [1, 2, 3, 4, 5]


def test_more_folders_than_are_kept_are_all_found_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.fs.file_system.FolderCache", lambda: FolderCache(50_000))
    for number in range(100):
        (scene.source / f"{number:04}").mkdir()
        (scene.source / f"{number:04}" / "file").touch()
    scene.snapshots.take(scene.source)
    system = scene.open()
    found = [find(system, f"{number:04}/file", inode_of(1, 0)) for number in range(100)]
    for inode in reversed(found):
        assert system.attributes(inode).st_ino == inode


def test_a_listing_goes_on_where_it_stopped_whatever_fits(scene: Scene) -> None:
    for number in range(3000):
        (scene.source / f"{number}").touch()
    scene.snapshots.take(scene.source)
    system = scene.open()
    whole = names(system, inode_of(1, 0))
    assert [name for name, _, _ in whole] == [b".", b"..", *sorted(b"%d" % number for number in range(3000))]
    told: list[tuple[bytes, int, int]] = []
    while more := names(system, inode_of(1, 0), told[-1][2] if told else 0, room=7):
        told += more
    assert told == whole


def test_views_list_their_children_and_expire(scene: Scene) -> None:
    sid = scene.snapshots.take(scene.source)
    system = scene.open()
    assert [name for name, _, _ in names(system, ROOT)] == [
        b".",
        b"..",
        b"hosts",
        b"ids",
        b"latest",
        b"snapshots",
        b"tags",
        b"versions",
    ]
    assert [name for name, _, _ in names(system, IDS)][2:] == [sid.hex().encode()]
    assert system.lookup(ROOT, b"latest").entry_timeout == VIEW_SECONDS
    assert system.lookup(ROOT, b"none").st_ino == 0
    assert system.attributes_object.entry_timeout == VIEW_SECONDS
    profile = find(system, "snapshots/docs")
    time = names(system, profile)[2][0]
    assert system.lookup(profile, time).st_ino == inode_of(1, 0)
    assert (system.attributes_object.entry_timeout, system.attributes_object.attr_timeout) == (VIEW_SECONDS, FOREVER)
    assert system.lookup(inode_of(1, 0), b"..").st_ino == profile
    assert system.lookup(profile, b"..").st_ino == SNAPSHOTS
    assert system.readlink(LATEST) == b"snapshots/docs/" + time


def test_inside_snapshots_nothing_expires_not_even_that_there_is_no_such_name(scene: Scene) -> None:
    (scene.source / "file").touch()
    scene.snapshots.take(scene.source)
    system = scene.open()
    assert system.lookup(inode_of(1, 0), b"file").entry_timeout == FOREVER
    missing = system.lookup(inode_of(1, 0), b"none")
    assert (missing.st_ino, missing.entry_timeout) == (0, FOREVER)


def test_snapshots_come_and_go_at_most_a_second_later(scene: Scene) -> None:
    first = scene.snapshots.take(scene.source)
    system = scene.open()
    scene.snapshots.take(scene.source, time_ns=2 * 10**18)
    scene.snapshots.forget(first)
    assert len(names(system, IDS)) == 3 and names(system, IDS)[2][0] == first.hex().encode()
    scene.now = 1.0
    assert names(system, IDS)[2][0] != first.hex().encode()
    with pytest.raises(OSError) as caught:
        scene.open().attributes(inode_of(1, 0))
    assert caught.value.errno == errno.ESTALE


def test_who_has_the_number_of_a_forgotten_snapshots_entry_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yester.fs.file_system.KEPT_TREES", 1)
    (scene.source / "file").write_text("content")
    gone, kept = scene.snapshots.take(scene.source), scene.snapshots.take(scene.source, time_ns=2 * 10**18)
    system = scene.open()
    file = find(system, "file", inode_of(1, 0))
    scene.snapshots.forget(gone)
    scene.now += 10
    assert [name for name, _, _ in names(system, IDS)][2:] == [kept.hex().encode()]
    assert find(system, "file", inode_of(2, 0))
    assert bytes(system.open_file(file).read(0, 10)) == b"content"
    assert system.lookup(inode_of(1, 0), b"..").st_ino == find(system, "snapshots/docs")
    scene.snapshots.forget(kept)
    scene.now += 10
    assert names(system, IDS)[2:] == []
    assert bytes(system.open_file(file).read(0, 10)) == b"content"
    assert system.lookup(inode_of(1, 0), b"..").st_ino == ROOT


def test_tags_are_shown_and_taken_away_at_the_next_look(scene: Scene) -> None:
    sid = scene.snapshots.take(scene.source)
    system = scene.open()
    scene.snapshots.tags[sid] = ("good",)
    assert names(system, TAGS)[2:] == []
    scene.now = POLL_SECONDS[True]
    assert [name for name, _, _ in names(system, TAGS)[2:]] == [b"good"]
    scene.snapshots.tags.clear()
    scene.now *= 2
    assert names(system, TAGS)[2:] == []


def test_a_far_store_is_looked_at_on_a_thread_when_it_is_due_and_never_amid_a_listing(remote: Scene) -> None:
    first = remote.snapshots.take(remote.source)
    system = remote.open()
    second = remote.snapshots.take(remote.source, time_ns=2 * 10**18)
    remote.now = POLL_SECONDS[False] - 1
    assert [name for name, _, _ in names(system, IDS)][2:] == [first.hex().encode()]
    opened = system.open_listing(IDS)
    told: list[bytes] = []

    def reply(name: bytes, after: int) -> bool:
        remote.now += POLL_SECONDS[False]
        told.append(name)
        return True

    system.list_from(opened, 0, reply)
    assert told == [b".", b"..", first.hex().encode()]
    with pytest.raises(NotLooked):
        system.lookup(ROOT, b"latest")
    assert find(system, "ids"), "the others see the list as it was, until the look has come to its end"
    system.show(system.look())
    assert {name for name, _, _ in names(system, IDS)[2:]} == {first.hex().encode(), second.hex().encode()}


def test_what_is_forgotten_while_it_is_listed_is_left_out(scene: Scene) -> None:
    """A prune, or another client, forgets snapshots at any moment: the others are listed all the same."""
    kept, gone = scene.snapshots.take(scene.source), scene.snapshots.take(scene.source, time_ns=2 * 10**18)
    system = scene.open()
    ids = system.open_listing(IDS)
    scene.snapshots.forget(gone)
    scene.now += 10
    found: list[bytes] = []

    def reply(name: bytes, position: int) -> bool:
        found.append(name)
        return True

    system.list_from(ids, 0, reply)
    assert found == [b".", b"..", kept.hex().encode()]


def test_while_the_store_is_away_the_views_stay(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.snapshots.take(scene.source)
    system = scene.open()

    def away() -> set[Any]:
        raise Retry("the store is away")

    monkeypatch.setattr(scene.snapshots, "snapshot_ids", away)
    scene.now = 1.0
    assert len(names(system, IDS)) == 3


@pytest.mark.parametrize("inode", [15, 2**20, 2**31 + 9, inode_of(9, 0), inode_of(1, 2), inode_of(1, 2**32 - 1)])
def test_numbers_that_nothing_has_are_stale(scene: Scene, inode: Inode) -> None:
    (scene.source / "file").touch()
    scene.snapshots.take(scene.source)
    system = scene.open()
    for ask in (system.attributes, system.open_listing, lambda number: system.lookup(number, b"..")):
        with pytest.raises(OSError) as caught:
            ask(inode)
        assert caught.value.errno == errno.ESTALE


def test_what_is_asked_of_the_wrong_kind_is_refused(scene: Scene) -> None:
    (scene.source / "file").touch()
    scene.snapshots.take(scene.source)
    system = scene.open()
    file = find(system, "file", inode_of(1, 0))
    with pytest.raises(NotADirectoryError):
        system.open_listing(file)
    with pytest.raises(NotADirectoryError):
        system.lookup(LATEST, b"x")
    for ask in (
        lambda: system.readlink(file),
        lambda: system.open_file(inode_of(1, 0)),
        lambda: system.open_file(ROOT),
    ):
        with pytest.raises(OSError) as caught:
            ask()
        assert caught.value.errno == errno.EINVAL


def test_damage_is_an_error_where_it_is_and_nowhere_else(scene: Scene) -> None:
    (scene.source / "bad").write_text("bad")
    (scene.source / "good").write_text("good")
    scene.snapshots.take(scene.source)
    system = scene.open()
    for blob, content in scene.memory.blobs.items():
        if content == b"bad":
            scene.memory.broken[blob] = DamageError("pack 1 is damaged")
    with pytest.raises(DamageError):
        system.open_file(find(system, "bad", inode_of(1, 0))).read(0, 10)
    assert bytes(system.open_file(find(system, "good", inode_of(1, 0))).read(0, 10)) == b"good"


def test_what_memory_does_not_hold_is_asked_for_blob_by_blob(remote: Scene) -> None:
    (remote.source / "folder").mkdir()
    (remote.source / "folder" / "file").write_bytes(bytes(100_000) + b"end")
    remote.snapshots.take(remote.source)
    remote.memory.cached_ids = set()
    system = remote.open()
    fetched = 0

    def patiently(work: Any, *arguments: Any) -> Any:
        nonlocal fetched
        while True:
            try:
                return work(*arguments)
            except NotAtHand as missing:
                fetched += 1
                remote.blobs.arrived(missing.blob, remote.memory.blob(missing.kind, missing.blob))

    folder = patiently(system.lookup, inode_of(1, 0), b"folder").st_ino
    inode = patiently(system.lookup, folder, b"file").st_ino
    file = patiently(system.open_file, inode)
    assert bytes(patiently(file.read, 0, 200_000)) == (remote.source / "folder" / "file").read_bytes()
    assert fetched == 4


def test_a_listing_that_must_wait_says_so_before_it_replied(remote: Scene) -> None:
    for number in range(3000):
        (remote.source / f"{number}").touch()
    remote.snapshots.take(remote.source)
    system = remote.open()
    remote.memory.cached_ids = {next(blob for blob, data in remote.memory.blobs.items() if data[1] == 1)}
    told = names(system, inode_of(1, 0))
    assert [name for name, _, _ in told] == [b".", b".."]
    with pytest.raises(NotAtHand):
        names(system, inode_of(1, 0), position=2)


def test_a_forward_reader_of_a_large_file_is_read_ahead_for_once_for_each_blob(scene: Scene) -> None:
    (scene.source / "large").write_bytes(os.urandom(WINDOW + 4 * STEP))
    scene.snapshots.take(scene.source)
    system = scene.open()
    file = system.open_file(find(system, "large", inode_of(1, 0)))
    content = b"".join(bytes(file.read(offset, 131_072)) for offset in range(0, WINDOW + 4 * STEP, 131_072))
    scene.ahead._threads.shutdown()
    assert content == (scene.source / "large").read_bytes()
    assert len(scene.asked.ids) == len(set(scene.asked.ids)) >= (WINDOW + 3 * STEP) // 65_536


def test_a_reader_who_jumps_is_not(scene: Scene) -> None:
    (scene.source / "large").write_bytes(os.urandom(WINDOW))
    scene.snapshots.take(scene.source)
    system = scene.open()
    file = system.open_file(find(system, "large", inode_of(1, 0)))
    for offset in (5 * STEP, STEP, 3 * STEP):
        file.read(offset, 4096)
    scene.ahead._threads.shutdown()
    assert scene.asked.ids == []


def test_owners_are_shown_as_asked(scene: Scene) -> None:
    (scene.source / "folder").mkdir(mode=0o400)
    scene.snapshots.take(scene.source)
    system = scene.open(OwnerMode.ME)
    found = system.lookup(inode_of(1, 0), b"folder")
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (*ME, 0o500)
    names(system, inode_of(1, 0))
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (*ME, 0o500)


def test_listing_and_lookup_fill_in_the_same(scene: Scene) -> None:
    (scene.source / "file").write_text("x")
    (scene.source / "folder").mkdir()
    (scene.source / "link").symlink_to("file")
    os.mkfifo(scene.source / "fifo")
    os.link(scene.source / "file", scene.source / "second")
    scene.snapshots.take(scene.source)
    system = scene.open()
    listed: dict[bytes, dict[str, object]] = {}

    def reply(name: bytes, after: int) -> bool:
        listed[name] = dict(vars(system.attributes_object))
        return True

    system.list_from(system.open_listing(inode_of(1, 0)), 2, reply)
    assert len(listed) == 5
    for name, told in listed.items():
        assert vars(system.lookup(inode_of(1, 0), name)) == told
