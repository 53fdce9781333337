"""zstd, one object for each thread and level: an object shared between threads corrupts data without a word."""

from threading import local

import zstandard

from yester.engine.store import Buffer

PLAIN = 0
ZSTD = 1
"""Codec numbers of frames, directories and records (docs/format.md, section 4)."""

_SEARCHING = 6


class _Codecs(local):
    """The compressors, by level, and the decompressor of the thread that asks."""

    def __init__(self) -> None:
        self.compressors: dict[int, zstandard.ZstdCompressor] = {}
        self.decompressor = zstandard.ZstdDecompressor()


_codecs = _Codecs()


def compress(data: Buffer, level: int = 3) -> bytes | None:
    """Return one zstd frame, or None when it would save less than 2 % and the data is to be kept as it is.

    The levels that search hard search random data as hard: level 1, ten times as fast, is asked first.
    """
    if level >= _SEARCHING and compress(data, 1) is None:
        return None
    compressor = _codecs.compressors.get(level)
    if compressor is None:
        compressor = zstandard.ZstdCompressor(level=level, write_checksum=False)
        _codecs.compressors[level] = compressor
    packed = compressor.compress(data)
    return packed if is_worth(len(packed), len(data)) else None


def is_worth(packed_size: int, plain_size: int) -> bool:
    """Whether compression saved the 2 % from which on compressed bytes are kept; 0 stands for bytes that grew."""
    return packed_size > 0 and packed_size * 50 <= plain_size * 49


def decompress(data: Buffer, plain_size: int) -> bytes:
    """Return the plain bytes of one zstd frame; ValueError when it is broken or not of `plain_size` bytes.

    The size that the frame declares is compared first: the library would allocate whatever it says.
    """
    try:
        if zstandard.frame_content_size(data) != plain_size:
            raise ValueError("a compressed frame is not of the size that its directory gives")
        plain = _codecs.decompressor.decompress(data, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise ValueError(f"a compressed frame cannot be read: {error}") from error
    if len(plain) != plain_size:
        raise ValueError("a compressed frame is not of the size that its directory gives")
    return plain
