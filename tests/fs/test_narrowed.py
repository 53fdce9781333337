"""Mounts of one profile, one snapshot, one folder of it."""

import ctypes
import errno
import os
from pathlib import Path
from typing import Any

import pytest
from tests.comparison import compare
from tests.fs.mounting import World
from tests.fs.test_contract import LIBC, Dirent, Handle
from tests.fs.test_serving import inodes, wait_for


@pytest.fixture
def filled(world: World) -> World:
    for folder in ("a", "a/b", "a/b/c", "d"):
        (world.source / folder).mkdir()
        (world.source / folder / "file").write_text(folder)
    os.link(world.source / "a" / "file", world.source / "d" / "linked")
    os.setxattr(world.source / "a", "user.one", b"value")
    (world.source / "a").chmod(0o750)
    world.take()
    return world


def handle_of(path: Path) -> Handle:
    handle, mount_id = Handle(128), ctypes.c_int()
    assert LIBC.name_to_handle_at(-100, bytes(path), ctypes.byref(handle), ctypes.byref(mount_id), 0) == 0
    return handle


def opened(top: Path, handle: Handle) -> int:
    """Open a handle; a descriptor, or an errno as a negative number."""
    fd = os.open(top, os.O_RDONLY)
    try:
        found = int(LIBC.open_by_handle_at(fd, ctypes.byref(handle), os.O_RDONLY))
        return found if found >= 0 else -ctypes.get_errno()
    finally:
        os.close(fd)


def listed(folder: Path) -> dict[bytes, int]:
    """The names that a folder lists, with the numbers that come with them, the dots among them."""
    LIBC.opendir.restype = LIBC.readdir.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(LIBC.opendir(bytes(folder)))
    found = {}
    while place := LIBC.readdir(handle):
        entry = Dirent.from_address(place)
        found[entry.d_name] = entry.d_ino
    LIBC.closedir(handle)
    return found


def test_one_profile_shows_its_snapshots_and_new_ones(filled: World) -> None:
    filled.take("other")
    with filled.mounted(profile="docs") as mnt:
        latest = os.readlink(mnt / "latest")
        assert sorted(os.listdir(mnt)) == [latest, "latest", "versions"]
        assert (filled.latest / "a" / "b" / "file").read_text() == "a/b"
        assert os.stat(mnt / latest / "..").st_ino == os.stat(mnt).st_ino
        filled.take()
        wait_for(lambda: os.readlink(mnt / "latest") != latest)
        filled.take("other")
        assert len(os.listdir(mnt)) == 4


def test_one_snapshot_is_the_root_as_it_was(filled: World) -> None:
    with filled.mounted(snapshot="docs@latest") as mnt:
        copy = mnt / str(filled.source).lstrip("/")
        assert list(map(str, compare(filled.source, copy, ignore=("holes", "flags")))) == []
        assert os.stat(mnt).st_ino == 1 and os.listdir(mnt) == [filled.source.parts[1]]


def test_a_later_snapshot_changes_nothing_of_it(filled: World) -> None:
    with filled.mounted(snapshot="latest") as mnt:
        held = os.open(mnt / str(filled.source).lstrip("/"), os.O_RDONLY)
        (filled.source / "later").touch()
        second = filled.take()
        for sid in filled.open().snapshot_ids() - {second}:
            filled.open().forget_snapshot(sid, "asked")
        assert "later" not in os.listdir(held)
        os.close(held)


@pytest.mark.parametrize("far", [False, True])
def test_one_folder_is_the_root_with_all_that_belongs_to_it(filled: World, far: bool) -> None:
    with filled.mounted(path=f"{filled.source}/a", far=far) as mnt:
        assert list(map(str, compare(filled.source / "a", mnt, ignore=("holes", "flags")))) == []
        assert os.stat(mnt).st_mode == os.stat(filled.source / "a").st_mode
        assert os.listxattr(mnt) == ["user.one"] and os.getxattr(mnt, "user.one") == b"value"
        with os.scandir(mnt) as entries:
            assert {entry.name: entry.inode() for entry in entries} == {
                name: os.lstat(mnt / name).st_ino for name in ("b", "file")
            }
        assert {name: listed(mnt)[name] for name in (b".", b"..")} == {b".": 1, b"..": 1}
        assert listed(mnt / "b") == {
            b".": os.stat(mnt / "b").st_ino,
            b"..": 1,
            **{name.encode(): os.stat(mnt / "b" / name).st_ino for name in ("c", "file")},
        }
        assert os.stat(mnt / "b" / "..").st_ino == os.stat(mnt).st_ino == os.stat(mnt / ".").st_ino == 1
        assert os.statvfs(mnt).f_files == 5


def test_numbers_are_those_of_any_mount_and_stay(filled: World) -> None:
    with filled.mounted():
        whole = inodes(filled.latest / "a")
        whole = {path.removeprefix(str(filled.latest / "a")): number for path, number in whole.items()}
    for _ in range(2):
        with filled.mounted(path=f"{filled.source}/a") as mnt:
            narrow = {path.removeprefix(str(mnt)): number for path, number in inodes(mnt).items()}
        assert narrow == whole | {"": 1}


def test_handles_lead_to_what_is_shown_and_nowhere_else(filled: World) -> None:
    with filled.mounted():
        outside = [handle_of(filled.latest / name) for name in ("d/file", "d", "", "../..")]
        inside = [handle_of(filled.latest / "a" / name) for name in ("b", "b/c/file", "file", "")]
    with filled.mounted(path=f"{filled.source}/a") as mnt:
        assert [opened(mnt, handle) for handle in outside] == [-errno.ESTALE] * 4
        folder, deep, linked, top = (opened(mnt, handle) for handle in inside)
        assert sorted(os.listdir(folder)) == ["c", "file"] and os.read(deep, 9) == b"a/b/c"
        assert os.readlink(f"/proc/self/fd/{folder}") == str(mnt / "b")
        assert os.read(linked, 9) == b"a"
        for fd in (folder, deep, linked, *([top] if top >= 0 else [])):
            os.close(fd)
    with filled.mounted(path=f"{filled.source}/d") as mnt:
        linked = opened(mnt, handle_of(mnt / "linked"))
        assert os.read(linked, 9) == b"a"
        os.close(linked)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"profile": "none"}, "No snapshot is of a profile none"),
        ({"snapshot": "none"}, "no snapshot none"),
        ({"path": "/none"}, "There is no folder /none in snapshot"),
        ({"path": "{source}/a/file"}, "is no folder: "),
        ({"path": "{source}/a/../d"}, "There is no folder"),
        ({"path": "{source}/a", "profile": "music"}, "No snapshot is of"),
    ],
)
def test_what_is_not_there_is_said_and_nothing_is_mounted(filled: World, plan: dict[str, Any], said: str) -> None:
    refused = filled.try_to_mount(**{key: value.format(source=filled.source) for key, value in plan.items()})
    assert refused.returncode == 1 and said in refused.stderr
    assert filled.mounts() == []


def test_a_profile_of_several_hosts_must_be_told_apart(filled: World) -> None:
    here = filled.open().snapshots()[0]
    filled.put(here[0], host="there")
    refused = filled.try_to_mount(profile="docs")
    assert "Several hosts" in refused.stderr and "docs@there" in refused.stderr
    with filled.mounted(profile="docs@there") as mnt:
        assert len(os.listdir(mnt)) == 3
