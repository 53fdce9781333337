"""Which folders a walk goes into, and how it opens them."""

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass

from yester.engine.capture.detours import NO_DETOURS, Detours
from yester.engine.capture.mounts import MountTable
from yester.engine.capture.roots import Root
from yester.engine.capture.statx import Status

ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a walk must know of the machine it runs on."""

    mounts: MountTable
    never: Collection[tuple[int, int]]
    """(st_dev, st_ino) of folders never entered: the repository, yester's cache and state."""
    sources: Collection[tuple[int, int]] = ()
    """(st_dev, st_ino) of the sources: entered also where one lies in another, on a file system of its own."""
    detours: Detours = NO_DETOURS
    """What is read elsewhere than where it is."""

    def is_entered(
        self, entry: Status, parent: Status, root: Root | None = None, *, one_file_system: bool = False
    ) -> bool:
        """Whether the walk goes from the folder `parent` into the folder `entry`.

        `root`: a source, or on the way to one. A source may lie on a file system of its own, and is stayed on. The way
        may lead through a pseudo file system (/dev, to /dev/shm); a source may not lie in one.
        """
        place = (entry.st_dev, entry.st_ino)
        crossing, is_source = entry.st_dev != parent.st_dev, root is not None and root.whole
        if place in self.never:
            return False
        if root is None or is_source:
            is_pseudo = entry.st_dev in self.mounts.pseudo_devices
            if is_pseudo and (crossing or is_source):
                return False
        stays = one_file_system and root is None and place not in self.sources
        return not (crossing and stays)

    def hidden(self, folder: bytes) -> Collection[bytes]:
        """Return the names in a folder, whose path ends with a slash, that are mounts of yester's own."""
        return self.mounts.own.get(folder.rstrip(b"/") or b"/", ())


def open_folder(name: bytes, fd: int | None = None) -> int:
    """Open a folder, in that of `fd` or by its path, and leave no trace of it where that may be. OSError."""
    try:
        return os.open(name, ENTER | os.O_NOATIME, dir_fd=fd)
    except PermissionError:
        return os.open(name, ENTER, dir_fd=fd)


def known_by(folders: Iterable[bytes]) -> set[tuple[int, int]]:
    """Return (st_dev, st_ino) of those folders that are there."""
    found = set()
    for folder in folders:
        with suppress(OSError):
            status = os.stat(folder)
            found.add((status.st_dev, status.st_ino))
    return found
