"""The wrapper on a clock that only its own waits move."""

from collections.abc import Iterator

import pytest
from tests.store_contract import StoreContract

from yester.engine.errors import Missing
from yester.engine.limits.throttle import FREE_SIZE, Pace, PacedBuffers, ThrottledStore, limited
from yester.engine.store import Store
from yester.plugins.backends.memory import MemoryStore


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


def paced(clock: Clock, rate: int | None, stop_after: int = 10**9) -> Pace:
    return Pace(rate, hurry=lambda: len(clock.naps) >= stop_after, clock=clock, sleep=clock.sleep)


class TestContract(StoreContract):
    @pytest.fixture
    def store(self) -> Iterator[Store]:
        clock = Clock()
        yield ThrottledStore(MemoryStore(), paced(clock, 1 << 30), paced(clock, 1 << 30))


def throttled(upload: int | None, download: int | None) -> tuple[ThrottledStore, Clock]:
    clock = Clock()
    return ThrottledStore(MemoryStore(), paced(clock, upload), paced(clock, download)), clock


def test_what_is_sent_takes_its_time() -> None:
    store, clock = throttled(1 << 20, None)
    store.put("data.1", [bytes(2 << 20), bytes(1 << 20)])
    assert 2.9 <= clock.now - 1000 <= 3.1
    assert max(clock.naps) <= 0.1, "a run that is cancelled does not wait long"
    before = clock.now
    assert len(store.get("data.1")) == 3 << 20
    assert clock.now == before


def test_what_is_fetched_takes_its_time() -> None:
    store, clock = throttled(None, 1 << 20)
    store.put("data.1", [bytes(range(256)) * 4096, bytes(1 << 20)])
    assert clock.now == 1000
    assert store.get("data.1") == bytes(range(256)) * 4096 + bytes(1 << 20)
    assert 1.9 <= clock.now - 1000 <= 2.1
    assert store.get_range("data.1", 1, 1 << 20) == (bytes(range(256)) * 4096)[1:] + b"\0"
    assert 2.9 <= clock.now - 1000 <= 3.1


def test_small_objects_never_wait_and_are_paid_for() -> None:
    """A session's sign of life must come in time, whatever else is on the line."""
    store, clock = throttled(FREE_SIZE, FREE_SIZE)
    for number in range(10):
        store.put(f"session.{number}", [bytes(FREE_SIZE)])
        assert len(store.get(f"session.{number}")) == FREE_SIZE
    assert clock.now == 1000
    store.put("data.1", [bytes(2 * FREE_SIZE)])
    assert 11.9 <= clock.now - 1000 <= 12.1


def test_a_run_that_is_to_stop_waits_no_more() -> None:
    clock = Clock()
    store = ThrottledStore(MemoryStore(), paced(clock, 1000, stop_after=3), paced(clock, None))
    store.put("data.1", [bytes(1 << 20)])
    assert len(clock.naps) == 3
    assert store.query("data.1") == 1 << 20


def test_buffers_are_a_sequence() -> None:
    clock = Clock()
    content = bytes(range(256)) * 1024
    buffers = PacedBuffers([content[:1000], memoryview(content)[1000:], b""], paced(clock, 100_000))
    assert b"".join(buffers) == content
    assert b"".join(buffers[1:]) + b"" == b"".join(list(buffers)[1:])
    assert len(buffers) == len(list(buffers)) > 3


def test_without_limits_the_store_is_left_alone() -> None:
    store = MemoryStore()
    assert limited(store, None, None) is store
    assert isinstance(limited(store, 5, None), ThrottledStore)


def test_what_is_missing_is_missing() -> None:
    store, _ = throttled(1000, 1000)
    with pytest.raises(Missing):
        store.get("data.1")
