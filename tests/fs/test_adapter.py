"""Handlers called directly: answers, errno for every failure, and waiting for a store on a thread."""

import errno
import logging
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pyfuse3
import pytest
import trio
import trio.testing
from tests.fs.stand_in import Memory, Snapshots

from yester.engine.errors import DamageError, Offline, Retry
from yester.engine.ids import BlobKind
from yester.engine.restore.ownership import OwnerMode
from yester.fs.adapter import RECALLS, Adapter
from yester.fs.cold import ColdFiles
from yester.fs.file_reading import Desk
from yester.fs.file_system import FileSystem
from yester.fs.inodes import ROOT, Inode, Numbers, inode_of
from yester.fs.read_ahead import ReadAhead
from yester.fs.sources import PATIENCE_S, MountSource
from yester.fs.views import ViewBuilder
from yester.fs.waiting import Patience

WHO = cast(Any, SimpleNamespace(uid=0, gid=0, pid=1, umask=0))
TOP = inode_of(1, 0)


class Scene:
    """A snapshot of one folder with one file, and its adapter."""

    def __init__(
        self,
        root: Path,
        *,
        local: bool,
        more: Mapping[str, bytes] = MappingProxyType({}),
        cold: ColdFiles | None = None,
    ) -> None:
        (root / "source").mkdir()
        (root / "source" / "file").write_text("content")
        for name, content in more.items():
            (root / "source" / name).write_bytes(content)
        self.memory = Memory()
        snapshots = Snapshots(self.memory)
        snapshots.take(root / "source")
        self.source = source = MountSource(self.memory, local=local)
        desk = Desk(source, ReadAhead(SimpleNamespace(read_ahead=lambda ids: None)))
        builder = ViewBuilder(Numbers(root / "s"), Numbers(root / "f"))
        system = FileSystem(snapshots, builder, desk, pyfuse3.EntryAttributes(), owner=OwnerMode.AS_STORED, me=(0, 0))
        self.pushed: list[tuple[int, int, bytes]] = []
        self.adapter = Adapter(system, source, Patience(), cold=cold, push=self.push)

    def push(self, inode: int, offset: int, data: bytes) -> None:
        self.pushed.append((inode, offset, bytes(data)))

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


async def refusal(answer: Awaitable[object]) -> int:
    """The errno that a handler answers with."""
    with pytest.raises(pyfuse3.FUSEError) as caught:
        await answer
    return caught.value.errno


async def test_a_file_is_found_opened_read_and_closed(scene: Scene) -> None:
    adapter = scene.adapter
    inode = (await adapter.lookup(TOP, b"file", WHO)).st_ino
    assert (await adapter.getattr(inode, WHO)).st_size == 7
    handle = (await adapter.open(inode, 0, WHO)).fh
    assert bytes(await adapter.read(handle, 2, 100)) == b"ntent"
    await adapter.release(handle)
    with pytest.raises(KeyError):
        await adapter.read(handle, 0, 1)


async def test_damage_is_eio_and_the_log_says_why(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.break_content(DamageError("data.1234 is damaged"))
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    handle = (await scene.adapter.open(inode, 0, WHO)).fh
    assert await refusal(scene.adapter.read(handle, 0, 10)) == errno.EIO
    assert "data.1234 is damaged" in caplog.text
    assert (await scene.adapter.getattr(inode, WHO)).st_size == 7


async def test_a_store_that_fails_is_eio_until_it_is_back(scene: Scene) -> None:
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    handle = (await scene.adapter.open(inode, 0, WHO)).fh
    scene.break_content(Retry("no answer"))
    assert await refusal(scene.adapter.read(handle, 0, 10)) == errno.EIO
    scene.memory.broken.clear()
    assert bytes(await scene.adapter.read(handle, 0, 10)) == b"content"


@pytest.mark.parametrize("local", [True, False])
async def test_what_stays_offline_though_it_was_brought_back_is_eio(tmp_path: Path, local: bool) -> None:
    """A purge takes it again each time, or the store does not show it yet: the mount lives on."""
    brought: list[object] = []
    cold = SimpleNamespace(waits=True, wait_s=60.0, bring=lambda entry, folder: brought.append(entry.name))
    scene = Scene(tmp_path, local=local, cold=cast(ColdFiles, cold))
    scene.memory.cached_ids = {id for id, data in scene.memory.blobs.items() if local or data != b"content"}
    scene.break_content(Offline("data.1234 is offline", name="data.1234"))
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    handle = (await scene.adapter.open(inode, 0, WHO)).fh
    assert await refusal(scene.adapter.read(handle, 0, 10)) == errno.EIO
    assert brought == [b"file"] * RECALLS


async def test_more_reads_than_may_wait_for_archives_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[object] = []
    monkeypatch.setattr("yester.fs.adapter.MOST_ASLEEP", 0)
    cold = SimpleNamespace(waits=True, wait_s=60.0, bring=lambda entry, folder: brought.append(entry.name))
    scene = Scene(tmp_path, local=True, cold=cast(ColdFiles, cold))
    scene.break_content(Offline("data.1234 is offline", name="data.1234"))
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    handle = (await scene.adapter.open(inode, 0, WHO)).fh
    assert await refusal(scene.adapter.read(handle, 0, 10)) == errno.EIO
    assert brought == []


async def test_a_defect_of_our_own_is_eio_with_a_trace_in_the_log(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.break_content(ZeroDivisionError("oops"))
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    handle = (await scene.adapter.open(inode, 0, WHO)).fh
    assert await refusal(scene.adapter.read(handle, 0, 10)) == errno.EIO
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


async def test_each_refusal_has_its_errno(scene: Scene) -> None:
    adapter = scene.adapter
    inode = (await adapter.lookup(TOP, b"file", WHO)).st_ino
    assert await refusal(adapter.getattr(inode_of(7, 7), WHO)) == errno.ESTALE
    assert await refusal(adapter.opendir(inode, WHO)) == errno.ENOTDIR
    assert await refusal(adapter.readlink(inode, WHO)) == errno.EINVAL
    assert await refusal(adapter.getxattr(inode, b"user.none", WHO)) == errno.ENODATA
    assert await refusal(adapter.open(inode, 1, WHO)) == errno.EROFS
    assert await refusal(adapter.flush(1)) == errno.ENOSYS


async def test_a_missing_name_is_an_answer_that_the_kernel_keeps(scene: Scene) -> None:
    missing = await scene.adapter.lookup(TOP, b"none", WHO)
    assert missing.st_ino == 0 and missing.entry_timeout > 86400


async def test_nothing_can_be_written(scene: Scene) -> None:
    calls: dict[str, Callable[..., Awaitable[object]]] = {
        name: getattr(scene.adapter, name)
        for name in [
            "setattr",
            "mknod",
            "mkdir",
            "unlink",
            "rmdir",
            "symlink",
            "rename",
            "link",
            "create",
            "write",
            "setxattr",
            "removexattr",
        ]
    }
    assert {name: await refusal(call()) for name, call in calls.items()} == dict.fromkeys(calls, errno.EROFS)


async def test_statfs_tells_no_free_space(scene: Scene) -> None:
    told = await scene.adapter.statfs(WHO)
    assert told.f_bfree == told.f_bavail == 0 and told.f_blocks >= 1


async def test_a_small_file_is_handed_to_the_kernel_when_it_is_opened_but_never_while_it_is_open(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, local=True)
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    first = (await scene.adapter.open(inode, 0, WHO)).fh
    assert scene.pushed == [(inode, 0, b"content")]
    # As if the kernel had dropped its pages and a program were reading at this moment.
    scene.adapter._pusher._recent.clear()
    second = (await scene.adapter.open(inode, 0, WHO)).fh
    await scene.adapter.release(first)
    third = (await scene.adapter.open(inode, 0, WHO)).fh
    assert len(scene.pushed) == 1
    await scene.adapter.release(second)
    await scene.adapter.release(third)
    await scene.adapter.open(inode, 0, WHO)
    assert len(scene.pushed) == 2


async def test_what_was_handed_over_lately_is_not_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path, local=True)
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    for _ in range(3):
        await scene.adapter.release((await scene.adapter.open(inode, 0, WHO)).fh)
    assert len(scene.pushed) == 1


async def test_what_cannot_be_read_is_opened_and_read_fails(tmp_path: Path) -> None:
    scene = Scene(tmp_path, local=True)
    scene.break_content(DamageError("damaged"))
    inode = (await scene.adapter.lookup(TOP, b"file", WHO)).st_ino
    handle = (await scene.adapter.open(inode, 0, WHO)).fh
    assert scene.pushed == []
    assert await refusal(scene.adapter.read(handle, 0, 10)) == errno.EIO


async def test_when_the_list_of_snapshots_cannot_be_had_the_views_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, local=False)
    before = (await scene.adapter.lookup(ROOT, b"latest", WHO)).st_ino

    for problem in (Retry("the store is away"), ZeroDivisionError("oops")):

        def look(problem: Exception = problem) -> Any:
            raise problem

        monkeypatch.setattr(scene.adapter._system, "look", look)
        monkeypatch.setattr(scene.adapter._system, "_looked", float("-inf"))
        assert (await scene.adapter.lookup(ROOT, b"latest", WHO)).st_ino == before
        assert str(problem) in caplog.text
    assert [bool(record.exc_info) for record in caplog.records] == [False, True]


@contextmanager
def stalling(scene: Scene, contents: set[bytes]) -> Iterator[tuple[threading.Event, Counter[bytes]]]:
    """Let reading these contents hang until the event; the rest but `file` is in memory. Count what is asked for."""
    scene.memory.cached_ids = {id for id, data in scene.memory.blobs.items() if data not in {*contents, b"content"}}
    comes, asked, read = threading.Event(), Counter[bytes](), scene.memory.blob

    def blob(kind: BlobKind, id: bytes) -> bytes:
        data = scene.memory.blobs[id]
        asked[data] += 1
        if data in contents:
            comes.wait()
        return read(kind, id)

    scene.memory.blob = blob  # type: ignore[method-assign]
    try:
        yield comes, asked
    finally:
        comes.set()


async def opened(scene: Scene, name: bytes) -> int:
    """Look a file up and open it without anything being handed to the kernel; return its handle."""
    inode = (await scene.adapter.lookup(TOP, name, WHO)).st_ino
    scene.adapter._pusher._recent.add(Inode(inode))
    return (await scene.adapter.open(inode, 0, WHO)).fh


async def test_who_waits_for_a_store_that_hangs_is_told_so_and_what_comes_late_serves_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(tmp_path, local=False, more={"slow": b"slowly"})
    with stalling(scene, {b"slowly"}) as (comes, asked):
        slow, file = await opened(scene, b"slow"), await opened(scene, b"file")
        scene.source.patience_s = 0
        assert await refusal(scene.adapter.read(slow, 0, 10)) == errno.EIO
        assert "the store has not answered for 0 s" in caplog.text
        scene.source.patience_s = PATIENCE_S
        assert bytes(await scene.adapter.read(file, 0, 10)) == b"content"
        async with trio.open_nursery() as nursery:
            answers: list[bytes] = []

            async def read() -> None:
                answers.append(bytes(await scene.adapter.read(slow, 0, 10)))

            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked()
            comes.set()
        assert answers == [b"slowly"]
        assert asked[b"slowly"] == 1, "who asks while it is fetched waits for that"


async def test_however_many_reads_hang_others_are_answered(tmp_path: Path) -> None:
    """More than a pool of threads commonly has."""
    many = {f"{number}": b"slow %d" % number for number in range(100)}
    scene = Scene(tmp_path, local=False, more=many)
    with stalling(scene, set(many.values())):
        slow, file = [await opened(scene, name.encode()) for name in many], await opened(scene, b"file")
        scene.source.patience_s = 0
        assert [await refusal(scene.adapter.read(handle, 0, 10)) for handle in slow] == [errno.EIO] * len(slow)
        scene.source.patience_s = PATIENCE_S
        assert bytes(await scene.adapter.read(file, 0, 10)) == b"content"


async def test_of_a_store_in_which_too_much_hangs_nothing_more_is_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yester.fs.errands.MOST_HANGING", 1)
    scene = Scene(tmp_path, local=False, more={"slow": b"slowly"})
    with stalling(scene, {b"slowly"}) as (comes, asked):
        slow, file = await opened(scene, b"slow"), await opened(scene, b"file")
        scene.source.patience_s = 0
        assert await refusal(scene.adapter.read(slow, 0, 10)) == errno.EIO
        scene.source.patience_s = PATIENCE_S
        assert await refusal(scene.adapter.read(file, 0, 10)) == errno.EIO
        assert "hang in it" in caplog.text and not asked[b"content"]
        comes.set()
        assert bytes(await scene.adapter.read(slow, 0, 10)) == b"slowly"
        assert bytes(await scene.adapter.read(file, 0, 10)) == b"content"


async def test_who_looks_at_the_list_of_snapshots_in_a_store_that_hangs_sees_it_as_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, local=False)
    before = (await scene.adapter.lookup(ROOT, b"latest", WHO)).st_ino
    comes, look = threading.Event(), scene.adapter._system.look

    def hang() -> Any:
        comes.wait()
        return look()

    monkeypatch.setattr(scene.adapter._system, "look", hang)
    scene.source.patience_s = 0
    try:
        monkeypatch.setattr(scene.adapter._system, "_looked", float("-inf"))
        assert (await scene.adapter.lookup(ROOT, b"latest", WHO)).st_ino == before
        assert "does not answer" in caplog.text
    finally:
        comes.set()
