"""Read sources from a snapshot of their logical volume."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from yester.engine.mountinfo import Mount
from yester.plugins.native import Option
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.resting import ON_FAILURE, TIMEOUT
from yester.plugins.snapshotting.freezing import SOURCES, Freezing, Volume, own_folder, program

_OPTIONS: Mapping[str, str] = {
    "ext2": "ro",
    "ext3": "ro",
    "ext4": "ro",
    # Its log would be replayed, and it has the UUID of a file system that is mounted.
    "xfs": "ro,nouuid,norecovery",
}
_REMOVE = """
mountpoint -q "$1" && { umount "$1" || exit; }
"$2" --noheadings "$4" >/dev/null 2>&1 && { "$3" --yes "$4" || exit; }
[ ! -d "$1" ] || rmdir "$1"
"""


class Lvm(Freezing):
    """Read sources from a snapshot of their logical volume (ext4, xfs), so that all is of one moment."""

    types: ClassVar[frozenset[str]] = frozenset(_OPTIONS)
    option_spec: ClassVar[Mapping[str, Option]] = {
        "sources": SOURCES,
        "size": Option("bytes", "5G", "Room for what changes during the run; a thin volume needs none set aside."),
        "folder": Option("path", "/run/yester", "Where snapshots are mounted while a run reads them."),
        "on_failure": ON_FAILURE,
        "timeout": TIMEOUT,
    }

    def volume(self, path: bytes, mount: Mount) -> Volume:
        """Return the logical volume that a path lies on."""
        return Volume(os.fsdecode(mount.source), mount.point, mount)

    def freeze(self, volume: Volume, name: str) -> bytes:
        """Make a snapshot of the volume, and mount it."""
        lvs, lvcreate, lvremove = (program(each, "lvm2") for each in ("lvs", "lvcreate", "lvremove"))
        group, origin, is_thin = self._origin(lvs, volume)
        place, snapshot = Path(self.options["folder"]) / name, f"{group}/{name}"
        words = [str(place), lvs, lvremove, snapshot]
        self.promise_script(_REMOVE, words, f"remove the snapshot {snapshot}")
        own_folder(place.parent)
        own_folder(place)
        size = f"{-(-self.options['size'] // (1 << 20))}m"
        room = ["--setactivationskip", "n"] if is_thin else ["--size", size, "--permission", "r"]
        self.told([lvcreate, "--snapshot", "--name", name, *room, f"{group}/{origin}"])
        kind = volume.mount.kind.decode()
        self.told(["mount", "-t", kind, "-o", _OPTIONS[kind], f"/dev/{snapshot}", str(place)])
        return os.path.normpath(os.path.join(bytes(place), volume.mount.root.lstrip(b"/")))

    def _origin(self, lvs: str, volume: Volume) -> tuple[str, str, bool]:
        """Return the group and the name of the volume, and whether it is a thin one. Failed: it is none of LVM's."""
        fields = "vg_name,lv_name,pool_lv"
        said = self.told([lvs, "--reportformat", "json", "--options", fields, volume.name])
        try:
            (found,) = json.loads(said)["report"][0]["lv"]
            return found["vg_name"], found["lv_name"], bool(found["pool_lv"])
        except (ValueError, KeyError, IndexError, TypeError):
            raise Failed(f"lvs does not say what {volume.name} is") from None
