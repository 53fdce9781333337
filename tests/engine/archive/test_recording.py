"""What is said of archives in the repository, and what becomes of what comes too late."""

import shutil
from pathlib import Path

import pytest
from tests.engine.archive.rigging import Vault, data_packs, holding, purged
from tests.engine.prune.rigging import FakeClock, fill, forget, pruned
from tests.engine.restoring_rig import checked
from tests.rig import Rig
from tests.test_interleavings import beside, mark, session_of

from yester.engine.archive.holdings import NOTHING, Holding, Holdings, Stock
from yester.engine.archive.recording import record_dropped, record_held, record_released, record_wrong, unneeded
from yester.engine.errors import DamageError
from yester.engine.ids import PackId
from yester.engine.sealed.records import Mark
from yester.engine.sealed.sealing import ObjectKind, digest_of

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def rig(home: Path, tmp_path: Path) -> Rig:
    fill(tmp_path / "source", 9, 1)
    rig = Rig.of(home, tmp_path / "source")
    rig.snap()
    return rig


@pytest.fixture
def pack(rig: Rig) -> PackId:
    [name] = data_packs(rig)
    return PackId(digest_of(name))


def stock(rig: Rig) -> Stock:
    return rig.open().index.look_for_archived()


def test_what_is_recorded_every_client_knows(rig: Rig, pack: PackId) -> None:
    assert stock(rig) == NOTHING
    Vault().take(rig, data_packs(rig), verified_ns=0)
    assert not stock(rig).is_verified(pack)
    Vault().take(rig, data_packs(rig), verified_ns=7)
    assert [each.verified_ns for each in stock(rig).held[pack]] == [7]
    assert list(rig.store.list("session.")) == []


def test_what_is_released_is_to_be_deleted_until_it_is_dropped(rig: Rig, pack: PackId) -> None:
    Vault().take(rig, data_packs(rig))
    held = stock(rig).held[pack]
    record_released(rig.open(), held)
    assert (stock(rig).held, unneeded(rig.open())) == ({}, held)
    record_dropped(rig.open(), held)
    assert (stock(rig).held, unneeded(rig.open())) == ({}, ())
    # A second copy is another matter.
    Vault().take(rig, data_packs(rig), job="second")
    assert [each.job for each in stock(rig).held[pack]] == ["second"]


def test_nothing_is_said_of_nothing(rig: Rig) -> None:
    assert record_held(rig.open(), []) == ()
    record_released(rig.open(), [])
    record_dropped(rig.open(), [])
    assert list(rig.store.list("holding.")) == []


def test_a_pack_that_was_pruned_meanwhile_is_released_at_once(rig: Rig) -> None:
    late = holding(b"x" * 32)
    assert record_held(rig.open(), [late]) == (late,)
    assert (stock(rig).held, unneeded(rig.open())) == ({}, (late,))


def test_a_pack_that_a_prune_marked_is_released_at_once(rig: Rig, pack: PackId) -> None:
    mark(rig, *data_packs(rig))
    assert record_held(rig.open(), [holding(pack)]) == (holding(pack),)
    assert stock(rig).held == {}


def test_a_pack_that_a_purge_marked_is_held(rig: Rig, pack: PackId) -> None:
    purge = Mark(packs=(pack,), fragments=(), writer=b"w" * 16, time_ns=1, purge=True)
    rig.open().put_record(ObjectKind.MARK, purge)
    assert record_held(rig.open(), [holding(pack, job="second")]) == ()
    assert len(stock(rig).held[pack]) == 1


def test_a_copy_of_an_offline_pack_is_verified_again(rig: Rig, pack: PackId) -> None:
    Vault().take(rig, data_packs(rig))
    rig.store.delete(f"data.{pack.hex()}")
    assert record_held(rig.open(), [holding(pack, verified_ns=9), holding(pack, job="second")]) == ()
    assert [each.verified_ns for each in sorted(stock(rig).held[pack], key=lambda each: each.job)] == [9, 5]


def test_a_job_that_slept_while_its_pack_was_pruned(rig: Rig, pack: PackId) -> None:
    """It says so after all had looked: the pack is in no fragment, and the next prune releases it."""
    [(sid, _)] = rig.open().snapshots()
    other, store = beside(rig)

    def gone() -> None:
        forget(rig, sid)
        pruned(rig)

    store.let("before put", "holding.", gone)
    assert record_held(other.open(), [holding(pack)]) == ()
    assert pack in stock(rig)
    [note] = checked(rig).notes
    assert note.startswith("Packs in an archive that no index fragment names: 1;")
    assert pruned(rig).released == (holding(pack),)
    assert checked(rig).notes == ()


def test_a_job_that_slept_while_its_pack_was_purged(rig: Rig, pack: PackId) -> None:
    """What a purge relied upon stays held, whatever becomes of the one who said it."""
    [(sid, _)] = rig.open().snapshots()
    other, store = beside(rig)
    store.let("after put", "holding.", lambda: purged(rig, [sid]))
    assert record_held(other.open(), [holding(pack)]) == ()
    assert store.happened
    assert data_packs(rig) == set()
    assert pack in stock(rig)


def test_a_copy_that_is_wrong_counts_no_more(rig: Rig, pack: PackId) -> None:
    Vault().take(rig, data_packs(rig))
    held = stock(rig).held[pack]
    assert record_wrong(rig.open(), held) == held
    assert (stock(rig).held, unneeded(rig.open())) == ({}, held)
    assert record_wrong(rig.open(), ()) == ()
    assert list(rig.store.list("session.")) == []


def test_a_copy_that_seems_wrong_is_not_given_up_where_it_is_the_last(rig: Rig, pack: PackId) -> None:
    """The pack is offline, or a purge is about to delete it and may have looked already."""
    [(sid, _)] = rig.open().snapshots()
    Vault().take(rig, data_packs(rig))
    held = stock(rig).held[pack]
    other, store = beside(rig)
    said: list[tuple[Holding, ...]] = []
    store.let("before delete", "data.", lambda: said.append(record_wrong(rig.open(), held)))
    assert purged(other, [sid]).purged == (pack,)
    assert said == [()]
    assert record_wrong(rig.open(), held) == ()
    assert stock(rig).held[pack] == held


def test_a_purge_waits_for_who_finds_a_copy_wrong(rig: Rig, pack: PackId) -> None:
    """The one looked before there was a mark, and says so while the purge waits."""
    [(sid, _)] = rig.open().snapshots()
    Vault().take(rig, data_packs(rig))
    held = stock(rig).held[pack]
    with session_of(rig, "archive") as writer:

        def meanwhile() -> None:
            if clock.sleeps == 2:
                record_released(rig.open(), held)
                writer.__exit__(None, None, None)

        clock = FakeClock(meanwhile)
        done = purged(rig, [sid], clock=clock)
    assert (done.purged, done.spared) == ((), (pack,))
    assert pack in {PackId(digest_of(name)) for name in data_packs(rig)}


def test_what_is_hidden_and_needed_stays(rig: Rig, pack: PackId) -> None:
    """The fragment that named the pack was lost: a prune misses what is in it."""
    Vault().take(rig, data_packs(rig))
    for name in [*rig.store.list("index."), f"data.{pack.hex()}"]:
        rig.store.delete(name)
    shutil.rmtree(rig.places.cache)
    assert pruned(rig).released == ()
    assert pack in stock(rig)


def test_what_is_hidden_and_comes_back_is_as_any_other(rig: Rig, pack: PackId) -> None:
    late = holding(b"x" * 32)
    rig.open().put_record(ObjectKind.HOLDING, Holdings(writer=bytes(16), time_ns=1, held=(late,)))
    other, store = beside(rig)
    store.let("after list", "holding.", lambda: rig.store.put(f"data.{late.pack.hex()}", [b"?"]))
    assert pruned(other).released == ()
    assert late.pack in stock(rig)


def test_records_that_go_while_they_are_listed(rig: Rig, pack: PackId) -> None:
    """The one with the holding goes first, then the one that releases it: the first listing shows the former only."""
    Vault().take(rig, data_packs(rig))
    held = stock(rig).held[pack]
    first = set(rig.store.list("holding."))
    record_released(rig.open(), held)
    other, store = beside(rig)
    repository = other.open()
    assert repository.index.look_for_archived().held == {}
    both = set(rig.store.list("holding."))

    def gone() -> None:
        for name in [*first, *(both - first)]:
            rig.store.delete(name)

    store.let("after list", "holding.", gone)
    assert repository.index.look_for_archived().held == {}
    assert store.happened
    assert list(rig.store.list("holding.")) == []


def test_a_record_that_cannot_be_read_is_said(rig: Rig, pack: PackId) -> None:
    Vault().take(rig, data_packs(rig))
    [name] = rig.store.list("holding.")
    content = rig.store.get(name)
    rig.store.delete(name)
    rig.store.put(name, [content[:-9]])
    assert list(stock(rig).damaged) == [name]
    with pytest.raises(DamageError, match=name):
        unneeded(rig.open())


def test_what_only_looks_like_a_record_is_passed_over(rig: Rig) -> None:
    rig.store.put("holding.x", [b"?"])
    assert stock(rig) == NOTHING
