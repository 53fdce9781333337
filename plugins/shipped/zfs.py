"""Read sources from a snapshot of their ZFS dataset."""

import os
from collections.abc import Mapping
from typing import ClassVar

from yester.engine.mountinfo import Mount
from yester.plugins.native import Option
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.resting import ON_FAILURE, TIMEOUT
from yester.plugins.snapshotting.freezing import SOURCES, Freezing, Volume, program

_REMOVE = """
"$1" list -H -t snapshot -o name "$2" >/dev/null 2>&1 || exit 0
exec "$1" destroy "$2"
"""


class Zfs(Freezing):
    """Read sources from a snapshot of their ZFS dataset, so that all is of one moment."""

    types: ClassVar[frozenset[str]] = frozenset({"zfs"})
    option_spec: ClassVar[Mapping[str, Option]] = {
        "sources": SOURCES,
        "on_failure": ON_FAILURE,
        "timeout": TIMEOUT,
    }

    def __init__(self) -> None:
        super().__init__()
        self._held: list[int] = []

    def volume(self, path: bytes, mount: Mount) -> Volume:
        """Return the dataset that a path lies on."""
        if mount.root != b"/":
            raise Failed("it is a folder of a dataset that is not mounted itself")
        return Volume(os.fsdecode(mount.source), mount.point, mount)

    def freeze(self, volume: Volume, name: str) -> bytes:
        """Make a snapshot; ZFS shows it in a hidden folder of the dataset, whether `snapdir` is visible or not."""
        zfs, snapshot = program("zfs", "zfsutils-linux"), f"{volume.name}@{name}"
        self.promise_script(_REMOVE, [zfs, snapshot], f"remove the snapshot {snapshot}")
        self.told([zfs, "snapshot", snapshot])
        place = os.path.join(volume.top, b".zfs", b"snapshot", name.encode())
        # It is mounted where somebody looks, and unmounted when nobody has for five minutes.
        self._held.append(os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        return place

    def wake(self) -> None:
        """Let go of the snapshots, and remove them."""
        while self._held:
            os.close(self._held.pop())
        super().wake()
