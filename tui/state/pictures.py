"""What the first bytes of a picture say of it, and the picture itself in cells of a terminal; pure.

PNG, JPEG, GIF, WebP and BMP: their kind, width and height stand at the beginning, so nothing is decoded for that.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgspec


class Picture(msgspec.Struct, frozen=True):
    """A picture, made small: each cell of a terminal shows two dots, one above the other."""

    columns: int
    rows: int
    """Of cells."""
    dots: bytes
    """Red, green, blue of each dot, line by line: twice as many lines as rows."""


class Facts(NamedTuple):
    """What a picture's beginning says."""

    kind: str
    width: int
    height: int


def facts(data: bytes) -> Facts | None:
    """Return what kind of picture begins so, and how large it is; None where that is none, or cannot be told."""
    for begin, read in _KINDS.items():
        if data.startswith(begin):
            try:
                return read(data)
            except (struct.error, IndexError):
                return None
    return None


def _png(data: bytes) -> Facts | None:
    return Facts("PNG", *struct.unpack_from(">II", data, 16)) if data[12:16] == b"IHDR" else None


def _gif(data: bytes) -> Facts | None:
    return Facts("GIF", *struct.unpack_from("<HH", data, 6))


def _bmp(data: bytes) -> Facts | None:
    width, height = struct.unpack_from("<ii", data, 18)
    return Facts("BMP", abs(width), abs(height))


def _webp(data: bytes) -> Facts | None:
    if data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8X":
        low, high, other_low, other_high = struct.unpack_from("<HBHB", data, 24)
        return Facts("WebP", 1 + (low | high << 16), 1 + (other_low | other_high << 16))
    if data[12:16] == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return Facts("WebP", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    width, height = struct.unpack_from("<HH", data, 26)
    return Facts("WebP", width & 0x3FFF, height & 0x3FFF)


_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG that say how large it is."""


def _jpeg(data: bytes) -> Facts | None:
    for marker, at in _segments(data):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Facts("JPEG", width, height)
    return None


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the markers of a JPEG, and where their lengths stand less two."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        yield data[at + 1], at
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])


_KINDS: Mapping[bytes, Callable[[bytes], Facts | None]] = MappingProxyType(
    {b"\x89PNG\r\n\x1a\n": _png, b"\xff\xd8\xff": _jpeg, b"GIF8": _gif, b"RIFF": _webp, b"BM": _bmp}
)
"""How a kind of picture begins → what reads it."""


def fitted(facts: Facts, columns: int, rows: int) -> tuple[int, int]:
    """Return how many dots wide and high a picture is that fits so many cells and keeps its form; never larger."""
    width, height = max(1, facts.width), max(1, facts.height)
    scale = min(1.0, columns / width, 2 * rows / height)
    high = max(1, round(height * scale))
    return max(1, round(width * scale)), high + high % 2
