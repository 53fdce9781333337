"""Requests as the kernel sends them: answers, an errno for every failure, and waiting for a store on a thread."""

import errno
import logging
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fs.kernel import ALL, Kernel, read_body, served
from tests.fs.listings import parse_listing
from tests.fs.stand_in import Memory, Snapshots

from yester.engine.errors import DamageError, Retry
from yester.engine.restore.ownership import OwnerMode
from yester.fs.answering import PATIENCE_S
from yester.fs.file_reading import Desk
from yester.fs.file_system import FileSystem
from yester.fs.inodes import IDS, ROOT, TAGS, Inode, Numbers, inode_of
from yester.fs.read_ahead import ReadAhead
from yester.fs.requests import WRITING, Call, Flag
from yester.fs.sources import MountSource
from yester.fs.views import ViewBuilder

TOP = inode_of(1, 0)
XATTR = struct.Struct("<II")


class Scene:
    """A snapshot of one folder with one file, and its tree."""

    def __init__(self, root: Path, *, local: bool) -> None:
        self.folder = root / "source"
        self.folder.mkdir()
        (self.folder / "file").write_text("content")
        os.setxattr(self.folder / "file", "user.mood", b"fine")
        self.memory = Memory()
        self.snapshots = Snapshots(self.memory)
        self.snapshots.take(self.folder)
        self.source = MountSource(self.memory, local=local)
        self.now = 0.0
        desk = Desk(self.source, ReadAhead(SimpleNamespace(read_ahead=lambda ids: None)))
        builder = ViewBuilder(Numbers(root / "s"), Numbers(root / "f"))
        self.system = FileSystem(
            self.snapshots, builder, desk, owner=OwnerMode.AS_STORED, me=(0, 0), clock=lambda: self.now
        )

    def break_content(self, error: Exception) -> None:
        """Let reading the file's content fail."""
        for blob, content in self.memory.blobs.items():
            if content == b"content":
                self.memory.broken[blob] = error


@pytest.fixture(params=[True, False], ids=["local", "far"])
def scene(tmp_path: Path, request: pytest.FixtureRequest) -> Scene:
    scene = Scene(tmp_path, local=request.param)
    if not request.param:
        scene.memory.cached_ids = set()
    return scene


@pytest.fixture
def kernel(scene: Scene) -> Iterator[Kernel]:
    with served(scene.system, scene.source) as kernel:
        yield kernel


def test_a_file_is_found_and_read(kernel: Kernel) -> None:
    inode = kernel.look_up(TOP, b"file")
    error, told = kernel.ask(Call.GETATTR, inode, bytes(16))
    assert (error, struct.unpack_from("<QQ", told, 16)) == (0, (inode, 7))
    assert kernel.read(inode, 2, 100) == (0, b"ntent")
    assert kernel.read(inode, 7, 100) == (0, b"")


def test_damage_is_eio_and_the_log_says_why_once(
    scene: Scene, kernel: Kernel, caplog: pytest.LogCaptureFixture
) -> None:
    scene.break_content(DamageError("data.1234 is damaged"))
    inode = kernel.look_up(TOP, b"file")
    for _ in range(50):
        assert kernel.read(inode, 0, 10) == (errno.EIO, b"")
    assert len([record for record in caplog.records if "data.1234 is damaged" in record.message]) == 1
    assert kernel.ask(Call.GETATTR, inode, bytes(16))[0] == 0


def test_a_store_that_fails_is_eio_until_it_is_back(scene: Scene, kernel: Kernel) -> None:
    inode = kernel.look_up(TOP, b"file")
    scene.break_content(Retry("no answer"))
    assert kernel.read(inode, 0, 10)[0] == errno.EIO
    scene.memory.broken.clear()
    assert kernel.read(inode, 0, 10) == (0, b"content")


def test_a_defect_of_our_own_is_eio_with_a_trace_in_the_log(
    scene: Scene, kernel: Kernel, caplog: pytest.LogCaptureFixture
) -> None:
    scene.break_content(ZeroDivisionError("oops"))
    assert kernel.read(kernel.look_up(TOP, b"file"), 0, 10)[0] == errno.EIO
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


def test_each_refusal_has_its_errno(kernel: Kernel) -> None:
    inode = kernel.look_up(TOP, b"file")
    assert kernel.ask(Call.GETATTR, inode_of(7, 7), bytes(16))[0] == errno.ESTALE
    assert kernel.ask(Call.READDIRPLUS, inode, read_body(0, 4096))[0] == errno.ENOTDIR
    assert kernel.ask(Call.READLINK, inode)[0] == errno.EINVAL
    assert kernel.read(TOP, 0, 10)[0] == errno.EINVAL
    assert kernel.ask(Call.OPEN, inode, struct.pack("<II", os.O_RDWR, 0))[0] == errno.EROFS
    assert kernel.ask(4000, inode)[0] == errno.ENOSYS
    assert {call: kernel.ask(call)[0] for call in WRITING} == dict.fromkeys(WRITING, errno.EROFS)


def test_the_kernel_opens_nothing_where_it_can_do_without(scene: Scene, kernel: Kernel) -> None:
    inode = kernel.look_up(TOP, b"file")
    assert kernel.ask(Call.OPEN, inode, bytes(8))[0] == errno.ENOSYS
    assert kernel.ask(Call.OPENDIR, TOP, bytes(8))[0] == errno.ENOSYS
    kernel.greet(ALL & ~(Flag.NO_OPEN_SUPPORT | Flag.NO_OPENDIR_SUPPORT))
    for call, of in ((Call.OPEN, inode), (Call.OPENDIR, TOP)):
        error, told = kernel.ask(call, of, bytes(8))
        assert (error, struct.unpack("<QII", told)) == (0, (0, 0b1010, 0))


def test_a_kernel_of_another_protocol_is_told_ours_or_refused(kernel: Kernel) -> None:
    error, told = kernel.ask(Call.INIT, 0, struct.pack("<IIII", 8, 0, 0, 0))
    assert (error, struct.unpack_from("<II", told)) == (0, (7, 38))
    for version in ((6, 99), (7, 22)):
        assert kernel.ask(Call.INIT, 0, struct.pack("<IIII", *version, 0, ALL))[0] == errno.EPROTO
    error, told = kernel.ask(Call.INIT, 0, struct.pack("<IIII", 7, 31, 0, ALL))
    assert (error, len(told), struct.unpack_from("<II", told)) == (0, 64, (7, 31))


def test_attributes_are_given_by_the_room_there_is(kernel: Kernel) -> None:
    inode = kernel.look_up(TOP, b"file")
    for size, answer in ((0, (0, XATTR.pack(4, 0))), (3, (errno.ERANGE, b"")), (4, (0, b"fine"))):
        assert kernel.ask(Call.GETXATTR, inode, XATTR.pack(size, 0) + b"user.mood\0") == answer
    for size, answer in ((0, (0, XATTR.pack(10, 0))), (9, (errno.ERANGE, b"")), (10, (0, b"user.mood\0"))):
        assert kernel.ask(Call.LISTXATTR, inode, XATTR.pack(size, 0)) == answer
    assert kernel.ask(Call.LISTXATTR, TOP, XATTR.pack(100, 0)) == (0, b"")
    assert kernel.ask(Call.GETXATTR, inode, XATTR.pack(9, 0) + b"user.none\0")[0] == errno.ENODATA


def test_without_attributes_nobody_asks_for_any(tmp_path: Path) -> None:
    scene = Scene(tmp_path, local=True)
    with served(scene.system, scene.source, xattrs=False) as kernel:
        inode = kernel.look_up(TOP, b"file")
        assert kernel.ask(Call.LISTXATTR, inode, XATTR.pack(10, 0))[0] == errno.ENOSYS
        assert kernel.ask(Call.GETXATTR, inode, XATTR.pack(10, 0) + b"user.mood\0")[0] == errno.ENOSYS
        assert not struct.unpack_from("<I", kernel.greet()[1], 12)[0] & Flag.POSIX_ACL


def test_a_missing_name_is_an_answer_that_the_kernel_keeps(kernel: Kernel) -> None:
    error, told = kernel.ask(Call.LOOKUP, TOP, b"none\0")
    inode, _, seconds = struct.unpack_from("<QQQ", told)
    assert (error, inode) == (0, 0) and seconds > 86400


def test_a_folder_is_listed_to_its_end(kernel: Kernel) -> None:
    error, told = kernel.ask(Call.READDIRPLUS, TOP, read_body(0, 4096))
    listed = parse_listing(told)
    assert (error, [(each.name, each.kind, each.inode) for each in listed]) == (
        0,
        [(b".", 4, 0), (b"..", 4, 0), (b"file", 8, TOP + 1)],
    )
    assert kernel.ask(Call.READDIRPLUS, TOP, read_body(listed[-1].after, 4096)) == (0, b"")


def test_statfs_tells_no_free_space(kernel: Kernel) -> None:
    error, told = kernel.ask(Call.STATFS)
    blocks, free, available, _, free_entries = struct.unpack_from("<QQQQQ", told)
    assert error == 0 and blocks >= 1 and free == available == free_entries == 0


def test_listings_that_are_out_of_date_are_let_go(tmp_path: Path) -> None:
    scene = Scene(tmp_path, local=True)
    with served(scene.system, scene.source) as kernel:
        for folder in (IDS, TOP):
            first = kernel.ask(Call.READDIRPLUS, folder, read_body(0, 4096))[1]
        assert kernel.notices == []
        scene.snapshots.take(scene.folder, time_ns=2 * 10**18)
        scene.now += 10
        kernel.ask(Call.GETATTR, TAGS, bytes(16))
        assert [struct.unpack("<Qqq", notice) for notice in kernel.notices] == [(IDS, 0, 0)]
        # A listing that was begun before is of both, and is let go once more at its end.
        after = parse_listing(kernel.ask(Call.READDIRPLUS, IDS, read_body(0, 4096))[1])[-1].after
        assert len(kernel.notices) == 1 and parse_listing(first)
        assert kernel.ask(Call.READDIRPLUS, IDS, read_body(after, 4096)) == (0, b"")
        assert [struct.unpack("<Qqq", notice)[0] for notice in kernel.notices] == [IDS, IDS]


def test_what_is_forgotten_is_not_answered(kernel: Kernel) -> None:
    kernel.send(Call.FORGET, TOP, struct.pack("<Q", 1))
    kernel.send(Call.BATCH_FORGET, 0, struct.pack("<IIQQ", 1, 0, TOP, 1))
    kernel.send(Call.INTERRUPT, 0, struct.pack("<Q", 1))
    assert kernel.look_up(TOP, b"file")


def test_while_one_waits_for_the_store_others_are_answered_and_in_the_end_he_is_told_that_it_is_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(tmp_path, local=False)
    (scene.folder / "other").write_text("other")
    scene.snapshots.take(scene.folder, time_ns=2 * 10**18)
    top = inode_of(2, 0)
    content = next(blob for blob, data in scene.memory.blobs.items() if data == b"content")
    scene.memory.cached_ids = set(scene.memory.blobs) - {content}
    comes, read = threading.Event(), scene.memory.blob

    def stalling(kind: Any, id: bytes) -> bytes:
        comes.wait(60)
        return read(kind, id)

    monkeypatch.setattr(scene.memory, "blob", stalling)
    scene.now += 100
    with served(scene.system, scene.source) as kernel:
        assert kernel.look_up(ROOT, b"latest")
        file, other = kernel.look_up(top, b"file"), kernel.look_up(top, b"other")
        waiting = kernel.send(Call.READ, file, read_body(0, 10))
        assert kernel.read(other, 0, 10) == (0, b"other")
        assert not kernel.has_answered(waiting)
        monkeypatch.setattr("yester.fs.answering.PATIENCE_S", -1.0)
        assert kernel.answer(waiting) == (errno.EIO, b"")
        assert "has not answered" in caplog.text
        monkeypatch.setattr("yester.fs.answering.PATIENCE_S", PATIENCE_S)
        comes.set()
        assert kernel.read(file, 0, 10) == (0, b"content")


def test_when_the_list_of_snapshots_cannot_be_had_the_views_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, local=False)
    with served(scene.system, scene.source) as kernel:
        before = kernel.look_up(ROOT, b"latest")
        for problem in (Retry("the store is away"), ZeroDivisionError("oops")):

            def look(problem: Exception = problem) -> Any:
                raise problem

            monkeypatch.setattr(scene.system, "look", look)
            scene.now += 100
            assert kernel.look_up(Inode(ROOT), b"latest") == before
            assert str(problem) in caplog.text
    assert [bool(record.exc_info) for record in caplog.records] == [False, True]
