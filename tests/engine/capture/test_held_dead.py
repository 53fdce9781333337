"""A run that a prune holds dead, and prunes over, between any two of its calls: it goes on and is whole."""

from pathlib import Path

import pytest
from tests.engine.prune.rigging import EVERYTHING, pruned
from tests.engine.restoring_rig import checked
from tests.model import Frail
from tests.rig import Rig, write

from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    """Three snapshots of folders that change a little, so that old packs are worth copying out of."""
    rig = Rig.of(home, folder)
    for number in range(3):
        for name in ("a/b/1", "a/2", "3"):
            write(folder / name, bytes([number]) * 500)
        write(folder / f"only/{number}", bytes([number]) * 3000)
        rig.snap()
    return rig


@pytest.mark.parametrize(
    "calls", [pytest.param(calls, marks=pytest.mark.long if calls % 3 else ()) for calls in range(46)]
)
def test_pruned_over_at_any_call(rig: Rig, folder: Path, calls: int) -> None:
    shared = rig.store
    assert isinstance(shared, MemoryStore)

    def prune_over() -> None:
        rig.store = shared
        repository = rig.open()
        for sid, _ in repository.snapshots()[:2]:
            repository.forget_snapshot(sid, "test")
        pruned(rig, EVERYTHING)

    if calls % 2:
        for path in rig.places.cache.rglob("files-*"):
            path.unlink()
    write(folder / "a/2", b"new")
    rig.store = store = Frail(shared, calls, prune_over)
    store.count()
    taken = rig.taken(rig.snap().snapshot)
    assert {bytes(path) for path in folder.rglob("*")} == set(taken.below(folder))
    assert taken.content(folder / "a/2") == b"new"
    rig.store = shared
    assert checked(rig, 100).problems == ()
