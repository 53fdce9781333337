"""Looking at this machine's drives: lsblk, blkid where lsblk may not look, the mount table, and the room on them."""

import os
import subprocess
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.mountinfo import Mount, mount_at, mounts_in
from yester.plugins.usb.drives import COLUMNS, Drive, NotLsblk, drives_in, with_blkid

_MOUNTS = Path("/proc/self/mountinfo")
_DEADLINE_S = 20
READ_ONLY = "is mounted read-only"


@dataclass(frozen=True, slots=True)
class Room:
    """How a mounted drive stands for whoever asks."""

    point: bytes
    free: int
    """Bytes that this user may fill."""
    total: int
    hindrance: str = ""
    """Why nothing can be written there; empty when it can."""


def mounts_of(drive: Drive, mounts: Iterable[Mount]) -> list[Mount]:
    """Return where a drive is mounted."""
    device = drive.device.encode()
    return [mount for mount in mounts if mount.number == drive.number or mount.source == device]


@dataclass(frozen=True, slots=True)
class Sight:
    """What there was at one time."""

    drives: Sequence[Drive]
    mounts: Sequence[Mount]

    def points_of(self, drive: Drive) -> list[bytes]:
        """Return where a drive is mounted; of several, the first one first."""
        return [mount.point for mount in mounts_of(drive, self.mounts)]

    def drive_at(self, path: bytes) -> Drive | None:
        """Return the drive that a path, as far as it is there, lies on; None when that cannot be taken away."""
        mount = mount_at(os.path.realpath(path), self.mounts)
        return next((drive for drive in self.drives if mount in mounts_of(drive, self.mounts)), None)


def look(also: Collection[str] = ()) -> Sight:
    """Return the drives that can be taken away, and all mounts. YesterError without lsblk."""
    said = _said("lsblk", "--json", "--bytes", "--output", COLUMNS)
    if said is None:
        raise YesterError("lsblk cannot be run", hint="It comes with util-linux; install that.")
    try:
        drives = drives_in(said, also)
    except NotLsblk as problem:
        raise YesterError(str(problem), hint="It must be util-linux 2.33 or newer: lsblk --version") from None
    return Sight([_looked_into(drive) for drive in drives], list(mounts_in(_MOUNTS.read_bytes())))


def _looked_into(drive: Drive) -> Drive:
    """Return the drive with what blkid finds on it, where no udev has told lsblk; only root may look."""
    if drive.filesystem or os.geteuid() != 0:
        return drive
    said = _said("blkid", "--probe", "--output", "export", drive.device)
    return drive if said is None else with_blkid(drive, said)


def _said(*command: str) -> bytes | None:
    """Return what a program prints; None when it cannot be run, fails or hangs, as it may while a drive goes."""
    environment = {**os.environ, "LC_ALL": "C", "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_DEADLINE_S, env=environment)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def room_at(point: bytes, mounts: Sequence[Mount]) -> Room:
    """Return how much room there is where a drive is mounted. OSError when it does not answer."""
    status = os.statvfs(point)
    free, total = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    mount = mount_at(point, mounts)
    if (mount is not None and mount.is_read_only) or status.f_flag & os.ST_RDONLY:
        return Room(point, free, total, READ_ONLY)
    if not os.access(point, os.W_OK | os.X_OK):
        return Room(point, free, total, "is closed to you: you may not write there")
    return Room(point, free, total)


def answers(point: bytes) -> bool:
    """Whether what is mounted there can be read still: a drive that was pulled out gives errors, or old memories."""
    try:
        os.statvfs(point)
        with os.scandir(point) as entries:
            next(entries, None)
    except OSError:
        return False
    return True
