"""Decisions of hooks about entries: what is asked, in which order, and what the snapshots then hold, run after run."""

import os
import random
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.rig import Recorder, Rig, write

from yester.engine.capture import deciding
from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.capture.statx import ALTERED_NS
from yester.engine.check.checking import check
from yester.engine.decisions import Candidate, Decision, Decisions, agreed, not_below
from yester.engine.entries import Mark
from yester.engine.errors import CancelledError
from yester.engine.events import File
from yester.engine.hooks import NoHooks, StopRun
from yester.engine.ids import SnapshotId
from yester.engine.profiles.profile import FilterSpec
from yester.engine.progress import NoProgress

pytestmark = pytest.mark.usefixtures("settled")

Rule = Callable[[Candidate], Decision | None]


@dataclass
class Deciding(Recorder):
    """Hooks that decide by a rule, and remember what they were asked."""

    rule: Rule = lambda candidate: None
    asked: list[bytes] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    wants_decisions = True

    def __post_init__(self) -> None:
        super().__init__()

    def decide(self, candidates: Sequence[Candidate]) -> Decisions:
        self.asked += [each.path for each in candidates]
        self.batches.append(len(candidates))
        found = {place: self.rule(each) for place, each in enumerate(candidates)}
        return {place: decision for place, decision in found.items() if decision is not None}


def by_name(**decisions: Decision) -> Rule:
    named = {name.encode(): decision for name, decision in decisions.items()}
    return lambda candidate: named.get(candidate.path.rpartition(b"/")[2])


def snap(rig: Rig, rule: Rule | None = None, clock: Callable[[], float] | None = None) -> SnapshotResult:
    rig.hooks = Recorder() if rule is None else Deciding(rule)
    request = SnapshotRequest(replace(rig.profile, partial_every=100), "run")
    timing = {} if clock is None else {"clock": clock}
    return take_snapshot(
        rig.open(),
        request,
        places=rig.places,
        hooks=rig.hooks,
        progress=NoProgress(),
        cancelled=rig.cancelled,
        **timing,
    )


def asked(rig: Rig) -> list[bytes]:
    assert isinstance(rig.hooks, Deciding)
    return rig.hooks.asked


def as_walked(folder: Path) -> list[bytes]:
    """Return a folder and all below it as os.walk gives it, each directory's entries together."""
    found = [os.fsencode(folder)]
    for top, folders, files in os.walk(os.fsencode(folder)):
        folders.sort()
        found += sorted(os.path.join(top, name) for name in folders + files)
    return found


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    for name in ("a.txt", "b.txt", "d/c.txt", "d/e/f.txt", "d/e/g.txt", "h/i.txt"):
        write(folder / name, name.encode() * 9)
    return Rig.of(home, folder)


def names(rig: Rig, result: SnapshotResult, folder: Path) -> set[str]:
    return {os.fsdecode(path)[len(str(folder)) + 1 :] for path in rig.taken(result.snapshot).below(folder)}


ALL = {"a.txt", "b.txt", "d", "d/c.txt", "d/e", "d/e/f.txt", "d/e/g.txt", "h", "h/i.txt"}


def test_every_entry_is_asked_about_once_in_the_order_of_os_walk(rig: Rig, folder: Path) -> None:
    os.symlink("a.txt", folder / "link")
    for row in range(700):
        write(folder / "m" / f"n{row % 90:02}" / f"{row}")
    for _ in range(2):
        snap(rig, lambda candidate: None)
        assert asked(rig) == as_walked(folder)
        assert isinstance(rig.hooks, Deciding)
        assert max(rig.hooks.batches) <= deciding.AT_ONCE
        assert len(rig.hooks.batches) <= 2 * (len(asked(rig)) // deciding.AT_ONCE + 1)


def test_what_is_asked_is_what_the_file_system_says(rig: Rig, folder: Path) -> None:
    seen: dict[bytes, Candidate] = {}

    def note(candidate: Candidate) -> None:
        seen[candidate.path] = candidate

    snap(rig, note)
    assert seen
    for path, candidate in seen.items():
        status = os.lstat(path)
        assert candidate[1:] == (
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_uid,
            status.st_gid,
        )


def test_a_path_that_is_too_long_to_be_opened(home: Path, folder: Path) -> None:
    depth, fd = 40, os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("n" * 200, dir_fd=fd)
        inner = os.open("n" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(os.open("deep", os.O_WRONLY | os.O_CREAT, dir_fd=fd))
    os.close(fd)
    rig = Rig.of(home, folder)
    done = snap(rig, by_name(deep=Decision(uid=77)))
    assert done.failures == ()
    assert len(asked(rig)) == depth + 2
    [deep] = [entry for path, (entry, _) in rig.taken(done.snapshot).entries.items() if path.endswith(b"/deep")]
    assert deep.owner.uid == 77


def test_looking_ahead_leaves_no_trace(rig: Rig, folder: Path) -> None:
    for place in (folder, folder / "d", folder / "d" / "e", folder / "h"):
        os.utime(place, ns=(1, 1))
    snap(rig, lambda candidate: None)
    assert [(folder / name).stat().st_atime_ns for name in (".", "d", "d/e", "h")] == [1] * 4


def test_what_the_filters_leave_out_is_not_asked_about(home: Path, folder: Path) -> None:
    for name in ("a.o", "b.c", "big"):
        write(folder / name, b"x" * (100 if name == "big" else 1))
    rig = Rig.of(home, folder, filters=FilterSpec(excludes=("*.o",), larger_than=50, defaults=False))
    snap(rig, lambda candidate: None)
    assert asked(rig) == [os.fsencode(folder), os.fsencode(folder / "b.c")]


def test_skipped_and_emptied(rig: Rig, folder: Path) -> None:
    done = snap(rig, by_name(**{"b.txt": Decision(skip=True), "d": Decision(skip=True), "h": Decision(empty=True)}))
    assert names(rig, done, folder) == {"a.txt", "h"}
    assert done.failures == () and done.result == "complete"
    # What was left out last time and is not now is taken, and the other way round.
    assert names(rig, snap(rig), folder) == ALL
    assert names(rig, snap(rig, by_name(e=Decision(empty=True))), folder) == ALL - {"d/e/f.txt", "d/e/g.txt"}
    assert names(rig, snap(rig, by_name(e=Decision(skip=True))), folder) == ALL - {"d/e", "d/e/f.txt", "d/e/g.txt"}
    assert names(rig, snap(rig), folder) == ALL


def test_what_is_left_out_is_not_looked_into(rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "AT_ONCE", 1)
    snap(rig, by_name(d=Decision(skip=True), h=Decision(empty=True)))
    there = (folder, *(folder / name for name in ("a.txt", "b.txt", "d", "h")))
    assert asked(rig) == [os.fsencode(path) for path in there]


def test_what_was_left_out_is_not_looked_into_later(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("c/1", "d/2", "e/3"):
        write(folder / name)
    rig = Rig.of(home, folder)
    monkeypatch.setattr(deciding, "AT_ONCE", 3)
    assert names(rig, snap(rig, by_name(d=Decision(skip=True))), folder) == {"c", "c/1", "e", "e/3"}
    assert os.fsencode(folder / "d" / "2") not in asked(rig)


def test_a_file_is_no_folder_to_empty(rig: Rig, folder: Path) -> None:
    assert names(rig, snap(rig, by_name(**{"a.txt": Decision(empty=True)})), folder) == ALL


def test_a_source_may_be_decided_about(rig: Rig, folder: Path) -> None:
    other = write(folder.parent / "single", b"single")
    rig.profile = replace(rig.profile, sources=(os.fsencode(folder), os.fsencode(other)))
    taken = rig.taken(snap(rig, by_name(single=Decision(content=b"else"), source=Decision(empty=True))).snapshot)
    assert taken.content(other) == b"else"
    assert list(taken.below(folder)) == [] and folder in taken
    taken = rig.taken(snap(rig, by_name(single=Decision(skip=True))).snapshot)
    assert other not in taken and folder / "a.txt" in taken
    assert rig.taken(snap(rig).snapshot).content(other) == b"single"


def test_metadata_is_what_was_decided(rig: Rig, folder: Path) -> None:
    rule = by_name(**{"a.txt": Decision(mode=0o751, uid=12345, mtime_ns=-5), "d": Decision(gid=54321, mode=0o700)})
    first = rig.taken(snap(rig, rule).snapshot)
    entry, there = first[folder / "a.txt"], os.lstat(folder / "a.txt")
    assert (entry.mode, entry.owner.uid, entry.owner.gid) == (stat.S_IFREG | 0o751, 12345, there.st_gid)
    assert (entry.mtime_ns, entry.ctime_ns, entry.size) == (-5, ALTERED_NS, there.st_size)
    assert (first[folder / "d"].mode, first[folder / "d"].owner.gid) == (stat.S_IFDIR | 0o700, 54321)
    again = snap(rig, rule)
    assert again.statistics.changed == again.statistics.new == 0
    then = rig.taken(again.snapshot)
    # Others may have changed the directories above.
    assert {path: then.entries[path] for path in first.below(folder)} == {
        path: first.entries[path] for path in first.below(folder)
    }
    plain = rig.taken(snap(rig).snapshot)
    assert plain[folder / "a.txt"].ctime_ns == there.st_ctime_ns
    assert plain[folder / "d"].mode == os.lstat(folder / "d").st_mode


@pytest.mark.parametrize("large", [b"", b"x", os.urandom(3 << 20)])
def test_content_is_replaced_and_nothing_of_the_files_own_is_read(
    rig: Rig, folder: Path, large: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, given = write(folder / "secret", b"secret words"), write(tmp_path / "given", large)
    os.setxattr(secret, "user.kept", b"yes")
    for decision in (Decision(content=large), Decision(content_path=os.fsencode(given))):
        done = snap(rig, by_name(secret=decision))
        taken = rig.taken(done.snapshot)
        assert taken.content(secret) == large
        assert taken[secret].size == len(large)
        assert b"user.kept" in bytes(taken[secret].xattrs)
    assert rig.taken(snap(rig).snapshot).content(secret) == b"secret words"
    assert check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress()).problems == ()


def test_replaced_content_of_the_same_size_is_not_taken_for_unchanged(rig: Rig, folder: Path) -> None:
    path = write(folder / "f", b"1234")
    for round_ in range(2):
        for content in (b"abcd", b"efgh", None, b"abcd", None):
            rule = by_name(f=Decision(content=content)) if content is not None else None
            taken = rig.taken(snap(rig, rule).snapshot)
            assert taken.content(path) == (content or b"1234")
            if round_:
                shutil.rmtree(rig.places.cache)


@pytest.mark.parametrize("has_cache", [True, False])
def test_a_decision_like_the_last_one_is_another(rig: Rig, folder: Path, has_cache: bool) -> None:
    path = folder / "a.txt"
    for decision in (
        Decision(content=b"B.TXT" * 9, uid=5),
        Decision(uid=5),
        Decision(uid=6),
        Decision(gid=6),
        Decision(gid=6, content=b"A.TXT" * 9),
        Decision(read=True),
    ):
        taken = rig.taken(snap(rig, by_name(**{"a.txt": decision})).snapshot)
        status = path.stat()
        owner = (decision.uid or status.st_uid, decision.gid or status.st_gid)
        assert (taken[path].owner.uid, taken[path].owner.gid) == owner
        assert taken.content(path) == (decision.content or path.read_bytes())
        if not has_cache:
            shutil.rmtree(rig.places.cache)


def test_a_replacement_that_cannot_be_read_is_a_failure_and_the_files_own_content_is_not_taken(
    rig: Rig, folder: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (b"/no/such", os.fsencode(tmp_path), os.fsencode(tmp_path / "fifo")):
        done = snap(rig, by_name(**{"a.txt": Decision(content_path=path)}))
        [failure] = done.failures
        assert failure.path == os.fsencode(folder / "a.txt")
        assert failure.what.startswith("what a plugin puts in its place cannot be read: ")
        entry = rig.taken(done.snapshot)[folder / "a.txt"]
        assert entry.marks & Mark.UNREADABLE and entry.refs == ()


def test_only_files_have_content_to_replace(rig: Rig, folder: Path) -> None:
    os.symlink("a.txt", folder / "link")
    taken = rig.taken(snap(rig, lambda candidate: Decision(content=b"x")).snapshot)
    assert taken[folder / "link"].target == b"a.txt"
    assert taken.content(folder / "d" / "c.txt") == b"x"
    assert names(rig, snap(rig), folder) == ALL | {"link"}


def test_reading_is_forced_for_once(rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    honest = os.open

    def noting(path: str | bytes | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if isinstance(path, bytes) and path.endswith(b".txt"):
            read.append(os.fsdecode(path))
        return honest(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", noting)
    snap(rig)
    assert len(read) == 6
    for rule, wanted in (
        (None, []),
        (by_name(**{"f.txt": Decision(read=True), "d": Decision(read=True)}), ["f.txt"]),
        (by_name(**{"a.txt": Decision(uid=7)}), ["a.txt"]),
        (by_name(**{"a.txt": Decision(uid=7)}), []),
        (by_name(**{"a.txt": Decision(uid=8)}), ["a.txt"]),
        (lambda candidate: None, ["a.txt"]),
        (None, []),
    ):
        read.clear()
        done = snap(rig, rule)
        assert read == wanted
        assert done.statistics.new == 0


def test_one_name_of_a_hard_link_is_altered_and_the_others_are_not(rig: Rig, folder: Path) -> None:
    first = write(folder / "l1", b"linked")
    for name in ("l2", "l3", "l4"):
        os.link(first, folder / name)
    rule = by_name(l1=Decision(content=b"other"), l3=Decision(uid=77))
    for _ in range(2):
        taken = rig.taken(snap(rig, rule).snapshot)
        assert [taken.content(folder / f"l{n}") for n in range(1, 5)] == [b"other", b"linked", b"linked", b"linked"]
        assert [taken[folder / f"l{n}"].link_group != 0 for n in range(1, 5)] == [False, True, False, True]
        assert taken[folder / "l3"].owner.uid == 77 != taken[folder / "l4"].owner.uid
    plain = rig.taken(snap(rig).snapshot)
    assert len({plain[folder / f"l{n}"].link_group for n in range(1, 5)}) == 1


def test_a_hook_that_stops_the_run_in_its_midst(rig: Rig) -> None:
    def stop(candidate: Candidate) -> Decision:
        raise StopRun("no more")

    with pytest.raises(StopRun):
        snap(rig, stop)
    assert rig.open().snapshots() == []


def test_a_run_that_is_cancelled_while_hooks_are_asked_takes_nothing_more(rig: Rig, folder: Path) -> None:
    asked_: list[bytes] = []

    def note(candidate: Candidate) -> None:
        asked_.append(candidate.path)

    now = iter(range(0, 10**6, 10))
    rig.cancelled = lambda: len(asked_) > 1
    with pytest.raises(CancelledError):
        snap(rig, note, lambda: float(next(now)))
    assert not any(isinstance(event, File) for event in rig.hooks.events)


def test_folders_that_come_and_go_between_the_scout_and_the_walk(rig: Rig, folder: Path) -> None:
    def disturb(candidate: Candidate) -> None:
        if candidate.path.endswith(b"/source") or not (folder / "h").exists():
            return
        (folder / "h").rename(folder / "z")
        (folder / "d" / "e").rename(folder / "d" / "e2")
        write(folder / "d" / "e" / "fresh")

    done = snap(rig, disturb)
    taken = rig.taken(done.snapshot)
    assert folder / "a.txt" in taken and folder / "d" / "c.txt" in taken
    assert folder / "h" / "i.txt" not in taken
    assert names(rig, snap(rig), folder) >= {"z/i.txt", "d/e/fresh", "d/e2/f.txt"}


class Cut(BaseException):
    """The process is gone."""


def test_year_of_random_decisions(home: Path, folder: Path) -> None:
    """Files come, change and go; decisions change; caches get lost, runs are killed: each snapshot is what it must be.

    The model is os.walk with the decisions applied.
    """
    kills = 0
    for seed in range(6):
        dice = random.Random(seed)
        shutil.rmtree(folder)
        folder.mkdir()
        rig = Rig.of(home, folder, name=f"docs{seed}")
        decisions: dict[bytes, Decision] = {}
        for _ in range(14):
            _stir(dice, folder, decisions)
            rule = _of(decisions)
            if dice.random() < 0.3:
                shutil.rmtree(rig.places.cache, ignore_errors=True)
            if dice.random() < 0.4:
                try:
                    snap(rig, rule, _cut_after(dice.randrange(1, 9)))
                except Cut:
                    kills += 1
                if dice.random() < 0.5:
                    _stir(dice, folder, decisions)
            has_hook = dice.random() < 0.8
            done = snap(rig, rule if has_hook else None)
            _assert_as_decided(rig, done.snapshot, folder, decisions if has_hook else {})
        assert check(rig.open(), read_data_percent=100, hooks=NoHooks(), progress=NoProgress()).problems == ()
    assert kills > 10


def _of(decisions: dict[bytes, Decision]) -> Rule:
    return lambda candidate: decisions.get(candidate.path)


def _cut_after(looks: int) -> Callable[[], float]:
    left = [looks]

    def clock() -> float:
        left[0] -= 1
        if left[0] < 0:
            raise Cut
        return (1000 - left[0]) * 50.0

    return clock


def _stir(dice: random.Random, folder: Path, decisions: dict[bytes, Decision]) -> None:
    for _ in range(dice.randrange(1, 12)):
        path = folder.joinpath(*(dice.choice("abcd") for _ in range(dice.randrange(0, 3)))) / dice.choice("wxyz")
        try:
            write(path, dice.randbytes(dice.choice((0, 5, 5, 70_000))))
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue
    there = as_walked(folder)[1:]
    for name in dice.sample(there, min(len(there), 2)):
        if dice.random() < 0.3 and os.path.isfile(name):
            os.unlink(name)
    for name in dice.sample(there, min(len(there), 6)):
        decisions[name] = dice.choice(
            (
                Decision(),
                Decision(skip=True),
                Decision(empty=True),
                Decision(read=True),
                Decision(mode=dice.choice((0o600, 0o777))),
                Decision(uid=dice.choice((1, 2)), gid=3),
                Decision(mtime_ns=dice.choice((1, -1))),
                Decision(content=dice.choice((b"", b"12345", b"abcde"))),
            )
        )
    for name in dice.sample(sorted(decisions), min(len(decisions), 3)):
        del decisions[name]


def _assert_as_decided(rig: Rig, sid: SnapshotId | None, folder: Path, decisions: dict[bytes, Decision]) -> None:
    taken, top = rig.taken(sid), os.fsencode(folder)
    expected: dict[bytes, tuple[object, ...]] = {}
    for path in as_walked(folder):
        above = [decisions.get(path[: len(path) - len(rest)], Decision()) for rest in _rests(path, top)]
        own = decisions.get(path, Decision())
        if own.skip or any(each.skip or each.empty for each in above):
            continue
        status, is_file = os.lstat(path), os.path.isfile(path)
        content = b""
        if is_file:
            content = own.content if own.content is not None else Path(os.fsdecode(path)).read_bytes()
        expected[path] = (
            stat.S_IFMT(status.st_mode) | (stat.S_IMODE(status.st_mode) if own.mode is None else own.mode),
            status.st_uid if own.uid is None else own.uid,
            status.st_gid if own.gid is None else own.gid,
            status.st_mtime_ns if own.mtime_ns is None else own.mtime_ns,
            content,
            own.is_altering and (is_file or not own.is_replacing),
        )
    found = {
        path: (
            entry.mode,
            entry.owner.uid,
            entry.owner.gid,
            entry.mtime_ns,
            taken.content(path) if entry.is_file else b"",
            entry.ctime_ns == ALTERED_NS,
        )
        for path, (entry, _) in taken.entries.items()
        if path == top or path.startswith(top + b"/")
    }
    assert found == expected


def _rests(path: bytes, top: bytes) -> list[bytes]:
    """Return what follows each folder above `path`, from `top` down."""
    places = [place for place in range(len(top), len(path)) if path[place : place + 1] == b"/"]
    return [path[place:] for place in places]


def candidate(path: bytes) -> Candidate:
    return Candidate(path, stat.S_IFDIR, 0, 0, 0, 0, 0)


def test_of_two_hooks_the_later_value_counts_and_either_may_leave_out() -> None:
    first = Decision(skip=True, mode=1, uid=2, content=b"a")
    then = Decision(read=True, mode=3, content_path=b"/b")
    assert agreed(first, then) == Decision(skip=True, read=True, mode=3, uid=2, content_path=b"/b")
    assert agreed(first, Decision()) == agreed(Decision(), first) == first


def test_what_is_below_a_folder_that_is_left_out_is_not_heard() -> None:
    candidates = [candidate(path) for path in (b"/a", b"/ab", b"/a/b", b"/c", b"/c/d")]
    assert not_below(candidates, {}) == [0, 1, 2, 3, 4]
    assert not_below(candidates, {0: Decision(skip=True), 3: Decision(read=True)}) == [0, 1, 3, 4]
    assert not_below(candidates, {3: Decision(empty=True)}) == [0, 1, 2, 3]
