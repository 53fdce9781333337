"""Random actions on a repository beside a real mount of it: what is read there is what the source held.

The long model test (tests/test_model.py) has a mount without the kernel; here the kernel, its caches and a process of
the mount's own take part, for fewer steps.
"""

import errno
import os
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.engine.prune.rigging import EVERYTHING, FakeClock
from tests.fs.mounting import World
from tests.fs.test_serving import wait_for
from tests.model import Source, Tree, on_disk

from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import RetentionSpec
from yester.engine.progress import NoProgress
from yester.engine.prune.pruning import prune
from yester.engine.repository import Repository
from yester.engine.retention.forgetting import forget
from yester.engine.retention.plan import plan_retention
from yester.plugins.backends.folder import FolderStore

STEPS = 80
NAMES = tuple(os.path.join(folder, name) for folder in (b"", b"a", b"a/b", b"c\xff") for name in (b"1", b"2 \n"))
MOST_READ = 400_000


class Life:
    """What is done to a world, at random, and what its mount must show."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.source = Source(world.source)
        self.held: dict[SnapshotId, Tree] = {}

    def step(self) -> None:
        """Do one thing."""
        actions: dict[Callable[[], None], int] = {
            self.write: 6,
            self.delete: 1,
            self.snap: 4,
            self.forget: 1,
            self.prune: 1,
            self.read: 2,
            self.read_what_goes: 1,
        }
        self.chance.choices(list(actions), list(actions.values()))[0]()

    def write(self) -> None:
        size = self.chance.choice((0, 10, 3000, MOST_READ))
        self.source.write(self.chance.choice(NAMES), self.chance.randbytes(size))

    def delete(self) -> None:
        if self.source.tree:
            self.source.remove(self.chance.choice(sorted(self.source.tree)))

    def snap(self) -> None:
        self.held[self.world.take()] = dict(self.source.tree)

    def forget(self) -> None:
        repository = self._open()
        spec = RetentionSpec(keep_last=self.chance.randint(1, 4))
        for sid in forget(repository, plan_retention(repository.snapshots(), {}, spec, 2**62).remove):
            del self.held[sid]

    def prune(self) -> None:
        done = prune(self._open(), EVERYTHING, hooks=NoHooks(), progress=NoProgress(), clock=FakeClock())
        assert done.is_sound

    def read(self) -> None:
        """Read all of one snapshot."""
        wait_for(lambda: set(os.listdir(self.world.mountpoint / "ids")) == {sid.hex() for sid in self.held})
        if self.held:
            sid = self.chance.choice(sorted(self.held))
            assert on_disk(self._shown(sid)) == self.held[sid]

    def read_what_goes(self) -> None:
        """Read a file of which the snapshot is forgotten and pruned meanwhile: its bytes, or an error, never others."""
        self.snap()
        sid = sorted(self.held)[0]
        files = [name for name, content in self.held[sid].items() if content]
        if not files:
            return
        name = self.chance.choice(sorted(files))
        wait_for(self._shown(sid).is_dir)
        content = self.held[sid][name]
        assert on_disk(self._shown(sid)) == self.held[sid]
        with open(os.path.join(os.fsencode(self._shown(sid)), name), "rb", buffering=0) as file:
            begun = file.read(7)
            self._open().forget_snapshot(sid, "test")
            del self.held[sid]
            self.prune()
            try:
                rest = file.read()
            except OSError as error:
                assert error.errno in (errno.EIO, errno.ESTALE)
            else:
                assert begun + rest == content

    def _shown(self, sid: SnapshotId) -> Path:
        return self.world.mountpoint / "ids" / sid.hex() / str(self.world.source).lstrip("/")

    def _open(self) -> Repository:
        return Repository.open(FolderStore(self.world.repository), None, places=self.world.places)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_random_actions_beside_a_mount(world: World, seed: int) -> None:
    life = Life(world, seed)
    life.write()
    life.snap()
    with world.mounted():
        for _ in range(STEPS // 2):
            life.step()
    with world.mounted():
        for _ in range(STEPS // 2):
            life.step()
        life.read()


ROUNDS = 10
GONE = (errno.EIO, errno.ESTALE, errno.ENOENT)


def test_while_others_forget_and_prune_a_snapshot_is_whole_or_gone(world: World) -> None:
    """Read everything again and again while a thread takes, forgets and prunes: errors only of what was let go."""
    life = Life(world, 3)
    held: dict[str, Tree] = {}
    let_go: set[str] = set()
    ended = threading.Event()
    begun = threading.Semaphore(0)

    def snap() -> None:
        life.source.write(life.chance.choice(NAMES), life.chance.randbytes(MOST_READ))
        life.snap()
        held.update({sid.hex(): tree for sid, tree in life.held.items()})

    def change() -> None:
        try:
            for _ in range(ROUNDS):
                snap()
                # Each round falls into another one of reading.
                assert begun.acquire(timeout=60)
                oldest = next(iter(life.held))
                let_go.add(oldest.hex())
                life.world.open().forget_snapshot(oldest, "test")
                del life.held[oldest]
                life.prune()
        finally:
            ended.set()

    def read(name: str) -> bool:
        """Compare a snapshot with what the source held; False when it is gone."""
        try:
            shown = on_disk(world.mountpoint / "ids" / name / str(world.source).lstrip("/"))
        except OSError as error:
            assert name in let_go and error.errno in GONE, (name, error)
            return False
        assert shown == held[name]
        return True

    for _ in range(3):
        snap()
    with world.mounted(), ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        while not ended.is_set():
            begun.release()
            for name in os.listdir(world.mountpoint / "ids"):
                if name in held:
                    read(name)
        changing.result()
        wait_for(lambda: set(os.listdir(world.mountpoint / "ids")) == {sid.hex() for sid in life.held})
        assert all(read(sid.hex()) for sid in life.held)
