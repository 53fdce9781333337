"""Drives in what lsblk says.

`lsblk/virtual-machine.json` was recorded: util-linux 2.38.1 on a virtual machine. The `recorded-` ones are what people
saw of their sticks and reported in public, the values as they are in our columns; columns that they did not ask for are
empty: a stick that a Mac formatted, at a Raspberry Pi 5 (util-linux 2.41.5, from the tests of OpenFollow); a flash disk
at a Raspberry Pi of 2017, all values text (mschlenstedt/Loxberry issue 205); a stick without a partition table, beside
an empty card reader (balena-io-modules/drivelist issue 292). No drives could be plugged in where these tests were
written, so all others were written by hand, in the layout of the first one, with the columns' values as lsblk(8) and
the kernel document them (`vendor` padded to eight characters, `tran` by the disk, `hotplug` inherited, `rm` of sticks
but not of disks in a case); serial numbers and UUIDs are made up. `text-values.json` is one of them as before
util-linux 2.33, when all values were text.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.plugins.usb.drives import LOCKED, Drive, NotLsblk, drives_in, with_blkid

RECORDED = Path(__file__).parent / "lsblk"


def drives(name: str, *also: str) -> list[Drive]:
    return drives_in((RECORDED / f"{name}.json").read_bytes(), also)


def test_a_stick_whole() -> None:
    assert drives("stick-fat32") == [
        Drive(
            device="/dev/sda1",
            number="8:1",
            filesystem="vfat",
            label="STICK",
            uuid="1F2E-33AA",
            partition="c3072e18-01",
            model="SanDisk Cruzer Blade",
            serial="4C530001120523117345",
            size=15375269888,
        )
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (
            "recorded-mac-stick",
            [("/dev/sda1", "vfat", "EFI", ""), ("/dev/sda2", "vfat", "OHNE TITEL", "")],
        ),
        ("recorded-flash-disk", [("/dev/sda1", "vfat", "USB Flash Disk", "76F0-CF23")]),
        ("recorded-whole-stick", [("/dev/sdc", "", "/dev/sdc", "")]),
        ("stick-fat32", [("/dev/sda1", "vfat", "STICK", "1F2E-33AA")]),
        ("text-values", [("/dev/sda1", "vfat", "STICK", "1F2E-33AA")]),
        ("stick-exfat", [("/dev/sda1", "exfat", "My Stick", "64A5-F009")]),
        ("disk-ntfs", [("/dev/sdb1", "ntfs", "Elements", "5E2C8F7C2C8F4DB1")]),
        (
            "ssd-ext4",
            [
                ("/dev/sda1", "vfat", "EFI", "67E3-17ED"),
                ("/dev/sda2", "ext4", "BACKUP", "3c9d2a1b-4e5f-4678-9abc-def012345678"),
            ],
        ),
        (
            "card-reader",
            [
                ("/dev/sdb1", "vfat", "EOS_DIGITAL", "3939-3033"),
                ("/dev/mmcblk0p1", "exfat", "CARD", "0403-0201"),
            ],
        ),
        ("raspberry", [("/dev/sda1", "vfat", "KOLIBRI", "A0B1-C2D3")]),
        ("unmounted", [("/dev/sda1", "vfat", "STICK", "1F2E-33AA")]),
        ("luks-locked", [("/dev/sdb1", LOCKED, "Seagate Expansion SW", "9a8b7c6d-5e4f-4321-8765-43210fedcba9")]),
        (
            "luks-unlocked",
            [
                (
                    "/dev/mapper/luks-9a8b7c6d-5e4f-4321-8765-43210fedcba9",
                    "ext4",
                    "vault",
                    "e1d2c3b4-a596-4877-8869-5a4b3c2d1e0f",
                )
            ],
        ),
        (
            "no-uuid",
            [
                ("/dev/sda", "vfat", "OLD", "LABEL=OLD"),
                ("/dev/sdb1", "vfat", "Generic Flash Disk", "PARTUUID=00000000-01"),
                ("/dev/sdc", "vfat", "NONE", ""),
            ],
        ),
        ("unformatted", [("/dev/sda", "", "SanDisk Cruzer Blade", "")]),
        ("optical", []),
        ("virtual-machine", []),
    ],
)
def test_what_is_found(name: str, found: list[tuple[str, str, str, str]]) -> None:
    assert [(each.device, each.filesystem, each.title, each.identity) for each in drives(name)] == found


def test_a_card_whose_switch_is_on() -> None:
    assert [drive.is_protected for drive in drives("card-reader")] == [False, True]


def test_a_device_that_is_stated_counts_whatever_it_is() -> None:
    assert [drive.device for drive in drives("virtual-machine", "/dev/loop0")] == ["/dev/loop0"]


def test_a_label_alone_is_no_proof() -> None:
    old = drives("no-uuid")[0]
    assert old.is_same("LABEL=OLD", "BVY7P2LK")
    assert not old.is_same("LABEL=OLD", "another")
    assert drives("stick-fat32")[0].is_same("1F2E-33AA", "whatever the reader says")
    assert not drives("no-uuid")[2].is_same("", "")


def test_what_blkid_says_where_lsblk_knows_nothing() -> None:
    said = b'DEVNAME=/dev/loop0\nLABEL=a\\ \\"b\\\\c\\$\\ d\nUUID=248d52d3\nTYPE=ext4\nPART_ENTRY_UUID=5678-01\n'
    drive = with_blkid(Drive("/dev/loop0", "7:0"), said)
    assert (drive.label, drive.uuid, drive.filesystem, drive.partition) == ('a "b\\c$ d', "248d52d3", "ext4", "5678-01")
    assert with_blkid(drive, b"") == drive


def test_a_label_of_any_bytes_can_be_told() -> None:
    said = (RECORDED / "stick-fat32.json").read_bytes().replace(b'"STICK"', b'"\xff\x1b[2J"')
    for way in (said, said.replace(b"\x1b", b"\\u001b")):  # not every lsblk writes it so
        assert [drive.label for drive in drives_in(way)] == ["\ufffd\x1b[2J"]


@pytest.mark.parametrize("said", [b"", b"lsblk: unknown column", b"[]", b"{}", b'{"blockdevices": [1]}', b"\xff{"])
def test_what_lsblk_does_not_write_is_refused(said: bytes) -> None:
    with pytest.raises(NotLsblk):
        drives_in(said)


values: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just([])
devices = st.dictionaries(st.sampled_from(["path", "tran", "size", "fstype", "rm", "children", "type"]), values)


@given(st.lists(devices, max_size=3))
def test_odd_values_are_refused_or_read_and_nothing_else(found: list[dict[str, Any]]) -> None:
    try:
        drives_in(json.dumps({"blockdevices": found}).encode())
    except NotLsblk as refused:
        assert "lsblk" in str(refused)
