import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.engine.holding import KEYS, Holding, filled_pack, some_blobs

from yester.engine.errors import DamageError, Offline
from yester.engine.ids import BlobKind
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.packs.fragments import Fragment, put_fragment
from yester.engine.packs.packs import read_directory
from yester.engine.packs.writing import BlobWriter
from yester.engine.sealed.sealing import ObjectKind
from yester.engine.store import Capabilities
from yester.plugins.backends.memory import MemoryStore

DATA, TREE = BlobKind.DATA, BlobKind.TREE


class CountingStore(MemoryStore):
    """Counts what is read, and can do without ranges."""

    def __init__(self) -> None:
        super().__init__()
        self.gets: list[str] = []
        self.ranges: list[tuple[str, int, int]] = []

    def get(self, name: str) -> bytes:
        self.gets.append(name)
        return super().get(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        self.ranges.append((name, offset, size))
        content = self._objects.get(name, b"")
        return content[offset : offset + size] if name in self._objects else super().get_range(name, offset, size)


class WholeStore(CountingStore):
    capabilities = Capabilities(ranges=False, if_absent=True)


@pytest.fixture
def holding(tmp_path: Path) -> Holding:
    return Holding(CountingStore(), tmp_path / "index")


def counting(holding: Holding) -> CountingStore:
    assert isinstance(holding.store, CountingStore)
    return holding.store


def small_frames(holding: Holding, count: int) -> list[bytes]:
    """Frames of one blob each, that lie one after the other: one thread keeps them in order."""
    chance = random.Random(7)
    with BlobWriter(holding, processes=1) as writer:
        return [writer.add(DATA, chance.randbytes(128 << 10)) for _ in range(count)]


def test_a_frame_takes_one_range_get_and_serves_all_its_blobs(holding: Holding) -> None:
    blobs = [(DATA, b"%d" % number * 100) for number in range(100)]
    ids = holding.write(blobs)
    again = holding.reopened()
    counting(holding).ranges.clear()
    reader = again.reader()
    assert reader.cached(ids[0]) is None
    assert all(bytes(reader.blob(DATA, full)) == data for (_, data), full in zip(blobs, ids, strict=True))
    assert all(bytes(reader.cached(full) or b"") == data for (_, data), full in zip(blobs, ids, strict=True))
    assert len(counting(holding).ranges) == 1


def test_short_ids_serve_as_well(holding: Holding) -> None:
    (full,) = holding.write([(TREE, b"a tree")])
    assert bytes(holding.reader().blob(TREE, full[:16])) == b"a tree"
    assert holding.reader().location(full[:16]) == holding.index.locate(full)


def test_a_full_id_is_compared_to_its_last_byte(holding: Holding) -> None:
    (full,) = holding.write([(TREE, b"a tree")])
    reader = holding.reader()
    assert bytes(reader.blob(TREE, full)) == b"a tree"
    with pytest.raises(DamageError, match="not what its id says"):
        reader.blob(TREE, full[:31] + bytes([full[31] ^ 1]))


def test_a_blob_does_not_pass_for_another_kind(holding: Holding) -> None:
    (full,) = holding.write([(TREE, b"a tree")])
    with pytest.raises(DamageError):
        holding.reader().blob(BlobKind.PAGE, full)


def test_the_cache_keeps_to_its_budget(holding: Holding) -> None:
    ids = small_frames(holding, 20)
    reader = holding.reader(cache_size=5 << 17)
    for full in ids:
        reader.blob(DATA, full)
    kept = [reader.cached(full) is not None for full in ids]
    assert kept == [False] * 15 + [True] * 5
    reader.blob(DATA, ids[15])
    reader.blob(DATA, ids[0])
    assert [reader.cached(ids[at]) is not None for at in (0, 15, 16)] == [True, True, False]


def test_a_frame_larger_than_the_budget_is_read_all_the_same(holding: Holding) -> None:
    ids = small_frames(holding, 3)
    reader = holding.reader(cache_size=1)
    assert [len(reader.blob(DATA, full)) for full in ids * 2] == [128 << 10] * 6


def test_reading_ahead_fetches_neighbours_together(holding: Holding) -> None:
    ids = small_frames(holding, 40)
    reader = holding.reader(cache_size=64 << 20)
    counting(holding).ranges.clear()
    reader.read_ahead([*ids[:30], bytes(32)])
    assert len(counting(holding).ranges) == 1
    assert all(reader.cached(full) is not None for full in ids[:30])
    reader.read_ahead(ids)
    assert len(counting(holding).ranges) == 2
    assert all(reader.cached(full) is not None for full in ids)


def test_reading_ahead_over_damage_leaves_the_error_to_who_reads(holding: Holding) -> None:
    ids = small_frames(holding, 3)
    place = holding.index.locate(ids[1])
    assert place is not None
    name = f"data.{place.pack.hex()}"
    content = bytearray(holding.store.get(name))
    content[place.offset + 5] ^= 1
    holding.replace(name, bytes(content))
    reader = holding.reader()
    reader.read_ahead(ids)
    assert [reader.cached(full) is not None for full in ids] == [True, False, True]
    with pytest.raises(DamageError, match=name):
        reader.blob(DATA, ids[1])


def test_a_batch_is_fetched_together_and_leaves_out_what_is_lost(holding: Holding) -> None:
    ids = small_frames(holding, 12)
    again = holding.reopened()
    reader = again.reader()
    counting(holding).ranges.clear()
    whole = reader.batch(DATA, [*ids, ids[0]])
    assert len(counting(holding).ranges) == 1
    assert whole == [*(reader.blob(DATA, full) for full in ids), reader.blob(DATA, ids[0])]
    assert reader.batch(DATA, []) == []
    assert again.reader().batch(TREE, ids[:1]) == [None], "a blob does not pass for another kind"
    unknown = bytes(32)
    assert reader.batch(DATA, [unknown, ids[1]]) == [None, reader.blob(DATA, ids[1])]
    place = again.index.locate(ids[3])
    assert place is not None
    (name,) = holding.store.list("data.")
    content = bytearray(holding.store.get(name))
    content[place.offset + 5] ^= 1
    holding.store.put(name, [content])
    damaged = holding.reopened().reader().batch(DATA, ids)
    assert [row for row, piece in enumerate(damaged) if piece is None] == [3]


def test_a_store_without_ranges_is_read_by_whole_packs(tmp_path: Path) -> None:
    holding = Holding(WholeStore(), tmp_path / "index")
    blobs = some_blobs(100)
    ids = holding.write(blobs)
    reader = holding.reopened().reader()
    counting(holding).gets.clear()
    assert all(bytes(reader.blob(kind, full)) == data for (kind, data), full in zip(blobs, ids, strict=True))
    assert counting(holding).ranges == []
    assert len(counting(holding).gets) == len(set(counting(holding).gets)) == 2


def positions(size: int, frames_end: int) -> Iterator[int]:
    """Where to flip a bit: every region of a pack, the sealed ones densely."""
    yield from range(48)
    yield from range(48, frames_end, 211)
    yield from range(frames_end, size - 64, 1009)
    yield from range(size - 64, size)


def test_a_flipped_bit_anywhere_gives_damage_or_the_right_bytes(tmp_path: Path) -> None:
    store = MemoryStore()
    holding = Holding(store, tmp_path / "index")
    blobs = [(DATA, b"%d " % number * 200) for number in range(40)] + [(DATA, random.Random(3).randbytes(2000))]
    ids = holding.write(blobs)
    (name,) = holding.names("data.")
    content = store.get(name)
    end = read_directory(store, name, KEYS).directory.offsets[-1]
    damaged = 0
    for position in positions(len(content), end):
        holding.replace(name, content[:position] + bytes([content[position] ^ 4]) + content[position + 1 :])
        reader = holding.reader()
        for (kind, data), full in zip(blobs, ids, strict=True):
            try:
                assert bytes(reader.blob(kind, full)) == data
            except DamageError as error:
                assert name in error.what
                damaged += 1
                break
    assert damaged == len(range(48, end, 211))


@pytest.mark.parametrize("store", [CountingStore, WholeStore, MemoryStore])
def test_a_truncated_pack_is_damage(tmp_path: Path, store: type[MemoryStore]) -> None:
    holding = Holding(store(), tmp_path / "index")
    (full,) = holding.write([(DATA, bytes(range(256)) * 10)])
    (name,) = holding.names("data.")
    holding.replace(name, holding.store.get(name)[:60])
    with pytest.raises(DamageError, match=name):
        holding.reader().blob(DATA, full)


def test_a_swapped_frame_is_damage(holding: Holding) -> None:
    first, second = small_frames(holding, 2)
    (name,) = holding.names("data.")
    place, other = holding.index.locate(first), holding.index.locate(second)
    assert place is not None
    assert other is not None
    content = holding.store.get(name)
    one = content[place.offset : place.offset + place.sealed_size]
    two = content[other.offset : other.offset + other.sealed_size]
    holding.replace(name, content[:48] + two + one + content[48 + len(one) + len(two) :])
    for full in (first, second):
        with pytest.raises(DamageError, match=name):
            holding.reader().blob(DATA, full)


def test_a_blob_that_is_nowhere_is_an_error_after_the_index_was_loaded_again(holding: Holding) -> None:
    with pytest.raises(DamageError, match="in no pack"):
        holding.reader().blob(DATA, bytes(32))


def test_a_pack_that_is_gone_is_an_error_that_names_it(holding: Holding) -> None:
    (full,) = holding.write([(DATA, b"x")])
    (name,) = holding.names("data.")
    holding.store.delete(name)
    with pytest.raises(DamageError, match=f"{name} is gone"):
        holding.reader().blob(DATA, full)


def test_what_another_client_wrote_meanwhile_is_found(holding: Holding, tmp_path: Path) -> None:
    reader = holding.reader()
    (full,) = Holding(holding.store, tmp_path / "other").write([(TREE, b"new")])
    assert bytes(reader.blob(TREE, full)) == b"new"


def test_a_reader_outlives_a_prune_that_moves_its_blobs(holding: Holding, tmp_path: Path) -> None:
    (full,) = holding.write([(TREE, b"moved")])
    mount = holding.reopened()
    reader = mount.reader()
    (old_pack,), old_fragments = holding.names("meta."), holding.index.fragments()
    pruner = Holding(holding.store, tmp_path / "pruner")
    pruner.index.restrict(set())
    pruner.write([(TREE, b"moved")])
    (new_pack,) = set(holding.names("meta.")) - {old_pack}
    entry = read_directory(holding.store, new_pack, KEYS)
    put_fragment(holding.store, KEYS, Fragment((entry,), tuple(old_fragments)))
    holding.store.delete(old_pack)
    assert bytes(reader.blob(TREE, full)) == b"moved"


def test_other_errors_of_the_store_pass_as_they_are(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    (full,) = holding.write([(DATA, b"cold")])

    def offline(name: str, offset: int, size: int) -> bytes:
        raise Offline(f"{name} must be recalled", name=name)

    monkeypatch.setattr(holding.store, "get_range", offline)
    reader = holding.reader()
    with pytest.raises(Offline):
        reader.blob(DATA, full)
    monkeypatch.undo()
    assert bytes(reader.blob(DATA, full)) == b"cold"


def test_threads_that_want_one_frame_fetch_it_once(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    (full,) = small_frames(holding, 1)
    reader = holding.reader()
    get_range = holding.store.get_range
    fetching, release = threading.Event(), threading.Event()
    fetched = []

    def slow(name: str, offset: int, size: int) -> bytes:
        fetched.append(offset)
        fetching.set()
        assert release.wait(10)
        return get_range(name, offset, size)

    monkeypatch.setattr(holding.store, "get_range", slow)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(reader.blob, DATA, full)
        assert fetching.wait(10)
        others = [pool.submit(reader.blob, DATA, full) for _ in range(7)]
        release.set()
        assert {bytes(future.result()) for future in [first, *others]} == {bytes(reader.blob(DATA, full))}
    assert len(fetched) == 1


def test_nobody_waits_for_a_frame_that_a_defect_kept_from_coming(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    (full,) = small_frames(holding, 1)
    reader = holding.reader()

    def broken(name: str, offset: int, size: int) -> bytes:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(holding.store, "get_range", broken)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                reader.blob(DATA, full)
    assert len(reader.blob(DATA, full)) == 128 << 10


def test_many_threads_read_right_bytes_from_a_small_cache(holding: Holding) -> None:
    blobs = some_blobs(150)
    ids = holding.write(blobs)
    reader = holding.reopened().reader(cache_size=600_000)

    def read(seed: int) -> bool:
        chance = random.Random(seed)
        picked = [chance.randrange(len(ids)) for _ in range(100)]
        reader.read_ahead(ids[at] for at in picked[:5])
        return all(bytes(reader.blob(blobs[at][0], ids[at])) == blobs[at][1] for at in picked)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(16)))


def test_readers_and_a_lost_index_that_is_rebuilt_do_not_disturb_each_other(holding: Holding, tmp_path: Path) -> None:
    blobs = some_blobs(50)
    ids = holding.write(blobs)
    reader = holding.reader()
    for name in holding.names("index."):
        holding.store.delete(name)
    other = Holding(holding.store, tmp_path / "other")
    with ThreadPoolExecutor(4) as pool:
        rebuilt = pool.submit(adopt_orphans, other)
        read = [pool.submit(reader.blob, kind, full) for (kind, _), full in zip(blobs, ids, strict=True)]
        assert [bytes(future.result()) for future in read] == [data for _, data in blobs]
        assert rebuilt.result().packs == 2


def test_a_blob_that_is_moved_again_while_it_is_looked_for_is_found(holding: Holding, tmp_path: Path) -> None:
    """One prune after the other copies it, names the copy, and deletes where it was."""
    store = holding.store
    [id] = holding.reopened().write([(DATA, b"on the move")])
    reader = holding.reopened().reader()
    assert reader.location(id) is not None

    def move(name: str) -> None:
        entry, content = filled_pack(ObjectKind.DATA, [[(DATA, b"on the move")]])
        store.put(entry.name, [content])
        Holding(store, tmp_path / "other").index.add_packs([entry])
        store.delete(name)

    moves = 3
    get_range = store.get_range

    def moving(name: str, offset: int, size: int) -> bytes:
        nonlocal moves
        if name.startswith("data.") and moves:
            moves -= 1
            move(name)
        return get_range(name, offset, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "get_range", moving)
        assert bytes(reader.blob(DATA, id)) == b"on the move"
    assert moves == 0
