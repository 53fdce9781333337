"""What every store must do: one body of tests, run by each backend's own test module.

A module makes a class that inherits `StoreContract` and has a fixture `store` that gives a fresh, empty store.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from yester.engine.errors import Broken, Exists, Missing, UsageError
from yester.engine.store import Buffer, Readiness, Store

NAMES = (
    "config",
    f"data.{'ab' * 32}",
    f"data.{'cd' * 32}",
    f"meta.{'ab' * 32}",
    f"key.{'01' * 32}",
    f"snap.{'02' * 32}",
    f"session.{'03' * 16}.00000007",
    "data",
    "data.x",
    "snap",
    "misc",
    "misc.1",
    "config.old",
    "0",
    "a..b",
    "a.",
    "a-",
    "z" * 80,
)
BAD_NAMES = ("", ".", "..", "A", "a/b", "/a", "../a", ".put-1", "a b", "ä", "a\n", "a\0", "_a", "z" * 81)


class StoreContract:
    FEW: ClassVar[bool] = False
    """Whether each call takes so long that a dozen objects are many."""

    def test_keeps_what_was_put(self, store: Store) -> None:
        for size, name in enumerate(NAMES):
            store.put(name, [name.encode(), b"", bytes(size)])
        for size, name in enumerate(NAMES):
            assert store.get(name) == name.encode() + bytes(size)
            assert store.query(name) == len(name) + size

    def test_takes_every_kind_of_buffer(self, store: Store) -> None:
        pieces: list[Buffer] = [
            b"one",
            bytearray(b"two"),
            memoryview(b"-three-")[1:-1],
            memoryview(bytearray(8)).cast("I"),
        ]
        store.put("snap.1", pieces)
        assert store.get("snap.1") == b"onetwothree" + bytes(8)

    def test_takes_many_buffers_and_none(self, store: Store) -> None:
        store.put("data.1", [b"x"] * 3000)
        store.put("data.2", [])
        assert (store.get("data.1"), store.get("data.2")) == (b"x" * 3000, b"")

    def test_does_not_keep_a_buffer_that_changes_later(self, store: Store) -> None:
        buffer = bytearray(b"before")
        store.put("snap.1", [buffer])
        buffer[:] = b"after!"
        assert store.get("snap.1") == b"before"

    def test_a_put_replaces_unless_told_not_to(self, store: Store) -> None:
        store.put("config", [b"long at first"])
        store.put("config", [b"new"])
        assert store.get("config") == b"new"
        with pytest.raises(Exists) as caught:
            store.put("config", [b"newer"], if_absent=True)
        assert (caught.value.name, store.get("config")) == ("config", b"new")
        store.put("key.1", [b"first"], if_absent=True)
        assert store.get("key.1") == b"first"

    def test_says_what_is_ready(self, store: Store) -> None:
        store.put("data.1", [b"x"])
        assert store.prepare(["data.1"]) == {"data.1": Readiness.READY}
        assert store.prepare([]) == {}

    def test_of_many_that_create_one_wins(self, store: Store) -> None:
        def create(number: int) -> int:
            try:
                store.put("config", [bytes([number]) * 1000], if_absent=True)
            except Exists:
                return 0
            return 1

        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(create, range(32)))
        assert sum(won) == 1
        assert store.get("config") == bytes([won.index(1)]) * 1000

    def test_serves_many_threads(self, store: Store) -> None:
        def work(number: int) -> bytes:
            name = f"data.{number:064x}"
            store.put(name, [bytes([number]) * 10_000])
            assert name in set(store.list("data."))
            return store.get_range(name, 5000, 10)

        numbers = range(8 if self.FEW else 64)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, numbers)) == [bytes([number]) * 10 for number in numbers]

    def test_gives_ranges(self, store: Store) -> None:
        content = bytes(range(256)) * 20
        store.put("data.1", [content])
        for offset, size in [(0, 0), (0, 1), (0, 5120), (5119, 1), (77, 1000), (5120, 0)]:
            assert store.get_range("data.1", offset, size) == content[offset : offset + size]

    def test_a_range_beyond_the_end_is_broken(self, store: Store) -> None:
        store.put("data.1", [b"0123456789"])
        for offset, size in [(0, 11), (10, 1), (11, 0), (2**40, 1), (5, 2**62)]:
            with pytest.raises(Broken) as caught:
                store.get_range("data.1", offset, size)
            assert caught.value.name == "data.1", (offset, size)

    def test_a_range_below_zero_is_a_defect_of_the_caller(self, store: Store) -> None:
        store.put("data.1", [b"0123456789"])
        for offset, size in [(-1, 1), (0, -1)]:
            with pytest.raises(ValueError, match="range"):
                store.get_range("data.1", offset, size)

    def test_says_what_is_missing(self, store: Store) -> None:
        for name in (*NAMES[:3], "data"):
            for ask in (store.get, store.query, store.delete, lambda name: store.get_range(name, 0, 1)):
                with pytest.raises(Missing) as caught:
                    ask(name)
                assert caught.value.name == name
                assert name in str(caught.value)

    def test_lists_by_prefix(self, store: Store) -> None:
        assert list(store.list()) == []
        for name in NAMES:
            store.put(name, [b"x"])
        every = sorted({name[:end] for name in NAMES for end in range(len(name) + 1)})
        for prefix in {*every[:: 20 if self.FEW else 2], "data.abc", "data.zz", "q", "misc.", "data.a", "data.0"}:
            found = list(store.list(prefix))
            assert sorted(found) == sorted(name for name in NAMES if name.startswith(prefix)), prefix

    def test_a_list_bears_changes_meanwhile(self, store: Store) -> None:
        names = [f"snap.{number:064x}" for number in range(5 if self.FEW else 50)]
        for name in names:
            store.put(name, [b"x"])
        seen = []
        for name in store.list("snap."):
            seen.append(name)
            store.delete(name)
            store.put(f"label.{len(seen):064x}", [b"x"])
        assert sorted(seen) == names
        assert list(store.list("snap.")) == []

    def test_deletes(self, store: Store) -> None:
        store.put("snap.1", [b"x"])
        store.put("snap.2", [b"y"])
        store.delete("snap.1")
        assert list(store.list()) == ["snap.2"]
        with pytest.raises(Missing):
            store.get("snap.1")

    def test_refuses_what_cannot_name_an_object(self, store: Store) -> None:
        for name in BAD_NAMES:
            for ask in (store.get, store.query, store.delete, lambda name: store.put(name, [b"x"])):
                with pytest.raises(UsageError):
                    ask(name)
        assert list(store.list()) == []

    def test_says_where_it_is_and_what_it_can(self, store: Store) -> None:
        assert store.place
        assert store.capabilities == store.capabilities
        assert store.capabilities.ranges in (True, False)
