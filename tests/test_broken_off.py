"""Long runs that are killed at any put, and stores that are gone for a time or for good.

Whatever was committed stays whole, the next run completes, and reads no file again that the broken run had kept.
"""

import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.capture.test_keeping import HALF_AN_HOUR, LongRun, Opened, partials, snap
from tests.rig import Rig, write

from yester.engine.capture.keeping import KEEP_EVERY_S
from yester.engine.check.checking import check
from yester.engine.errors import Retry, YesterError
from yester.engine.events import Message
from yester.engine.hooks import NoHooks
from yester.engine.progress import NoProgress
from yester.engine.store import Buffer
from yester.plugins.backends.folder import FolderStore

pytestmark = pytest.mark.usefixtures("settled")


class Counted(FolderStore):
    """A store whose calls have numbers. From `gone` to `back` it cannot be reached; at put number `kill` all ends."""

    def __init__(self, path: Path, create: bool = False) -> None:
        super().__init__(path, create)
        self.calls = self.puts = 0
        self.gone = self.back = self.kill = -1

    def _call(self) -> None:
        self.calls += 1
        if self.gone <= self.calls - 1 < self.back:
            raise Retry("The network is gone")

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self._call()
        self.puts += 1
        if self.puts - 1 == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        super().put(name, buffers, if_absent=if_absent, group=group)

    def get(self, name: str) -> bytes:
        self._call()
        return super().get(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        self._call()
        return super().get_range(name, offset, size)

    def list(self, prefix: str = "") -> Iterator[str]:
        self._call()
        return super().list(prefix)

    def query(self, name: str) -> int:
        self._call()
        return super().query(name)

    def delete(self, name: str) -> None:
        self._call()
        super().delete(name)


@pytest.fixture
def source(folder: Path) -> Path:
    dice = random.Random(1)
    for row in range(24):
        write(folder / f"{row % 3}" / f"{row % 2}" / f"f{row:02}", dice.randbytes(dice.choice((0, 50, 5_000, 150_000))))
    return folder


@pytest.fixture
def rig(home: Path, source: Path) -> Rig:
    return Rig.of(home, source)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    return Opened(monkeypatch)


def fresh(rig: Rig, place: Path) -> tuple[Rig, Counted]:
    """Return a rig with an empty repository and caches of its own."""
    shutil.rmtree(rig.places.cache, ignore_errors=True)
    store = Counted(place, create=True)
    other = replace(rig, store=store, made=False)
    other.open()
    store.calls = store.puts = 0
    return other, store


def assert_sound(rig: Rig) -> None:
    assert check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress()).problems == ()


def assert_next_run_completes(rig: Rig, source: Path, opened: Opened) -> None:
    """Files of a partial snapshot are not read again."""
    assert_sound(rig)
    before = {sid for sid, snapshot in rig.open().snapshots() if not snapshot.partial}
    had = {
        os.fsdecode(path)
        for sid, _ in partials(rig)
        for path, (entry, _) in rig.taken(sid).entries.items()
        if entry.is_file and entry.size
    }
    opened.names.clear()
    result = snap(rig, LongRun(0))
    assert not had & set(opened.names)
    taken = rig.taken(result.snapshot)
    assert all(taken.content(path) == path.read_bytes() for path in source.rglob("*") if path.is_file())
    assert rig.open().snapshot_ids() == {*before, result.snapshot}
    assert_sound(rig)


def in_a_child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step_s", [KEEP_EVERY_S, HALF_AN_HOUR / 2])
def test_a_long_run_killed_at_any_put(rig: Rig, source: Path, tmp_path: Path, opened: Opened, step_s: float) -> None:
    counted, store = fresh(rig, tmp_path / "counted")
    snap(counted, LongRun(step_s))
    rounds = store.puts
    assert rounds > 12
    for at in range(0, rounds, max(1, rounds // 10)):
        other, store = fresh(rig, tmp_path / f"killed-{at}")
        store.kill = at
        status = in_a_child(lambda other=other: snap(other, LongRun(step_s)))  # type: ignore[misc]
        assert os.WIFSIGNALED(status), at
        store.kill = -1
        assert_next_run_completes(other, source, opened)
        shutil.rmtree(tmp_path / f"killed-{at}")


@pytest.mark.timeout(300)
def test_a_store_that_goes_and_does_not_come_back_in_this_run(
    rig: Rig, source: Path, tmp_path: Path, opened: Opened
) -> None:
    counted, store = fresh(rig, tmp_path / "counted")
    snap(counted, LongRun(HALF_AN_HOUR / 2))
    calls = store.calls
    for at in range(0, calls, max(1, calls // 10)):
        other, store = fresh(rig, tmp_path / f"gone-{at}")
        store.gone, store.back = at, 1 << 30
        try:
            assert snap(other, LongRun(HALF_AN_HOUR / 2)).result == "complete"
        except YesterError as error:
            assert "The network is gone" in error.what
        store.back = store.gone
        assert_next_run_completes(other, source, opened)
        shutil.rmtree(tmp_path / f"gone-{at}")


@pytest.mark.timeout(300)
def test_a_store_that_is_gone_for_a_moment(rig: Rig, source: Path, tmp_path: Path, opened: Opened) -> None:
    counted, store = fresh(rig, tmp_path / "counted")
    snap(counted, LongRun(HALF_AN_HOUR / 2))
    calls = store.calls
    for at in range(1, calls, max(1, calls // 10)):
        other, store = fresh(rig, tmp_path / f"moment-{at}")
        store.gone, store.back = at, at + 2
        try:
            snap(other, LongRun(HALF_AN_HOUR / 2))
        except YesterError as error:
            assert "The network is gone" in error.what
        store.back = store.gone
        assert_next_run_completes(other, source, opened)
        shutil.rmtree(tmp_path / f"moment-{at}")


def test_what_comes_after_the_commit_is_no_reason_to_fail(rig: Rig, source: Path, tmp_path: Path) -> None:
    """The partial snapshot cannot be taken away: the next run does it."""
    other, store = fresh(rig, tmp_path / "r")
    store.kill = 20
    in_a_child(lambda: snap(other, LongRun(HALF_AN_HOUR)))
    store.kill = -1
    assert len(partials(other)) == 1
    honest = store.delete

    def refusing(name: str) -> None:
        if name.startswith("snap."):
            raise Retry("The network is gone")
        honest(name)

    store.delete = refusing  # type: ignore[method-assign]
    result = snap(other, LongRun(0))
    store.delete = honest  # type: ignore[method-assign]
    assert result.result == "complete"
    said = [event.text for event in rig.hooks.events if isinstance(event, Message) and event.level == "warning"]
    assert said == ["The network is gone; the snapshot is complete all the same"]
    assert other.open().snapshot_ids() == {result.snapshot}, "its tombstone counts"
