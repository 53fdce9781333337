"""What a person reads about drives. Pure."""

from collections.abc import Mapping
from shlex import quote
from typing import Literal

from yester.engine.events import Level
from yester.plugins.native import Row
from yester.plugins.usb.drives import LOCKED, Drive
from yester.plugins.usb.looking import READ_ONLY, Room

Use = Literal["repository", "source", "target"]
"""What a command needs a drive for."""

_PULLED: Mapping[Use, str] = {
    "repository": "it was in use. No snapshot on it is harmed, and what was stored is used",
    "source": "it was read: the snapshot lacks what was not read yet, and marks it",
    "target": "files were restored to it",
}
_UNITS = ("KiB", "MiB", "GiB", "TiB")
NEARLY_FULL = 0.05
"""Less of a drive than this is worth a warning."""


def size(count: int) -> str:
    """Return a number of bytes in the largest unit that leaves it at least 1."""
    value, unit = float(count), "B"
    for larger in _UNITS:
        if value < 1023.95:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def printable(path: bytes) -> str:
    """Return a path for a screen; whoever shows it takes away what a terminal would obey."""
    return path.decode("utf-8", "backslashreplace")


def full_title(drive: Drive) -> str:
    """Return what a person calls a drive, and what is printed on it."""
    return f"{drive.label} ({drive.model})" if drive.label and drive.model else drive.title


def state(drive: Drive, room: Room | None) -> Row:
    """Return how a drive stands, in a line; without a room it is not mounted."""
    level, words = _standing(drive, room)
    what = f"{full_title(drive)}: {size(drive.size)}, {drive.filesystem or 'no file system that can be seen'}"
    return Row(
        f"{what}, {words}; {drive.identity or 'nothing tells it from others'}", level, drive.identity or drive.device
    )


def _standing(drive: Drive, room: Room | None) -> tuple[Level, str]:
    if room is None:
        return (
            "info",
            f"locked: unlock {drive.device}" if drive.filesystem == LOCKED else f"not mounted ({drive.device})",
        )
    where = printable(room.point)
    free = f"{size(room.free)} of {size(room.total)} free"
    problem = hindrance(drive, room)
    if problem:
        return "warning", f"at {where}, {free}, {problem}" if room.total else f"at {where}, {problem}"
    return ("warning" if room.free < room.total * NEARLY_FULL else "info"), f"at {where}, {free}, writable"


def hindrance(drive: Drive, room: Room) -> str:
    """Return why nothing can be stored on a mounted drive, after its name; empty when it can."""
    if drive.is_protected and room.hindrance:
        return "is write-protected: look for a switch on it"
    if room.hindrance == READ_ONLY:
        return f"is mounted read-only: its file system may be damaged (`dmesg` says so, `fsck {drive.device}` mends it)"
    return room.hindrance


def absent(title: str, identity: str) -> str:
    """Return what is said of a drive that is not there."""
    return f"The drive {title or identity} is not connected" + (f" ({identity})" if title else "")


def unmounted(drive: Drive) -> str:
    """Return what is said of a drive that is there and not mounted."""
    if drive.filesystem == LOCKED:
        return f"The drive {full_title(drive)} is connected, but locked: udisksctl unlock --block-device {drive.device}"
    return f"The drive {full_title(drive)} is connected, but not mounted: udisksctl mount --block-device {drive.device}"


def elsewhere(drive: Drive, point: bytes, found: str, profile: str) -> str:
    """Return what is said of a drive that is mounted where the profile's repository is not; `found`: where one is."""
    where = f"The drive {full_title(drive)} is mounted at {printable(point)}"
    what = f"{where}, and there is no repository where {profile} says"
    command = f"yester profile edit {quote(profile)} --set repository={quote(found)}"
    return f"{what}. Is it this one? {command}" if found else what


def pulled(title: str, profile: str, use: Use) -> str:
    """Return what is said of a drive that went while it was needed."""
    again = f"Plug it in, then: yester snap {quote(profile)}" if profile else "Plug it in and run the command again"
    return f"The drive {title} was taken away while {_PULLED[use]}. {again}"
