"""The difference between two small texts, line by line."""

from collections.abc import Iterator
from difflib import unified_diff

SIZE = 1 << 20
"""Larger files are not compared line by line: difflib takes minutes."""
_LINES = 20_000


def text_difference(before: bytes, after: bytes, old_name: str, new_name: str) -> Iterator[str] | None:
    """Return the lines of a unified diff, without line ends; None when either is no text, or has too many lines."""
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        return None
    return unified_diff(old, new, old_name, new_name, lineterm="")


def _lines(data: bytes) -> list[str] | None:
    if b"\0" in data or len(data) > SIZE or data.count(b"\n") > _LINES:
        return None
    try:
        return data.decode().splitlines()
    except UnicodeDecodeError:
        return None
