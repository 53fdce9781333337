"""Profiles that wait for a drive."""

from pathlib import Path

import pytest

from yester.engine.errors import UsageError
from yester.engine.profiles.reading import load_profile
from yester.engine.profiles.writing import new_profile, save_profile
from yester.plugins.usb.drives import Drive
from yester.plugins.usb.remembering import Remembered, forget, remember, remembered, the_one

STICK = Drive("/dev/sda1", "8:1", "vfat", "STICK", "1F2E-33AA", "c3-01", "SanDisk Cruzer", "4C53")
TWIN = Drive("/dev/sdb1", "8:17", "vfat", "STICK", "AAAA-0000", "c4-01", "SanDisk Cruzer", "4C99")
COPY = Drive("/dev/sdc1", "8:33", "vfat", "COPY", "1F2E-33AA", "c3-01", "Kingston", "E0D5")
OLD = Drive("/dev/sdd", "8:48", "vfat", "OLD", serial="BVY7")
ODD = Drive("/dev/sde", "8:64", "vfat", "Café / 1", serial="X1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_profile(tmp_path, new_profile("docs", [b"/"]))
    return tmp_path


def test_a_drive_is_written_into_the_profile_and_taken_out(folder: Path) -> None:
    before = load_profile(folder, "docs")
    assert remember(folder, "docs", STICK) == before
    assert remember(folder, "docs", STICK) is None, "once is enough"
    after = load_profile(folder, "docs")
    assert (after.schedule.when, after.schedule.drive) == ("drive", "1F2E-33AA")
    assert after.plugins["usb"] == {"enabled": True, "drive_name": "STICK (SanDisk Cruzer)", "drive_serial": "4C53"}
    [found] = remembered(folder)
    assert found == Remembered("docs", "1F2E-33AA", "STICK (SanDisk Cruzer)", "4C53")
    assert found.is_it(STICK) and not found.is_it(TWIN)
    forget(folder, "docs")
    assert load_profile(folder, "docs").schedule == before.schedule
    assert list(remembered(folder)) == []


def test_a_drive_without_uuid_is_the_one_with_its_serial_number(folder: Path) -> None:
    remember(folder, "docs", OLD)
    [found] = remembered(folder)
    assert found.identity == "LABEL=OLD"
    assert found.is_it(OLD)
    assert not found.is_it(Drive("/dev/sdd", "8:48", "vfat", "OLD", serial="another"))


def test_a_label_that_no_schedule_can_hold_is_refused_and_nothing_is_written(folder: Path) -> None:
    before = (folder / "docs.toml").read_bytes()
    with pytest.raises(UsageError, match="drive takes the UUID of a file system"):
        remember(folder, "docs", ODD)
    assert (folder / "docs.toml").read_bytes() == before


def test_a_profile_that_cannot_be_read_hides_no_other(folder: Path) -> None:
    remember(folder, "docs", STICK)
    (folder / "broken.toml").write_text("sources = [")
    assert [found.profile for found in remembered(folder)] == ["docs"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("AAAA-0000", TWIN), ("/dev/sda1", STICK), ("4C99", TWIN), ("OLD", OLD), ("LABEL=OLD", OLD)],
)
def test_a_drive_is_named_by_whatever_tells_it(wanted: str, found: Drive) -> None:
    assert the_one([STICK, TWIN, OLD], wanted) == found


@pytest.mark.parametrize(
    ("drives", "wanted", "what", "hint"),
    [
        ([STICK, TWIN], "STICK", "Several drives are STICK: /dev/sda1, /dev/sdb1", "by its device"),
        ([STICK, COPY], "/dev/sdc1", "/dev/sda1 and /dev/sdc1 cannot be told from each other", "a UUID of its own"),
        ([STICK], "STIK", "No drive STIK is connected", "There is: STICK"),
        ([], "STICK", "No drive STICK is connected", "yester plugin run usb drives"),
        ([STICK], "", "It is not said which drive", "Give drive=. There is: STICK"),
    ],
)
def test_a_drive_that_is_not_meant_clearly(drives: list[Drive], wanted: str, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        the_one(drives, wanted)
    assert what in refused.value.what
    assert hint in refused.value.hint
