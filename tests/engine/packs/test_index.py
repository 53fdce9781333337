import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.engine.holding import KEYS, Holding, short_id, some_blobs, some_entry

from yester.engine.errors import Missing, YesterError
from yester.engine.ids import SHORT_ID_SIZE, FragmentId
from yester.engine.packs import index as index_module
from yester.engine.packs import segment_folder, segment_writing
from yester.engine.packs.fragments import Fragment, put_fragment
from yester.engine.packs.index import Index
from yester.engine.packs.packs import PackEntry
from yester.engine.packs.segments import Segment
from yester.plugins.backends.memory import MemoryStore


@pytest.fixture
def holding(tmp_path: Path) -> Holding:
    return Holding(MemoryStore(), tmp_path / "index")


def put(holding: Holding, *entries: PackEntry, replaces: tuple[FragmentId, ...] = ()) -> FragmentId:
    return put_fragment(holding.store, KEYS, Fragment(entries, replaces))


def delete(holding: Holding, fragment: FragmentId) -> None:
    holding.store.delete(f"index.{fragment.hex()}")


def blob(number: int, at: int = 0) -> bytes:
    return short_id(number << 32 | at)


def test_an_empty_index_holds_nothing(holding: Holding) -> None:
    assert bytes(32) not in holding.index
    assert holding.index.locate(bytes(32)) is None
    assert holding.index.packs() == set()
    assert holding.index.blobs == 0
    assert stat.S_IMODE(holding.folder.stat().st_mode) == 0o700


def test_full_and_short_ids_are_looked_up_alike(holding: Holding) -> None:
    ids = holding.write(some_blobs(20))
    for index in (holding.index, holding.reopened().index):
        for full in ids:
            assert full in index
            assert full[:16] in index
            assert index.locate(full) == index.locate(full[:16]) is not None


def test_pending_and_stored_look_ups_agree(holding: Holding) -> None:
    ids = holding.write(some_blobs(200))
    later = holding.reopened().index
    assert [holding.index.locate(full) for full in ids] == [later.locate(full) for full in ids]
    assert holding.index.packs() == later.packs()


def test_fragments_that_came_or_went_show_after_a_refresh(holding: Holding) -> None:
    first = put(holding, some_entry(1, 5))
    assert blob(1) not in holding.index
    holding.index.refresh()
    assert blob(1) in holding.index
    put(holding, some_entry(2, 5))
    delete(holding, first)
    holding.index.refresh()
    assert blob(1) not in holding.index
    assert blob(2) in holding.index
    assert holding.index.packs() == {some_entry(2, 5).pack}


def test_a_fragment_that_a_listed_one_replaces_is_ignored(holding: Holding) -> None:
    first = put(holding, some_entry(1, 5))
    second = put(holding, some_entry(2, 5))
    holding.index.refresh()
    newer = put(holding, some_entry(3, 5), replaces=(first,))
    for index in (
        holding.index,
        holding.reopened().index,
        Index(holding.store, lambda: KEYS, holding.folder / "other"),
    ):
        index.refresh()
        assert [blob(number) in index for number in (1, 2, 3)] == [False, True, True]
        assert index.fragments() == {second, newer}


def test_the_replaced_counts_again_when_its_replacement_is_gone(holding: Holding) -> None:
    first = put(holding, some_entry(1, 5))
    newer = put(holding, some_entry(2, 5), replaces=(first,))
    holding.index.refresh()
    delete(holding, newer)
    holding.index.refresh()
    assert [blob(number) in holding.index for number in (1, 2)] == [True, False]


def test_what_was_fetched_once_is_not_fetched_again(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 40):
        put(holding, some_entry(number, 30))
    holding.index.refresh()

    def refuse(name: str) -> bytes:
        raise AssertionError(f"{name} was fetched again")

    monkeypatch.setattr(holding.store, "get", refuse)
    later = holding.reopened().index
    assert all(blob(number, 29) in later for number in range(1, 40))


def test_many_runs_leave_few_segments(holding: Holding) -> None:
    for number in range(1, 60):
        put(holding, some_entry(number, 10 + number % 7))
        holding.index.refresh()
    assert len(list(holding.folder.glob("*.segment"))) <= 8
    later = holding.reopened().index
    assert all(blob(number, 9) in index for number in range(1, 60) for index in (holding.index, later))
    assert later.blobs == sum(10 + number % 7 for number in range(1, 60))


@pytest.mark.parametrize("damage", ["header", "records", "truncated", "foreign"])
def test_a_damaged_segment_is_built_again(holding: Holding, damage: str) -> None:
    put(holding, some_entry(1, 50), some_entry(2, 50))
    holding.index.refresh()
    (path,) = holding.folder.glob("*.segment")
    good = path.read_bytes()
    content = {
        "header": good[:20] + bytes([good[20] ^ 1]) + good[21:],
        "records": good[:-30] + bytes([good[-30] ^ 1]) + good[-29:],
        "truncated": good[:-1],
        "foreign": b"something else entirely",
    }
    path.write_bytes(content[damage])
    later = holding.reopened().index
    assert all(blob(number, at) in later for number in (1, 2) for at in range(50))
    (path,) = holding.folder.glob("*.segment")
    assert path.read_bytes() == good


def test_segments_that_overlap_count_once(holding: Holding) -> None:
    put(holding, some_entry(1, 50))
    holding.index.refresh()
    (small,) = holding.folder.glob("*.segment")
    kept = small.read_bytes()
    put(holding, some_entry(2, 40))
    holding.index.refresh()
    (holding.folder / f"x{small.name}").write_bytes(kept)
    later = holding.reopened().index
    assert later.blobs == 90
    assert len(list(holding.folder.glob("*.segment"))) == 1


def test_a_damaged_fragment_is_left_out_and_said(holding: Holding) -> None:
    good, bad = put(holding, some_entry(1, 5)), put(holding, some_entry(2, 5))
    name = f"index.{bad.hex()}"
    content = holding.store.get(name)
    holding.replace(name, content[:100] + bytes([content[100] ^ 1]) + content[101:])
    holding.index.refresh()
    assert blob(1) in holding.index
    assert blob(2) not in holding.index
    assert holding.index.fragments() == {good}
    assert name in holding.index.damaged[bad]


def test_only_the_packs_that_are_listed_and_unmarked_count(holding: Holding) -> None:
    first, second = some_entry(1, 5), some_entry(2, 5)
    put(holding, first, second)
    holding.index.refresh()
    holding.index.restrict({first.pack})
    assert [blob(number) in holding.index for number in (1, 2)] == [True, False]
    assert not holding.index.holds(blob(2)[:SHORT_ID_SIZE])
    found = holding.index.locate(blob(2))
    assert found is not None and found.pack == second.pack
    assert holding.index.locate(blob(2), [second.pack]) is None
    assert holding.index.packs() == {first.pack, second.pack}
    holding.index.restrict({first.pack, second.pack})
    assert blob(2) in holding.index


def test_packs_stored_after_a_restriction_count_until_the_next(holding: Holding) -> None:
    holding.index.restrict(set())
    ids = holding.write(some_blobs(5))
    assert all(full in holding.index for full in ids)
    holding.index.refresh()
    assert all(full in holding.index for full in ids)
    lost = holding.index.packs()
    holding.index.restrict(set())
    assert not any(full in holding.index for full in ids)
    assert set(holding.write(some_blobs(5))) == set(ids)
    assert holding.index.packs() > lost
    assert all(full in holding.index for full in ids)


def test_blobs_of_a_long_run_move_from_memory_to_a_segment(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "BATCH", 50)
    holding.index.restrict(set())
    ids = [holding.write(some_blobs(40, seed)) for seed in range(5)]
    assert len(holding.index.pending) < 100
    assert list(holding.folder.glob("*.segment"))
    assert all(full in holding.index for some in ids for full in some)
    later = holding.reopened().index
    assert all(later.locate(full) == holding.index.locate(full) for some in ids for full in some)


def test_a_fragment_that_vanishes_between_listing_and_fetching_is_no_error(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = put(holding, some_entry(1, 5))
    get = holding.store.get

    def compacted(name: str) -> bytes:
        if name == f"index.{old.hex()}" and holding.names(name):
            put(holding, some_entry(2, 5))
            delete(holding, old)
        return get(name)

    monkeypatch.setattr(holding.store, "get", compacted)
    holding.index.refresh()
    assert [blob(number) in holding.index for number in (1, 2)] == [False, True]


def test_a_store_that_lists_what_it_does_not_have_is_an_error(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding.store, "list", lambda prefix="": iter(["index." + "0" * 64]))
    with pytest.raises(Missing):
        holding.index.refresh()


def test_names_that_only_look_like_fragments_are_passed_over(holding: Holding) -> None:
    holding.store.put("index.backup", [b"x"])
    holding.index.refresh()
    assert holding.index.fragments() == set()


def test_where_the_folder_cannot_be_written_it_makes_do_with_a_temporary_one(
    holding: Holding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has no room left wants his files back more than ever."""
    put(holding, some_entry(1, 5))
    really, spare = segment_writing.write_segment, tmp_path / "temporary"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))

    def full(folder: Path, *given: Any) -> Segment:
        if spare not in folder.parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(folder, *given)

    monkeypatch.setattr(segment_folder, "write_segment", full)
    index = Index(holding.store, lambda: KEYS, holding.folder)
    put(holding, some_entry(2, 5))
    index.refresh()
    assert blob(1) in index and blob(2) in index
    assert list(spare.iterdir()) == [], "nothing is left behind"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(YesterError, match=f"{holding.folder} cannot be written: No space left"):
        Index(holding.store, lambda: KEYS, holding.folder)


def test_where_the_folder_cannot_be_made_neither(holding: Holding, tmp_path: Path) -> None:
    put(holding, some_entry(1, 5))
    (tmp_path / "file").touch()
    assert blob(1) in Index(holding.store, lambda: KEYS, tmp_path / "file" / "index")
