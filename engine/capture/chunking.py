"""Content-defined chunks: FastCDC 2020 with a seed from the repository's keys.

The seed only deters: chunk lengths identify known files even under keyed tables (docs/threat-model.md).
A cut at one place depends on the `max_size` bytes before it at most, so a stream is cut in windows: a chunk counts
once a whole `max_size` of bytes after its start was seen, or the stream has ended.
"""

from collections.abc import Iterator
from typing import Final

import pyfastcdc

from yester.engine.errors import YesterError

MIN_SIZE = 64 << 10
NORMAL_SIZE = 256 << 10
MAX_SIZE = 1 << 20
_NORMALIZATION: Final = 2


class Chunker:
    """Cuts buffers at places that depend on their content only. Not for two threads at once."""

    def __init__(self, seed: int, minimum: int = MIN_SIZE, normal: int = NORMAL_SIZE, maximum: int = MAX_SIZE) -> None:
        """Raise YesterError when only the library's slow interpreter version is there."""
        if not pyfastcdc.FastCDC.__module__.startswith("pyfastcdc.cy"):
            raise YesterError(
                "The compiled part of pyfastcdc is missing",
                hint="Install pyfastcdc from a wheel, or with a C compiler at hand.",
            )
        self.minimum = minimum
        self.maximum = maximum
        self._cutter = pyfastcdc.FastCDC(
            normal, min_size=minimum, max_size=maximum, normalized_chunking=_NORMALIZATION, seed=seed
        )

    def cut(self, window: memoryview, final: bool) -> Iterator[tuple[int, int]]:
        """Yield (offset, size) of the chunks that are certain; with `final` the window is the end of the stream.

        What remains after the last one is to be put before the next window's bytes.
        """
        if final and len(window) <= self.minimum:
            if len(window):
                yield 0, len(window)
            return
        last = len(window) if final else len(window) - self.maximum
        for chunk in self._cutter.cut_buf(window):
            if chunk.offset > last or (chunk.offset == last and not final):
                return
            yield chunk.offset, chunk.length
