"""Notes of owners and modes, and hostile bytes in their place."""

import bz2
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from yester.engine.entries import Owner
from yester.engine.importing.fileinfo import FileInfo, load_fileinfo, load_names, read_info

INFO = """\
snapshot_version=3
snapshot_machine=box
snapshot_user=me
user.size=3
user.1.uid=1000
user.1.name=me
user.2.uid=-1
user.2.name=odd
user.3.uid=77
user.3.name=DOMAIN user
group.size=1
group.1.gid=513
group.1.name=domain users
filesystem_mounts={"/": {"type": "ext4"}}
"""
FILE, FOLDER = 0o100640, 0o040755


def test_info() -> None:
    names = read_info(INFO)
    assert names.users == {b"me": 1000, b"DOMAIN user": 77}
    assert names.groups == {b"domain users": 513}
    assert (names.machine, names.user) == ("box", "me")


def test_a_path_gets_its_mode_and_owner() -> None:
    notes = FileInfo([b"33184 me domain users /home/me/a b\n", b"33184 - staff /x\n"], read_info(INFO))
    found = notes.noted(b"/home/me/a b", FILE, 5, 6)
    assert found is not None
    assert (oct(found.mode), found.owner) == ("0o100640", Owner(1000, 513, b"me", b"domain users"))
    unnamed = notes.noted(b"/x", FILE, 5, 6)
    assert unnamed is not None
    assert unnamed.owner == Owner(5, 6, b"", b"staff")


def test_what_is_not_noted_or_something_else() -> None:
    notes = FileInfo([b"33184 me me /a\n"], read_info(INFO))
    assert notes.noted(b"/b", FILE, 0, 0) is None
    assert notes.noted(b"/a", FOLDER, 0, 0) is None
    root = notes.noted(b"/", FOLDER, 5, 6)
    assert root is not None
    assert root.owner == Owner(5, 6, b"root", b"root")


def test_lines_that_say_nothing() -> None:
    lines = [b"\n", b"33184 me me\n", b"x me me /a\n", b"33184 /a\n", b"33184 a b c d /a\n", b"99999999999999 a b /a\n"]
    assert len(FileInfo(lines, read_info(INFO))) == 1


@given(st.lists(st.binary(max_size=60), max_size=10), st.text(max_size=200))
def test_any_bytes_are_read(lines: list[bytes], info: str) -> None:
    FileInfo(lines, read_info(info)).noted(b"/a", FILE, 0, 0)


def test_files_that_are_missing_or_cut_short(tmp_path: Path) -> None:
    assert load_names(tmp_path).users == {}
    assert load_fileinfo(tmp_path, read_info("")) is None
    whole = bz2.compress(b"33184 me me /a\n" * 1000)
    (tmp_path / "fileinfo.bz2").write_bytes(whole[:-20])
    assert load_fileinfo(tmp_path, read_info("")) is None
    (tmp_path / "fileinfo.bz2").write_bytes(whole)
    assert load_fileinfo(tmp_path, read_info("")) is not None
