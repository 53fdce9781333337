"""Threads that fetch what will be read next."""

from collections.abc import Iterable

from yester.fs.read_ahead import TOGETHER, ReadAhead


class Asked:
    def __init__(self) -> None:
        self.pieces: list[tuple[bytes, ...]] = []

    def read_ahead(self, ids: Iterable[bytes]) -> None:
        self.pieces.append(tuple(ids))


def test_all_is_fetched_once_a_few_at_a_time() -> None:
    asked = Asked()
    ahead = ReadAhead(asked)
    ids = [bytes([number]) for number in range(2 * TOGETHER + 1)]
    ahead.want(iter(ids))
    ahead.want([])
    ahead._threads.shutdown()
    assert sorted(asked.pieces) == [tuple(ids[:TOGETHER]), tuple(ids[TOGETHER : 2 * TOGETHER]), (ids[-1],)]
