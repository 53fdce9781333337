import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from yester.engine.capture.chunking import MAX_SIZE, MIN_SIZE, Chunker
from yester.engine.errors import YesterError

SEED = 8178543139225003355
"""The chunker seed of the golden master key in test_keys.py."""
NOISE = blake3(b"yester").digest(length=6 << 20)


def lengths(data: bytes, chunker: Chunker) -> list[int]:
    return [length for _, length in chunker.cut(memoryview(data), final=True)]


def in_windows(data: bytes, window: int) -> list[int]:
    """Cut a stream as a reader of files does: what is not certain yet is put before the next bytes."""
    chunker, found, kept = Chunker(SEED), [], b""
    for at in range(0, len(data), window):
        kept += data[at : at + window]
        cuts = list(chunker.cut(memoryview(kept), final=at + window >= len(data)))
        found += [length for _, length in cuts]
        kept = kept[sum(length for _, length in cuts) :]
    assert kept == b""
    return found


def test_golden_cuts() -> None:
    """Fixed for ever: cuts in other places would store every large file anew."""
    assert lengths(NOISE, Chunker(SEED)) == GOLDEN
    assert lengths(bytes(3 << 20), Chunker(SEED)) == [MAX_SIZE] * 3
    assert sum(GOLDEN) == len(NOISE)


GOLDEN = [
    316416,
    347860,
    314244,
    393978,
    324793,
    144376,
    229264,
    303432,
    285015,
    267857,
    409137,
    369521,
    409203,
    327899,
    302379,
    375862,
    310424,
    327995,
    381891,
    149910,
]


def test_another_seed_cuts_elsewhere() -> None:
    assert lengths(NOISE, Chunker(SEED + 1)) != GOLDEN


@settings(max_examples=10)
@given(st.integers(0, 6 << 20), st.integers(200_000, 8 << 20))
def test_where_windows_end_does_not_matter(size: int, window: int) -> None:
    data = NOISE[:size]
    assert in_windows(data, window) == lengths(data, Chunker(SEED))


@settings(max_examples=20)
@given(st.integers(0, 3 << 20))
def test_chunks_keep_to_their_limits(size: int) -> None:
    found = lengths(NOISE[:size], Chunker(SEED))
    assert sum(found) == size
    assert all(MIN_SIZE <= length <= MAX_SIZE for length in found[:-1])
    assert not found or 0 < found[-1] <= MAX_SIZE


@pytest.mark.parametrize("size", [1, MIN_SIZE - 1, MIN_SIZE])
def test_what_is_small_is_one_chunk(size: int) -> None:
    assert lengths(NOISE[:size], Chunker(SEED)) == [size]


def test_the_slow_version_of_the_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = type("FastCDC", (), {"__module__": "pyfastcdc.py"})
    monkeypatch.setattr("pyfastcdc.FastCDC", slow)
    with pytest.raises(YesterError, match="compiled"):
        Chunker(SEED)
