"""Looking at this machine."""

import os
from pathlib import Path

import pytest

from yester.engine.errors import YesterError
from yester.engine.mountinfo import Mount
from yester.plugins.usb import looking
from yester.plugins.usb.drives import Drive
from yester.plugins.usb.looking import READ_ONLY, Sight, answers, look, room_at


def test_this_machine_can_be_looked_at() -> None:
    sight = look()
    assert any(mount.point == b"/" for mount in sight.mounts)
    assert sight.drive_at(b"/") is None, "what the system runs from cannot be taken away"


def test_room(tmp_path: Path) -> None:
    point = os.fsencode(tmp_path)
    room = room_at(point, [Mount(b"/", b"/", b"ext4", b"/dev/x", "1:1")])
    assert 0 < room.free <= room.total and not room.hindrance
    assert room_at(point, [Mount(b"/", b"/", b"ext4", b"/dev/x", "1:1", is_read_only=True)]).hindrance == READ_ONLY
    with pytest.raises(FileNotFoundError):
        room_at(point + b"/none", [])


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may do anything
    assert room_at(os.fsencode(tmp_path), []).hindrance.endswith("you may not write there")


def test_what_is_gone_does_not_answer(tmp_path: Path) -> None:
    assert answers(os.fsencode(tmp_path))
    assert not answers(os.fsencode(tmp_path / "none"))


def test_a_link_leads_to_the_drive_that_it_leads_to(tmp_path: Path) -> None:
    stick = Drive("/dev/sda1", "8:1")
    point = tmp_path / "stick"
    point.mkdir()
    (tmp_path / "link").symlink_to(point)
    sight = Sight(
        [stick], [Mount(b"/", b"/", b"ext4", b"/dev/x", "1:1"), Mount(os.fsencode(point), b"/", b"ext4", b"x", "8:1")]
    )
    assert sight.drive_at(os.fsencode(tmp_path / "link" / "not" / "there")) == stick
    assert sight.drive_at(os.fsencode(tmp_path)) is None
    assert sight.points_of(stick) == [os.fsencode(point)]


def test_without_lsblk_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "_said", lambda *command: None)
    with pytest.raises(YesterError, match="lsblk cannot be run"):
        look()
