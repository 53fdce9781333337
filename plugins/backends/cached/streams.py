"""Streams: who reads a pack from one end to the other, and what he will want next.

Small files lie in packs in the order in which a tree is walked, and so does the content of a large file. So
whatever copies, restores or searches reads packs forward, often several at a time: the newest, and those of earlier
runs that hold what did not change. Each pack has a stream of its own; how far ahead is fetched doubles as it goes on.
"""

from collections import OrderedDict
from dataclasses import dataclass

FIRST_BLOCKS = 8
MOST_BLOCKS = 64
"""A whole pack of 16 MiB: what two processors decode while a far store answers."""
STEP_BLOCKS = 4
"""Less than this is not asked for on its own, but at the end of a pack."""
GAP_BLOCKS = 8
"""So far a reader may jump and still be one who reads on: what he needs no more lies between."""
_STREAMS = 64


@dataclass(slots=True)
class _Stream:
    expected: int
    asked: int
    window: int


class Streams:
    """Readers of packs, the 64 latest. Not for several threads at once."""

    def __init__(self) -> None:
        self._streams: OrderedDict[str, _Stream] = OrderedDict()

    def follow(self, name: str, wanted: range, end: int) -> range:
        """Note which blocks of a pack of `end` blocks are read now; return those to fetch ahead, often none."""
        stream = self._streams.pop(name, None)
        if stream is None or not stream.expected - 1 <= wanted.start <= stream.expected + GAP_BLOCKS:
            # Who begins with a pack's first block reads it through more often than not.
            stream = _Stream(wanted.stop, wanted.stop, FIRST_BLOCKS if wanted.start == 0 else 0)
            self._remember(name, stream)
            return self._next(stream, end)
        if wanted.stop > stream.expected:
            stream.window = min(MOST_BLOCKS, 2 * stream.window or FIRST_BLOCKS)
            stream.expected = wanted.stop
        self._remember(name, stream)
        return self._next(stream, end)

    def _next(self, stream: _Stream, end: int) -> range:
        start, stop = max(stream.asked, stream.expected), min(stream.expected + stream.window, end)
        if stop - start < STEP_BLOCKS and not (stop == end > start and stream.window):
            return range(0)
        stream.asked = stop
        return range(start, stop)

    def _remember(self, name: str, stream: _Stream) -> None:
        self._streams[name] = stream
        if len(self._streams) > _STREAMS:
            self._streams.popitem(last=False)
