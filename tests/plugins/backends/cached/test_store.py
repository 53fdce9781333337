"""The cache: what is asked of the store, and what never is again."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from tests.plugins.backends.counting import FarStore
from tests.store_contract import StoreContract

from yester.engine.errors import Broken, Missing, Retry
from yester.engine.sealed.config import Config, encode_config
from yester.engine.sealed.keys import Keys, MasterKey
from yester.engine.store import Keeping, Readiness, Store, bring, let_go, part_of
from yester.plugins.backends.cached.blocks import BLOCK_SIZE
from yester.plugins.backends.cached.store import CachedStore
from yester.plugins.backends.memory import MemoryStore

MIB = 1 << 20


class Shop:
    """A far store with a config in it, and any number of caches of one machine in front of it."""

    def __init__(self, folder: Path, budget: int, *, ranges: bool) -> None:
        self.folder, self.budget = folder, budget
        self.near = MemoryStore()
        self.far = FarStore(self.near, ranges=ranges)
        keys = Keys(MasterKey.random())
        self.near.put("config", [encode_config(Config(repository=b"r" * 32, created_ns=0, program="test"), keys)])

    def open(self) -> CachedStore:
        store = CachedStore(self.far, lambda _: self.folder, self.budget)
        store.get("config")
        self.far.requests.clear()
        return store

    def add(self, kind: str, content: bytes) -> str:
        name = f"{kind}.{blake3(content).hexdigest()}"
        self.near.put(name, [content])
        return name

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "cache", 64 * MIB, ranges=True)


@pytest.fixture
def no_ranges(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "cache", 64 * MIB, ranges=False)


def end_of_fetching_ahead() -> None:
    """Wait for what was under way when a store was closed, which nobody else waits for."""
    for thread in threading.enumerate():
        if thread.name == "fetch-ahead":
            thread.join()


class TestContractBeforeTheConfig(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return CachedStore(FarStore(MemoryStore()), lambda _: tmp_path / "cache", MIB)


class TestContractWithoutRanges(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return CachedStore(FarStore(MemoryStore(), ranges=False), lambda _: tmp_path / "cache", MIB)


class _Learned(CachedStore):
    """One that knows its folder from the beginning."""

    def __init__(self, folder: Path, *, ranges: bool) -> None:
        super().__init__(FarStore(MemoryStore(), ranges=ranges), lambda _: folder, MIB)
        keys = Keys(MasterKey.random())
        self._learn(encode_config(Config(repository=b"r" * 32, created_ns=0, program="test"), keys))


class TestContract(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return _Learned(tmp_path / "cache", ranges=True)


class TestContractOfWholePacks(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return _Learned(tmp_path / "cache", ranges=False)


@pytest.mark.parametrize("kind", ["meta", "index", "snap", "label", "tomb"])
def test_metadata_is_asked_for_once_by_this_and_later_processes(shop: Shop, kind: str) -> None:
    name = shop.add(kind, b"x" * 1000)
    store = shop.open()
    assert [store.get(name), store.get_range(name, 5, 3)] == [b"x" * 1000, b"xxx"]
    assert part_of(store, name, 0, 7, 1000) == b"x" * 7
    assert shop.open().get(name) == b"x" * 1000
    assert shop.far.requests == []


def test_a_part_of_a_metadata_pack_brings_all_of_it(shop: Shop) -> None:
    name = shop.add("meta", os.urandom(MIB))
    store = shop.open()
    for at in range(0, MIB, 1000):
        part_of(store, name, at, 100, MIB)
    assert shop.far.requests == [("get", name)]


@pytest.mark.parametrize("name", ["config", "session.0.1", f"mark.{'a' * 64}", f"key.{'b' * 64}", "snap.odd"])
def test_what_may_change_or_go_is_always_asked_for(shop: Shop, name: str) -> None:
    store = shop.open()
    if name != "config":
        shop.near.put(name, [b"one"])
        assert (store.get(name), store.get(name)) == (b"one", b"one")
        shop.near.put(name, [b"two"])
        assert store.get(name) == b"two"
    else:
        assert store.get(name) == store.get(name)
    assert shop.far.count("get") == (3 if name != "config" else 2)


def test_what_is_listed_and_how_large_it_is_is_always_asked_for(shop: Shop) -> None:
    name = shop.add("snap", b"one")
    store = shop.open()
    store.get(name)
    shop.near.delete(name)
    with pytest.raises(Missing):
        store.query(name)
    another = shop.add("snap", b"two")
    assert list(store.list("snap.")) == [another]


def test_what_others_deleted_goes_when_all_of_its_kind_are_listed(shop: Shop) -> None:
    names = [shop.add(kind, b"content") for kind in ("snap", "meta")]
    data = shop.add("data", bytes(3 * BLOCK_SIZE))
    store = shop.open()
    for name in names:
        store.get(name)
    part_of(store, data, 0, 3 * BLOCK_SIZE, 3 * BLOCK_SIZE)
    assert len(shop.files()) == 5
    for name in (*names, data):
        shop.near.delete(name)
    assert list(store.list("snap.0")) == []  # a part of them says nothing of the others
    assert len(shop.files()) == 5
    for kind in ("snap.", "meta.", "data."):
        assert list(store.list(kind)) == []
    assert shop.files() == []


def test_what_comes_while_all_are_listed_stays(shop: Shop) -> None:
    first = shop.add("snap", b"first")
    store = shop.open()
    listing = store.list("snap.")
    assert next(listing) == first
    second = shop.add("snap", b"second")
    store.get(second)
    assert list(listing) == []
    assert [path.name for path in shop.files()] == [second]


def test_deleted_here_is_deleted_in_both(shop: Shop) -> None:
    name = shop.add("snap", b"x")
    store = shop.open()
    store.get(name)
    store.delete(name)
    assert shop.files() == []
    with pytest.raises(Missing):
        store.get(name)


def test_what_is_put_is_kept_once_the_store_has_it(shop: Shop) -> None:
    store = shop.open()
    content = b"tree" * 100
    name = f"meta.{blake3(content).hexdigest()}"
    store.put(name, [content[:9], memoryview(content)[9:]])
    assert store.get(name) == content
    assert shop.far.requests == [("put", name)]

    def refuse(request: tuple[str, ...]) -> None:
        raise Retry("lost")

    shop.far.before = refuse
    other = f"meta.{blake3(b'other').hexdigest()}"
    with pytest.raises(Retry):
        store.put(other, [b"other"])
    assert [path.name for path in shop.files()] == [name]


def test_parts_of_data_are_rounded_to_blocks_that_are_asked_for_once(shop: Shop) -> None:
    content = os.urandom(2 * MIB + 77)
    name = shop.add("data", content)
    store = shop.open()
    at = 3 * BLOCK_SIZE + 1000
    assert part_of(store, name, at, 5000, len(content)) == content[at : at + 5000]
    assert shop.far.requests == [("range", name, str(3 * BLOCK_SIZE), str(BLOCK_SIZE))]
    assert part_of(store, name, at + 5000, 70_000, len(content)) == content[at + 5000 : at + 75_000]
    assert part_of(shop.open(), name, at - 7, 9, len(content)) == content[at - 7 : at + 2]
    assert shop.far.requests == []


def test_the_last_block_ends_with_the_object(shop: Shop) -> None:
    content = os.urandom(BLOCK_SIZE + 10)
    name = shop.add("data", content)
    assert part_of(shop.open(), name, BLOCK_SIZE + 3, 7, len(content)) == content[-7:]
    assert shop.far.requests == [("range", name, str(BLOCK_SIZE), "10")]


def test_only_what_lacks_of_a_part_is_fetched_in_one_request(shop: Shop) -> None:
    content = os.urandom(8 * BLOCK_SIZE)
    name = shop.add("data", content)
    store = shop.open()
    part_of(store, name, 5 * BLOCK_SIZE, 1, len(content))
    shop.far.requests.clear()
    assert (
        part_of(store, name, 2 * BLOCK_SIZE, 4 * BLOCK_SIZE, len(content)) == content[2 * BLOCK_SIZE : 6 * BLOCK_SIZE]
    )
    assert ("range", name, str(2 * BLOCK_SIZE), str(3 * BLOCK_SIZE)) in shop.far.requests
    assert not any(each[2] == str(5 * BLOCK_SIZE) for each in shop.far.requests)


def test_a_reader_who_goes_on_finds_it_fetched_ahead_by_several_requests_at_once(shop: Shop) -> None:
    content = os.urandom(16 * MIB)
    name = shop.add("data", content)
    store = shop.open()
    together = threading.Barrier(2, timeout=60)
    ahead = threading.Semaphore(2)

    def hold(request: tuple[str, ...]) -> None:
        # The reader's own request passes; of those ahead of him two must be on their way at once.
        if threading.current_thread().name == "fetch-ahead" and ahead.acquire(blocking=False):
            together.wait()

    shop.far.before = hold
    for at in range(0, 15 * MIB, 100_000):
        assert part_of(store, name, at, 100_000, len(content)) == content[at : at + 100_000]
    store.close()
    starts = [int(each[2]) for each in shop.far.requests]
    sizes = sum(int(each[3]) for each in shop.far.requests)
    assert sizes == len(content), "each byte is fetched once"
    assert len(starts) == len(set(starts)) <= 20
    assert shop.far.most_under_way > 1
    store.close()


def test_one_fetch_serves_many_who_wait(shop: Shop) -> None:
    meta, content = os.urandom(10_000), os.urandom(4 * BLOCK_SIZE)
    names = shop.add("meta", meta), shop.add("data", content)
    store = shop.open()
    go = threading.Event()
    shop.far.before = lambda request: go.wait(60)
    got: list[bytes] = []
    readers = [
        threading.Thread(target=lambda read=read: got.append(read()))
        for _ in range(8)
        for read in (
            lambda: store.get(names[0]),
            lambda: part_of(store, names[1], BLOCK_SIZE + 5, 10, len(content)),
        )
    ]
    for reader in readers:
        reader.start()
    while store._flights.waiting < 14:
        threading.Event().wait(0.001)
    go.set()
    for reader in readers:
        reader.join()
    assert sorted(got) == sorted([meta] * 8 + [content[BLOCK_SIZE + 5 : BLOCK_SIZE + 15]] * 8)
    assert len(shop.far.requests) == 2


def test_what_comes_just_before_it_is_asked_for_is_not_asked_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(MIB)
    name = shop.add("data", content)
    other, store = shop.open(), shop.open()
    claim = store._flights.claim

    def late(keys: Iterable[tuple[str, int]]) -> Any:
        assert other.get_part(name, BLOCK_SIZE, 10, MIB) == content[BLOCK_SIZE : BLOCK_SIZE + 10]
        return claim(keys)

    monkeypatch.setattr(store._flights, "claim", late)
    assert store.get_part(name, BLOCK_SIZE, 10, MIB) == content[BLOCK_SIZE : BLOCK_SIZE + 10]
    assert shop.far.count("range") == 1
    assert store._flights.waiting == 0


def test_who_waits_hears_of_a_failure_and_the_next_one_asks_again(shop: Shop) -> None:
    name = shop.add("data", bytes(BLOCK_SIZE))
    store = shop.open()

    def fail(request: tuple[str, ...]) -> None:
        raise Retry("lost")

    shop.far.before = fail
    meta = shop.add("meta", b"m")
    with pytest.raises(Retry):
        part_of(store, name, 9, 9, BLOCK_SIZE)
    with pytest.raises(Retry):
        store.get(meta)
    shop.far.before = lambda request: None
    assert part_of(store, name, 9, 9, BLOCK_SIZE) == bytes(9)
    assert store.get(meta) == b"m"


def test_many_small_objects_are_brought_at_once(shop: Shop) -> None:
    names = [shop.add("snap", f"snapshot {number}".encode()) for number in range(40)]
    store = shop.open()
    together = threading.Barrier(8, timeout=60)
    first = threading.Semaphore(8)
    shop.far.before = lambda request: first.acquire(blocking=False) and together.wait()
    bring(store, [*names, f"snap.{'0' * 64}"])
    assert shop.far.most_under_way == 8
    shop.far.requests.clear()
    assert [store.get(name) for name in names] == [f"snapshot {number}".encode() for number in range(40)]
    bring(store, names)
    assert shop.far.requests == []


# Never trusted blindly


def _spoil(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    path.write_bytes(content[:-1] if how == "cut" else b"" if how == "empty" else bytes(content))


@pytest.mark.parametrize("how", ["flipped", "cut", "empty"])
@pytest.mark.parametrize("kind", ["meta", "snap", "data"])
def test_a_damaged_file_is_fetched_again_and_said_once(
    shop: Shop, kind: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    content = [os.urandom(BLOCK_SIZE), os.urandom(BLOCK_SIZE)]
    names = [shop.add(kind, each) for each in content]
    store = shop.open()
    for name in names:
        part_of(store, name, 0, BLOCK_SIZE, BLOCK_SIZE)
    for path in shop.files():
        _spoil(path, how)
    again = shop.open()
    for _ in range(2):
        for name, each in zip(names, content, strict=True):
            assert part_of(again, name, 10, 1000, BLOCK_SIZE) == each[10:1010]
    assert len(shop.far.requests) == 2
    assert len(caplog.records) == 1
    assert "damaged in the cache" in caplog.text


def test_a_block_in_the_place_of_another_is_not_believed(shop: Shop) -> None:
    content = os.urandom(2 * BLOCK_SIZE)
    name = shop.add("data", content)
    part_of(shop.open(), name, 0, 2 * BLOCK_SIZE, 2 * BLOCK_SIZE)
    first, second = shop.files()
    second.write_bytes(first.read_bytes())
    assert part_of(shop.open(), name, 0, 2 * BLOCK_SIZE, 2 * BLOCK_SIZE) == content


def test_what_the_store_gave_wrongly_is_not_kept_for_ever(shop: Shop) -> None:
    """A block has no name that says its bytes: only who opens its frames finds out."""
    content = os.urandom(BLOCK_SIZE)
    name = shop.add("data", content)
    store = shop.open()
    shop.near.put(name, [bytes(BLOCK_SIZE)])
    assert part_of(store, name, 0, 10, BLOCK_SIZE) == bytes(10)
    shop.near.put(name, [content])
    assert let_go(store, name)
    assert part_of(store, name, 0, 10, BLOCK_SIZE) == content[:10]
    store.delete(name)
    assert not let_go(store, name)


def test_metadata_that_is_not_what_its_name_says_is_given_and_not_kept(shop: Shop) -> None:
    name = shop.add("meta", b"content")
    store = shop.open()
    shop.near.put(name, [b"other"])
    assert store.get(name) == b"other"
    assert shop.files() == []


def test_no_link_is_followed_out_of_the_cache(shop: Shop, tmp_path: Path) -> None:
    name = shop.add("snap", b"content")
    shop.open().get(name)
    (path,) = shop.files()
    path.unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"content")
    path.symlink_to(elsewhere)
    assert shop.open().get(name) == b"content"
    assert shop.far.count("get") == 1


# Room


def test_it_is_private(shop: Shop) -> None:
    store = shop.open()
    store.get(shop.add("meta", b"m"))
    part_of(store, shop.add("data", b"d"), 0, 1, 1)
    paths = [shop.folder, *shop.folder.rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o700, 0o600}


def test_data_stays_within_its_budget_and_what_was_read_last_stays(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "cache", 20 * BLOCK_SIZE, ranges=True)
    names = [shop.add("data", os.urandom(BLOCK_SIZE)) for _ in range(60)]
    store = shop.open()
    for number, name in enumerate(names):
        part_of(store, name, 0, 10, BLOCK_SIZE)
        part_of(store, names[0], 0, 10, BLOCK_SIZE)  # always of use
        size = sum(path.stat().st_size for path in shop.files())
        assert size <= shop.budget, number
    assert shop.far.count("range", names[0]) == 1
    assert len(shop.files()) > 10


def test_without_a_budget_no_data_is_kept_and_reading_ahead_works_from_memory(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "cache", 0, ranges=True)
    content = os.urandom(8 * MIB)
    name, meta = shop.add("data", content), shop.add("meta", b"m")
    store = shop.open()
    store.get(meta)
    for at in range(0, len(content), 100_000):
        size = min(100_000, len(content) - at)
        assert part_of(store, name, at, size, len(content)) == content[at : at + size]
    assert [path.name for path in shop.files()] == [meta]
    assert sum(int(each[3]) for each in shop.far.requests if each[0] == "range") == len(content)
    store.close()


@pytest.mark.parametrize("lack", ["no folder", "a file in its place", "a full disk"])
def test_where_nothing_can_be_kept_all_is_read_all_the_same(
    shop: Shop, lack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lack == "no folder":
        shop.folder = Path("/proc/nowhere")
    elif lack == "a file in its place":
        shop.folder.write_bytes(b"")
    else:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("yester.plugins.backends.cached.files.os.rename", full)
    names = [(shop.add(kind, content), content) for kind in ("meta", "data") for content in [os.urandom(3 * MIB)]]
    store = shop.open()
    for name, content in names:
        for at in (0, 5, MIB, 2 * MIB):
            assert part_of(store, name, at, 1000, len(content)) == content[at : at + 1000]
    content = b"new"
    name = f"snap.{blake3(content).hexdigest()}"
    store.put(name, [content])
    assert store.get(name) == content
    store.close()
    end_of_fetching_ahead()
    if lack == "a full disk":
        assert shop.files() == []


def test_a_disk_that_is_nearly_full_is_left_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.plugins.backends.cached.budget.RESERVE", 1 << 60)
    name = shop.add("data", bytes(BLOCK_SIZE))
    assert part_of(shop.open(), name, 0, 9, BLOCK_SIZE) == bytes(9)
    assert shop.files() == []


def test_what_a_killed_process_left_goes_after_a_while(shop: Shop) -> None:
    name = shop.add("data", bytes(BLOCK_SIZE))
    part_of(shop.open(), name, 0, 9, BLOCK_SIZE)
    (block,) = shop.files()
    old, fresh = block.with_name(".new-1-old"), block.with_name(".new-1-fresh")
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    part_of(shop.open(), shop.add("data", b"other"), 0, 1, 5)
    assert (old.exists(), fresh.exists()) == (False, True)


# Stores without ranges


def test_without_ranges_whole_packs_are_kept(no_ranges: Shop) -> None:
    content = os.urandom(MIB)
    name = no_ranges.add("data", content)
    store = no_ranges.open()
    assert store.capabilities.ranges
    for at in range(0, MIB, 100_000):
        part_of(store, name, at, 10, MIB)
    assert part_of(no_ranges.open(), name, 77, 10, MIB) == content[77:87]
    assert no_ranges.far.requests == []
    assert no_ranges.far.verbs() == {}


def test_without_ranges_and_room_the_last_packs_are_in_memory(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "cache", 0, ranges=False)
    content = os.urandom(MIB)
    name = shop.add("data", content)
    store = shop.open()
    for at in range(0, MIB, 100_000):
        assert store.get_range(name, at, 10) == content[at : at + 10]
    with pytest.raises(Broken):
        store.get_range(name, MIB - 1, 2)
    assert shop.far.requests == [("get", name)]


def test_what_is_kept_is_ready_whatever_the_store_says(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, cold = shop.add("meta", b"kept"), shop.add("meta", b"cold")
    store = shop.open()
    store.get(kept)
    monkeypatch.setattr(shop.near, "prepare", lambda names: dict.fromkeys(names, Readiness.PENDING))
    assert store.prepare([kept, cold]) == {kept: Readiness.READY, cold: Readiness.PENDING}


def test_a_cache_that_is_cleared_under_a_running_process_is_made_anew(shop: Shop) -> None:
    names = [shop.add("meta", os.urandom(100)) for _ in range(2)]
    store = shop.open()
    store.get(names[0])
    for path in sorted(shop.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    shop.folder.rmdir()
    for _ in range(2):
        for name in names:
            store.get(name)
    assert shop.far.count("get") <= 4
    assert len(shop.files()) == 2


def test_only_a_cache_keeps() -> None:
    assert not isinstance(MemoryStore(), Keeping)
    assert not let_go(MemoryStore(), "data.1")
    bring(MemoryStore(), ["snap.1"])
