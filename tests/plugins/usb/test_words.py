"""What a person reads about drives."""

import pytest

from yester.plugins.native import Row
from yester.plugins.usb.drives import LOCKED, Drive
from yester.plugins.usb.looking import READ_ONLY, Room
from yester.plugins.usb.words import absent, full_title, pulled, size, state, unmounted

GIB = 1 << 30
STICK = Drive("/dev/sda1", "8:1", "vfat", "STICK", "1F2E-33AA", "c3-01", "SanDisk Cruzer Blade", "4C53", 15 * GIB)
POINT = b"/media/anna/STICK"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (15 * GIB, "15.0 GiB"), (9 << 60, "9437184.0 TiB")],
)
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("drive", "room", "level", "words"),
    [
        (STICK, Room(POINT, 3 * GIB, 15 * GIB), "info", "at /media/anna/STICK, 3.0 GiB of 15.0 GiB free, writable"),
        (STICK, Room(POINT, 1 << 20, 15 * GIB), "warning", "1.0 MiB of 15.0 GiB free, writable"),
        (STICK, Room(POINT, GIB, GIB, READ_ONLY), "warning", "free, is mounted read-only: its file system may be"),
        (STICK, Room(POINT, GIB, GIB, "is closed to you"), "warning", "1.0 GiB free, is closed to you; 1F2E"),
        (STICK, Room(b"/m/\xff", GIB, GIB), "info", "at /m/\\xff,"),
        (STICK, Room(POINT, 0, 0, "does not answer"), "warning", "at /media/anna/STICK, does not answer; 1F2E"),
        (STICK, None, "info", "not mounted (/dev/sda1)"),
        (Drive("/dev/sdb1", "8:17", LOCKED), None, "info", "locked: unlock /dev/sdb1"),
        (Drive("/dev/sdb1", "8:17"), None, "info", "no file system that can be seen, not mounted (/dev/sdb1);"),
    ],
)  # fmt: skip
def test_how_a_drive_stands(drive: Drive, room: Room | None, level: str, words: str) -> None:
    row = state(drive, room)
    assert isinstance(row, Row)
    assert row.level == level
    assert words in row.text


def test_a_switch_on_the_drive() -> None:
    card = Drive("/dev/mmcblk0p1", "179:1", "exfat", "CARD", is_protected=True)
    assert "write-protected: look for a switch" in state(card, Room(POINT, GIB, GIB, READ_ONLY)).text


def test_what_is_said_of_a_drive_that_is_not_to_be_used() -> None:
    assert full_title(STICK) == "STICK (SanDisk Cruzer Blade)"
    assert absent("STICK", "1F2E-33AA") == "The drive STICK is not connected (1F2E-33AA)"
    assert absent("", "1F2E-33AA") == "The drive 1F2E-33AA is not connected"
    assert unmounted(STICK).endswith("not mounted: udisksctl mount --block-device /dev/sda1")
    assert "locked: udisksctl unlock" in unmounted(Drive("/dev/sdb1", "8:17", LOCKED))
    assert pulled("STICK", "my docs", "repository").endswith("Plug it in, then: yester snap 'my docs'")
    assert "the snapshot lacks what was not read yet" in pulled("STICK", "docs", "source")
    assert pulled("STICK", "", "target").endswith("run the command again")
