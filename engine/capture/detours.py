"""Sources that are read elsewhere than where they are: in a snapshot of their file system.

Whoever makes such a snapshot before a run says for a source where it is really read. The walk opens that place, while
paths in the tree, filters, records of the file cache, events and failures carry the source's own path.

What a snapshot of one file system lacks is read where it is: what is mounted somewhere below the source and, on btrfs,
each subvolume in it, in whose place a snapshot has an empty folder with inode number 2. The snapshot itself is hidden
from a walk that comes by it.

In a snapshot the number of the device is another one; inode numbers, sizes and times are those of the source (btrfs,
LVM, ZFS; tried for btrfs). Records of the file cache know of no devices: what a run that read from a snapshot has
recorded holds for one that does not, and the other way round. What changed in the tick of the clock in which the
snapshot was made may have changed in the source once more, without a sign: it counts as not settled.
"""

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from yester.engine.capture.mounts import MountTable
from yester.engine.capture.statx import Probe, Statuses

_HOLE = 2
"""The inode number of what stands in a btrfs snapshot for a subvolume (BTRFS_EMPTY_SUBVOL_DIR_OBJECTID)."""
_TYPE_WITH_HOLES = b"btrfs"

GONE = "what was to be read in its place is gone; it is read as it is"

Failed = Callable[[bytes, OSError], None]


class Detours:
    """Paths that are opened elsewhere. Belongs to one walk, which finds more of them as it goes."""

    def __init__(
        self, places: Mapping[bytes, bytes], with_holes: Iterable[bytes] = (), as_of_ns: int = sys.maxsize
    ) -> None:
        """`places`: path in the tree → what is opened. `with_holes`: paths whose places are snapshots of btrfs.

        `as_of_ns`: what is in the places is not older than this.
        """
        self._places, self._as_of_ns = dict(places), as_of_ns
        self._holed = tuple(path.rstrip(b"/") + b"/" for path in with_holes)
        self._folders: dict[bytes, list[bytes]] = {}
        for path in places:
            folder, _, name = path.rpartition(b"/")
            self._folders.setdefault(folder + b"/", []).append(name)

    def __bool__(self) -> bool:
        return bool(self._places)

    def opened(self, path: bytes, name: bytes) -> bytes:
        """Return what is opened for the entry at `path`: `name` in its folder, or an absolute path."""
        return self._places.get(path, name)

    def give_up(self, path: bytes) -> bool:
        """Open what is at `path` where it is from now on; whether that is another place than before."""
        return self._places.pop(path, path) != path

    def seen_ns(self, now: int) -> int:
        """Return when what is found now was seen last as it is: a file may have changed since it was frozen."""
        return min(now, self._as_of_ns)

    def corrected(
        self, probe: Probe, fd: int, folder: bytes, names: list[bytes], stats: Statuses, failed: Failed
    ) -> tuple[list[bytes], Statuses]:
        """Return the listing of the open directory `fd` with what is said of folders that are opened elsewhere.

        What cannot be asked about any more, such as the mount of a server that died, is told to `failed`; so is what is
        gone from where it was to be read, and stays in the listing as it is.
        """
        lost = set()
        for row in self._rows(folder, names, stats):
            path = folder + names[row]
            place = self._places.setdefault(path, path)
            problems: list[OSError] = []
            there = probe.statuses(fd, [place], lambda _, error: problems.append(error))[1]  # noqa: B023  called at once
            if problems:
                failed(names[row], problems[0])
                lost.add(row)
            elif len(there) and _is_alike(stats.modes[row], there.modes[0], is_moved=place != path):
                stats = stats.replaced(row, there)
            elif self.give_up(path):
                failed(names[row], OSError(errno.ENOENT, GONE))
            # Else it is not mounted any more, or covers a file.
        if not lost:
            return names, stats
        kept = [row for row in range(len(names)) if row not in lost]
        return [names[row] for row in kept], stats.selected(kept)

    def _rows(self, folder: bytes, names: Sequence[bytes], stats: Statuses) -> Iterator[int]:
        """Yield the rows of folders that are opened elsewhere, as far as is known, and of holes."""
        elsewhere, inodes = frozenset(self._folders.get(folder, ())), stats.inodes
        holed = _HOLE in inodes and folder.startswith(self._holed)
        if not elsewhere and not holed:
            return
        for row, (name, inode, mode) in enumerate(zip(names, inodes, stats.modes, strict=True)):
            if name in elsewhere or (holed and inode == _HOLE and stat.S_ISDIR(mode)):
                yield row


def _is_alike(here: int, there: int, *, is_moved: bool) -> bool:
    """Whether one mode may stand for the other: of two folders, or of two files where one was asked for."""
    both = stat.S_IFMT(here), stat.S_IFMT(there)
    return both == (stat.S_IFDIR, stat.S_IFDIR) or (is_moved and both == (stat.S_IFREG, stat.S_IFREG))


NO_DETOURS = Detours({})


def plan_detours(read_from: Mapping[bytes, bytes], mounts: MountTable, as_of_ns: int = sys.maxsize) -> Detours:
    """Return what is opened where. `read_from`: source → place, both real paths; the places are not older than that."""
    asked = {source: place for source, place in read_from.items() if source != place}
    if not asked:
        return NO_DETOURS
    places = dict(asked)
    for point in mounts.points:
        covered = any(point != source and is_within(point, source) for source in asked)
        if covered and not any(is_within(point, place) for place in asked.values()):
            places.setdefault(point, point)
    holed = [source for source, place in asked.items() if mounts.type_at(place) == _TYPE_WITH_HOLES]
    return Detours(places, holed, as_of_ns)


def is_within(path: bytes, folder: bytes) -> bool:
    """Whether a path is a folder or lies in it; both absolute and without a slash at the end."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def there_too(paths: Iterable[bytes], read_from: Mapping[bytes, bytes]) -> list[bytes]:
    """Return where else the walk would meet folders: those that lie in a source, in the place where that is read."""
    found = []
    for path in map(os.path.realpath, paths):
        sources = [source for source in read_from if is_within(path, source)]
        if sources:
            source = max(sources, key=len)
            found.append(os.path.join(read_from[source], os.path.relpath(path, source)))
    return found


def chosen(
    sources: Iterable[bytes], wanted: Mapping[bytes, bytes]
) -> tuple[dict[bytes, bytes], list[tuple[bytes, str]]]:
    """Return which real path is read where, and of each source that cannot be read where it is wanted why not."""
    known, found, problems = set(sources), {}, []
    folders = [os.path.realpath(source) for source in known if os.path.isdir(source)]
    for source, place in wanted.items():
        words = _objection(source, place) if source in known else "it is no source of this run"
        if not words and not os.path.isdir(source) and _lies_in(source, folders):
            words = "it lies in a source, whose files are all read there"
        if words:
            problems.append((source, f"{os.fsdecode(place)}: {words}"))
        else:
            found[os.path.realpath(source)] = os.path.realpath(place)
    return found, problems


def _lies_in(source: bytes, folders: Iterable[bytes]) -> bool:
    return any(is_within(os.path.realpath(source), folder) for folder in folders)


def _objection(source: bytes, place: bytes) -> str:
    """Return in words why a source cannot be read from a place; empty when it can."""
    try:
        there, here = os.lstat(place), os.stat(source)
        if stat.S_ISDIR(there.st_mode) != stat.S_ISDIR(here.st_mode):
            return "one is a folder, the other is not"
        is_named = stat.S_ISDIR(here.st_mode) or os.path.basename(place) == os.path.basename(os.path.realpath(source))
        os.close(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return "it is not there" if error.errno == errno.ENOENT else error.strerror or str(error)
    return "" if is_named else "a file must have its own name there"
