"""What a repository says of its packs to those who work with archives."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.engine.prune.rigging import fill
from tests.engine.restoring_rig import taken
from tests.rig import Rig

from yester.engine.archive.holdings import Holding
from yester.engine.archive.own_depot import NO_SNAPSHOT, SHARED, OwnDepot
from yester.engine.archive.staging import Staging
from yester.engine.hooks import NoHooks
from yester.engine.ids import PackId, SnapshotId
from yester.engine.progress import NoProgress
from yester.engine.sealed.sealing import ObjectKind, name_of

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    fill(folder, 6, 1, (50_000, 100_000))
    return Rig.of(home, folder)


@contextmanager
def depot_of(rig: Rig, folder: Path) -> Iterator[OwnDepot]:
    repository = rig.open()
    yield OwnDepot(repository, Staging(repository.store, folder, 1 << 30), NoHooks(), NoProgress(), lambda: False)


def data_packs(rig: Rig) -> list[PackId]:
    return sorted(PackId(bytes.fromhex(name.removeprefix("data."))) for name in rig.store.list("data."))


def holding(rig: Rig, pack: PackId) -> Holding:
    content = rig.store.get(name_of(ObjectKind.DATA, pack))
    sha1 = hashlib.sha1(content).hexdigest()
    return Holding(
        pack=pack, archive="a", policy="p", job="1", size=len(content), sha1=sha1, archived_ns=1, verified_ns=2
    )


def test_a_pack_goes_and_comes_back(rig: Rig, tmp_path: Path) -> None:
    sid = taken(rig)
    packs = data_packs(rig)
    before = {pack: rig.store.get(name_of(ObjectKind.DATA, pack)) for pack in packs}
    with depot_of(rig, tmp_path / "staging") as depot:
        with depot.lent(packs) as lent:
            assert all(not isinstance(each, str) for each in lent.values())
        assert depot.purge(packs, [sid]) == dict.fromkeys(packs, "Somebody needs it after all, so that it stays online")
        assert not depot.record([holding(rig, pack) for pack in packs])
        assert {*depot.held()} == {*packs} and depot.offline(packs) == set()
        assert depot.purge(packs, [sid]) == {}
        assert depot.offline(packs) == {*packs}
        with depot.lent(packs[:1]) as lent:
            assert isinstance(lent[packs[0]], str)
        with depot.room() as room:
            for pack in packs:
                (room / pack.hex()).write_bytes(before[pack])
            depot.take_back({pack: room / pack.hex() for pack in packs})
        assert depot.offline(packs) == set()
        assert {pack: rig.store.get(name_of(ObjectKind.DATA, pack)) for pack in packs} == before


def test_what_others_need_too_much_of_stays_and_that_is_said(rig: Rig, folder: Path, tmp_path: Path) -> None:
    first = taken(rig)
    packs = data_packs(rig)
    (folder / "new").write_bytes(b"new")
    taken(rig)
    with depot_of(rig, tmp_path / "staging") as depot:
        depot.record([holding(rig, pack) for pack in packs])
        assert depot.purge(packs, [first]) == dict.fromkeys(packs, SHARED)
        assert depot.purge(packs, [SnapshotId(bytes(32))]) == dict.fromkeys(packs, NO_SNAPSHOT)
        assert depot.purge([], [first]) == {}


def test_what_is_released_archives_need_not_keep(rig: Rig, tmp_path: Path) -> None:
    taken(rig)
    [pack, *_] = data_packs(rig)
    with depot_of(rig, tmp_path / "staging") as depot:
        copy = holding(rig, pack)
        depot.record([copy])
        depot.release([copy])
        assert (depot.held(), [*depot.unneeded()]) == ({}, [copy])
        depot.drop([copy])
        assert depot.unneeded() == ()


def test_a_copy_of_what_a_prune_has_deleted_comes_too_late(rig: Rig, tmp_path: Path) -> None:
    taken(rig)
    [pack, *_] = data_packs(rig)
    copy = holding(rig, pack)
    rig.store.delete(name_of(ObjectKind.DATA, pack))
    with depot_of(rig, tmp_path / "staging") as depot:
        assert depot.record([copy]) == {pack}
