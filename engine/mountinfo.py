"""The lines of /proc/self/mountinfo: what is mounted where, and from what (proc_pid_mountinfo(5)); pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DRIVES = (b"/media/", b"/run/media/", b"/mnt/")
"""Where drives that come and go are mounted mostly."""

_USER = b"user_id="
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount."""

    point: bytes
    root: bytes
    """Which folder of the file system is seen there; `/` unless it is a bind mount, or a subvolume of btrfs."""
    kind: bytes
    """The type of the file system."""
    source: bytes
    """The path of a device, or what else the type calls its file systems: a dataset of ZFS, a word of FUSE's."""
    number: str
    """The device's, such as `8:17`; that of a file system of its own where it has one, as FUSE and btrfs have."""
    is_read_only: bool = False
    user: int | None = None
    """Of FUSE: the number of the user who mounted it, who alone may take it away, besides root."""


def mounts_in(text: bytes) -> Iterator[Mount]:
    """Yield what is mounted, in the kernel's order: of two at one place the later one shows. Broken lines are none."""
    for line in text.splitlines():
        left, _, right = line.partition(b" - ")
        words, origin = left.split(b" "), right.split(b" ")
        if len(words) > 5 and len(origin) > 1:
            options = {*words[5].split(b","), *(origin[2].split(b",") if len(origin) > 2 else ())}
            point, root, source = map(_plain, (words[4], words[3], origin[1]))
            number = words[2].decode("ascii", "replace")
            yield Mount(point, root, origin[0], source, number, b"ro" in options, _user(options))


def _user(options: Iterable[bytes]) -> int | None:
    said = next((each.removeprefix(_USER) for each in options if each.startswith(_USER)), b"")
    return int(said) if said.isdigit() else None


def mount_at(path: bytes, mounts: Iterable[Mount]) -> Mount | None:
    """Return what an absolute path lies on, links aside; None without a mount above it, as only a test's table is."""
    above = [mount for mount in mounts if path == mount.point or path.startswith(mount.point.rstrip(b"/") + b"/")]
    return max(reversed(above), key=lambda mount: len(mount.point), default=None)


def lacks_drive(path: bytes, mounts: Iterable[Mount]) -> bool:
    """Whether an absolute path is where drives are mounted, and none is: what is put there goes to another disk."""
    mount = mount_at(path, mounts)
    return mount is not None and any(
        path.startswith(folder) and not mount.point.startswith(folder) for folder in DRIVES
    )


def _plain(field: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes((int(match[1], 8),)), field)
