"""Waiting for a drive to be mounted."""

import os
from pathlib import Path

import pytest

from yester.engine.errors import YesterError
from yester.engine.schedule.waiting import mount_point, wait_until_mounted

LINE = b"36 35 8:17 / /media/me/My\\040Drive rw,noatime shared:1 - ext4 /dev/sdb1 rw\n"
BTRFS = b"37 35 0:52 /@home /mnt/disk rw - btrfs /dev/mapper/c\\040d rw\n"


@pytest.mark.parametrize(
    ("device", "number", "found"),
    [
        (b"/dev/sdb1", os.makedev(8, 17), b"/media/me/My Drive"),
        (b"/dev/mapper/c d", os.makedev(253, 0), b"/mnt/disk"),
        (b"/dev/sdc1", os.makedev(8, 33), None),
    ],
)
def test_where_a_device_is_mounted(device: bytes, number: int, found: bytes | None) -> None:
    assert mount_point(b"garbage\n" + LINE + BTRFS, device, number) == found


class Table:
    """A table of mounts in a file, which gets a line after some waits."""

    def __init__(self, folder: Path, after: int) -> None:
        self.devices, self.mounts = folder / "by", folder / "mountinfo"
        for link in ("by-uuid/12-34", "by-partuuid/5678-01", "by-label/STICK"):
            (self.devices / link).parent.mkdir(parents=True)
            (self.devices / link).symlink_to(folder / "disk")
        (folder / "disk").touch()
        self.mounts.write_bytes(b"")
        self._line = b"36 35 9:9 / /there rw - ext4 %s rw\n" % os.fsencode(folder / "disk")
        self._after, self.now = after, 0.0

    def changed(self, seconds: float) -> None:
        self.now += min(seconds, 1)
        self._after -= 1
        if not self._after:
            self.mounts.write_bytes(self._line)

    def wait(self, uuid: str = "12-34") -> bytes:
        return wait_until_mounted(
            uuid, 10, devices=self.devices, mounts=self.mounts, changed=self.changed, clock=lambda: self.now
        )


def test_it_ends_when_the_drive_is_mounted(tmp_path: Path) -> None:
    assert Table(tmp_path, 3).wait() == b"/there"


@pytest.mark.parametrize("drive", ["PARTUUID=5678-01", "LABEL=STICK"])
def test_a_drive_without_a_uuid_is_known_by_another_tag(tmp_path: Path, drive: str) -> None:
    assert Table(tmp_path, 1).wait(drive) == b"/there"


def test_it_ends_after_a_while(tmp_path: Path) -> None:
    with pytest.raises(YesterError, match="was not mounted within 10 s"):
        Table(tmp_path, 100).wait()


def test_it_ends_when_the_drive_is_gone(tmp_path: Path) -> None:
    with pytest.raises(YesterError, match="56-78 is not connected"):
        Table(tmp_path, 1).wait("56-78")


def test_the_kernels_own_table_is_watched() -> None:
    """What waits really: the table is read and polled, and no drive of that name is there."""
    with pytest.raises(YesterError, match="is not connected"):
        wait_until_mounted("00-00-no-such", 0)
