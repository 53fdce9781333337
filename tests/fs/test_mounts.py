"""The kernel's mount table, and which mount points are fit."""

import os
from pathlib import Path

import pytest

from yester.engine.errors import UsageError, YesterError
from yester.fs import mounts
from yester.fs.mounts import ActiveMount, canonical, check_apart, check_fuse, check_mountpoint, check_others_allowed
from yester.fs.mounts import parse_mount_table as parse

LINE = b"62 29 0:52 / /mnt/a\\040b rw,nosuid - fuse.yester yester:/srv/back\\040up ro,user_id=0\n"


def test_a_mount_of_ours_is_found_and_its_path_unescaped() -> None:
    other = b"30 29 0:26 / /sys rw - sysfs sysfs rw\n31 29 0:27 / /m rw - fuse.sshfs yester rw\n"
    assert parse(other + LINE) == [ActiveMount(b"/mnt/a b", "yester:/srv/back up", "0:52", 0)]


def test_optional_fields_of_a_line_do_not_disturb() -> None:
    assert parse(LINE.replace(b" - ", b" shared:3 master:1 - "))[0].path == b"/mnt/a b"


def test_where_there_is_no_mount_table_nothing_is_mounted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mounts, "MOUNT_TABLE", tmp_path / "none")
    assert mounts.active_mounts() == []


def test_a_folder_is_fit_when_it_is_empty(tmp_path: Path) -> None:
    check_mountpoint(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="not empty"):
        check_mountpoint(tmp_path)
    with pytest.raises(UsageError, match="not a folder"):
        check_mountpoint(tmp_path / "file")
    with pytest.raises(UsageError, match="does not exist"):
        check_mountpoint(tmp_path / "none")


def test_a_folder_in_a_mount_is_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "view/latest/docs").mkdir(parents=True)
    table = tmp_path / "table"
    table.write_bytes(b"62 29 0:52 / %s rw - fuse.yester yester:/srv rw\n" % os.fsencode(tmp_path / "view/latest"))
    monkeypatch.setattr(mounts, "MOUNT_TABLE", table)
    with pytest.raises(UsageError, match=f"inside a mount of yester, {tmp_path}/view/latest$"):
        check_mountpoint(tmp_path / "view/latest/docs")
    (tmp_path / "view/latest-too").mkdir()
    check_mountpoint(tmp_path / "view/latest-too")


def test_what_one_may_not_look_into_is_not_fit(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "loop").symlink_to("loop")
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        for path in (tmp_path / "closed", tmp_path / "closed" / "below"):
            with pytest.raises(UsageError, match=f"{path} cannot be read: Permission denied"):
                check_mountpoint(path)
    finally:
        os.seteuid(user)
    with pytest.raises(UsageError, match="loop cannot be read: Too many"):
        check_mountpoint(tmp_path / "loop")


def test_a_path_from_a_folder_that_is_gone_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="The current folder was removed"):
        canonical(Path("mnt"))
    assert canonical(tmp_path) == tmp_path


def test_a_mount_point_is_known_by_its_path_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "above").symlink_to("real")
    (tmp_path / "link").symlink_to("above/below")
    (tmp_path / "loop").symlink_to("loop")
    below = tmp_path / "real" / "below"
    assert [canonical(tmp_path / path) for path in ("above/below", "link", "above/below/..")] == [
        below,
        below,
        tmp_path / "real",
    ]
    assert canonical(tmp_path / "loop") == tmp_path / "loop" and canonical(Path("/")) == Path("/")
    monkeypatch.chdir(below)
    assert canonical(Path(".")) == canonical(Path("../below")) == below


def test_mount_point_and_repository_must_lie_apart(tmp_path: Path) -> None:
    (tmp_path / "repository" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to("repository")
    check_apart(tmp_path / "elsewhere", tmp_path / "repository")
    with pytest.raises(UsageError, match="lies inside the repository"):
        check_apart(tmp_path / "link" / "below", tmp_path / "repository")
    with pytest.raises(UsageError, match="which the mount would hide"):
        check_apart(tmp_path, tmp_path / "repository")


def test_without_the_device_there_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mounts, "FUSE_DEVICE", tmp_path / "fuse")
    with pytest.raises(YesterError, match=r"has no .*fuse") as caught:
        check_fuse()
    assert "modprobe" in caught.value.hint
    (tmp_path / "fuse").mkdir()
    with pytest.raises(YesterError, match="may not be used"):
        check_fuse()


def test_who_may_show_a_mount_to_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mounts, "FUSE_SETTINGS", tmp_path / "conf")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    check_others_allowed()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(UsageError, match="Only an administrator"):
        check_others_allowed()
    (tmp_path / "conf").write_text("# user_allow_other\nmount_max = 5\n")
    with pytest.raises(UsageError):
        check_others_allowed()
    (tmp_path / "conf").write_text("user_allow_other # yes\n")
    check_others_allowed()
