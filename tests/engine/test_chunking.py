import random
from itertools import pairwise

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from yester.engine.chunking import MAX_SIZE, MIN_SIZE, Chunker
from yester.engine.errors import YesterError

GOLDEN = "b29ec16570f65a0d4da04445a8415d9856bbbc7fc3b58921c8d86fbdd4ff68ef"


def cut_whole(data: bytes, seed: int = 7) -> list[int]:
    """Return the sizes of the chunks of `data`."""
    return [size for _, size in Chunker(seed).cut(memoryview(data), final=True)]


def cut_windows(data: bytes, window: int, seed: int = 7) -> list[int]:
    """Do the same for a stream that comes in windows, what remains going before the next one."""
    chunker, sizes, kept, position = Chunker(seed), [], b"", 0
    while position < len(data) or kept:
        piece = data[position : position + window - len(kept)]
        position += len(piece)
        buffer = kept + piece
        done = 0
        for start, size in chunker.cut(memoryview(buffer), final=position == len(data)):
            assert start == done
            sizes.append(size)
            done = start + size
        kept = buffer[done:]
    return sizes


def test_chunks_of_known_data_are_cut_where_they_always_were() -> None:
    """The golden vector of `fastcdc-2020/1`: another cut would store everything again."""
    data = random.Random(20201109).randbytes(8 << 20)
    sizes = cut_whole(data, seed=0x1234_5678_9ABC_DEF0 >> 1)
    assert (len(sizes), sizes[:3]) == (27, [326827, 270117, 276987])
    assert blake3(repr(sizes).encode()).hexdigest() == GOLDEN


@given(st.integers(0, 6 << 20), st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_windows_do_not_change_where_a_stream_is_cut(size: int, seed: int) -> None:
    data = random.Random(seed).randbytes(size)
    assert cut_windows(data, 3 << 20) == cut_whole(data)


def test_chunks_keep_their_bounds_and_cover_everything() -> None:
    for data in (random.Random(1).randbytes(20 << 20), bytes(10 << 20), b"ab" * (4 << 20)):
        sizes = cut_whole(data)
        assert sum(sizes) == len(data)
        assert all(MIN_SIZE <= size <= MAX_SIZE for size in sizes[:-1])


def test_what_is_at_most_the_minimum_is_one_chunk_and_nothing_is_none() -> None:
    assert cut_whole(bytes(MIN_SIZE)) == [MIN_SIZE]
    assert cut_whole(b"") == []


def test_an_insertion_moves_few_cuts() -> None:
    data = random.Random(3).randbytes(32 << 20)
    changed = data[: 10 << 20] + b"inserted" + data[10 << 20 :]

    def pieces(stream: bytes) -> set[bytes]:
        ends = [0]
        for size in cut_whole(stream):
            ends.append(ends[-1] + size)
        return {blake3(stream[start:end]).digest() for start, end in pairwise(ends)}

    assert len(pieces(changed) - pieces(data)) <= 3


def test_another_seed_cuts_elsewhere() -> None:
    data = random.Random(4).randbytes(8 << 20)
    assert cut_whole(data, 1) != cut_whole(data, 2)


def test_the_slow_fallback_of_the_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        """Stands for the interpreted class."""

    Slow.__module__ = "pyfastcdc.py"
    monkeypatch.setattr("pyfastcdc.FastCDC", Slow)
    with pytest.raises(YesterError, match="compiled part"):
        Chunker(1)
