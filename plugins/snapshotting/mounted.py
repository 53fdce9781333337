"""What is mounted where, and from what: proc_pid_mountinfo(5); pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from yester.engine.capture.mounts import unescape


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount."""

    point: bytes
    root: bytes
    """Which folder of the file system is seen there; `/` unless it is a bind mount, or a subvolume of btrfs."""
    type: str
    device: str
    """A device, or what else the type calls its file systems: a dataset of ZFS."""


def mounts_of(text: bytes) -> list[Mount]:
    """Read the table, in its order."""
    mounts = []
    for line in text.splitlines():
        left, _, right = line.partition(b" - ")
        words, (kind, device, *_) = left.split(b" "), right.split(b" ", 2)
        names = unescape(device).decode("utf-8", "surrogateescape")
        mounts.append(Mount(unescape(words[4]), unescape(words[3]), kind.decode("ascii", "replace"), names))
    return mounts


def mount_at(path: bytes, mounts: Iterable[Mount]) -> Mount | None:
    """Return what a real path lies on: the deepest mount point above it, and of two at one point the later."""
    found: Mount | None = None
    for mount in mounts:
        above = path == mount.point or path.startswith(mount.point.rstrip(b"/") + b"/")
        if above and (found is None or len(mount.point) >= len(found.point)):
            found = mount
    return found
