"""One directory of the source as stat sees it, and a digest that tells whether anything in it moved."""

import os
import stat
import time
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from blake3 import blake3

from yester.engine.capture.detours import NO_DETOURS, Detours
from yester.engine.capture.filters import CACHE_TAG, CACHE_TAG_SIGNATURE, Filter, is_cache_tag
from yester.engine.capture.statx import Probe, Statuses

_TYPE = 0o170000
_SECOND_NS = 1_000_000_000
_FS_ENCODING = ("utf-8", "surrogateescape")

TICK_NS = 50_000_000
"""A change within one clock tick of the kernel (10 ms at worst) of an earlier one may leave ctime as it was."""

COARSE_TICK_NS = 2_000_000_000
"""The same on file systems that keep whole seconds (FAT: two)."""

UNSETTLED = bytes(16)
"""The digest of a listing that may change without a sign; equal to none."""


class Listing(NamedTuple):
    """The kept entries of a directory, sorted by name, with their attributes, stamps (8 bytes each) and digest."""

    names: list[bytes]
    stats: Statuses
    stamps: bytes
    digest: bytes
    failed: list[tuple[bytes, OSError]]
    """Names of what is there and cannot be taken as it should be, and why; most are not among `names`."""


def list_directory(
    probe: Probe, fd: int, folder: bytes, rules: Filter, hidden: Iterable[bytes], detours: Detours = NO_DETOURS
) -> Listing:
    """List the open directory `fd`, whose path with a closing slash is `folder`, without `hidden` names.

    Entries that vanish meanwhile are left out. OSError when the directory cannot be read.
    """
    failed: list[tuple[bytes, OSError]] = []
    names = sorted(rules.kept(folder, {name.encode(*_FS_ENCODING) for name in os.listdir(fd)}))
    if hidden:
        names = [name for name in names if name not in hidden]
    names = _without_marked_content(fd, names, rules)
    now = detours.seen_ns(time.time_ns())
    there = probe.statuses(fd, names, lambda name, error: failed.append((name, error)))
    if detours:
        there = detours.corrected(probe, fd, folder, *there, lambda name, error: failed.append((name, error)))
    names, stats = _filtered(folder, *there, rules)
    stamps = array("q", map(hash, stats.stamped()))
    digest = digest_of(names, stamps.tobytes())
    if names and now - max(stats.changes_s) * _SECOND_NS <= COARSE_TICK_NS + _SECOND_NS:
        for row, entry in enumerate(stats):
            if not settled(entry.st_ctime_ns, now):
                stamps[row], digest = 0, UNSETTLED
    failed = [(name, error) for name, error in failed if not rules.excluded(folder, name, True)]
    return Listing(names, stats, stamps.tobytes(), UNSETTLED if failed else digest, failed)


def digest_of(names: Iterable[bytes], stamps: bytes) -> bytes:
    """Return the digest of a listing of which everything is settled."""
    return blake3(b"\0".join(names) + b"\0\0" + stamps).digest(16)


def settled(ctime_ns: int, now: int) -> bool:
    """Whether what changed last at `ctime_ns`, and was looked at when it was `now`, shows it when it changes."""
    return now - ctime_ns > (TICK_NS if ctime_ns % 1_000_000_000 else COARSE_TICK_NS)


def _filtered(folder: bytes, names: list[bytes], stats: Statuses, rules: Filter) -> tuple[list[bytes], Statuses]:
    """Apply the rules that need an entry's type or size."""
    modes, limit = stats.modes, rules.larger_than
    asked: Iterable[int] = range(len(modes))
    if not rules.needs_types:
        asked = [row for row, mode in enumerate(modes) if mode & _TYPE == stat.S_IFDIR]
    dropped = {row for row in asked if rules.excluded(folder, names[row], stat.S_ISDIR(modes[row]))}
    if limit is not None:
        dropped |= {row for row, size in enumerate(stats.sizes) if size > limit and stat.S_ISREG(modes[row])}
    if not dropped:
        return names, stats
    kept = [row for row in range(len(names)) if row not in dropped]
    return [names[row] for row in kept], stats.selected(kept)


def _without_marked_content(fd: int, names: list[bytes], rules: Filter) -> list[bytes]:
    """Keep only the marker of a folder that is marked as not worth keeping."""
    marker = rules.marker(names)
    if marker is None and rules.caches and CACHE_TAG in names and _has_cache_tag(fd):
        marker = CACHE_TAG
    return names if marker is None else [marker]


def _has_cache_tag(fd: int) -> bool:
    try:
        tag = os.open(CACHE_TAG, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    except OSError:
        return False
    try:
        return is_cache_tag(os.read(tag, len(CACHE_TAG_SIGNATURE)))
    except OSError:
        return False
    finally:
        os.close(tag)
