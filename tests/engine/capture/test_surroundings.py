"""What a run meets in the store besides what it wrote itself: names that it does not know, and prunes."""

import shutil
from pathlib import Path

import pytest
from tests.rig import Rig

from yester.engine.check.checking import check
from yester.engine.errors import Missing
from yester.engine.hooks import NoHooks
from yester.engine.ids import PackId
from yester.engine.packs.packs import list_packs
from yester.engine.progress import NoProgress
from yester.engine.sealed.records import Mark
from yester.engine.sealed.sealing import ObjectKind, digest_of
from yester.plugins.backends.memory import MemoryStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    (made / "file").write_bytes(b"content")
    return made


KINDS = ("data", "meta", "index", "snap", "label", "tomb", "session", "mark", "later")


@pytest.mark.parametrize("name", [*(f"{kind}.stray" for kind in KINDS), "stray"])
def test_names_that_are_not_known_are_passed_over(home: Path, folder: Path, name: str) -> None:
    rig = Rig.of(home, folder)
    rig.store.put(name, [b"none of ours"])
    assert rig.snap().result == "complete"
    (folder / "more").write_bytes(b"more")
    second = rig.snap()
    assert rig.taken(second.snapshot).content(folder / "more") == b"more"
    repository = rig.open()
    assert len(repository.snapshots()) == 2
    assert repository.labels() == {}
    assert not repository.damaged
    assert check(repository, read_data_percent=100, hooks=NoHooks(), progress=NoProgress()).problems == ()


def test_what_a_prune_is_about_to_delete_is_stored_again(home: Path, folder: Path) -> None:
    rig = Rig.of(home, folder)
    rig.snap()
    repository, doomed = rig.open(), sorted(list_packs(rig.store))
    packs = tuple(PackId(digest_of(name)) for name in doomed)
    repository.put_record(ObjectKind.MARK, Mark(packs=packs, fragments=(), writer=b"p" * 16, time_ns=1))
    (folder / "file").touch()
    second = rig.snap().snapshot
    for name in doomed:
        rig.store.delete(name)
    assert rig.taken(second).content(folder / "file") == b"content"


@pytest.mark.parametrize("kind", ["data.", "meta."])
@pytest.mark.parametrize("cached", [True, False])
def test_what_was_lost_is_stored_again(home: Path, folder: Path, kind: str, cached: bool) -> None:
    rig = Rig.of(home, folder)
    rig.snap()
    for name in list(rig.store.list(kind)):
        rig.store.delete(name)
    if not cached:
        shutil.rmtree(rig.places.cache)
    (folder / "more").write_bytes(b"more")
    taken = rig.taken(rig.snap().snapshot)
    assert taken.content(folder / "file") == b"content"
    assert taken.content(folder / "more") == b"more"


class Pruned(MemoryStore):
    """A store in which marks go between being listed and being read, as at the end of a prune."""

    def get(self, name: str) -> bytes:
        if name.startswith("mark."):
            raise Missing(f"{name} is gone")
        return super().get(name)


def test_a_mark_that_goes_meanwhile_is_no_error(home: Path, folder: Path) -> None:
    rig = Rig.of(home, folder)
    rig.store = Pruned()
    rig.open().put_record(ObjectKind.MARK, Mark(packs=(), fragments=(), writer=b"p" * 16, time_ns=1))
    assert rig.snap().result == "complete"
