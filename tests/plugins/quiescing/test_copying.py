"""Copies of folders in which somebody writes."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yester.plugins.quiescing import copying
from yester.plugins.quiescing.copying import FolderCopy
from yester.plugins.quiescing.failing import Failed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "live"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a").write_bytes(b"a" * 10_000)
    (folder / "deep" / "er" / "b").write_text("b")
    (folder / "link").symlink_to("deep/er")
    os.mkfifo(folder / "pipe")
    age(folder)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder


def age(folder: Path) -> None:
    """Let files look as if they had been written long ago."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, ns=(10**18, 10**18))


def content(folder: Path) -> dict[str, bytes | str | None]:
    found: dict[str, bytes | str | None] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes()
        elif path.is_dir():
            found[name] = None
    return found


def test_all_of_it_with_rights(source: Path, target: Path) -> None:
    (source / "a").chmod(0o640)
    (source / "deep").chmod(0o710)
    FolderCopy(source, target).update()
    assert content(target) == content(source)
    assert ((target / "a").stat().st_mode & 0o777, (target / "deep").stat().st_mode & 0o777) == (0o640, 0o710)


def test_what_is_as_it_was_is_not_copied_again(source: Path, target: Path) -> None:
    copy = FolderCopy(source, target)
    assert copy.update() == 3
    assert copy.update() == 0
    inode = (target / "a").stat().st_ino
    (source / "deep/er/b").write_text("c")
    assert FolderCopy(source, target).update() == 1
    assert ((target / "a").stat().st_ino, (target / "deep/er/b").read_text()) == (inode, "c")


def test_what_was_written_to_a_moment_ago_is_not_trusted(source: Path, target: Path) -> None:
    """A second write within the same tick of the clock leaves size and time as they are."""
    copy = FolderCopy(source, target)
    (source / "a").write_bytes(b"1" * 10)
    now = (source / "a").stat().st_mtime_ns
    copy.update()
    (source / "a").write_bytes(b"2" * 10)
    os.utime(source / "a", ns=(now, now))
    assert copy.update() == 1
    assert (target / "a").read_bytes() == b"2" * 10


def test_what_goes_goes(source: Path, target: Path) -> None:
    FolderCopy(source, target).update()
    (target / "left over").mkdir()
    (target / "left over" / "x").write_text("x")
    (source / "a").unlink()
    (source / "link").unlink()
    (source / "link").mkdir()
    (source / "deep" / "er" / "b").unlink()
    (source / "deep" / "er").rmdir()
    (source / "deep" / "er").write_text("now a file")
    FolderCopy(source, target).update()
    assert content(target) == content(source)


def test_what_is_left_out(source: Path, target: Path) -> None:
    FolderCopy(source, target).update()
    FolderCopy(source, target, lambda path, is_folder: path == "deep/er" and is_folder).update()
    assert sorted(content(target)) == ["a", "deep", "link"]


def test_it_settles_when_nobody_writes_any_more(source: Path, target: Path) -> None:
    """Two files are written to one after the other, always in this order."""
    stop, rounds = threading.Event(), 0

    def write() -> None:
        nonlocal rounds
        while not stop.is_set():
            rounds += 1
            for name in ("first", "second"):
                (source / name).write_text(str(rounds))

    writer = threading.Thread(target=write)
    writer.start()
    copy = FolderCopy(source, target)
    copy.update()
    stop.set()
    copy.settle(60)
    writer.join()
    copy.settle(60)
    assert (target / "first").read_text() == (target / "second").read_text() == str(rounds)


def test_who_goes_on_writing_is_told(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: (source / "a").write_text(os.urandom(8).hex()))
    with pytest.raises(Failed, match=r"1 files of .*live go on changing while nobody should write to them"):
        FolderCopy(source, target).settle(0.2)


def test_a_file_that_vanishes_is_passed_over(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = copying._fill

    def fill(reader: int, writer: int) -> None:
        (source / "deep" / "er" / "b").unlink(missing_ok=True)
        real(reader, writer)

    monkeypatch.setattr(copying, "_fill", fill)
    copy = FolderCopy(source, target)
    copy.update()
    monkeypatch.undo()
    copy.settle(60)
    assert content(target) == content(source)


NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a"])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(NAMES, st.binary(max_size=3) | st.none()), max_size=12))
def test_any_changes(tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, bytes | None]]) -> None:
    source, target = tmp_path_factory.mktemp("live"), tmp_path_factory.mktemp("copy")
    for name, data in changes:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(data)
        FolderCopy(source, target).update()
        assert content(target) == content(source)
