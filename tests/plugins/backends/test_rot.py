"""A repository in which every object rots before each use, in stores that can mend: all that reads goes on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.engine.prune.rigging import forget, pruned
from tests.plugins.backends.counting import FarStore
from tests.rig import Rig, write

from yester.engine.check.checking import check
from yester.engine.copying.copying import copy_snapshots
from yester.engine.hooks import NoHooks
from yester.engine.places import Places
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.engine.store import RECOVERY_ENDING, Store
from yester.plugins.backends.cached.opening import folder_of
from yester.plugins.backends.cached.store import CachedStore
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.multi.description import OnFail
from yester.plugins.backends.multi.member import Member
from yester.plugins.backends.multi.mirror import MirrorStore
from yester.plugins.backends.par2.program import Par2, found_program
from yester.plugins.backends.par2.store import Par2Store

FILES = 12
SLOW = ("par2", "par2 without ranges", "par2 in a mirror")
"""Left out of `make test`; par2 is run hundreds of times."""


@dataclass
class Rotting:
    """A rig, and the store below in which objects rot."""

    rig: Rig
    below: MemoryStore
    open: Callable[[], Store]

    def rot(self) -> None:
        """Flip a bit in the middle, and one near the end, of each object; then comes the next command."""
        for name in self.below.list():
            if not name.endswith(RECOVERY_ENDING):
                data = bytearray(self.below.get(name))
                for offset in (len(data) // 2, len(data) - 3):
                    data[offset] ^= 4
                self.below.put(name, [data])
        self.anew()

    def anew(self) -> None:
        """Open the store as the next command does."""
        self.rig.store.close()
        self.rig.store = self.open()


def par2(below: Store) -> Store:
    return Par2Store(below, Par2(found_program(None, {}), 10), 0)


def cached(store: Store) -> Store:
    return CachedStore(store, lambda repository: folder_of(repository, Places.default()), 1 << 26)


def mirrored(below: Store, other: Store) -> Store:
    members = [Member("a", (), lambda: below), Member("b", (), lambda: other)]
    for member in members:
        member.open()
    return MirrorStore("multi:///mirror", members, OnFail.ABORT)


def ways(below: MemoryStore) -> dict[str, Callable[[], Store]]:
    other = MemoryStore()
    return {
        "par2": lambda: par2(below),
        "par2 far away": lambda: cached(par2(FarStore(below))),
        "par2 without ranges": lambda: par2(FarStore(below, ranges=False)),
        "mirror": lambda: mirrored(below, other),
        "mirror far away": lambda: cached(mirrored(FarStore(below), FarStore(other))),
        "par2 in a mirror": lambda: mirrored(par2(below), other),
    }


@pytest.fixture(params=[pytest.param(way, marks=[pytest.mark.servers] * (way in SLOW)) for way in ways(MemoryStore())])
def rotting(request: pytest.FixtureRequest, home: Path, folder: Path) -> Rotting:
    below = MemoryStore()
    opening = ways(below)[request.param]
    rig = Rig.of(home, folder)
    rig.store = opening()
    for number in range(FILES):
        write(folder / f"{number:02}", os.urandom(40_000))
    return Rotting(rig, below, opening)


def problems(rotting: Rotting) -> list[object]:
    repository = rotting.rig.open()
    found = check(repository, read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    return list(found.problems)


def test_whatever_reads_goes_on(rotting: Rotting, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    rig = rotting.rig
    first = rig.snap().snapshot
    # A reader, as of a mount, a restore or an export.
    rotting.rot()
    taken = rig.taken(first)
    for number in range(FILES):
        assert taken.content(folder / f"{number:02}") == (folder / f"{number:02}").read_bytes()
    assert "mended" in caplog.text
    # A check.
    rotting.rot()
    assert problems(rotting) == []
    # A snapshot upon the one before.
    rotting.rot()
    write(folder / "new", os.urandom(40_000))
    (folder / "00").unlink()
    second = rig.snap()
    assert second.snapshot is not None
    # A copy.
    rotting.rot()
    target = Repository.create(MemoryStore(), None, places=rig.places)
    copied = copy_snapshots(rig.open(), target, [second.snapshot], progress=NoProgress(), cancelled=lambda: False)
    assert [each.problem for each in copied.copied] == [""]
    # A prune that moves what is needed.
    forget(rig, first)
    rotting.rot()
    pruned(rig)
    rotting.rot()
    assert problems(rotting) == []
    assert rig.taken(second.snapshot).content(folder / "new") == (folder / "new").read_bytes()
