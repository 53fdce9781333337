"""What is mounted where, by lines of mountinfo."""

from yester.engine.mountinfo import Mount, lacks_drive, mount_at, mounts_in

TABLE = rb"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
29 22 0:43 /@home /home rw - btrfs /dev/vdb rw,subvol=/@home
30 29 0:44 / /home/my\040disk rw - zfs tank/my\040disk rw
31 29 0:45 / /home/my\040disk rw - xfs /dev/mapper/vg-lv rw
36 22 8:1 / /media/anna/My\040Stick ro,nosuid shared:9 - vfat /dev/sda1 rw,errors=remount-ro
37 22 8:17 / /mnt/ro rw - ext4 /dev/sdb1 ro
garbage
"""

MOUNTS = list(mounts_in(TABLE))


def test_every_field_is_read_and_garbage_is_passed_over() -> None:
    assert MOUNTS[1] == Mount(b"/home", b"/@home", b"btrfs", b"/dev/vdb", "0:43")
    assert [(mount.point, mount.is_read_only) for mount in MOUNTS] == [
        (b"/", False),
        (b"/home", False),
        (b"/home/my disk", False),
        (b"/home/my disk", False),
        (b"/media/anna/My Stick", True),
        (b"/mnt/ro", True),
    ]
    assert MOUNTS[2].source == b"tank/my disk"


def test_what_a_path_lies_on() -> None:
    def number(path: bytes) -> str | None:
        found = mount_at(path, MOUNTS)
        return found.number if found else None

    assert number(b"/media/anna/My Stick/repo") == number(b"/media/anna/My Stick") == "8:1"
    assert number(b"/media/anna/My Sticker") == number(b"/home2") == "254:0"
    assert number(b"/home/my disk/a") == "0:45", "what was mounted over it shows"
    assert mount_at(b"/x", []) is None


def test_a_drive_that_is_not_there() -> None:
    paths = (b"/media/anna/My Stick/repo", b"/media/anna/other/repo", b"/mnt/ro/repo", b"/mnt/new", b"/srv/backup")
    assert [lacks_drive(path, MOUNTS) for path in paths] == [False, True, False, True, False]
    assert not lacks_drive(b"/mnt/new", [])
