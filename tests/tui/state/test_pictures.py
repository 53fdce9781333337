import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.tui.state.pictures import Facts, facts, fitted

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 300, 400) + bytes(6)
WEBP = b"RIFF\0\0\0\0WEBP"
KNOWN = {
    "png": (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480), Facts("PNG", 640, 480)),
    "jpeg": (JPEG, Facts("JPEG", 400, 300)),
    "gif": (b"GIF89a" + struct.pack("<HH", 7, 9), Facts("GIF", 7, 9)),
    "bmp": (b"BM" + bytes(16) + struct.pack("<ii", 5, -6), Facts("BMP", 5, 6)),
    "webp": (WEBP + b"VP8X" + bytes(8) + b"\x63\0\0\x31\0\0", Facts("WebP", 100, 50)),
    "webp, lossless": (WEBP + b"VP8L" + bytes(5) + struct.pack("<I", 99 | 49 << 14), Facts("WebP", 100, 50)),
    "webp, lossy": (WEBP + b"VP8 " + bytes(10) + struct.pack("<HH", 100, 50), Facts("WebP", 100, 50)),
}


@pytest.mark.parametrize(("data", "wanted"), KNOWN.values(), ids=KNOWN.keys())
def test_the_beginning_of_a_picture_says_how_large_it_is(data: bytes, wanted: Facts) -> None:
    assert facts(data) == wanted
    for end in range(len(data)):
        assert facts(data[:end]) in (None, wanted)


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b""]), st.binary(max_size=60))
def test_any_bytes_are_a_picture_or_none(begin: bytes, rest: bytes) -> None:
    found = facts(begin + rest)
    assert found is None or (found.width >= 0 and found.height >= 0)


@given(st.integers(0, 100_000), st.integers(0, 100_000), st.integers(1, 200), st.integers(1, 100))
def test_a_picture_fits_and_is_never_larger_than_it_is(width: int, height: int, columns: int, rows: int) -> None:
    wide, high = fitted(Facts("PNG", width, height), columns, rows)
    assert 1 <= wide <= min(columns, max(1, width))
    assert 2 <= high <= min(2 * rows, max(1, height) + 1) or (high, height) == (2, 0)
    assert high % 2 == 0
