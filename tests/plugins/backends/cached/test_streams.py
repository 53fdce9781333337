from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.backends.cached.streams import FIRST_BLOCKS, MOST_BLOCKS, Streams


def test_who_begins_at_the_beginning_is_taken_to_read_on() -> None:
    assert Streams().follow("pack", range(1), 64) == range(1, 1 + FIRST_BLOCKS)


def test_one_read_somewhere_fetches_nothing_ahead_and_two_in_a_row_do() -> None:
    streams = Streams()
    assert not streams.follow("pack", range(20, 21), 64)
    assert streams.follow("pack", range(21, 22), 64) == range(22, 22 + FIRST_BLOCKS)


def test_random_reads_fetch_nothing_ahead() -> None:
    streams = Streams()
    assert not any(streams.follow("pack", range(at, at + 1), 64) for at in (40, 7, 55, 20, 3, 60))


def test_two_packs_are_followed_side_by_side() -> None:
    streams = Streams()
    ahead = [streams.follow(name, range(at, at + 1), 64) for at in range(4) for name in ("new", "old")]
    assert ahead[0::2] == ahead[1::2]
    assert sum(map(len, ahead)) >= 2 * 2 * FIRST_BLOCKS


@given(st.integers(1, 80), st.lists(st.integers(1, 12), max_size=30))
def test_who_reads_on_has_each_block_fetched_once_and_never_too_far(end: int, steps: list[int]) -> None:
    streams, at, asked = Streams(), 0, []
    for step in steps:
        if at >= end:
            break
        wanted = range(at, min(at + step, end))
        ahead = streams.follow("pack", wanted, end)
        assert all(wanted.stop <= block < min(end, wanted.stop + MOST_BLOCKS) for block in ahead)
        asked += [*ahead]
        at = wanted.stop
    assert len(asked) == len(set(asked))
