"""Adding up what a snapshot would take and what it would leave out, and why, before there is a repository.

It goes the ways of the walk (walk.py) by the same rules, reads no file and keeps nothing but sums and examples. What it
has is a value at any moment: whoever looks at it may stop when he has seen enough. What was left out is added up at the
end, since nobody waits for that.
"""

import heapq
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from yester.engine.capture.borders import Surroundings, known_by, open_folder
from yester.engine.capture.filters import CACHE_TAG, Filter
from yester.engine.capture.listing import list_directory
from yester.engine.capture.mounts import mount_table
from yester.engine.capture.statx import Probe, Status
from yester.engine.places import Places

MOST_ENTRIES = 20_000_000
"""Beyond these nobody learns more from counting on."""
_EXAMPLES = 200
"""Folders that are left out whose content is added up."""
SHOWN = 8
"""The heaviest ones that are told."""


@dataclass(slots=True)
class LeftOut:
    """Something that is there and would not be taken."""

    path: bytes
    why: str
    """`pattern`, `large`, `cache` (a CACHEDIR.TAG), `marked` (--exclude-if-present), or `elsewhere`: yester's own, or
    a file system that is not entered."""
    is_folder: bool
    size: int = 0


@dataclass(slots=True)
class Measure:
    """What was counted by now; sizes in bytes."""

    files: int = 0
    folders: int = 0
    size: int = 0
    unreadable: int = 0
    left_out: int = 0
    """Entries that are left out, folders as one."""
    left_out_size: int = 0
    sources: dict[bytes, int] = field(default_factory=dict)
    """Source → bytes."""
    below: dict[bytes, int] = field(default_factory=dict)
    """What is right below a source → bytes."""
    ranked: list[tuple[bool, int, int, LeftOut]] = field(default_factory=list)
    """A heap of what is left out and remembered: files go first, the smallest before others."""
    is_whole: bool = True
    """Whether there were no more entries than are counted."""
    entries: int = 0

    def heaviest(self) -> list[tuple[bytes, int]]:
        """Return what takes most right below the sources."""
        return heapq.nlargest(SHOWN, self.below.items(), key=lambda item: item[1])

    def heaviest_left_out(self) -> list[LeftOut]:
        """Return what is left out, what would take most first."""
        return heapq.nlargest(SHOWN, (left for *_, left in self.ranked), key=lambda each: each.size)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that is still to be looked into."""

    path: bytes
    status: Status
    source: bytes
    top: bytes
    """Which entry right below the source it belongs to; empty: it is the source."""


def measured(
    sources: Sequence[bytes], rules: Filter, surroundings: Surroundings, most: int = MOST_ENTRIES
) -> Iterator[Measure]:
    """Yield the sums after each folder: the same value, which grows. It ends when all is counted."""
    counter = _Counter(rules, surroundings, most)
    for source in _outermost(sources):
        yield from counter.source(source)
    yield from counter.add_up_left_out()
    yield counter.found


def surroundings_of(sources: Sequence[bytes], places: Places, repository: bytes = b"") -> Surroundings:
    """Return what the walk of a snapshot would know of this machine; `repository`: the folder where it lies."""
    never = [os.fsencode(folder) for folder in (places.state, places.cache)]
    return Surroundings(mount_table(), known_by([*never, *([repository] if repository else [])]), known_by(sources))


def _outermost(sources: Sequence[bytes]) -> list[bytes]:
    """Return the sources that lie in no other one."""
    distinct = dict.fromkeys(sources)
    return [
        each
        for each in distinct
        if not any(each != other and each.startswith(other.rstrip(b"/") + b"/") for other in distinct)
    ]


class _Counter:
    """One count."""

    def __init__(self, rules: Filter, surroundings: Surroundings, most: int) -> None:
        self.found = Measure()
        self._rules, self._surroundings, self._most = rules, surroundings, most
        self._probe = Probe()
        self._ranked = self.found.ranked

    def source(self, source: bytes) -> Iterator[Measure]:
        """Count a source and all below it; one that is not there counts nothing."""
        self.found.sources.setdefault(source, 0)
        try:
            path = os.path.realpath(source)
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                status = self._probe.status(fd)
            finally:
                os.close(fd)
        except OSError:
            self.found.unreadable += 1
            return
        if not stat.S_ISDIR(status.st_mode):
            self._take_file(source, b"", status.st_size)
            return
        waiting = [_Folder(path, status, source, b"")]
        while waiting and self._has_room():
            waiting += self._folder(waiting.pop())
            yield self.found

    def _has_room(self) -> bool:
        self.found.is_whole = self.found.entries < self._most
        return self.found.is_whole

    def _folder(self, folder: _Folder) -> list[_Folder]:
        """Count what is in a folder, and return the folders in it that are entered."""
        found, below = self.found, []
        prefix = folder.path.rstrip(b"/") + b"/"
        hidden = self._surroundings.hidden(prefix)
        try:
            fd = open_folder(folder.path)
        except OSError:
            found.unreadable += 1
            return []
        try:
            listing = list_directory(self._probe, fd, prefix, self._rules, hidden)
            there = set(map(os.fsencode, os.listdir(fd)))
            missing = there.difference(listing.names, hidden, (name for name, _ in listing.failed))
            self._leave_out(fd, folder, prefix, listing.names, missing)
        except OSError:
            found.unreadable += 1
            return []
        finally:
            os.close(fd)
        found.folders += 1
        found.unreadable += len(listing.failed)
        found.entries += len(there)
        for name, status in zip(listing.names, listing.stats, strict=True):
            top = folder.top or prefix + name
            if not stat.S_ISDIR(status.st_mode):
                self._take_file(folder.source, top, status.st_size if stat.S_ISREG(status.st_mode) else 0)
            elif self._surroundings.is_entered(status, folder.status, one_file_system=self._rules.one_file_system):
                below.append(_Folder(prefix + name, status, folder.source, top))
            else:
                self._note(LeftOut(prefix + name, "elsewhere", is_folder=False))
        return below

    def _take_file(self, source: bytes, top: bytes, size: int) -> None:
        found = self.found
        found.files += 1
        found.size += size
        found.sources[source] += size
        if top:
            found.below[top] = found.below.get(top, 0) + size

    def _leave_out(self, fd: int, folder: _Folder, prefix: bytes, kept: list[bytes], missing: set[bytes]) -> None:
        """Note what is left out of a folder; of one that is marked, the folder itself."""
        is_cache = self._rules.caches and kept == [CACHE_TAG]
        if missing and len(kept) == 1 and (is_cache or self._rules.marker(kept) is not None):
            self._note(LeftOut(folder.path, "cache" if is_cache else "marked", is_folder=True))
            return
        for name in sorted(missing):
            try:
                status = self._probe.status(fd, name)
            except OSError:
                continue  # it is gone by now
            is_file, limit = stat.S_ISREG(status.st_mode), self._rules.larger_than
            is_large = is_file and limit is not None and status.st_size > limit
            why = "large" if is_large else "pattern"
            size = status.st_size if is_file else 0
            self._note(LeftOut(prefix + name, why, stat.S_ISDIR(status.st_mode), size))

    def _note(self, left: LeftOut) -> None:
        found = self.found
        found.left_out += 1
        found.left_out_size += left.size
        ranked = (left.is_folder, left.size, found.left_out, left)
        if len(self._ranked) < _EXAMPLES:
            heapq.heappush(self._ranked, ranked)
        else:
            heapq.heappushpop(self._ranked, ranked)

    def add_up_left_out(self) -> Iterator[Measure]:
        """Add up what is in the folders that are left out, as far as they are remembered."""
        for each in [left for *_, left in self._ranked if left.is_folder]:
            waiting = [each.path]
            while waiting and self._has_room():
                path = waiting.pop()
                size, below = self._plain_size(path)
                each.size += size
                self.found.left_out_size += size
                waiting += below
                yield self.found

    def _plain_size(self, path: bytes) -> tuple[int, list[bytes]]:
        """Return the bytes of the files right in a folder, and its folders; nothing where it cannot be read."""
        size, below = 0, []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    self.found.entries += 1
                    if entry.is_dir(follow_symlinks=False):
                        below.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        size += entry.stat(follow_symlinks=False).st_size
        except OSError:
            return size, below
        return size, below
