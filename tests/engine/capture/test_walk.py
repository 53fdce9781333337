"""Snapshots of real folders, compared with what the system says of them."""

import os
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import zoo
from tests.rig import Rig, Taken, write

from yester.engine.capture import listing, statx
from yester.engine.capture.statx import Status
from yester.engine.entries import Mark, Span
from yester.engine.errors import CancelledError, UsageError
from yester.engine.events import File, Message, RunBegin, RunEnd, SnapshotNew
from yester.engine.ids import BlobId, ListId
from yester.engine.profiles.profile import FilterSpec
from yester.engine.trees.links import LinkTable
from yester.engine.trees.xattrs import decode_set
from yester.plugins.backends.folder import FolderStore

pytestmark = pytest.mark.usefixtures("settled")


def assert_as_on_disk(taken: Taken, path: bytes) -> None:
    """Compare one entry with the system's word for it."""
    status, entry = os.lstat(path), taken[path]
    assert (entry.mode, entry.size, entry.nlink, entry.blocks) == (
        status.st_mode,
        status.st_size,
        status.st_nlink,
        status.st_blocks,
    ), path
    assert (entry.mtime_ns, entry.ctime_ns) == (status.st_mtime_ns, status.st_ctime_ns), path
    assert (entry.owner.uid, entry.owner.gid) == (status.st_uid, status.st_gid)
    names = {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}
    encoded = entry.xattrs if not entry.xattrs_stored else b""
    if not entry.xattrs_stored:
        assert decode_set(encoded) == {os.fsencode(name): value for name, value in names.items()}, path
    if entry.is_symlink:
        assert entry.target == os.readlink(path)
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        assert entry.device == (os.major(status.st_rdev), os.minor(status.st_rdev))


def all_below(folder: Path) -> Iterator[bytes]:
    for top, folders, files in os.walk(os.fsencode(folder)):
        yield top
        for name in files + [name for name in folders if os.path.islink(os.path.join(top, name))]:
            yield os.path.join(top, name)


def test_every_kind_of_metadata_is_kept(home: Path, folder: Path) -> None:
    zoo.build(folder / "zoo")
    try:
        rig = Rig.of(home, folder)
        result = rig.snap()
        assert result.failures == ()
        taken = rig.taken(result.snapshot)
        paths = set(all_below(folder))
        assert set(taken.below(folder)) | {os.fsencode(folder)} == paths
        for path in paths:
            assert_as_on_disk(taken, path)
        for path in paths:
            if taken[path].is_file and taken[path].size < 1 << 22:
                assert taken.content(path) == Path(os.fsdecode(path)).read_bytes(), path
    finally:
        zoo.clear(folder / "zoo")


def test_a_second_snapshot_of_the_zoo_has_the_same_tree(home: Path, folder: Path) -> None:
    zoo.build(folder / "zoo")
    try:
        rig = Rig.of(home, folder)
        first, second = rig.snap(), rig.snap()
        assert rig.taken(first.snapshot)[folder].tree == rig.taken(second.snapshot)[folder].tree
        assert (second.statistics.new, second.statistics.changed) == (0, 0)
        assert rig.taken(first.snapshot).record.links == rig.taken(second.snapshot).record.links
    finally:
        zoo.clear(folder / "zoo")


def test_the_folders_above_a_source_are_kept_with_their_attributes_only(home: Path, folder: Path) -> None:
    write(folder / "wanted" / "file")
    write(folder / "other" / "file")
    rig = Rig.of(home, folder / "wanted")
    before = {above: os.lstat(above).st_ctime_ns for above in folder.parents}
    taken = rig.taken(rig.snap().snapshot)
    assert folder / "wanted/file" in taken
    assert folder / "other" not in taken
    # Others may be at work in the folders that all share.
    still = [above for above, changed_ns in before.items() if os.lstat(above).st_ctime_ns == changed_ns]
    assert folder.parent in still
    for above in still:
        assert_as_on_disk(taken, os.fsencode(above))


def test_a_source_behind_a_symlink_keeps_the_link_and_what_it_leads_to(home: Path, folder: Path) -> None:
    write(folder / "real" / "file", b"content")
    (folder / "link").symlink_to("real")
    (folder / "round").mkdir()
    (folder / "round/back").symlink_to("../link")
    rig = Rig.of(home, folder / "round" / "back")
    taken = rig.taken(rig.snap().snapshot)
    assert taken[folder / "round/back"].target == b"../link"
    assert taken[folder / "link"].target == b"real"
    assert taken.content(folder / "real/file") == b"content"


def test_a_file_can_be_a_source(home: Path, folder: Path) -> None:
    write(folder / "one", b"1")
    write(folder / "two", b"2")
    rig = Rig.of(home, folder / "one")
    taken = rig.taken(rig.snap().snapshot)
    assert taken.content(folder / "one") == b"1"
    assert folder / "two" not in taken


def test_ordinals_are_those_of_a_preorder_walk_and_links_use_them(home: Path, folder: Path) -> None:
    for name in ("a/x", "b", "c/d/e", "f"):
        write(folder / name, name.encode())
    os.link(folder / "a/x", folder / "c/d/again")
    os.link(folder / "b", folder / "zz")
    rig = Rig.of(home, folder)
    for _ in range(2):  # the second time through the file cache
        taken = rig.taken(rig.snap().snapshot)
        assert [ordinal for _, ordinal in taken.entries.values()] == list(range(len(taken.entries)))
        assert taken.record.links is not None
        table = LinkTable(taken.source, ListId(BlobId(taken.record.links)))
        ordinal = {path: ordinal for path, (_, ordinal) in taken.entries.items()}
        prefix = os.fsencode(folder)
        assert dict(table) == {
            ordinal[prefix + b"/c/d/again"]: ordinal[prefix + b"/a/x"],
            ordinal[prefix + b"/zz"]: ordinal[prefix + b"/b"],
        }


def test_only_what_changed_is_read_again(home: Path, folder: Path) -> None:
    for name in ("a/1", "a/2", "b/1", "b/c/1"):
        write(folder / name, name.encode())
    rig = Rig.of(home, folder)
    rig.snap()
    write(folder / "b/c/1", b"other")
    write(folder / "b/c/2", b"new")
    rig.hooks.events.clear()
    result = rig.snap()
    files = {(event.path, event.change) for event in rig.hooks.events if isinstance(event, File)}
    assert files == {(str(folder / "b/c/1"), "changed"), (str(folder / "b/c/2"), "new")}
    assert (result.statistics.new, result.statistics.changed, result.statistics.unchanged) == (1, 1, 3)
    assert rig.taken(result.snapshot).content(folder / "b/c/1") == b"other"
    assert rig.taken(result.snapshot).content(folder / "a/2") == b"a/2"


@pytest.mark.parametrize("lost", ["cache", "state"])
def test_a_lost_cache_costs_no_reading_where_the_parent_tells_the_same(home: Path, folder: Path, lost: str) -> None:
    write(folder / "a/1", b"content")
    rig = Rig.of(home, folder)
    rig.snap()
    for file in getattr(rig.places, lost).rglob("files-*"):
        file.unlink()
    result = rig.snap()
    assert (result.statistics.new, result.statistics.changed, result.statistics.unchanged) == (0, 0, 1)


def test_a_file_changed_with_its_size_and_mtime_kept_is_read_again(home: Path, folder: Path) -> None:
    path = write(folder / "a", b"one")
    status = path.stat()
    rig = Rig.of(home, folder)
    rig.snap()
    path.write_bytes(b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert rig.taken(rig.snap().snapshot).content(path) == b"two"


def test_a_file_written_in_the_tick_of_its_snapshot_is_looked_at_again(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "TICK_NS", 3_600_000_000_000)
    write(folder / "a", b"one")
    rig = Rig.of(home, folder)
    rig.snap()
    rig.hooks.events.clear()
    honest, read = os.read, []

    def watching(fd: int, size: int) -> bytes:
        read.append(honest(fd, size))
        return read[-1]

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", watching)
        result = rig.snap()
    assert b"one" in read
    # It turned out to be the same, and is not told as changed.
    assert (result.statistics.changed, result.statistics.unchanged) == (0, 1)
    assert not [event for event in rig.hooks.events if isinstance(event, File)]


def test_removed_and_renamed_entries_are_gone(home: Path, folder: Path) -> None:
    write(folder / "a/1")
    write(folder / "b/2")
    rig = Rig.of(home, folder)
    rig.snap()
    (folder / "a/1").unlink()
    (folder / "b").rename(folder / "c")
    taken = rig.taken(rig.snap().snapshot)
    assert set(taken.below(folder)) == {os.fsencode(folder / name) for name in ("a", "c", "c/2")}


def test_an_unreadable_file_is_reported_marked_and_tried_again(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a", b"readable")
    write(folder / "b", b"broken")
    honest_open = os.open

    def refusing(path: str | bytes, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == b"b":
            raise PermissionError(13, "Permission denied")
        return honest_open(path, flags, mode, dir_fd=dir_fd)

    rig = Rig.of(home, folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refusing)
        first = rig.snap()
    assert first.result == "errors"
    assert [(failure.path, failure.what) for failure in first.failures] == [
        (os.fsencode(folder / "b"), "Permission denied")
    ]
    taken = rig.taken(first.snapshot)
    assert taken[folder / "b"].marks & Mark.UNREADABLE
    assert taken.record.errors is not None
    summary = taken[folder].summary
    assert summary is not None and summary.unreadable == 1
    second = rig.snap()
    assert second.result == "complete"
    assert rig.taken(second.snapshot).content(folder / "b") == b"broken"
    assert second.statistics.unchanged == 1


def test_an_unreadable_folder_is_reported_marked_and_tried_again(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a/1", b"1")
    write(folder / "b/2", b"2")
    rig = Rig.of(home, folder)
    honest = os.listdir
    inode = (folder / "a").stat().st_ino

    def refusing(fd: int) -> list[str]:
        if os.fstat(fd).st_ino == inode:
            raise OSError(5, "Input/output error")
        return honest(fd)

    for _ in range(2):  # unread at first, and unread when everything else is in the cache
        with monkeypatch.context() as patch:
            patch.setattr(os, "listdir", refusing)
            result = rig.snap()
        taken = rig.taken(result.snapshot)
        assert [failure.what for failure in result.failures] == ["Input/output error"]
        assert taken[folder / "a"].marks & Mark.UNREADABLE
        assert taken.content(folder / "b/2") == b"2"
        assert [ordinal for _, ordinal in taken.entries.values()] == list(range(len(taken.entries)))
    assert rig.taken(rig.snap().snapshot).content(folder / "a/1") == b"1"
    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refusing)
        taken = rig.taken(rig.snap().snapshot)
    assert taken[folder / "a"].marks & Mark.UNREADABLE
    assert rig.taken(rig.snap().snapshot).content(folder / "a/1") == b"1"


def test_a_file_that_changes_while_it_is_read_is_read_again(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "a", b"before")
    honest = os.read
    rounds: list[int] = []

    def interfering(fd: int, size: int) -> bytes:
        data = honest(fd, size)
        if data.startswith(b"before") and not rounds:
            rounds.append(1)
            path.write_bytes(b"after")
        return data

    monkeypatch.setattr(os, "read", interfering)
    rig = Rig.of(home, folder)
    taken = rig.taken(rig.snap().snapshot)
    assert taken.content(path) == b"after"
    assert not taken[path].marks


def test_a_file_that_grows_without_end_is_kept_marked_and_ends(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "log", b"line\n")
    honest = os.read

    def growing(fd: int, size: int) -> bytes:
        data = honest(fd, size)
        if data.startswith(b"line"):
            with path.open("ab") as file:
                file.write(b"line\n")
        return data

    monkeypatch.setattr(os, "read", growing)
    rig = Rig.of(home, folder)
    result = rig.snap()
    monkeypatch.undo()
    taken = rig.taken(result.snapshot)
    assert taken[path].marks & Mark.CHANGED
    assert taken.content(path) == b"line\n" * (taken[path].size // 5)
    summary = taken[folder].summary
    assert summary is not None and summary.changed == 1


def test_a_large_file_that_grows_while_it_is_read_is_kept_marked(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "log", b"0123456789" * 100_000)
    honest = os.preadv

    def growing(fd: int, buffers: list[memoryview], offset: int) -> int:
        with path.open("ab") as file:
            file.write(b"0123456789")
        return honest(fd, buffers, offset)

    monkeypatch.setattr(os, "preadv", growing)
    rig = Rig.of(home, folder)
    result = rig.snap()
    monkeypatch.undo()
    taken = rig.taken(result.snapshot)
    assert taken[path].marks & Mark.CHANGED
    assert taken.content(path) == (b"0123456789" * 200_000)[: taken[path].size]
    assert taken[path].size >= 1_000_000


def test_a_file_that_shrinks_while_it_is_read_is_kept_as_far_as_it_goes(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "log", b"0123456789" * 100_000)
    honest = os.preadv

    def shrinking(fd: int, buffers: list[memoryview], offset: int) -> int:
        os.truncate(path, max(path.stat().st_size - 100_000, 300_000))
        return honest(fd, buffers, offset)

    monkeypatch.setattr(os, "preadv", shrinking)
    rig = Rig.of(home, folder)
    result = rig.snap()
    monkeypatch.undo()
    taken = rig.taken(result.snapshot)
    assert taken.content(path) == (b"0123456789" * 100_000)[: taken[path].size]


@pytest.mark.parametrize("at", ["stat", "open", "readlink"])
def test_what_vanishes_was_never_there(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    write(folder / "a", b"a")
    (folder / "b").symlink_to("nowhere")
    write(folder / "c/d", b"d")
    write(folder / "e", b"e")
    honest = getattr(os, at)
    vanishing = {b"a", b"b", b"c"}

    def gone(path: str | bytes, *arguments: object, **options: object) -> object:
        if path in vanishing:
            raise FileNotFoundError(2, "No such file or directory")
        return honest(path, *arguments, **options)

    rig = Rig.of(home, folder)
    for _ in range(2):
        with monkeypatch.context() as patch:
            if at == "stat":
                # The call that the table of a directory is made with: each entry is then asked for by itself.
                patch.setattr(statx, "_statx", lambda *_: -1)
            patch.setattr(os, at, gone)
            result = rig.snap()
        taken = rig.taken(result.snapshot)
        assert result.failures == ()
        assert taken.content(folder / "e") == b"e"
        assert [ordinal for _, ordinal in taken.entries.values()] == list(range(len(taken.entries)))
    expected = {"stat": {"e"}, "open": {"b", "e"}, "readlink": {"a", "c", "c/d", "e"}}[at]
    assert set(taken.below(folder)) == {os.fsencode(folder / name) for name in expected}
    whole = rig.taken(rig.snap().snapshot)
    assert set(whole.below(folder)) == {os.fsencode(folder / name) for name in ("a", "b", "c", "c/d", "e")}


def test_holes_cost_no_blob_and_come_back(home: Path, folder: Path) -> None:
    path = folder / "disk"
    with path.open("wb") as file:
        file.truncate(100 << 20)
        file.seek(50 << 20)
        file.write(b"data" * 1024)
    (folder / "empty").touch()
    os.truncate(folder / "empty", 1 << 30)
    rig = Rig.of(home, folder)
    result = rig.snap()
    taken = rig.taken(result.snapshot)
    assert taken[path].extents == (Span(50 << 20, 4096), Span((50 << 20) - 4096, 0))
    assert [ref.size for ref in taken[path].refs] == [4096]
    assert taken[folder / "empty"].refs == ()
    assert result.statistics.added_size < 100_000


def test_many_holes_and_many_blobs_make_list_objects(home: Path, folder: Path) -> None:
    path = folder / "swiss"
    with path.open("wb") as file:
        for row in range(100):
            file.seek(row * 65536 + 8192)
            file.write(bytes([row + 1]) * 4096)
    noise = os.urandom(40 << 20)
    write(folder / "long", noise)
    rig = Rig.of(home, folder)
    taken = rig.taken(rig.snap().snapshot)
    assert isinstance(taken[path].extents, bytes)
    assert taken[folder / "long"].marks & Mark.LIST
    assert taken.content(path) == path.read_bytes()
    assert taken.content(folder / "long") == noise


def test_a_hard_linked_file_is_read_once(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "a", b"content")
    for name in "bcdef":
        os.link(folder / "a", folder / name)
    honest = os.read
    reads: list[bytes] = []

    def counting(fd: int, size: int) -> bytes:
        data = honest(fd, size)
        reads.append(data)
        return data

    monkeypatch.setattr(os, "read", counting)
    rig = Rig.of(home, folder)
    result = rig.snap()
    assert reads.count(b"content") == 1
    assert rig.taken(result.snapshot).content(folder / "f") == b"content"


def test_filters_leave_out_and_say_so_nowhere(home: Path, folder: Path) -> None:
    for name in ("keep", "a.o", "build/x", "big", "cache/data", "marked/data", "deep/build/y"):
        write(folder / name)
    write(folder / "big", b"x" * 2000)
    write(folder / "cache/CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55\n")
    write(folder / "marked/.nobackup")
    filters = FilterSpec(
        excludes=("*.o", "build/"), larger_than=1000, if_present=(".nobackup",), caches=True, defaults=False
    )
    rig = Rig.of(home, folder, filters=filters)
    taken = rig.taken(rig.snap().snapshot)
    kept = {"keep", "cache", "cache/CACHEDIR.TAG", "marked", "marked/.nobackup", "deep"}
    assert set(taken.below(folder)) == {os.fsencode(folder / name) for name in kept}


def test_changed_filters_do_not_trust_the_cache_of_others(home: Path, folder: Path) -> None:
    write(folder / "a/1")
    write(folder / "a/2")
    rig = Rig.of(home, folder)
    rig.snap()
    other = Rig.of(home, folder, filters=FilterSpec(excludes=("2",), defaults=False))
    other.store, other.made = rig.store, True
    assert os.fsencode(folder / "a/2") not in set(other.taken(other.snap().snapshot).below(folder))


def test_one_file_system_keeps_mount_points_empty_and_marked(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "mounted/file")
    inode = (folder / "mounted").stat().st_ino

    def device(status: Status) -> int:
        return 12345 if status.st_ino == inode else 1

    monkeypatch.setattr(Status, "st_dev", property(device))
    rig = Rig.of(home, folder, filters=FilterSpec(one_file_system=True, defaults=False))
    result = rig.snap()
    monkeypatch.undo()
    taken = rig.taken(result.snapshot)
    assert taken[folder / "mounted"].marks == Mark.EXCLUDED_MOUNT
    assert folder / "mounted/file" not in taken
    assert [ordinal for _, ordinal in taken.entries.values()] == list(range(len(taken.entries)))


def test_kernel_file_systems_are_kept_empty(home: Path) -> None:
    rig = Rig.of(home, Path("/"), filters=FilterSpec(excludes=("/*", "!/proc"), defaults=False))
    taken = rig.taken(rig.snap().snapshot)
    assert set(taken.entries) == {b"/", b"/proc"}
    assert taken[b"/proc"].marks == Mark.EXCLUDED_MOUNT


def test_the_way_to_a_source_may_lead_through_a_kernel_file_system(home: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        write(folder / "file", b"content")
        rig = Rig.of(home, folder)
        result = rig.snap()
        assert result.failures == ()
        taken = rig.taken(result.snapshot)
        assert taken.content(folder / "file") == b"content"
        assert set(taken.entries) == {b"/", b"/dev", b"/dev/shm", os.fsencode(folder), os.fsencode(folder / "file")}
    finally:
        shutil.rmtree(folder)


def test_the_repository_and_the_state_are_never_entered(home: Path, folder: Path, tmp_path: Path) -> None:
    write(home / "documents/letter")
    rig = Rig.of(home, home)
    rig.store = FolderStore(home / "repository", create=True)
    result = rig.snap()
    taken = rig.taken(result.snapshot)
    assert taken[home / "repository"].marks == Mark.EXCLUDED_MOUNT
    for place in (rig.places.state, rig.places.cache):
        assert not list(taken.below(place))
    assert home / "documents/letter" in taken


def test_missing_sources_are_said_and_the_rest_is_kept(home: Path, folder: Path) -> None:
    write(folder / "a/1")
    write(folder / "b/2")
    rig = Rig.of(home, folder / "a", folder / "b")
    (folder / "b/2").unlink()
    (folder / "b").rmdir()
    result = rig.snap()
    assert result.result == "errors"
    assert [failure.path for failure in result.failures] == [os.fsencode(folder / "b")]
    assert any(isinstance(event, Message) and event.level == "error" for event in rig.hooks.events)
    (folder / "a/1").unlink()
    (folder / "a").rmdir()
    with pytest.raises(UsageError, match="No source"):
        rig.snap()


@pytest.mark.parametrize("kind", ["fifo", "socket"])
def test_a_fifo_or_socket_as_source_is_refused(
    home: Path, folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "thing")
    rig = Rig.of(home, path)
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            monkeypatch.chdir(folder)
            listener.bind("thing")
    with pytest.raises(UsageError, match=f"is a {kind}"):
        rig.snap()


def test_events_of_a_run_come_in_order(home: Path, folder: Path) -> None:
    write(folder / "a")
    rig = Rig.of(home, folder)
    result = rig.snap(tags=("first",))
    kinds = [type(event) for event in rig.hooks.events]
    assert kinds == [RunBegin, File, SnapshotNew, RunEnd]
    end = rig.hooks.events[-1]
    assert isinstance(end, RunEnd) and result.snapshot is not None
    assert (end.result, end.exit_code, end.snapshot) == ("complete", 0, result.snapshot.hex())
    assert rig.open().labels()[result.snapshot].tags == ("first",)


def test_a_dry_run_stores_nothing(home: Path, folder: Path) -> None:
    write(folder / "a", b"content")
    rig = Rig.of(home, folder)
    rig.open()
    before = set(rig.store.list())
    result = rig.snap(dry_run=True)
    assert (result.snapshot, result.result, result.statistics.new) == (None, "dry-run", 1)
    assert set(rig.store.list()) == before
    assert rig.snap().statistics.new == 1


def test_a_cancelled_run_leaves_no_snapshot_and_the_next_one_uses_its_blobs(home: Path, folder: Path) -> None:
    for row in range(50):
        write(folder / f"{row:02}/file", os.urandom(100_000))
    rig = Rig.of(home, folder)
    rig.cancelled = lambda: True
    with pytest.raises(CancelledError):
        rig.snap()
    assert rig.open().snapshot_ids() == set()
    assert not list(rig.store.list("session."))
    rig.cancelled = lambda: False
    assert rig.snap().result == "complete"


def test_deep_folders_are_walked_to_the_end(home: Path, folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    with os.fdopen(os.open("end", os.O_WRONLY | os.O_CREAT, dir_fd=fd), "wb") as file:
        file.write(b"the end")
    os.close(fd)
    rig = Rig.of(home, folder)
    result = rig.snap()
    assert result.failures == ()
    assert rig.taken(result.snapshot).record.statistics.files == 1
    subprocess.run(["rm", "-rf", folder], check=True)


def test_two_threads_may_take_two_profiles(home: Path, folder: Path) -> None:
    rigs = []
    for name in ("one", "two"):
        write(folder / name / "file", os.urandom(1 << 20))
        rigs.append(Rig.of(home, folder / name, name=name))
    rigs[1].store, rigs[1].made = rigs[0].store, True
    rigs[0].open()
    done: list[object] = []
    threads = [threading.Thread(target=lambda rig=rig: done.append(rig.snap().result)) for rig in rigs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == ["complete", "complete"]
    assert len(rigs[0].open().snapshot_ids()) == 2


def test_the_tick_of_a_large_file_can_cancel(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.engine.capture.attempt.UPDATE_INTERVAL_S", 0.0)
    write(folder / "big", b"\0" * (20 << 20))
    rig = Rig.of(home, folder)
    asked: list[int] = []

    def later() -> bool:
        asked.append(1)
        return len(asked) > 3

    rig.cancelled = later
    with pytest.raises(CancelledError):
        rig.snap()
