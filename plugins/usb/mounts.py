"""Where drives are mounted, and on which drive a path lies, by the lines of /proc/self/mountinfo (proc(5)). Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yester.plugins.usb.drives import Drive

_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system."""

    point: bytes
    number: str
    """The device's, such as `8:17`; that of a file system of its own where it has one, as FUSE and btrfs have."""
    source: bytes
    """What is mounted: the path of a device, or words of the file system's own."""
    is_read_only: bool


def mounts_in(mountinfo: bytes) -> list[Mount]:
    """Return what is mounted, in the kernel's order: of two at one place the later one shows."""
    found = []
    for line in mountinfo.splitlines():
        fields, _, origin = line.partition(b" - ")
        words, rest = fields.split(b" "), origin.split(b" ")
        if len(words) > 5 and len(rest) > 1:
            options = {*words[5].split(b","), *(rest[2].split(b",") if len(rest) > 2 else ())}
            found.append(Mount(_plain(words[4]), words[2].decode(), _plain(rest[1]), b"ro" in options))
    return found


def mounts_of(drive: Drive, mounts: Iterable[Mount]) -> list[Mount]:
    """Return where a drive is mounted."""
    device = drive.device.encode()
    return [mount for mount in mounts if mount.number == drive.number or mount.source == device]


def mount_below(path: bytes, mounts: Sequence[Mount]) -> Mount | None:
    """Return the mount that an absolute path lies in, links aside; None without one, which only a test's table is."""
    above = [mount for mount in mounts if path == mount.point or path.startswith(mount.point.rstrip(b"/") + b"/")]
    return max(reversed(above), key=lambda mount: len(mount.point), default=None)


def _plain(field: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), field)
