"""What comes back to where it was, and what is there and newer stays."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.restoring_rig import restored, taken
from tests.rig import Recorder, Rig, write

from yester.engine.entries import Entry, Owner
from yester.engine.errors import UsageError
from yester.engine.events import Message
from yester.engine.progress import NoProgress
from yester.engine.restore.foreseeing import foresee
from yester.engine.restore.plan import Conflict, Start, _outermost
from yester.engine.restore.restoring import restore
from yester.engine.trees.directories import decode_root

OLD_S, NEW_S = 1_000_000, 4_000_000_000


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    write(folder / "a.txt", b"first")
    write(folder / "letters" / "deep" / "b.txt", b"second")
    write(folder / "letters" / "c.txt", b"third")
    (folder / "letters").chmod(0o710)
    for each in (folder / "letters" / "deep", folder / "letters"):
        os.utime(each, (OLD_S, OLD_S))
    return folder


@pytest.fixture
def rig(home: Path, docs: Path) -> Rig:
    return Rig.of(home, docs)


def test_many_come_back_to_where_they_were_at_once(rig: Rig, docs: Path) -> None:
    sid = taken(rig)
    for each in (docs / "letters/deep/b.txt", docs / "letters/deep", docs / "letters/c.txt", docs / "letters"):
        each.rmdir() if each.is_dir() else each.unlink()
    (docs / "a.txt").unlink()
    report = restored(rig, sid, None, docs / "letters/deep/b.txt", docs / "a.txt")
    assert (docs / "a.txt").read_bytes() == b"first"
    assert (docs / "letters/deep/b.txt").read_bytes() == b"second"
    assert not (docs / "letters/c.txt").exists()
    assert (report.counts.files, report.failed) == (2, 0)
    status = (docs / "letters").stat()
    assert (status.st_mode & 0o777, status.st_mtime) == (0o710, OLD_S)


def test_folders_that_are_there_are_left_as_they_are(rig: Rig, docs: Path) -> None:
    sid = taken(rig)
    (docs / "letters").chmod(0o777)
    (docs / "letters/c.txt").unlink()
    restored(rig, sid, None, docs / "letters/c.txt", docs / "letters/c.txt")
    assert (docs / "letters").stat().st_mode & 0o777 == 0o777
    assert sorted(os.listdir(docs / "letters")) == ["c.txt", "deep"]


def test_a_place_that_can_not_be_is_a_failure_of_its_own(rig: Rig, docs: Path) -> None:
    sid = taken(rig)
    shutil.rmtree(docs / "letters")
    write(docs / "letters", b"a file by now")
    (docs / "a.txt").unlink()
    report = restored(rig, sid, None, docs / "letters/c.txt", docs / "a.txt")
    assert [each.path for each in report.failures] == [os.fsencode(docs / "letters/c.txt")]
    assert (docs / "a.txt").read_bytes() == b"first"


def test_nothing_comes_back_into_the_repository(rig: Rig, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sid, repository = taken(rig), rig.open()
    monkeypatch.setattr(type(repository.store), "folder", os.fspath(docs), raising=False)
    with pytest.raises(UsageError, match="lies inside the repository"):
        restore(repository, sid, [os.fsencode(docs / "a.txt")], None, hooks=Recorder(), progress=NoProgress())


def test_what_is_newer_stays_and_what_is_older_is_replaced(rig: Rig, docs: Path) -> None:
    sid = taken(rig)
    for name, when in (("a.txt", OLD_S), ("letters/c.txt", NEW_S), ("letters/deep/b.txt", OLD_S)):
        (docs / name).write_bytes(b"by now another")
        os.utime(docs / name, (when, when))
    (docs / "letters/deep/b.txt").unlink()
    (docs / "letters").chmod(0o700)
    os.utime(docs / "letters", (NEW_S, NEW_S))
    report = restored(rig, sid, None, docs, conflict=Conflict.NEWER)
    said = {name: (docs / name).read_bytes() for name in ("a.txt", "letters/c.txt", "letters/deep/b.txt")}
    assert said == {"a.txt": b"first", "letters/c.txt": b"by now another", "letters/deep/b.txt": b"second"}
    assert (report.counts.replaced, report.counts.set_aside, report.counts.skipped) == (1, 0, 1)
    assert (docs / "letters").stat().st_mode & 0o777 == 0o700


def test_it_is_foreseen_what_is_older(rig: Rig, docs: Path) -> None:
    sid = taken(rig)
    for name, when in (("a.txt", OLD_S), ("letters/c.txt", NEW_S)):
        (docs / name).write_bytes(b"by now another")
        os.utime(docs / name, (when, when))
    opened = rig.open()
    root = decode_root(opened.snapshot(sid).root)
    found = foresee(opened.reader(), root, [os.fsencode(docs)], None)
    assert (found.different, found.older, found.missing) == (2, 1, 0)
    assert set(found.examples) == {os.fsencode(docs / "a.txt"), os.fsencode(docs / "letters/c.txt")}


def test_what_nobody_could_restore_is_in_the_journal(rig: Rig, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yester.engine.restore.report import Tally

    sid, hooks, done = taken(rig), Recorder(), Tally.report
    monkeypatch.setattr(
        Tally, "report", lambda tally: (tally.lack(b"/x", "owner"), tally.lack(b"/y", "owner"), done(tally))[2]
    )
    restore(rig.open(), sid, [os.fsencode(docs)], None, hooks=hooks, progress=NoProgress())
    assert [event for event in hooks.events if isinstance(event, Message)] == [
        Message(path="/x", level="warning", text="not restored, nor of 1 other: owner")
    ]


_NAMES = st.lists(st.sampled_from([b"a", b"b", b"ab", b"a b"]), max_size=4).map(lambda parts: b"/" + b"/".join(parts))


@given(st.lists(_NAMES, max_size=8))
def test_of_paths_in_each_other_the_outermost_are_kept_once(paths: list[bytes]) -> None:
    entry = Entry(b"", 0o100644, Owner(0, 0), 0, 0, 0)
    kept = [start.path for start in _outermost([Start(entry, 0, path, b"") for path in paths])]

    def covers(one: bytes, other: bytes) -> bool:
        return (other + b"/").startswith(one.rstrip(b"/") + b"/")

    assert all(any(covers(each, path) for each in kept) for path in paths)
    assert not any(covers(one, other) for one in kept for other in kept if one is not other)
