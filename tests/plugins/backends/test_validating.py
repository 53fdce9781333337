"""Objects that came out short: found at once, put again, and not left lying."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.store_contract import StoreContract

from yester.engine.errors import Denied, Exists, Retry
from yester.engine.limits.throttle import limited
from yester.engine.store import Buffer, Store
from yester.engine.tally import Tally
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.retrying import Patience, RetryingStore
from yester.plugins.backends.validating import LOOKS_S, ValidatingStore

PACK = f"data.{'ab' * 32}"
AT_ONCE = Patience(sleep=lambda _: None)


class Truncating(MemoryStore):
    """Says yes to half an object, a number of times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times, self.puts, self.looks = times, 0, 0

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self.puts += 1
        whole = b"".join(buffers)
        half = self.puts <= self.times
        super().put(name, [whole[: len(whole) // 2] if half else whole], if_absent=if_absent)

    def query(self, name: str) -> int:
        self.looks += 1
        return super().query(name)


def validating(store: Store) -> ValidatingStore:
    return ValidatingStore(store, sleep=lambda _: None)


class TestContract(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return RetryingStore(validating(FolderStore(tmp_path / "repository", create=True)))


@pytest.mark.parametrize("if_absent", [False, True])
@pytest.mark.parametrize("name", [PACK, "config"])
def test_an_object_that_came_out_short_is_put_again(name: str, if_absent: bool) -> None:
    short, tally = Truncating(2), Tally()
    store = RetryingStore(validating(short), AT_ONCE, tally=tally)
    store.put(name, [b"0123456789"], if_absent=if_absent)
    assert store.get(name) == b"0123456789"
    assert short.puts == 3
    (got, put) = tally.rows()
    assert (got.call, got.count, got.size, got.retries) == ("get", 1, 10, 0)
    assert (put.call, put.count, put.size, put.retries, put.failures) == ("put", 1, 10, 2, 0)


def test_it_says_how_much_is_there_and_nothing_is_left_of_it() -> None:
    store = validating(Truncating(1))
    with pytest.raises(Retry, match="5 of its 10 bytes are there"):
        store.put(PACK, [b"0123456789"])
    assert list(store.list()) == []


def test_what_may_stand_in_the_place_of_something_else_stays_until_it_is_put_again() -> None:
    store = validating(Truncating(1))
    with pytest.raises(Retry):
        store.put("config", [b"0123456789"])
    assert list(store.list()) == ["config"]


def test_that_it_cannot_be_removed_does_not_hide_that_it_is_short() -> None:
    class Keeping(Truncating):
        def delete(self, name: str) -> None:
            raise Denied("never")

    with pytest.raises(Retry, match="5 of its 10"):
        validating(Keeping(1)).put(PACK, [b"0123456789"])


def test_what_shows_late_is_waited_for() -> None:
    class Late(MemoryStore):
        looks = 0

        def query(self, name: str) -> int:
            self.looks += 1
            return super().query(name if self.looks == len(LOOKS_S) else "nothing")

    pauses: list[float] = []
    late = Late()
    ValidatingStore(late, sleep=pauses.append).put(PACK, [b"x"])
    assert pauses == [pause for pause in LOOKS_S if pause]


def test_a_good_put_costs_one_look() -> None:
    good = Truncating(0)
    store = RetryingStore(validating(good))
    limited(store, 1 << 30, None).put(PACK, [bytes(100_000)])
    assert (good.puts, good.looks) == (1, 1)


def test_that_another_created_it_is_no_failure_to_look_at() -> None:
    good = Truncating(0)
    good.put("config", [b"first"])
    with pytest.raises(Exists):
        validating(good).put("config", [b"other"], if_absent=True)
    assert good.get("config") == b"first"
