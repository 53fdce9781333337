"""yester's mounts on this machine, as the kernel tells them, and which mount points are fit for one."""

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import UsageError, YesterError
from yester.engine.mountinfo import mounts_in

FILE_SYSTEM = "fuse.yester"
SOURCE = "yester:"
FUSE_DEVICE = Path("/dev/fuse")
MOUNT_TABLE = Path("/proc/self/mountinfo")
FUSE_SETTINGS = Path("/etc/fuse.conf")
MOST_LINKS = 40
"""How many links in a row the kernel follows."""


@dataclass(frozen=True, slots=True)
class ActiveMount:
    """A mount of yester's."""

    path: bytes
    source: str
    """What is mounted: `yester:` and the repository's place."""
    device: str
    """Major and minor number, as sysfs names them; it stays when a folder above is renamed."""
    user: int | None = None
    """The number of the user who mounted it."""


def parse_mount_table(text: bytes) -> list[ActiveMount]:
    """The mounts of yester's in the text of a mountinfo file."""
    own = SOURCE.encode()
    return [
        ActiveMount(mount.point, mount.source.decode(errors="replace"), mount.number, mount.user)
        for mount in mounts_in(text)
        if mount.kind == FILE_SYSTEM.encode() or (mount.kind == b"fuse" and mount.source.startswith(own))
    ]


def mounted_as(text: bytes, kind: str) -> list[Path]:
    """The mount points of a kind of file system in the text of a mountinfo file."""
    return [Path(os.fsdecode(mount.point)) for mount in mounts_in(text) if mount.kind == kind.encode()]


def active_mounts() -> list[ActiveMount]:
    """The mounts of yester's that this process sees, dead ones included. Empty where the system has no mount table."""
    try:
        return parse_mount_table(MOUNT_TABLE.read_bytes())
    except FileNotFoundError:
        return []


def canonical(mountpoint: Path) -> Path:
    """The mount point's absolute path without links, its own included; what is mounted there is not asked.

    UsageError when it is relative to a folder that is gone.
    """
    try:
        path = _without_links_above(mountpoint.absolute())
    except FileNotFoundError as error:
        raise UsageError(
            "The current folder was removed", hint="Go to another one, or name an absolute path."
        ) from error
    for _ in range(MOST_LINKS):
        try:
            # The kernel answers by itself for what is no link, so a server that hangs is left alone.
            path = _without_links_above(path.parent / os.readlink(path))
        except OSError:
            break
    return path


def _without_links_above(path: Path) -> Path:
    return Path(os.path.realpath(path.parent), path.name) if path.name != ".." else Path(os.path.realpath(path))


def find_mount(path: Path) -> ActiveMount | None:
    """The mount of yester's at this very mount point. Links are followed; what is mounted there is not asked."""
    place, literal = os.fsencode(canonical(path)), os.fsencode(os.path.abspath(path))
    return next((mount for mount in reversed(active_mounts()) if mount.path in (place, literal)), None)


def places_of_device(device: str) -> list[Path]:
    """Where the mount of yester's is by now that the kernel knows by this number."""
    return [Path(os.fsdecode(mount.path)) for mount in active_mounts() if mount.device == device]


def is_dead(path: Path) -> bool:
    """Whether a FUSE mount is there whose server is gone. Never call it on a mount that this process serves."""
    try:
        # Not stat: what the kernel remembers of the root, it tells without asking anyone.
        os.statvfs(path)
    except OSError as error:
        return error.errno in (errno.ENOTCONN, errno.ECONNABORTED)
    return False


def check_mountpoint(path: Path) -> None:
    """Raise UsageError unless `path` is an empty folder on which, and above which, nothing of ours is mounted."""
    if find_mount(path):
        raise UsageError(f"{path} is a mount of yester already", hint=f"Unmount it first: yester umount {path}")
    around = next((mount.path for mount in active_mounts() if _is_below(path, mount)), None)
    if around is not None:
        raise UsageError(
            f"The mount point {path} lies inside a mount of yester, {os.fsdecode(around)}",
            hint="Name a folder elsewhere.",
        )
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            raise UsageError(f"The mount point {path} is not a folder", hint="Name an empty folder.")
        with os.scandir(path) as entries:
            empty = next(entries, None) is None
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"The mount point {path} does not exist", hint=f"Make it first: mkdir {path}") from error
    except OSError as error:
        raise UsageError(
            f"The mount point {path} cannot be read: {error.strerror}", hint="Name a folder of your own."
        ) from error
    if not empty:
        raise UsageError(f"The mount point {path} is not empty", hint="Name an empty folder.")


def _is_below(path: Path, mount: ActiveMount) -> bool:
    return os.fsencode(canonical(path)).startswith(mount.path.rstrip(b"/") + b"/")


def check_apart(mountpoint: Path, repository: Path) -> None:
    """Raise UsageError when one lies inside the other: reading the repository would then wait for itself."""
    mount, store = Path(os.path.realpath(mountpoint)), Path(os.path.realpath(repository))
    if mount.is_relative_to(store):
        raise UsageError(
            f"The mount point {mountpoint} lies inside the repository {repository}", hint="Name a folder elsewhere."
        )
    if store.is_relative_to(mount):
        raise UsageError(
            f"The mount point {mountpoint} holds the repository {repository}, which the mount would hide",
            hint="Name a folder elsewhere.",
        )


def check_fuse() -> None:
    """Raise YesterError unless this process may mount FUSE file systems."""
    if not FUSE_DEVICE.exists():
        raise YesterError(
            f"This system has no {FUSE_DEVICE}",
            hint="Load the module (modprobe fuse), or start the container with --device /dev/fuse --cap-add SYS_ADMIN.",
        )
    try:
        os.close(os.open(FUSE_DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        raise YesterError(
            f"{FUSE_DEVICE} may not be used: {error.strerror}",
            hint=f"Let an administrator allow it: chmod 666 {FUSE_DEVICE}",
        ) from error


def check_others_allowed() -> None:
    """Raise UsageError when this user may not show a mount to others."""
    if os.geteuid() == 0 or _allows_others(_lines(FUSE_SETTINGS)):
        return
    raise UsageError(
        "Only an administrator may use --allow-other here",
        hint=f"Let an administrator write the line user_allow_other into {FUSE_SETTINGS}, or leave the option out.",
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _allows_others(lines: Iterable[str]) -> bool:
    return any(line.split("#")[0].strip() == "user_allow_other" for line in lines)
