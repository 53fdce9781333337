from yester.plugins.snapshotting.mounted import Mount, mount_at, mounts_of

TABLE = rb"""28 1 254:1 / / rw - ext4 /dev/vda1 rw
29 28 0:43 /@home /home rw - btrfs /dev/vdb rw,subvol=/@home
30 29 0:44 / /home/my\040disk rw - zfs tank/my\040disk rw
31 29 0:45 / /home/my\040disk rw - xfs /dev/mapper/vg-lv rw
"""


def test_what_lies_where() -> None:
    mounts = mounts_of(TABLE)
    assert mount_at(b"/home", mounts) == Mount(b"/home", b"/@home", "btrfs", "/dev/vdb")
    assert mount_at(b"/home2", mounts) == Mount(b"/", b"/", "ext4", "/dev/vda1")
    assert mount_at(b"/home/my disk/a", mounts) == Mount(b"/home/my disk", b"/", "xfs", "/dev/mapper/vg-lv")
    assert mounts[2].device == "tank/my disk"
    assert mount_at(b"/", []) is None
