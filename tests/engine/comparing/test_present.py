"""The files as they are now, and how entries differ."""

import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from tests.rig import Rig, write

from yester.engine.comparing.present import Likeness, Present, likeness
from yester.engine.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "docs"
    write(place / "b.txt", b"second")
    write(place / "a" / "inside", b"x")
    (place / "link").symlink_to("b.txt")
    os.mkfifo(place / "pipe")
    write(Path(os.fsdecode(os.fsencode(place) + b"/caf\xe9")), b"")
    return place


def test_entries_now_are_like_those_of_a_snapshot(home: Path, folder: Path) -> None:
    rig = Rig.of(home, folder)
    with socket.socket(socket.AF_UNIX) as held:
        here = os.getcwd()
        os.chdir(folder)
        try:
            held.bind("socket")
        finally:
            os.chdir(here)
    snapshot = rig.snap().snapshot
    taken = rig.taken(snapshot)
    present, place = Present(), os.fsencode(folder)
    names = present.names(place)
    assert names == sorted(os.listdir(place))
    for entry in present.entries(place, names):
        stored = taken[place + b"/" + entry.name]
        assert likeness(stored, entry) == Likeness.SAME, entry
        whole = present.entry(place + b"/" + entry.name)
        assert (whole.xattrs, whole.flags, whole.birth_ns) == (stored.xattrs, stored.flags, stored.birth_ns)
        assert replace(whole, xattrs=b"", flags=0) == replace(entry, xattrs=b"", flags=0)


def test_in_what_entries_differ(folder: Path) -> None:
    present, place = Present(), os.fsencode(folder)
    before = {entry.name: entry for entry in present.entries(place, present.names(place))}
    (folder / "b.txt").write_bytes(b"another")
    (folder / "a").chmod(0o700)
    (folder / "pipe").unlink()
    (folder / "link").unlink()
    (folder / "link").symlink_to("a")
    now = {entry.name: entry for entry in present.entries(place, [*before])}
    found = {name: likeness(entry, now.get(name)) for name, entry in before.items()}
    assert found == {
        b"a": "attributes", b"b.txt": "changed", b"caf\xe9": "same", b"link": "changed", b"pipe": "missing",
    }  # fmt: skip
    assert likeness(before[b"a"], replace(before[b"a"], mode=stat.S_IFREG | 0o755)) == Likeness.CHANGED
    write(folder / "a" / "more")
    [again] = present.entries(place, [b"a"])
    assert likeness(now[b"a"], again) == Likeness.CHANGED


def test_what_is_not_there_or_no_folder_is_said(folder: Path) -> None:
    present, place = Present(), os.fsencode(folder)
    for path in (place + b"/none", place + b"/b.txt"):
        with pytest.raises(UsageError, match="There is no"):
            present.names(path)
        with pytest.raises(UsageError, match="There is no"):
            [*present.entries(path, [b"x"])]
    with pytest.raises(UsageError, match=r"There is no .*/none now"):
        present.entry(place + b"/none")
    assert [*present.entries(place, [b"none"])] == []
    assert present.stamp(place) == present.stamp(place)
    assert stat.S_ISDIR(present.entry(b"/").mode)
