"""Index compaction: few fragments, nothing lost wherever it is broken off, and caches of other clients that cope."""

from pathlib import Path

import pytest
from tests.engine.holding import Holding, some_blobs

from yester.engine.ids import PackId
from yester.engine.packs.fragments import get_fragment, list_fragments
from yester.engine.packs.index import Index
from yester.engine.packs.merging import (
    MANY_FRAGMENTS,
    delete_fragments,
    is_scattered,
    merge_fragments,
    merge_many,
    replaced_fragments,
)
from yester.engine.packs.packs import list_packs
from yester.engine.sealed.sealing import ObjectKind, digest_of, name_of
from yester.plugins.backends.memory import MemoryStore


class Killed(Exception):
    pass


@pytest.fixture
def holding(tmp_path: Path) -> Holding:
    return Holding(MemoryStore(), tmp_path / "index")


def scatter(holding: Holding, fragments: int, first: int = 0) -> list[tuple[bytes, bytes]]:
    """Write as many runs; return what was written, by id."""
    written = []
    for number in range(first, first + fragments):
        blobs = some_blobs(3, seed=number)
        ids = holding.reopened().write(blobs)
        written += [(id, data) for id, (_, data) in zip(ids, blobs, strict=True)]
    return written


def assert_all_there(holding: Holding, written: list[tuple[bytes, bytes]]) -> None:
    index = holding.index
    for id, _ in written:
        place = index.locate(id)
        assert place is not None
        assert name_of(place.kind, place.pack) in set(list_packs(holding.store))


def test_many_fragments_become_one(holding: Holding, tmp_path: Path) -> None:
    written = scatter(holding, 12)
    assert len(holding.names("index.")) == 12
    here, other = holding.reopened(), Holding(holding.store, tmp_path / "other")
    merged = merge_fragments(here)
    assert len(merged.fragments) == 1
    assert len(merged.replaced) == 12
    other.index.refresh()
    assert_all_there(other, written)
    delete_fragments(here, merged.replaced)
    assert len(holding.names("index.")) == 1
    for each in (here, other, holding.reopened(), Holding(holding.store, tmp_path / "newcomer")):
        each.index.refresh()
        assert_all_there(each, written)
        assert each.index.fragments() == set(merged.fragments)


def test_a_run_merges_when_they_are_many(holding: Holding) -> None:
    written = scatter(holding, 5)
    assert merge_many(holding.reopened()).replaced == ()
    written += scatter(holding, MANY_FRAGMENTS, first=5)
    here = holding.reopened()
    assert is_scattered(here.index)
    merge_many(here)
    assert len(holding.names("index.")) == 1
    assert not is_scattered(here.index)
    assert_all_there(here, written)


def test_packs_that_are_gone_are_named_no_more(holding: Holding) -> None:
    scatter(holding, 3)
    here = holding.reopened()
    gone = PackId(digest_of(holding.names("data.")[0]))
    holding.store.delete(name_of(ObjectKind.DATA, gone))
    merged = merge_fragments(here, [gone])
    delete_fragments(here, merged.replaced)
    assert gone not in holding.reopened().index.packs()
    assert here.index.packs() == {PackId(digest_of(name)) for name in list_packs(holding.store)}


def test_broken_off_anywhere_nothing_is_lost(holding: Holding) -> None:
    written = scatter(holding, 4)

    def stop() -> None:
        raise Killed

    with pytest.raises(Killed):
        merge_fragments(holding.reopened(), check=stop)
    assert_all_there(holding.reopened(), written)
    merged = merge_fragments(holding.reopened())
    delete_fragments(holding, merged.replaced[:2])
    assert_all_there(holding.reopened(), written)
    again = holding.reopened()
    assert len(replaced_fragments(again)) == len(merged.replaced) - 2
    last = merge_fragments(again)
    assert last.fragments == ()
    delete_fragments(again, last.replaced)
    assert len(holding.names("index.")) == 1
    assert_all_there(holding.reopened(), written)


def test_a_replacement_of_a_replacement_names_what_is_still_listed(holding: Holding) -> None:
    """Else the first ones would count again once the second ones are deleted."""
    written = scatter(holding, 3)
    first = set(merge_fragments(holding.reopened()).replaced)
    written += scatter(holding, 2, first=3)
    here = holding.reopened()
    merged = merge_fragments(here)
    said = get_fragment(holding.store, here.keys, merged.fragments[-1]).replaces
    assert first <= set(said)
    assert_all_there(here, written)


def test_two_at_once_lose_nothing(holding: Holding, tmp_path: Path) -> None:
    written = scatter(holding, 4)
    one, two = holding.reopened(), Holding(holding.store, tmp_path / "other")
    assert two.index.fragments() == list_fragments(holding.store)
    late: list[bool] = []

    def meanwhile() -> None:
        if not late:
            late.append(True)
            merged = merge_fragments(two)
            delete_fragments(two, merged.replaced)

    merged = merge_fragments(one, check=meanwhile)
    delete_fragments(one, merged.replaced)
    assert late
    for each in (one, two, Holding(holding.store, tmp_path / "newcomer")):
        each.index.refresh()
        assert_all_there(each, written)


def test_what_is_written_meanwhile_is_not_replaced(holding: Holding, tmp_path: Path) -> None:
    written = scatter(holding, 4)
    one, two = holding.reopened(), Holding(holding.store, tmp_path / "other")
    more = some_blobs(3, seed=99)
    ids: list[bytes] = []
    merged = merge_fragments(one, check=lambda: ids.extend(two.write(more)))
    delete_fragments(one, merged.replaced)
    written += [(id, data) for id, (_, data) in zip(ids, more, strict=True)]
    assert_all_there(Holding(holding.store, tmp_path / "newcomer"), written)


def test_an_index_that_is_tidy_stays(holding: Holding) -> None:
    scatter(holding, 1)
    before = holding.names("index.")
    assert merge_fragments(holding.reopened()) == ((), ())
    assert holding.names("index.") == before
    assert isinstance(holding.reopened().index, Index)
