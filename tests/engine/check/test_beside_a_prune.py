"""A check while others prune: what moves or goes meanwhile is no damage."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.prune.rigging import fill, forget, pruned
from tests.rig import Rig

from yester.engine.check.checking import check
from yester.engine.check.report import CheckReport
from yester.engine.hooks import NoHooks
from yester.engine.progress import NoProgress
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")


class Telling(MemoryStore):
    """A store that lets something happen when an object of a kind is first asked for."""

    def __init__(self, before: MemoryStore, prefix: str, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._objects = before._objects
        self._prefix, self._meanwhile = prefix, meanwhile
        self.happened = False

    def _tell(self, name: str) -> None:
        if name.startswith(self._prefix) and not self.happened:
            self.happened = True
            self._meanwhile()

    def query(self, name: str) -> int:
        self._tell(name)
        return super().query(name)

    def get(self, name: str) -> bytes:
        self._tell(name)
        return super().get(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        self._tell(name)
        return super().get_range(name, offset, size)


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    fill(folder, 40, 1)
    rig = Rig.of(home, folder)
    rig.open()
    return rig


def checked(rig: Rig, prefix: str, meanwhile: Callable[[], object]) -> CheckReport:
    assert isinstance(rig.store, MemoryStore)
    store = Telling(rig.store, prefix, meanwhile)
    other = replace(rig, store=store, made=True)
    report = check(other.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert store.happened
    return report


@pytest.mark.parametrize("prefix", ["meta.", "data.", "index.", "snap."])
def test_what_a_prune_moves_is_found_where_it_went(rig: Rig, folder: Path, prefix: str) -> None:
    first = rig.snap().snapshot
    fill(folder, 20, 2)
    rig.snap()
    forget(rig, first)
    report = checked(rig, prefix, lambda: pruned(rig))
    assert report.problems == ()
    assert report.snapshots == 1


@pytest.mark.parametrize("prefix", ["meta.", "data.", "index.", "snap."])
def test_what_was_forgotten_and_pruned_meanwhile_is_not_missed(rig: Rig, folder: Path, prefix: str) -> None:
    first = rig.snap().snapshot
    fill(folder, 40, 2)
    rig.snap()

    def meanwhile() -> None:
        forget(rig, first)
        assert pruned(rig).deleted_packs

    assert checked(rig, prefix, meanwhile).problems == ()


def test_what_nobody_deleted_on_purpose_is_missed(rig: Rig) -> None:
    rig.snap()
    [name] = rig.store.list("data.")
    report = checked(rig, "data.", lambda: rig.store.delete(name))
    assert [problem.subject for problem in report.problems] == [name]
