import os
import random
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.engine.holding import KEYS, Holding, some_blobs

from yester.engine.errors import Full, Retry
from yester.engine.ids import BlobId, BlobKind
from yester.engine.packs import writing
from yester.engine.packs.packs import BLOB_LIMIT, PACK_SIZE, OpenPack, read_directory
from yester.engine.packs.writing import BlobWriter
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.sealing import object_name
from yester.engine.store import Buffer, Store
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("compressors")

DATA, TREE = BlobKind.DATA, BlobKind.TREE


class FullStore(MemoryStore):
    """Has no room for objects whose names begin so, once `armed`."""

    prefix = ""
    armed = False

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if self.armed and name.startswith(self.prefix):
            raise Full("no room in memory", name=name)
        super().put(name, buffers, if_absent=if_absent, group=group)


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "repository", create=True)


@pytest.fixture
def holding(tmp_path: Path) -> Holding:
    return Holding(FullStore(), tmp_path / "index")


def children() -> list[str]:
    return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()


def threads() -> int:
    """How many threads and processes of writers there are."""
    return sum(thread.name.startswith("yester-") for thread in threading.enumerate()) + len(children())


def test_what_is_added_is_read_back_by_the_next_process(store: Store, tmp_path: Path) -> None:
    blobs = some_blobs(300)
    holding = Holding(store, tmp_path / "index")
    ids = holding.write(blobs)
    assert ids == [blob_id(KEYS.id_key(kind), data) for kind, data in blobs]
    for again in (holding, holding.reopened(), Holding(store, tmp_path / "elsewhere")):
        reader = again.reader()
        assert [bytes(reader.blob(kind, full)) for (kind, _), full in zip(blobs, ids, strict=True)] == [
            data for _, data in blobs
        ]
    assert threads() == 0


def test_every_object_is_named_by_its_bytes_and_its_directory_tells_the_index(store: Store, tmp_path: Path) -> None:
    holding = Holding(store, tmp_path / "index")
    holding.write(some_blobs(100))
    for name in [*holding.names("data."), *holding.names("meta.")]:
        entry = read_directory(store, name, KEYS)
        assert name == entry.name == object_name(entry.kind, [store.get(name)])
        ids = entry.directory.ids
        assert all(ids[at : at + 16] in holding.index for at in range(0, len(ids), 16))
        assert {kind == DATA for kind in entry.directory.kinds} == {name.startswith("data.")}


def test_a_blob_is_stored_once_in_a_run_and_never_again(holding: Holding) -> None:
    blobs = some_blobs(50)
    with BlobWriter(holding) as writer:
        for kind, data in blobs * 3:
            writer.add(kind, data)
        added = writer.statistics.added_blobs
    objects = holding.names("")
    with BlobWriter(holding.reopened()) as later:
        for kind, data in blobs:
            later.add(kind, data)
        assert later.statistics.added_blobs == 0
        assert later.packs == set()
        assert holding.index.packs() == writer.packs
    assert added == len(set(blobs))
    assert holding.names("") == objects


def test_the_same_bytes_as_another_kind_are_another_blob(holding: Holding) -> None:
    data = b"alike" * 10
    ids = set(holding.write([(kind, data) for kind in BlobKind]))
    assert len(ids) == len(BlobKind)
    reader = holding.reader()
    for kind in BlobKind:
        full = blob_id(KEYS.id_key(kind), data)
        location = reader.location(full)
        assert location is not None
        assert (bytes(reader.blob(kind, full)), location.blob_kind) == (data, kind)


@pytest.mark.parametrize("size", [100, 200_000])
def test_a_buffer_is_the_callers_again_after_add(holding: Holding, size: int) -> None:
    buffer = bytearray(size)
    ids = []
    with BlobWriter(holding) as writer:
        for number in range(20):
            buffer[:] = bytes([number]) * size
            ids.append(writer.add(DATA, memoryview(buffer)[: size - number]))
            buffer[:] = bytes(size)
    reader = holding.reader()
    for number, full in enumerate(ids):
        assert bytes(reader.blob(DATA, full)) == bytes([number]) * (size - number)


def test_a_blob_added_in_this_run_is_found_before_and_after_it_is_stored(holding: Holding) -> None:
    with BlobWriter(holding) as writer:
        full = writer.add(TREE, b"a tree")
        assert full in holding.index
        assert holding.index.locate(full) is None
        writer.flush()
        assert holding.index.locate(full) is not None
        assert bytes(holding.reader().blob(TREE, full)) == b"a tree"
        later = writer.add(TREE, b"another")
        writer.flush()
        assert bytes(holding.reader().blob(TREE, later)) == b"another"


def test_an_empty_blob_and_the_largest_one_are_kept(holding: Holding) -> None:
    blobs = [(DATA, b""), (DATA, bytes(BLOB_LIMIT)), (TREE, b"")]
    ids = holding.write(blobs)
    reader = holding.reopened().reader()
    assert [bytes(reader.blob(kind, full)) for (kind, _), full in zip(blobs, ids, strict=True)] == [
        data for _, data in blobs
    ]
    with BlobWriter(holding) as writer, pytest.raises(ValueError, match="too large"):
        writer.add(DATA, bytes(BLOB_LIMIT + 1))


def test_small_blobs_share_frames_and_large_ones_are_alone(holding: Holding) -> None:
    with BlobWriter(holding) as writer:
        small = [writer.add(DATA, b"%d" % number * 1000) for number in range(50)]
        large = writer.add(DATA, bytes(128 << 10))
    places = {holding.index.locate(full) for full in small}
    assert len({(place.pack, place.frame) for place in places if place}) == 1
    alone = holding.index.locate(large)
    assert alone is not None
    assert (alone.start, alone.size) == (0, alone.plain_size)
    assert alone.frame not in {place.frame for place in places if place}


def test_packs_are_of_even_size_and_full(holding: Holding) -> None:
    chance = random.Random(1)
    with BlobWriter(holding) as writer:
        for _ in range(220):
            writer.add(DATA, chance.randbytes(200_000))
        assert writer.statistics.added_blobs == 220
    sizes = sorted(holding.store.query(name) for name in holding.names("data."))
    assert sizes[1:] == [PACK_SIZE] * (len(sizes) - 1)
    assert len(sizes) == 3
    assert writer.statistics.stored_size == sum(sizes)
    assert writer.statistics.stored_packs == 3


def test_fragments_are_stored_as_a_long_run_goes(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FRAGMENT_BLOBS", 100)
    chance = random.Random(1)
    with BlobWriter(holding) as writer:
        for _ in range(400):
            writer.add(DATA, chance.randbytes(100_000))
    assert len(holding.names("index.")) > 1
    assert holding.reopened().index.blobs == 400


def test_a_run_that_is_broken_off_leaves_no_thread_and_no_fragment(holding: Holding) -> None:
    with pytest.raises(KeyboardInterrupt), BlobWriter(holding) as writer:
        full = writer.add(DATA, b"never flushed")
        large = writer.add(DATA, bytes(200_000))
        raise KeyboardInterrupt
    assert threads() == 0
    assert holding.names("index.") == []
    assert full not in holding.index
    assert large not in holding.index
    assert holding.write([(DATA, b"never flushed")]) == [full]
    assert bytes(holding.reader().blob(DATA, full)) == b"never flushed"


@pytest.mark.parametrize("prefix", ["data.", "meta.", "index."])
def test_a_full_store_ends_the_run_with_its_own_error(holding: Holding, prefix: str) -> None:
    store = holding.store
    assert isinstance(store, FullStore)
    store.prefix, store.armed = prefix, True
    blobs = some_blobs(100)
    with pytest.raises(Full, match="no room"):
        holding.write(blobs)
    assert threads() == 0
    assert not holding.names(prefix)
    store.armed = False
    ids = holding.write(blobs)
    reader = holding.reopened().reader()
    assert all(bytes(reader.blob(kind, full)) == data for (kind, data), full in zip(blobs, ids, strict=True))


def test_the_error_of_a_thread_surfaces_while_adding(holding: Holding) -> None:
    store = holding.store
    assert isinstance(store, FullStore)
    store.prefix, store.armed = "data.", True
    chance = random.Random(1)
    added = 0
    writer = BlobWriter(holding)
    with pytest.raises(Full):
        for _ in range(2000):
            writer.add(DATA, chance.randbytes(500_000))
            added += 1
    assert 30 < added < 2000
    store.armed = False
    with pytest.raises(Full):
        writer.add(DATA, b"one more")
    with pytest.raises(Full):
        writer.flush()
    writer.close()
    assert threads() == 0
    with pytest.raises(Full):
        writer.add(DATA, b"after closing")


def test_a_defect_in_a_thread_is_not_swallowed(holding: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(pack: OpenPack) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(OpenPack, "finish", broken)
    with pytest.raises(ZeroDivisionError):
        holding.write(some_blobs(10))
    assert threads() == 0


def test_nothing_is_started_when_nothing_is_new(holding: Holding) -> None:
    holding.write(some_blobs(10))
    with BlobWriter(holding) as writer:
        for kind, data in some_blobs(10):
            writer.add(kind, data)
        assert threads() == 0
        writer.flush()


def test_a_store_that_fails_for_now_keeps_its_transient_error(
    holding: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(name: str, buffers: Sequence[Buffer]) -> None:
        raise Retry("try later", name=name)

    monkeypatch.setattr(holding.store, "put", busy)
    with pytest.raises(Retry) as raised:
        holding.write(some_blobs(3))
    assert raised.value.transient


def test_blobs_of_a_lost_pack_are_stored_again(holding: Holding) -> None:
    ids = holding.write(some_blobs(20))
    packs = holding.index.packs()
    for name in [*holding.names("data."), *holding.names("meta.")]:
        holding.store.delete(name)
    for index_of in (holding, holding.reopened()):
        index_of.index.restrict(set())
        with BlobWriter(index_of) as writer:
            assert [writer.add(kind, data) for kind, data in some_blobs(20)] == ids
            writer.flush()
            assert writer.packs.isdisjoint(packs)
        reader = index_of.reader()
        assert all(
            bytes(reader.blob(kind, full)) == data for (kind, data), full in zip(some_blobs(20), ids, strict=True)
        )


def test_ids_are_blob_ids(holding: Holding) -> None:
    with BlobWriter(holding) as writer:
        full: BlobId = writer.add(DATA, b"x")
        assert len(full) == 32


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_any_number_of_processes_stores_the_same_blobs(holding: Holding, processes: int) -> None:
    blobs = some_blobs(400)
    with BlobWriter(holding, processes=processes, at_once=True) as writer:
        ids = [writer.add(kind, data) for kind, data in blobs]
    assert threads() == 0
    reader = holding.reopened().reader()
    assert all(bytes(reader.blob(kind, full)) == data for (kind, data), full in zip(blobs, ids, strict=True))


def test_a_compressing_process_that_dies_loses_nothing(holding: Holding) -> None:
    blobs = some_blobs(400)
    ids = []
    with BlobWriter(holding, processes=2) as writer:
        for row, (kind, data) in enumerate(blobs):
            ids.append(writer.add(kind, data))
            if row in {200, 300}:
                os.kill(int(children()[0]), signal.SIGKILL)
    reader = holding.reopened().reader()
    assert all(bytes(reader.blob(kind, full)) == data for (kind, data), full in zip(blobs, ids, strict=True))


def test_packs_of_tiny_blobs_are_closed_by_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("yester.engine.packs.packs.BLOBS_LIMIT", 3000)
    monkeypatch.setattr("yester.engine.packs.writing.FRAME_BLOBS", 500)
    holding = Holding(MemoryStore(), tmp_path / "index")
    with BlobWriter(holding) as writer:
        for number in range(10_000):
            writer.add(BlobKind.DATA, number.to_bytes(4, "big"))
    assert len(writer.packs) == 4
