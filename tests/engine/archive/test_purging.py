"""Purging what an archive holds: what goes and what stays; every snapshot holds what it did once it is recalled."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.archive.rigging import Vault, data_packs, purged
from tests.engine.prune.rigging import FakeClock, assert_holds, assert_sound, fill, forget, kept_files, objects, pruned
from tests.rig import Rig

from yester.engine.archive.purging import PurgeOptions
from yester.engine.archive.sharing import shares_of
from yester.engine.errors import CancelledError, DamageError, Offline, UsageError, YesterError
from yester.engine.ids import PackId, SnapshotId
from yester.engine.sealed.sealing import digest_of

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    fill(folder, 16, 1)
    return folder


@pytest.fixture
def rig(home: Path, source: Path) -> Rig:
    return Rig.of(home, source)


def taken(rig: Rig) -> SnapshotId:
    sid = rig.snap().snapshot
    assert sid is not None
    return sid


def two_snapshots(rig: Rig, source: Path, same: int) -> tuple[SnapshotId, dict[Path, bytes], SnapshotId]:
    """Take a snapshot, change all files but so many, and take another."""
    old = taken(rig)
    files = kept_files(source)
    for path in sorted(files)[same:]:
        path.write_bytes(path.read_bytes()[::-1] + b"new")
    return old, files, taken(rig)


def test_what_only_old_snapshots_need_goes_and_comes_back(rig: Rig, source: Path) -> None:
    old, files, new = two_snapshots(rig, source, 0)
    vault = Vault()
    vault.take(rig, data_packs(rig))
    done = purged(rig, [old])
    assert len(done.purged) == 1 and done.freed_size > 0 and done.moved_size == 0
    assert_holds(rig, new, kept_files(source))
    assert_sound_but(rig, 1)
    with pytest.raises(Offline, match="LTO library on A00123") as caught:
        assert_holds(rig, old, files)
    assert "yester recall" in caught.value.hint
    assert vault.give_back(rig, done.purged) == done.purged
    assert vault.give_back(rig, done.purged) == done.purged
    assert_holds(rig, old, files)
    assert_sound(rig)


def assert_sound_but(rig: Rig, offline: int) -> None:
    """Check finds nothing wrong, and says how many packs are offline."""
    from yester.engine.check.checking import check
    from yester.engine.hooks import NoHooks
    from yester.engine.progress import NoProgress

    report = check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress())
    assert report.problems == ()
    [note] = report.notes
    assert f"offline: {offline}" in note


def test_what_others_need_is_copied_first(rig: Rig, source: Path) -> None:
    old, files, new = two_snapshots(rig, source, 4)
    vault = Vault()
    vault.take(rig, data_packs(rig))
    [share] = [each for each in shares_of(rig.open(), [old], lambda folders, pieces: None) if each.cold_size]
    assert 0 < share.hot_size < share.size
    assert share.cold_size > share.hot_size
    done = purged(rig, [old], PurgeOptions(max_hot=1.0))
    assert [each.pack for each in done.plan.repack] == list(done.purged) == [share.pack]
    assert done.moved_size > 0
    assert_holds(rig, new, kept_files(source))
    vault.give_back(rig, done.purged)
    assert_holds(rig, old, files)


def test_what_others_need_too_much_of_stays(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 15)
    Vault().take(rig, data_packs(rig))
    done = purged(rig, [old])
    assert (done.purged, len(done.plan.mixed)) == ((), 1)
    assert_holds(rig, old, files)
    assert_sound(rig)


def test_what_nobody_verified_stays(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 0)
    Vault().take(rig, data_packs(rig), verified_ns=0)
    done = purged(rig, [old])
    assert (done.purged, len(done.plan.unverified)) == ((), 1)
    assert_holds(rig, old, files)


def test_what_no_archive_has_stays(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 0)
    assert purged(rig, [old]).purged == ()
    assert_holds(rig, old, files)


def test_only_what_is_named_goes(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 0)
    Vault().take(rig, data_packs(rig))
    assert purged(rig, [old], PurgeOptions(only=frozenset())).purged == ()
    assert_holds(rig, old, files)


def test_a_dry_run_deletes_nothing(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 0)
    Vault().take(rig, data_packs(rig))
    before = set(rig.store.list())
    done = purged(rig, [old], PurgeOptions(dry_run=True))
    assert (len(done.plan.purge), done.purged) == (1, ())
    assert set(rig.store.list()) == before
    assert_holds(rig, old, files)


def test_metadata_stays_online(rig: Rig, source: Path) -> None:
    sid = taken(rig)
    meta = set(rig.store.list("meta."))
    Vault().take(rig, data_packs(rig))
    assert purged(rig, [sid]).purged
    assert set(rig.store.list("meta.")) == meta
    assert set(rig.taken(sid).entries) >= set(map(bytes, kept_files(source)))
    assert not data_packs(rig)


def test_a_snapshot_that_is_not_there(rig: Rig) -> None:
    taken(rig)
    with pytest.raises(UsageError, match="There is no snapshot 787878"):
        purged(rig, [SnapshotId(b"x" * 32)])


def test_nothing_is_purged_while_something_is_lost(rig: Rig, source: Path) -> None:
    old, _, _ = two_snapshots(rig, source, 0)
    first = data_packs(rig)
    Vault().take(rig, sorted(first)[:1])
    rig.store.delete(sorted(first)[1])
    with pytest.raises(DamageError):
        purged(rig, [old])
    assert sorted(first)[0] in data_packs(rig)


def test_a_purge_that_is_cancelled_leaves_no_mark(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 0)
    Vault().take(rig, data_packs(rig))
    with pytest.raises(CancelledError):
        purged(rig, [old], cancelled=lambda: bool(list(rig.store.list("mark."))))
    assert objects(rig).keys().isdisjoint({"mark", "session"})
    assert_holds(rig, old, files)


# Runs


def test_a_run_stores_again_what_is_offline(rig: Rig, source: Path) -> None:
    """All of the profile is archived and purged, the latest snapshot too."""
    old = taken(rig)
    vault = Vault()
    vault.take(rig, data_packs(rig))
    assert purged(rig, [old]).purged
    new = taken(rig)
    assert_holds(rig, new, kept_files(source))
    # Not all is looked at again by the next one.
    before = data_packs(rig)
    taken(rig)
    assert data_packs(rig) == before


def test_a_run_without_its_cache_stores_again_what_is_offline(rig: Rig, source: Path, lose: Callable[[], None]) -> None:
    old = taken(rig)
    Vault().take(rig, data_packs(rig))
    purged(rig, [old])
    lose()
    assert_holds(rig, taken(rig), kept_files(source))


@pytest.fixture
def lose(rig: Rig) -> Callable[[], None]:
    import shutil

    return lambda: shutil.rmtree(rig.places.cache)


# Prunes


def test_a_prune_keeps_what_is_offline_and_needed(rig: Rig, source: Path) -> None:
    old, files, new = two_snapshots(rig, source, 0)
    vault = Vault()
    vault.take(rig, data_packs(rig))
    gone = purged(rig, [old]).purged
    for _ in range(2):
        done = pruned(rig)
        assert done.is_sound and done.released == () and not done.deleted_packs
    vault.give_back(rig, gone)
    assert_holds(rig, old, files)
    assert_holds(rig, new, kept_files(source))


def test_a_prune_says_what_nobody_needs_any_more(rig: Rig, source: Path) -> None:
    old, _, new = two_snapshots(rig, source, 0)
    vault = Vault()
    vault.take(rig, data_packs(rig))
    gone = purged(rig, [old]).purged
    forget(rig, old)
    done = pruned(rig)
    assert [each.pack for each in done.released] == list(gone)
    # It is said until somebody did it.
    assert [each.pack for each in pruned(rig).released] == list(gone)
    assert_holds(rig, new, kept_files(source))
    assert_sound(rig)
    vault.delete(rig, done.released)
    assert pruned(rig).released == ()
    for _ in range(2):
        pruned(rig)
    assert_sound(rig)
    # The first record speaks of the pack that is online as well.
    assert objects(rig)["holding"] == 3


def test_records_go_when_nothing_is_left_of_what_they_say(rig: Rig) -> None:
    old = taken(rig)
    vault = Vault()
    vault.take(rig, data_packs(rig))
    purged(rig, [old])
    forget(rig, old)
    vault.delete(rig, pruned(rig).released)
    counts = []
    for _ in range(3):
        counts.append(objects(rig).get("holding", 0))
        pruned(rig)
    assert counts[-1] == 0
    assert objects(rig).get("holding", 0) == 0


def test_a_prune_releases_what_it_deletes_online(rig: Rig) -> None:
    old = taken(rig)
    Vault().take(rig, data_packs(rig))
    forget(rig, old)
    done = pruned(rig)
    assert len(done.released) == 1
    assert not data_packs(rig)


def test_a_prune_does_nothing_while_a_record_cannot_be_read(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 0)
    vault = Vault()
    vault.take(rig, data_packs(rig))
    gone = purged(rig, [old]).purged
    [name] = rig.store.list("holding.")
    content = rig.store.get(name)
    rig.store.delete(name)
    rig.store.put(name, [content[:-9]])
    for work in (pruned, lambda rig: purged(rig, [old])):
        with pytest.raises(DamageError, match="what archives hold is not known"):
            work(rig)
    rig.store.delete(name)
    rig.store.put(name, [content])
    assert pruned(rig).is_sound
    vault.give_back(rig, gone)
    assert_holds(rig, old, files)


def test_a_purge_that_was_held_dead_ends(rig: Rig, source: Path) -> None:
    old, files, _ = two_snapshots(rig, source, 0)
    Vault().take(rig, data_packs(rig))

    def buried() -> None:
        for name in list(rig.store.list("session.")):
            rig.store.delete(name)

    from tests.test_interleavings import beside

    other, store = beside(rig)
    store.let("after put", "mark.", buried)
    with pytest.raises(YesterError, match="This purge was held dead"):
        purged(other, [old], clock=FakeClock())
    assert_holds(rig, old, files)
    assert {PackId(digest_of(name)) for name in data_packs(rig)}
