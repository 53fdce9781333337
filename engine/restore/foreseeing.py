"""What a restore would do, without doing it: what it brings, and what it would meet in the target.

Nothing is read but names and attributes, on either side. What has the type, size and time of modification that were
stored is taken to be the same; the restore itself compares content, and may leave more where it is.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry
from yester.engine.errors import CancelledError
from yester.engine.restore.plan import Start, starts
from yester.engine.trees.directories import walk

EXAMPLES = 100
"""Paths that are named among those that differ."""
MOST = 200_000
"""Entries that are looked at; of the rest only the sums are known."""
_CHECKED = 256


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a restore would do."""

    files: int
    size: int
    """Bytes of all files that would be brought back."""
    missing: int
    """Entries whose name is free in the target."""
    same: int
    """Entries that look the same there."""
    different: int
    """Entries that are there and differ: what becomes of them is the choice of --on-conflict."""
    older: int
    """How many of those were modified before what would be brought back."""
    examples: tuple[bytes, ...]
    """Where some of those that differ are, in the target."""
    is_whole: bool
    """Whether every entry was looked at."""


def foresee(
    source: BlobSource,
    root: Entry,
    paths: Sequence[bytes],
    target: bytes | None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Foreseen:
    """Return what restoring `paths` into `target`, or to where they were, would do.

    UsageError: no such path. CancelledError.
    """
    begin = starts(source, root, paths, in_place=target is None)
    is_whole = True
    counts = {"missing": 0, "same": 0, "different": 0, "older": 0}
    examples: list[bytes] = []
    looked = 0
    for start in begin:
        for place, entry in _below(source, start, target):
            if looked == MOST:
                is_whole = False
                break
            looked += 1
            if looked % _CHECKED == 0 and cancelled():
                raise CancelledError("The look ahead was cancelled")
            found, is_older = _met(place, entry)
            counts[found] += 1
            counts["older"] += is_older
            if found == "different" and len(examples) < EXAMPLES:
                examples.append(place)
    files = sum(_files_of(start.entry) for start in begin)
    size = sum(start.entry.summary.size if start.entry.summary else start.entry.size for start in begin)
    return Foreseen(files, size, **counts, examples=tuple(examples), is_whole=is_whole)


def _files_of(entry: Entry) -> int:
    return entry.summary.files if entry.summary else int(not entry.is_directory)


def _below(source: BlobSource, start: Start, target: bytes | None) -> Iterator[tuple[bytes, Entry]]:
    """Yield each entry of a start with its place in the target."""
    target = start.folder if target is None else target
    top = os.path.join(target, start.name) if start.name else target
    if not start.entry.is_directory:
        yield top, start.entry
        return
    for path, entry, _ in walk(source, start.entry, b""):
        yield os.path.normpath(top + b"/" + path), entry


def _met(place: bytes, entry: Entry) -> tuple[str, bool]:
    """Return how an entry is there, and whether it differs and is older."""
    try:
        status = os.lstat(place)
    except (FileNotFoundError, NotADirectoryError):
        return "missing", False
    except OSError:
        return "different", False
    if _looks_same(place, entry, status):
        return "same", False
    return "different", status.st_mtime_ns < entry.mtime_ns


def _looks_same(place: bytes, entry: Entry, status: os.stat_result) -> bool:
    if S_IFMT(status.st_mode) != S_IFMT(entry.mode):
        return False
    if S_ISDIR(status.st_mode):
        return True
    if S_ISREG(status.st_mode):
        return (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns)
    return not S_ISLNK(status.st_mode) or os.readlink(place) == entry.target
