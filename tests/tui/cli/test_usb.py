"""The plugin `usb` from the command line, with what lsblk said elsewhere (tests/plugins/usb/lsblk)."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester

from yester.engine.places import Places
from yester.engine.profiles.reading import load_profile

RECORDED = Path(__file__).parents[2] / "plugins" / "usb" / "lsblk"

Connect = Callable[[str], None]


@pytest.fixture
def connect(yester: Yester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Let lsblk see what it saw where that was recorded; `yester schedule` writes down that it was asked, no more."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "lsblk").write_text(f"#!/bin/sh\nexec cat {tmp_path}/seen\n")
    (programs / "blkid").write_text("#!/bin/sh\nexit 2\n")
    notes = '[{"notes": ["nobody is there to type the passphrase"]}]'
    (programs / "yester").write_text(f"#!/bin/sh\necho \"$@\" >>{tmp_path}/asked\necho '{notes}'\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    assert yester("plugin", "enable", "usb").code == 0

    def see(name: str) -> None:
        (tmp_path / "seen").write_bytes((RECORDED / f"{name}.json").read_bytes())

    see("stick-fat32")
    return see


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


def test_drives_are_listed(yester: Yester, connect: Connect) -> None:
    assert yester("plugin", "run", "usb", "drives").out == (
        "STICK (SanDisk Cruzer Blade): 14.3 GiB, vfat, not mounted (/dev/sda1); 1F2E-33AA\n"
    )
    [row] = json.loads(yester("plugin", "run", "usb", "drives", "--json").out)["rows"]
    assert (row["level"], row["key"]) == ("info", "1F2E-33AA")
    connect("virtual-machine")
    assert yester("plugin", "run", "usb", "drives").out == "No drive is connected that can be taken away\n"


def test_a_drive_is_remembered_and_forgotten(yester: Yester, connect: Connect, profile: str, tmp_path: Path) -> None:
    done = yester("plugin", "run", "usb", "remember", "drive=STICK", "profile=docs")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "docs starts when STICK (SanDisk Cruzer Blade) is plugged in (1F2E-33AA)\n"
        "the system starts it: yester schedule show docs\n"
        "nobody is there to type the passphrase\n"
    )
    assert (tmp_path / "asked").read_text() == "schedule enable docs --json\n"
    assert load_profile(Places.default().config / "profiles", "docs").schedule.drive == "1F2E-33AA"
    assert yester("profile", "check", "docs").code == 0
    assert yester("plugin", "run", "usb", "drives").out.endswith("; 1F2E-33AA; starts docs\n")
    assert yester("plugin", "run", "usb", "remembered").out.startswith("docs: STICK (SanDisk Cruzer Blade): 14.3 GiB")
    connect("disk-ntfs")
    assert yester("plugin", "run", "usb", "remembered").out == (
        "docs: The drive STICK (SanDisk Cruzer Blade) is not connected (1F2E-33AA)\n"
    )
    assert yester("plugin", "run", "usb", "forget", "profile=docs").out == (
        "docs waits for STICK (SanDisk Cruzer Blade) no more\n"
    )
    assert (tmp_path / "asked").read_text() == "schedule enable docs --json\nschedule disable docs --json\n"
    assert yester("plugin", "run", "usb", "remembered").out == "No profile waits for a drive\n"


def test_a_schedule_that_goes_is_said(yester: Yester, connect: Connect, profile: str, tmp_path: Path) -> None:
    assert yester("profile", "edit", "docs", "--set", "schedule.when=daily").code == 0
    (tmp_path / "programs" / "yester").write_text("#!/bin/sh\necho 'yester: only root may add the rule' >&2\nexit 1\n")
    done = yester("plugin", "run", "usb", "remember", "drive=STICK", "profile=docs")
    assert done.out.splitlines()[1:] == [
        "its schedule was daily, and is no more",
        "but nothing starts it yet: only root may add the rule",
        "to try again: yester schedule enable docs",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["drive=STIK", "profile=docs"], "yester: usb: No drive STIK is connected\n  hint: There is: STICK\n"),
        (["drive=STICK"], "yester: usb: It is not said which profile\n"),
        (["drive=STICK", "profile=dogs"], "Did you mean docs?"),
        (
            ["drve=STICK"],
            "drve=STICK is no option of the action\n  hint: They are given as OPTION=VALUE. Did you mean drive?",
        ),
    ],
)
def test_mistakes_are_said(yester: Yester, connect: Connect, profile: str, options: list[str], words: str) -> None:
    done = yester("plugin", "run", "usb", "remember", *options)
    assert done.code == 2
    assert words in done.err


def test_a_drive_that_nothing_tells_from_others(yester: Yester, connect: Connect, profile: str) -> None:
    connect("no-uuid")
    done = yester("plugin", "run", "usb", "remember", "drive=/dev/sdc", "profile=docs")
    assert done.code == 2
    assert "Nothing tells /dev/sdc from other drives" in done.err


def test_a_run_whose_drive_is_elsewhere(yester: Yester, connect: Connect, profile: str, tmp_path: Path) -> None:
    place = str(tmp_path / "media" / "STICK" / "repo")
    assert yester("profile", "edit", "docs", "--set", f"repository={place}").code == 0
    assert yester("plugin", "run", "usb", "remember", "drive=STICK", "profile=docs").code == 0
    done = yester("snap", "docs")
    assert (
        "yester: usb: The drive STICK (SanDisk Cruzer Blade) is connected, but not mounted: udisksctl mount" in done.err
    )
    connect("disk-ntfs")
    done = yester("snap", "docs")
    assert "yester: usb: The drive STICK (SanDisk Cruzer Blade) is not connected (1F2E-33AA)\n" in done.err
    assert done.code == 6


def test_a_machine_without_lsblk(yester: Yester, connect: Connect, tmp_path: Path, profile: str) -> None:
    (tmp_path / "seen").write_text("lsblk: unknown column: PATH")
    done = yester("plugin", "run", "usb", "drives")
    assert done.code == 1
    assert "lsblk wrote something else than expected" in done.err
    assert yester("snap", "docs").code == 0, "a plugin harms no run"


def test_the_unit_of_a_remembered_drive(yester: Yester, connect: Connect, profile: str) -> None:
    """What would be installed, looked at by systemd; its commands are run by hand in test_loose_drives.py."""
    assert yester("plugin", "run", "usb", "remember", "drive=STICK", "profile=docs").code == 0
    done = yester("schedule", "enable", "docs", "--dry-run", "--with", "systemd", "--json")
    assert (done.code, done.err) == (0, "")
    [plan] = json.loads(done.out)
    assert plan["notes"] == [], "systemd-analyze verify has looked at it"
    [text] = plan["texts"]
    assert "WantedBy=dev-disk-by\\x2duuid-1F2E\\x2d33AA.device" in text["text"]
    escaped = subprocess.run(
        ["systemd-escape", "--path", "--suffix=device", "/dev/disk/by-uuid/1F2E-33AA"], capture_output=True, check=True
    )
    assert escaped.stdout.decode().strip() in text["text"]
