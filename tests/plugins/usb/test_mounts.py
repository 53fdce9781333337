"""Where a drive is mounted, by lines of mountinfo."""

from yester.engine.mountinfo import mounts_in
from yester.plugins.usb.drives import Drive
from yester.plugins.usb.looking import mounts_of

MOUNTINFO = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
36 22 8:1 / /media/anna/My\040Stick rw,nosuid shared:9 - vfat /dev/sda1 rw,errors=remount-ro
37 22 8:17 / /mnt/ro rw - ext4 /dev/sdb1 ro
38 22 0:52 / /mnt/ntfs rw - fuse.ntfs /dev/sdc1 rw
39 22 0:53 / /mnt/ntfs rw - tmpfs tmpfs rw
garbage
"""

MOUNTS = list(mounts_in(MOUNTINFO))


def test_where_a_drive_is_mounted() -> None:
    assert [mount.point for mount in mounts_of(Drive("/dev/sda1", "8:1"), MOUNTS)] == [b"/media/anna/My Stick"]
    assert [mount.number for mount in mounts_of(Drive("/dev/sdc1", "8:33"), MOUNTS)] == ["0:52"], "by its path"
    assert mounts_of(Drive("/dev/sdd1", "8:49"), MOUNTS) == []
