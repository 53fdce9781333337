"""How long to wait so that no more bytes pass than a rate allows."""

from dataclasses import dataclass, replace

BURST_S = 0.5
"""Seconds whose bytes may pass at once after a rest: less would make every small object wait."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A rate, and until when what has passed so far is paid for."""

    rate: int
    """Bytes a second, above 0."""
    paid_until: float = 0.0
    """Seconds, on the clock of whoever asks."""

    def take(self, size: int, now: float) -> tuple["Bucket", float]:
        """Return the bucket after `size` bytes, and the seconds to wait before they may pass."""
        start = max(self.paid_until, now - BURST_S)
        until = start + size / self.rate
        return replace(self, paid_until=until), max(0.0, until - now)

    @property
    def slice_size(self) -> int:
        """How many bytes to let pass at a time, so that none takes long and not too many are asked for."""
        return max(_LEAST_SLICE, min(_LARGEST_SLICE, self.rate // 8))


_LEAST_SLICE = 4 << 10
_LARGEST_SLICE = 4 << 20
