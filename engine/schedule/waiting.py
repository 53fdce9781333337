"""Waiting until the file system of a drive is mounted: a desktop does so some time after the device is there."""

import os
import select
import time
from collections.abc import Callable
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.mountinfo import mounts_in
from yester.engine.schedule.escaping import device_link

_DEVICES = Path("/dev/disk")
_MOUNTS = Path("/proc/self/mountinfo")

Changed = Callable[[float], None]
"""Waits until the table of mounts may have changed, at most so many seconds."""


def wait_until_mounted(
    drive: str,
    seconds: float,
    *,
    devices: Path = _DEVICES,
    mounts: Path = _MOUNTS,
    changed: Changed | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """Return where a drive (a UUID, or a tag such as LABEL=STICK) is mounted, once it is.

    YesterError when it is not within so many seconds, or the drive goes away.
    """
    end = clock() + seconds
    changed = changed or _changed
    while True:
        device = devices / device_link(drive)
        if not device.exists():
            raise YesterError(f"The drive {drive} is not connected", hint="Connect it and try again.")
        found = mount_point(mounts.read_bytes(), os.fsencode(os.path.realpath(device)), os.stat(device).st_rdev)
        if found is not None:
            return found
        left = end - clock()
        if left <= 0:
            raise YesterError(
                f"The drive {drive} is connected, but was not mounted within {seconds:.0f} s",
                hint="Mount it, or let the desktop do so, and take the snapshot with yester snap.",
            )
        changed(left)


def mount_point(mountinfo: bytes, device: bytes, number: int) -> bytes | None:
    """Return where a device is mounted by the lines of /proc/self/mountinfo (proc(5)); None when it is not.

    By its number, or by its path: a file system may have a number of its own, as btrfs does.
    """
    wanted = f"{os.major(number)}:{os.minor(number)}"
    return next((each.point for each in mounts_in(mountinfo) if wanted == each.number or each.source == device), None)


def _changed(seconds: float) -> None:
    """The kernel marks the table when it changes; a second at most, since the drive may go as well."""
    with open(_MOUNTS, "rb") as table:
        poll = select.poll()
        poll.register(table, select.POLLPRI | select.POLLERR)
        poll.poll(min(seconds, 1) * 1000)
