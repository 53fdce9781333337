import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.backend_contract import BackendContract

from yester.engine.errors import StoreError
from yester.engine.store import Buffer, Capabilities, Store
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.proving.measuring import Gauge, MeasuredStore
from yester.plugins.backends.proving.names import Names
from yester.plugins.backends.proving.proved import ProvedStore
from yester.plugins.backends.proving.remembered import Probed


class TestProvedStore(BackendContract):
    @pytest.fixture
    def store(self) -> Store:
        return ProvedStore(MemoryStore(), Probed(ranges=True, if_absent=True))


class TestStoreWithoutParts(BackendContract):
    CANNOT = frozenset({"only parts"})

    @pytest.fixture
    def store(self) -> Store:
        return ProvedStore(MemoryStore(), Probed(ranges=False, if_absent=True))


def test_nothing_else_than_the_names_of_a_test_is_touched() -> None:
    names = Names.new(1, b"abc")
    inner = MemoryStore()
    store = MeasuredStore(inner, names, Gauge())
    for touch in (
        lambda: store.put("config", [b"x"]),
        lambda: store.get("config"),
        lambda: store.get_range("config", 0, 1),
        lambda: store.query("config"),
        lambda: store.delete("config"),
        lambda: store.prepare(["config"]),
        lambda: list(store.list()),
        lambda: list(store.list("yester-test-")),
    ):
        with pytest.raises(ValueError, match="only its own names"):
            touch()
    assert list(inner.list()) == []


def test_figures_are_of_calls_that_had_the_store_to_themselves() -> None:
    names = Names.new(1, b"abc")
    gauge = Gauge()
    store = MeasuredStore(MemoryStore(), names, gauge)
    small, large, middling = names.name("s"), names.name("l"), names.name("m")
    for name, size in ((small, 10), (large, 5 << 20), (middling, 1 << 20)):
        store.put(name, [bytes(size)])
    for _ in range(3):
        store.get(small)
    store.get_range(large, 0, 100_000)
    store.get_range(large, 0, 100)
    outer = gauge.begin()
    store.query(small)
    gauge.end(outer, "list")
    found = {(figure.operation, figure.size): figure.times for figure in gauge.figures()}
    assert found == {("put", 0): 1, ("put", 5 << 20): 1, ("get", 0): 3, ("part", 0): 1}
    assert store.capabilities == Capabilities(ranges=True, if_absent=True, local=True)


def test_once_a_test_is_over_what_is_on_its_way_is_waited_for_and_nothing_more_is_put() -> None:
    names = Names.new(1, b"abc")
    begun, go_on = threading.Event(), threading.Event()

    class Slow(MemoryStore):
        def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
            begun.set()
            go_on.wait(30)
            super().put(name, buffers)

    store = MeasuredStore(Slow(), names, Gauge())
    with ThreadPoolExecutor(2) as pool:
        putting = pool.submit(store.put, names.name("late"), [b"x"])
        begun.wait(30)
        ending = pool.submit(store.end)
        assert not ending.done()
        go_on.set()
        assert ending.result() == {names.name("late")}
        assert putting.done()
    with pytest.raises(StoreError, match="over"):
        store.put(names.name("later"), [b"x"])
    store.delete(names.name("late"))
    assert store.end() == set()
