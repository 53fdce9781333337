"""What is counted of calls and their tries. That they are tried again, tests of each backend and of faults show."""

from collections.abc import Iterator

import pytest

from yester.engine.errors import Broken, Missing, Overloaded, Retry
from yester.engine.events import StoreCalls
from yester.engine.tally import Tally, current_tally, tallying
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.registry import open_store
from yester.plugins.backends.retrying import Patience, RetryingStore


class Failing(MemoryStore):
    """Fails as often as it is told to, with each kind of failure in turn."""

    def __init__(self, *problems: Exception) -> None:
        super().__init__()
        self.problems = list(problems)

    def get(self, name: str) -> bytes:
        if self.problems:
            raise self.problems.pop(0)
        return super().get(name)

    def list(self, prefix: str = "") -> Iterator[str]:
        yield from sorted(super().list(prefix))[:1]
        if self.problems:
            raise self.problems.pop(0)
        yield from super().list(prefix)


def rows(tally: Tally) -> dict[str, StoreCalls]:
    return {row.call: row for row in tally.rows()}


def test_calls_bytes_and_tries_are_counted() -> None:
    tally, pauses = Tally(), list[float]()
    store = RetryingStore(Failing(), Patience(sleep=pauses.append), tally=tally)
    store.put("a", [b"12", b"345"])
    store.put("b", [b"6"])
    store._store.problems += [Retry("x"), Overloaded("y")]  # type: ignore[attr-defined]
    assert store.get("a") == b"12345"
    store.get_range("a", 1, 2)
    store.query("a")
    store.delete("b")
    store.prepare(["a"])
    found = rows(tally)
    assert {call: (row.count, row.size, row.retries, row.failures) for call, row in found.items()} == {
        "delete": (1, 0, 0, 0),
        "get": (1, 5, 2, 0),
        "get_range": (1, 2, 0, 0),
        "prepare": (1, 0, 0, 0),
        "put": (2, 6, 0, 0),
        "query": (1, 0, 0, 0),
    }
    assert {row.store for row in found.values()} == {"memory"}
    assert all(row.time_ns > 0 for row in found.values())
    assert pauses == [1, 6]


def test_what_failed_for_good_is_counted_and_an_answer_is_none() -> None:
    tally = Tally()
    store = RetryingStore(Failing(Broken("x"), *[Retry("y")] * 6), Patience(sleep=lambda _: None), tally=tally)
    for kind in (Broken, Retry, Missing):
        with pytest.raises(kind):
            store.get("a")
    row = rows(tally)["get"]
    assert (row.count, row.retries, row.failures) == (3, 5, 2)


def test_a_list_is_one_call_however_often_it_broke_off() -> None:
    tally = Tally()
    failing = Failing()
    for name in "abc":
        failing.put(name, [b"x"])
    failing.problems += [Retry("x"), Retry("y")]
    store = RetryingStore(failing, Patience(sleep=lambda _: None), tally=tally)
    assert sorted(store.list()) == ["a", "b", "c"]
    assert (rows(tally)["list"].count, rows(tally)["list"].retries) == (1, 2)
    next(store.list())  # who asks for no more has asked all the same
    assert rows(tally)["list"].count == 2


def test_stores_that_are_opened_in_a_run_count_into_its_tally(tmp_path: object) -> None:
    with tallying() as tally:
        store = open_store(f"{tmp_path}/repository", create=True)
    store.put("config", [b"x"])
    other = open_store(f"{tmp_path}/repository")
    other.get("config")
    assert [(row.store, row.call) for row in tally.rows()] == [(f"{tmp_path}/repository", "put")]
    assert current_tally() is not tally
