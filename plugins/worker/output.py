"""What plugins print, line by line, in bounds: nobody reads a gigabyte, and no journal shall hold it.

Output comes by other descriptors than messages do, so the worker marks in it whose it is: before a plugin's code runs,
and after it, a mark goes to either stream, with a token that the host made up.
"""

from collections.abc import Iterator
from typing import NamedTuple

MAX_LINE_SIZE = 8192
"""Bytes of a line that are kept."""
MAX_LINES = 1000
"""Lines of one stream that are kept for one call; the number of the others is told."""


class Printed(NamedTuple):
    """A line, and the plugin whose it is; empty when no plugin's code ran."""

    plugin: str
    line: str


def mark(token: str, plugin: str) -> bytes:
    """Return what goes before the output of a plugin, and without a name after it."""
    return b"\0%b\0%b\0\n" % (token.encode(), plugin.encode())


class Lines:
    """Turns what comes from one stream into lines, and counts what is beyond bounds."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._plugin = ""
        self._part = b""
        self._is_cut = False
        self._kept = 0
        self._left_out = 0

    def feed(self, data: bytes) -> Iterator[Printed]:
        """Yield the lines that are whole now."""
        *lines, rest = (self._part + data).split(b"\n")
        for line in lines:
            yield from self._ended(line)
        if len(rest) <= MAX_LINE_SIZE:
            self._part = rest
            return
        if not self._is_cut:
            yield from self._line(rest)
        # A mark may come yet, in the same line.
        self._part, self._is_cut = rest[-MAX_LINE_SIZE // 2 :], True

    def end(self) -> Iterator[Printed]:
        """Yield what is left, and how much was left out; begin again."""
        if self._part and not self._is_cut:
            yield from self._line(self._part)
        if self._left_out:
            yield Printed(self._plugin, f"… and {self._left_out:,} lines more")
        self._part, self._is_cut, self._kept, self._left_out = b"", False, 0, 0

    def _ended(self, line: bytes) -> Iterator[Printed]:
        """Take a line that is whole: the plugin's own, or what it left without an end and then a mark."""
        text, found, plugin = line.partition(b"\0%b\0" % self._token)
        self._part = text
        if not found:
            if not self._is_cut:
                yield from self._line(text)
            self._part, self._is_cut = b"", False
            return
        yield from self.end()
        self._plugin = plugin.rstrip(b"\0").decode("utf-8", "replace")

    def _line(self, line: bytes) -> Iterator[Printed]:
        if self._kept == MAX_LINES:
            self._left_out += 1
            return
        self._kept += 1
        end = " …" if len(line) > MAX_LINE_SIZE else ""
        text = line[:MAX_LINE_SIZE].rstrip(b"\r").decode("utf-8", "backslashreplace")
        yield Printed(self._plugin, text + end)
