"""Read sources from a snapshot of their btrfs subvolume."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from yester.engine.mountinfo import Mount
from yester.plugins.native import Option
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.resting import ON_FAILURE, TIMEOUT
from yester.plugins.snapshotting.freezing import SOURCES, Freezing, Volume, own_folder, program

FOLDER = ".yester-snapshots"
"""In the subvolume; it stays, since a name that comes and goes would change the folder above at each run."""
_SUBVOLUME = 256
"""The inode number of each subvolume's topmost folder (BTRFS_FIRST_FREE_OBJECTID)."""
_REMOVE = 'if [ -e "$2" ]; then exec "$1" subvolume delete "$2"; fi'


class Btrfs(Freezing):
    """Read sources from a snapshot of their btrfs subvolume, so that all is of one moment."""

    types: ClassVar[frozenset[str]] = frozenset({"btrfs"})
    option_spec: ClassVar[Mapping[str, Option]] = {
        "sources": SOURCES,
        "on_failure": ON_FAILURE,
        "timeout": TIMEOUT,
    }

    def volume(self, path: bytes, mount: Mount) -> Volume:
        """Return the subvolume that a path lies in."""
        top = path if os.path.isdir(path) else os.path.dirname(path)
        while os.lstat(top).st_ino != _SUBVOLUME:
            if top == mount.point:
                raise Failed(f"{os.fsdecode(top)} is a folder of a subvolume that is not mounted itself")
            top = os.path.dirname(top)
        return Volume(os.fsdecode(top), top, mount)

    def freeze(self, volume: Volume, name: str) -> bytes:
        """Make a read-only snapshot in a folder of the subvolume."""
        btrfs, folder = program("btrfs", "btrfs-progs"), Path(volume.name) / FOLDER
        place = folder / name
        self.promise_script(_REMOVE, [btrfs, str(place)], f"remove the snapshot {place}")
        own_folder(folder)
        self.hide(folder)
        self.told([btrfs, "subvolume", "snapshot", "-r", volume.name, str(place)])
        return bytes(place)
