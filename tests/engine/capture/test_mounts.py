import os

from yester.engine.capture.mounts import device_number, mount_table, parse_mountinfo

TEXT = rb"""22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
23 28 0:22 / /proc rw,nosuid - proc proc rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 28 0:50 / /home/me/my\040snapshots ro,nosuid - fuse.yester yester:/srv/repo ro,user_id=0
41 28 0:51 / /mnt ro - fuse.yester yester:/srv/repo ro
42 28 0:52 / /media rw - fuse.sshfs host:/ rw
"""


def test_what_is_mounted_is_read() -> None:
    table = parse_mountinfo(TEXT)
    assert table.pseudo_devices == {device_number(0, 21), device_number(0, 22)}
    assert table.own == {b"/home/me": {b"my snapshots"}, b"/": {b"mnt"}}


def test_device_numbers_are_composed_as_the_system_does() -> None:
    for major, minor in ((0, 21), (254, 1), (4095, 255), (259, 70_000)):
        assert device_number(major, minor) == os.makedev(major, minor)


def test_the_table_of_this_process() -> None:
    assert os.stat("/proc").st_dev in mount_table().pseudo_devices
    assert os.stat("/").st_dev not in mount_table().pseudo_devices
