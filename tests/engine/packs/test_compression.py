import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.packs.compression import compress, decompress


@given(st.binary(max_size=2000).map(lambda data: data * 20), st.sampled_from([-1, 1, 3, 9]))
def test_what_is_compressed_comes_back(data: bytes, level: int) -> None:
    packed = compress(data, level)
    assert packed is None or decompress(packed, len(data)) == data


def test_data_that_would_shrink_by_less_than_two_percent_stays_plain() -> None:
    assert compress(os.urandom(100_000)) is None
    assert compress(os.urandom(98_500) + bytes(1500)) is None
    assert compress(os.urandom(95_000) + bytes(5000)) is not None
    assert compress(b"") is None
    assert compress(os.urandom(100_000), 19) is None


def test_a_frame_that_claims_another_size_is_refused_before_anything_is_allocated() -> None:
    packed = compress(bytes(1 << 20))
    assert packed is not None
    with pytest.raises(ValueError, match="size"):
        decompress(packed, 1000)


def test_a_frame_that_names_no_size_or_is_cut_off_is_refused() -> None:
    nameless = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1000))
    with pytest.raises(ValueError, match="frame"):
        decompress(nameless, 1000)
    packed = compress(bytes(1000))
    assert packed is not None
    with pytest.raises(ValueError, match="frame"):
        decompress(packed[:-1], 1000)


@given(st.binary(max_size=200), st.integers(0, 5000))
def test_hostile_bytes_give_an_error_or_the_promised_size(data: bytes, size: int) -> None:
    with suppress(ValueError):
        assert len(decompress(data, size)) == size


def test_threads_do_not_disturb_each_other() -> None:
    texts = [bytes([number]) * 1000 + os.urandom(500) + bytes(50_000) for number in range(64)]

    def there_and_back(text: bytes) -> bool:
        packed = compress(text)
        return packed is not None and decompress(packed, len(text)) == text

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, texts * 4))
