"""Checks of reading parts of objects."""

from yester.engine.errors import Broken
from yester.plugins.backends.proving.outcome import Outcome, fails, holds
from yester.plugins.backends.proving.trial import Trial

_SIZE = 65_536
_TIMES = 5


def right_bytes(trial: Trial) -> Outcome:
    """A part of an object is that part: its first bytes, its last, and any between."""
    name, content = trial.put("parts", 100_000)
    for offset, size in ((0, 1), (0, 100_000), (99_999, 1), (777, 65_536), (50_000, 50_000), (1, 0)):
        if trial.store.get_range(name, offset, size) != content[offset : offset + size]:
            return fails(f"{size:,} bytes from byte {offset:,} came as others")
    return holds()


def beyond_the_end(trial: Trial) -> Outcome:
    """A part that an object does not have is refused, and not cut short."""
    name, _ = trial.put("short", 1000)
    for offset, size in ((0, 1001), (999, 2), (1000, 1), (1 << 40, 1)):
        try:
            found = trial.store.get_range(name, offset, size)
        except Broken:
            continue
        return fails(f"asked for byte {offset + size:,} of 1,000 it gave {len(found):,} bytes")
    return holds()


def partial(trial: Trial) -> Outcome:
    """A part is read without the rest, so that a file is read without its whole pack.

    Whether the server sends only the part, its backend knows by the protocol, and takes back that it can once the
    server does not. The times are there for a person to judge.
    """
    size = max(trial.big_size // 4, 2 * _SIZE)
    name, content = trial.put("partial", size)
    whole_s = min(_timed(trial, name, 0, size, content) for _ in range(2))
    part_s = min(_timed(trial, name, size // _TIMES * number, _SIZE, content) for number in range(_TIMES - 1))
    trial.store.delete(name)
    if not trial.store.capabilities.ranges:
        return fails(f"the whole object is fetched for a part of it ({size >> 20} MiB in {whole_s * 1000:,.1f} ms)")
    return holds(f"64 KiB in {part_s * 1000:,.1f} ms, {size >> 20} MiB in {whole_s * 1000:,.1f} ms")


def _timed(trial: Trial, name: str, offset: int, size: int, content: bytes) -> float:
    """Read a part and return how long that took. Broken when it is not that part."""
    begun = trial.clock()
    found = trial.store.get_range(name, offset, size)
    took_s = trial.clock() - begun
    if found != content[offset : offset + size]:
        raise Broken(f"{size:,} bytes from byte {offset:,} of {name} came as others", name=name)
    return took_s
