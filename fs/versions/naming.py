"""What versions of a path are called: the time since when it was so, and its extension, so that programs open it."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from yester.fs.time_names import TimeFormat

T = TypeVar("T")

_LONGEST_EXTENSION = 16
_PACKED = (b".tar",)
"""Extensions that belong to the one that follows: a `.tar.gz` is no `.gz` of anything."""
_TIMES = TimeFormat()


def extension(name: bytes) -> bytes:
    """Return the end of a file's name by which programs know what it is, with its dot; empty when there is none."""
    stem, dot, end = name.rpartition(b".")
    if not stem.strip(b".") or not end or len(end) > _LONGEST_EXTENSION or b" " in end:
        return b""
    before = next((each for each in _PACKED if stem.lower().endswith(each) and len(stem) > len(each)), b"")
    return stem[len(stem) - len(before) :] + dot + end if before else dot + end


def dated(versions: Iterable[tuple[int, T]], ending: bytes) -> Iterator[tuple[bytes, T]]:
    """Yield each version with its name; they come as (time in ns, version), oldest first.

    Further ones of one second end in -2, -3.
    """
    wanted: dict[bytes, int] = {}
    for time_ns, version in versions:
        time = _TIMES.path(time_ns)
        wanted[time] = count = wanted.get(time, 0) + 1
        yield (time if count == 1 else b"%s-%d" % (time, count)) + ending, version
