"""What is mounted where: pseudo file systems and yester's own mounts, which a snapshot never enters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from yester.engine.mountinfo import mounts_in

MOUNTINFO = Path("/proc/self/mountinfo")
OWN_TYPE = b"fuse.yester"

PSEUDO_TYPES = frozenset(
    b"autofs binder binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs "
    b"mqueue nsfs proc pstore rpc_pipefs securityfs selinuxfs smackfs sysfs tracefs".split()
)
"""File systems that show the kernel's state, not a person's files."""


@dataclass(frozen=True, slots=True)
class MountTable:
    """One reading of the kernel's mount table."""

    pseudo_devices: frozenset[int]
    """st_dev of mounted pseudo file systems."""
    own: Mapping[bytes, frozenset[bytes]]
    """Folder → names in it that are mount points of yester; asking such a mount for its attributes may hang."""
    points: Mapping[bytes, bytes] = field(default_factory=dict)
    """Mount point → type of the file system, of all but yester's own."""

    def type_at(self, path: bytes) -> bytes:
        """Return the type of the file system that a path lies on; empty when that is not known."""
        while path not in self.points:
            if path == b"/":
                return b""
            path = path.rpartition(b"/")[0] or b"/"
        return self.points[path]

    def hiding(self, paths: Iterable[bytes]) -> "MountTable":
        """Return the same with more paths that no walk may come by."""
        own = {folder: set(names) for folder, names in self.own.items()}
        for path in paths:
            folder, _, name = path.rpartition(b"/")
            own.setdefault(folder or b"/", set()).add(name)
        return replace(self, own={folder: frozenset(names) for folder, names in own.items()})


def parse_mountinfo(text: bytes) -> MountTable:
    """Read the format of proc_pid_mountinfo(5)."""
    pseudo: set[int] = set()
    own: dict[bytes, set[bytes]] = {}
    points: dict[bytes, bytes] = {}
    for mount in mounts_in(text):
        if mount.kind != OWN_TYPE:
            points[mount.point] = mount.kind
        if mount.kind in PSEUDO_TYPES:
            major, minor = mount.number.split(":")
            pseudo.add(device_number(int(major), int(minor)))
        elif mount.kind == OWN_TYPE:
            folder, _, name = mount.point.rpartition(b"/")
            own.setdefault(folder or b"/", set()).add(name)
    return MountTable(frozenset(pseudo), {folder: frozenset(names) for folder, names in own.items()}, points)


def device_number(major: int, minor: int) -> int:
    """Compose st_dev as Linux does (makedev(3))."""
    return (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFF) << 12 | (major & ~0xFFF) << 32


def mount_table() -> MountTable:
    """Read the mount table of this process; an empty one where the kernel shows none."""
    try:
        return parse_mountinfo(MOUNTINFO.read_bytes())
    except FileNotFoundError:
        return MountTable(frozenset(), {})
