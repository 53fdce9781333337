"""Restore brings everything back, and nothing anywhere else."""

import errno
import grp
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISLNK
from types import SimpleNamespace

import pytest
from tests import zoo
from tests.comparison import compare
from tests.engine.restoring_rig import (
    as_nobody,
    checked,
    committed,
    empty_file,
    link,
    objects,
    restored,
    taken,
)
from tests.rig import Rig

from yester.engine.entries import Entry, Mark, Owner
from yester.engine.errors import CancelledError, UsageError, YesterError
from yester.engine.events import Message, RestoreBegin, RestoreEnd
from yester.engine.progress import NoProgress
from yester.engine.restore import content as restore_content
from yester.engine.restore.ownership import OwnerMode
from yester.engine.restore.plan import Conflict
from yester.engine.restore.restoring import restore

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder that is emptied of immutable files too."""
    folder = tmp_path / "place"
    folder.mkdir()
    yield folder
    zoo.clear(folder)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "letters").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"first")
    (folder / "letters" / "b.txt").write_bytes(b"second" * 1000)
    (folder / "letters" / "link").symlink_to("../a.txt")
    return folder


@pytest.fixture
def rig(home: Path, docs: Path) -> Rig:
    return Rig.of(home, docs)


@pytest.fixture
def everyones() -> Iterator[Path]:
    """A folder in which any user may write."""
    folder = Path(tempfile.mkdtemp(prefix="yester-test-"))
    folder.chmod(0o777)
    yield folder
    zoo.clear(folder)


# Everything comes back.


def test_every_kind_of_metadata_comes_back(home: Path, place: Path) -> None:
    zoo.build(place / "zoo")
    rig = Rig.of(home, place / "zoo")
    report = restored(rig, taken(rig), place / "back", place / "zoo")
    assert compare(place / "zoo", place / "back" / "zoo") == []
    assert (report.failed, report.failures, dict(report.lacking)) == (0, (), {})
    assert report.counts.links == 6


def test_a_second_restore_changes_nothing(home: Path, place: Path) -> None:
    zoo.build(place / "zoo")
    rig = Rig.of(home, place / "zoo")
    sid = taken(rig)
    first = restored(rig, sid, place / "back", place / "zoo").counts
    again = restored(rig, sid, place / "back", place / "zoo")
    assert compare(place / "zoo", place / "back" / "zoo") == []
    assert again.counts.same == first.files + first.directories + first.symlinks + first.specials + first.links
    assert (again.failures, again.counts.set_aside, again.counts.files) == ((), 0, 0)


def test_without_paths_the_whole_tree_comes_back_rooted_as_it_was(rig: Rig, docs: Path, place: Path) -> None:
    restored(rig, taken(rig), place / "back")
    rooted = place / "back" / docs.relative_to("/")
    assert compare(docs, rooted) == []
    above = (docs.parent, rooted.parent)
    assert compare(*above, ignore=("presence", "content")) == []
    assert os.stat(place / "back").st_mtime_ns == os.stat("/").st_mtime_ns


def test_a_target_that_was_there_keeps_its_own_attributes(rig: Rig, place: Path) -> None:
    place.chmod(0o711)
    restored(rig, taken(rig), place)
    assert place.stat().st_mode & 0o777 == 0o711


def test_files_and_folders_by_path(rig: Rig, docs: Path, place: Path) -> None:
    report = restored(rig, taken(rig), place, docs / "a.txt", docs / "letters")
    assert sorted(os.listdir(place)) == ["a.txt", "letters"]
    assert compare(docs / "letters", place / "letters") == []
    assert compare(docs / "a.txt", place / "a.txt") == []
    assert (report.counts.files, report.counts.directories, report.counts.symlinks) == (2, 1, 1)


def test_paths_deeper_than_a_path_can_be(home: Path, place: Path) -> None:
    (place / "deep").mkdir()
    zoo.dig(os.fsencode(place / "deep"), 150)
    rig = Rig.of(home, place / "deep")
    restored(rig, taken(rig), place / "back", place / "deep")
    assert compare(place / "deep", place / "back" / "deep") == []


def test_large_files_come_back_in_segments(home: Path, place: Path) -> None:
    source = place / "large"
    source.mkdir()
    (source / "noise").write_bytes(zoo.noise(20_000_000))
    zoo.write_sparse(os.fsencode(source / "sparse"), 1 << 33, (1 << 20, zoo.noise(9_000_000, 2)), (1 << 32, b"end"))
    rig = Rig.of(home, source)
    report = restored(rig, taken(rig), place / "back", source)
    assert compare(source, place / "back" / "large") == []
    assert 29_000_000 <= report.counts.size < 29_200_000, "whole blocks of data, no holes"
    assert not [name for name in os.listdir(place / "back" / "large") if name.startswith(".yester")]


def test_links_to_what_is_not_restored_are_files_of_their_own(home: Path, place: Path) -> None:
    for folder in ("one", "two"):
        (place / "src" / folder).mkdir(parents=True)
    (place / "src" / "one" / "first").write_bytes(b"linked")
    for name in ("second", "third"):
        os.link(place / "src" / "one" / "first", place / "src" / "two" / name)
    rig = Rig.of(home, place / "src")
    report = restored(rig, taken(rig), place / "back", place / "src" / "two")
    second, third = (os.stat(place / "back" / "two" / name) for name in ("second", "third"))
    assert (second.st_ino, second.st_nlink) == (third.st_ino, 2)
    assert (report.counts.files, report.counts.links) == (1, 1)


def test_what_was_unreadable_is_said(home: Path, place: Path) -> None:
    entry = Entry(b"secret", 0o100600, Owner(0, 0), 5, 0, 0, marks=Mark.UNREADABLE)
    rig = Rig.of(home, place)
    report = restored(rig, committed(rig, entry, empty_file(b"x")), place / "back")
    assert [(each.path, each.what) for each in report.failures] == [
        (b"/secret", "the file could not be read when the snapshot was taken")
    ]
    assert os.listdir(place / "back") == ["x"]


# What is asked for.


def test_a_path_that_is_not_in_the_snapshot(rig: Rig, docs: Path, place: Path) -> None:
    with pytest.raises(UsageError, match=r"The snapshot has no .*/docs/b.txt"):
        restored(rig, taken(rig), place, docs / "b.txt")
    assert os.listdir(place) == []


def test_links_in_a_path_are_not_followed_and_said(rig: Rig, docs: Path, place: Path) -> None:
    with pytest.raises(UsageError) as raised:
        restored(rig, taken(rig), place, docs / "letters" / "link" / "more")
    assert "a link to ../a.txt" in raised.value.hint


def test_two_paths_that_would_get_one_name(home: Path, place: Path) -> None:
    for folder in ("one", "two"):
        (place / "src" / folder / "same").mkdir(parents=True)
    rig = Rig.of(home, place / "src")
    sid = taken(rig)
    with pytest.raises(UsageError, match="would both become same"):
        restored(rig, sid, place / "back", place / "src" / "one" / "same", place / "src" / "two" / "same")
    assert not (place / "back").exists()
    restored(rig, sid, place / "back", place / "src" / "one" / "same", place / "src" / "one" / "same")
    assert os.listdir(place / "back") == ["same"]


def test_a_target_that_is_a_file(rig: Rig, docs: Path) -> None:
    with pytest.raises(YesterError, match="cannot be used as the target"):
        restored(rig, taken(rig), docs / "a.txt")


# What is there already.


def _names(folder: Path) -> list[str]:
    """The names in a folder, those that were set aside without their time."""
    return sorted(name.partition(".before-")[0] + ".before" * (".before-" in name) for name in os.listdir(folder))


def _age(*places: Path) -> None:
    """Let something be older than whatever is brought back."""
    for place in places:
        os.utime(place, (0, 0), follow_symlinks=False)


def _aside(folder: Path, name: str) -> Path:
    (found,) = folder.glob(f"{name}.before-*")
    return found


@pytest.mark.parametrize("conflict", Conflict)
def test_a_file_that_differs(rig: Rig, docs: Path, place: Path, conflict: Conflict) -> None:
    (place / "a.txt").write_bytes(b"newer")
    report = restored(rig, taken(rig), place, docs / "a.txt", conflict=conflict)
    now = (place / "a.txt").read_bytes()
    counts = report.counts
    if conflict is Conflict.KEEP_BOTH:
        assert (now, _aside(place, "a.txt").read_bytes()) == (b"first", b"newer")
        assert (counts.set_aside, counts.replaced, counts.skipped) == (1, 0, 0)
    else:
        assert os.listdir(place) == ["a.txt"]
        assert now == (b"first" if conflict is Conflict.OVERWRITE else b"newer")
        assert (counts.replaced, counts.skipped) == ((1, 0) if conflict is Conflict.OVERWRITE else (0, 1))


@pytest.mark.parametrize("conflict", Conflict)
def test_a_file_where_a_folder_goes_and_the_reverse(rig: Rig, docs: Path, place: Path, conflict: Conflict) -> None:
    (place / "letters").write_bytes(b"a file")
    (place / "a.txt").mkdir()
    (place / "a.txt" / "kept").write_bytes(b"never deleted")
    _age(place / "letters", place / "a.txt")
    restored(rig, taken(rig), place, docs / "a.txt", docs / "letters", conflict=conflict)
    if conflict is Conflict.SKIP:
        assert _names(place) == ["a.txt", "letters"]
        assert (place / "letters").read_bytes() == b"a file"
        return
    assert compare(docs / "letters", place / "letters") == []
    assert (_aside(place, "a.txt") / "kept").read_bytes() == b"never deleted"
    letters = [] if conflict in (Conflict.OVERWRITE, Conflict.NEWER) else ["letters.before"]
    assert _names(place) == ["a.txt", "a.txt.before", "letters", *letters]


@pytest.mark.parametrize("conflict", Conflict)
def test_folders_are_merged(rig: Rig, docs: Path, place: Path, conflict: Conflict) -> None:
    (place / "letters").mkdir(mode=0o700)
    (place / "letters" / "extra").write_bytes(b"stays")
    _age(place / "letters")
    restored(rig, taken(rig), place, docs / "letters", conflict=conflict)
    assert sorted(os.listdir(place / "letters")) == ["b.txt", "extra", "link"]
    ours, stored = (place / "letters").stat(), (docs / "letters").stat()
    assert (ours.st_mtime_ns == stored.st_mtime_ns) == (conflict is not Conflict.SKIP)
    assert ours.st_mode == (0o40700 if conflict is Conflict.SKIP else stored.st_mode)


def test_the_same_content_gets_the_stored_attributes(rig: Rig, docs: Path, place: Path) -> None:
    (place / "a.txt").write_bytes(b"first")
    os.setxattr(place / "a.txt", "user.extra", b"1")
    before = (place / "a.txt").stat().st_ino
    report = restored(rig, taken(rig), place, docs / "a.txt")
    assert compare(docs / "a.txt", place / "a.txt") == []
    assert ((place / "a.txt").stat().st_ino, report.counts.same) == (before, 1)
    assert os.listdir(place) == ["a.txt"]


def test_a_long_name_is_set_aside_under_a_shorter_one(home: Path, place: Path) -> None:
    (place / "src").mkdir()
    name = "n" * 255
    (place / "src" / name).write_bytes(b"old")
    rig = Rig.of(home, place / "src")
    sid = taken(rig)
    for content in (b"new", b"newer"):
        (place / name).write_bytes(content)
        restored(rig, sid, place, place / "src" / name)
    assert sorted(each.read_bytes() for each in place.glob("n*")) == [b"new", b"newer", b"old"]


# Nothing outside the target.


def test_files_elsewhere_that_are_linked_into_the_target_stay(rig: Rig, docs: Path, place: Path) -> None:
    outside, target = place / "outside", place / "target"
    target.mkdir()
    outside.write_bytes(b"not yours")
    os.link(outside, target / "a.txt")
    same = place / "same"
    same.write_bytes((docs / "letters" / "b.txt").read_bytes())
    same.chmod(0o640)
    os.link(same, target / "b.txt")
    before = outside.stat(), same.stat().st_mode
    for conflict in (Conflict.OVERWRITE, Conflict.KEEP_BOTH):
        restored(rig, taken(rig), target, docs / "a.txt", docs / "letters" / "b.txt", conflict=conflict)
    assert (outside.read_bytes(), same.stat().st_mode) == (b"not yours", before[1])
    assert outside.stat().st_mtime_ns == before[0].st_mtime_ns
    assert (target / "a.txt").read_bytes() == b"first"
    assert compare(docs / "letters" / "b.txt", target / "b.txt") == []


@pytest.mark.parametrize("conflict", Conflict)
def test_a_planted_link_is_never_followed(rig: Rig, docs: Path, place: Path, conflict: Conflict) -> None:
    outside, target = place / "outside", place / "target"
    outside.mkdir()
    (outside / "victim").write_bytes(b"untouched")
    target.mkdir()
    (target / "letters").symlink_to(outside)
    (target / "a.txt").symlink_to(outside / "victim")
    _age(target / "letters", target / "a.txt")
    restored(rig, taken(rig), target, docs / "a.txt", docs / "letters", conflict=conflict)
    assert os.listdir(outside) == ["victim"]
    assert (outside / "victim").read_bytes() == b"untouched"
    if conflict is not Conflict.SKIP:
        assert compare(docs / "letters", target / "letters") == []
        assert compare(docs / "a.txt", target / "a.txt") == []


def test_a_folder_that_is_exchanged_for_a_link_while_we_work(home: Path, place: Path) -> None:
    source, outside, target = place / "source", place / "outside", place / "target"
    (source / "here").mkdir(parents=True)
    outside.mkdir()
    for number in range(2000):
        (source / "here" / f"{number:04}").write_bytes(b"x")
    os.link(source / "here" / "0000", source / "last")
    rig = Rig.of(home, source)
    sid = taken(rig)

    def exchange() -> bool:
        here = target / "source" / "here"
        if here.is_dir() and not here.is_symlink() and len(os.listdir(here)) > 100:
            here.rename(place / "moved")
            here.symlink_to(outside)
        return False

    report = restored(rig, sid, target, source, cancelled=exchange)
    assert os.listdir(outside) == []
    assert len(os.listdir(place / "moved")) == 2000
    assert [each.path for each in report.failures] == [os.fsencode(source / "last")]
    assert (target / "source" / "last").read_bytes() == b"x"


@pytest.mark.parametrize("name", [b"..", b".", b"", b"a/b", b"../../escaped", b"/etc", b"nul\0l"])
def test_names_that_lead_elsewhere_are_damage(home: Path, place: Path, name: bytes) -> None:
    """Such a tree cannot be made with our own writer, so its bytes are changed on their way into the store."""
    rig = Rig.of(home, place)
    stand_in = b"M" * len(name)

    def spoil(data: bytes) -> bytes:
        return data.replace(stand_in, name) if name else data.replace(b"MM", b"")

    target = place / "target"
    sid = committed(rig, empty_file(b"A"), empty_file(stand_in or b"MM"), link(b"Z", b"/"), spoil=spoil)
    report = restored(rig, sid, target)
    assert sorted(os.listdir(place)) == ["target"]
    assert sorted(os.listdir(target)) == []
    assert [each.path for each in report.failures] == [b"/"]


# Whose files they are.


def test_without_roots_rights_what_cannot_be_is_said(home: Path, everyones: Path) -> None:
    source = everyones / "zoo"
    built = zoo.build(source)
    rig = Rig.of(home, source)
    report = restored(rig, taken(rig), everyones / "back", source, rights=as_nobody)
    found = compare(source, everyones / "back" / "zoo", ignore=("owner", "flags"))
    unmakeable = {b"./specials/null", b"./specials/disk"} - {
        b"./specials/" + animal.removeprefix("device ").encode() for animal in built.refused
    }
    explained = {each.path.removeprefix(os.fsencode(source)) for each in report.failures}
    for each in found:
        allowed = (
            (each.aspect == "presence" and each.path in unmakeable)
            or (each.aspect == "mode" and int(str(each.source), 8) & 0o6000)
            or (each.aspect == "attributes")
        )
        assert allowed, str(each)
    if IS_ROOT:
        assert {path.removeprefix(b"/") for path in explained} >= {b"specials/null", b"specials/disk"}
        assert report.lacking["owner"].count > zoo.CROWD
        assert {"attribute trusted.plain", "attribute security.capability"} <= set(report.lacking)


def test_setuid_is_not_kept_on_another_persons_file(home: Path, everyones: Path) -> None:
    program = everyones / "program"
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o4755)
    rig = Rig.of(home, program)
    sid = taken(rig)
    restored(rig, sid, everyones / "back", program, rights=as_nobody)
    mode = (everyones / "back" / "program").stat().st_mode
    assert mode & 0o7777 == (0o755 if IS_ROOT else 0o4755)


def test_me_gives_everything_to_the_caller_and_opens_it(home: Path, everyones: Path) -> None:
    entry = Entry(b"theirs", 0o104040, Owner(4711, 4712, b"nobody-at-all", b"none"), 0, 0, 0)
    rig = Rig.of(home, everyones)
    sid = committed(rig, entry)
    report = restored(rig, sid, everyones / "back", owner=OwnerMode.ME, rights=as_nobody)
    with as_nobody():
        me = os.geteuid(), os.getegid()
    status = (everyones / "back" / "theirs").stat()
    assert (status.st_uid, status.st_gid) == me
    assert status.st_mode & 0o7777 == 0o440
    assert (report.failed, dict(report.lacking)) == (0, {})


def test_by_name_takes_the_number_that_the_name_has_here(home: Path, place: Path) -> None:
    me, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(os.getegid())
    entry = Entry(b"mine", 0o100644, Owner(4711, 4712, me.pw_name.encode(), group.gr_name.encode()), 0, 0, 0)
    rig = Rig.of(home, place)
    report = restored(rig, committed(rig, entry), place / "back", owner=OwnerMode.BY_NAME)
    status = (place / "back" / "mine").stat()
    assert (status.st_uid, status.st_gid) == (me.pw_uid, group.gr_gid)
    assert report.failed == 0


def test_an_inherited_acl_is_not_kept(rig: Rig, docs: Path, place: Path) -> None:
    os.setxattr(place, b"system.posix_acl_default", zoo.ACL_WITH_A_USER)
    restored(rig, taken(rig), place, docs)
    assert compare(docs, place / "docs") == []


# Interruptions.


def test_a_cancelled_restore_leaves_no_scraps_and_goes_on(home: Path, place: Path) -> None:
    source = place / "source"
    source.mkdir()
    for number in range(1000):
        (source / f"{number:04}").write_bytes(b"%d" % number)
    (source / "9-large").write_bytes(zoo.noise(40_000_000))
    rig = Rig.of(home, source)
    sid = taken(rig)
    asked = iter(range(1000))
    with pytest.raises(CancelledError):
        restored(rig, sid, place / "back", source, cancelled=lambda: next(asked) > 12)
    done = os.listdir(place / "back" / "source")
    assert 0 < len(done) < 1001
    assert not [name for name in done if name.startswith(".")]
    assert not [fd for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink() and str(place) in os.readlink(fd)]
    report = restored(rig, sid, place / "back", source)
    assert compare(source, place / "back" / "source") == []
    assert report.counts.set_aside == 0


def test_a_full_disk_is_said_and_costs_nothing(
    rig: Rig, docs: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "b.txt").write_bytes(b"mine")
    sid = taken(rig)

    def full(fd: int, *_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(restore_content, "os", SimpleNamespace(pwrite=full))
    with pytest.raises(YesterError, match="No room is left") as raised:
        restored(rig, sid, place, docs / "letters" / "b.txt", conflict=Conflict.OVERWRITE)
    assert raised.value.hint.startswith("Make room")
    assert ((place / "b.txt").read_bytes(), os.listdir(place)) == (b"mine", ["b.txt"])


def test_hooks_hear_of_it(rig: Rig, docs: Path, place: Path) -> None:
    sid = taken(rig)
    rig.store.delete(objects(rig, "data.")[0])
    rig.hooks.events.clear()
    repository = rig.open()
    restore(repository, sid, [os.fsencode(docs)], os.fsencode(place), hooks=rig.hooks, progress=NoProgress())
    begin, *messages, end = rig.hooks.events
    assert isinstance(begin, RestoreBegin)
    assert begin.snapshot == sid.hex()
    assert {each.path for each in messages if isinstance(each, Message)} == {
        str(docs / "a.txt"),
        str(docs / "letters" / "b.txt"),
    }
    assert isinstance(end, RestoreEnd)
    assert end.failed == 2


# Damage.


def test_a_failure_is_named_by_its_path_in_the_snapshot(rig: Rig, docs: Path, place: Path) -> None:
    sid = taken(rig)
    rig.store.delete(objects(rig, "data.")[0])
    report = restored(rig, sid, place, docs / "a.txt", docs / "letters")
    assert [each.path for each in report.failures] == [os.fsencode(docs / "a.txt"), os.fsencode(docs / "letters/b.txt")]


def test_what_is_lost_is_not_made_and_the_rest_is(home: Path, place: Path) -> None:
    source = place / "source"
    source.mkdir()
    (source / "noise").write_bytes(zoo.noise(40_000_000))
    (source / "small").write_bytes(b"small")
    os.link(source / "small", source / "small-too")
    (source / "empty").write_bytes(b"")
    (source / "link").symlink_to("noise")
    rig = Rig.of(home, source)
    sid = taken(rig)
    packs = objects(rig, "data.")
    assert len(packs) > 2
    rig.store.delete(packs[0])
    target = place / "back" / "source"
    (target).mkdir(parents=True)
    (target / "noise").write_bytes(b"what I had")
    report = restored(rig, sid, place / "back", source)
    lost = {each.path.removeprefix(os.fsencode(source)): each.what for each in report.failures}
    assert (target / "noise").read_bytes() == b"what I had"
    assert (target / "empty").exists()
    assert S_ISLNK((target / "link").lstat().st_mode)
    assert b"/noise" in lost
    assert report.damaged == report.failed == len(lost)
    kept = (target / "noise.damaged").read_bytes()
    whole = zoo.noise(40_000_000)
    pieces = [(kept[at : at + 65536], whole[at : at + 65536]) for at in range(0, len(whole), 65536)]
    assert len(kept) == len(whole)
    assert any(ours == stored for ours, stored in pieces)
    assert packs[0] in lost[b"/noise"]
    for name in ("small", "small-too"):
        if b"/" + name.encode() not in lost:
            assert (target / name).read_bytes() == b"small"
    assert {hit.path for problem in checked(rig).problems for hit in problem.hits} == {
        os.fsencode(source) + path for path in lost
    }
    shutil.rmtree(target)
