"""Check finds every flipped bit and names exactly the files that it hits; restore agrees with it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
from tests import zoo
from tests.comparison import compare
from tests.conftest import settle_in
from tests.engine.restoring_rig import checked, committed, empty_file, flip, objects, restored, taken
from tests.rig import Rig

from yester.engine.check.checking import check
from yester.engine.check.report import CheckReport, Hit, Problems
from yester.engine.errors import Broken, CancelledError, DamageError, RepositoryError, UsageError
from yester.engine.events import CheckBegin, CheckEnd, Message
from yester.engine.ids import SnapshotId
from yester.engine.progress import NoProgress
from yester.engine.restore.report import RestoreReport
from yester.plugins.backends.memory import MemoryStore


@pytest.fixture
def docs(tmp_path: Path) -> Iterator[Path]:
    yield build(tmp_path / "docs")
    zoo.clear(tmp_path / "docs")


def build(folder: Path) -> Path:
    """Make files of every size that matters, an attribute set in a blob of its own, a list object, equal folders."""
    for name in ("one", "two"):
        (folder / name / "deep").mkdir(parents=True)
        (folder / name / "deep" / "same").write_bytes(b"equal trees have one id")
        for stamped in (folder / name / "deep" / "same", folder / name / "deep"):
            os.utime(stamped, ns=(1, 1))
    for number in range(300):
        (folder / "one" / f"{number:03}").write_bytes(zoo.noise(number * 40, number))
    (folder / "medium").write_bytes(zoo.noise(300_000, 1))
    (folder / "large").write_bytes(zoo.noise(12_000_000, 2))
    zoo.write_sparse(
        os.fsencode(folder / "holes"), 50 << 16, *((number << 16, zoo.noise(4096, number)) for number in range(50))
    )
    os.setxattr(folder / "medium", "user.large", zoo.noise(1500, 3))
    os.link(folder / "medium", folder / "two" / "medium-too")
    (folder / "link").symlink_to("nowhere")
    return folder


@dataclass(frozen=True)
class Sound:
    """A repository of `docs` that nobody changes: its objects, and what its client keeps at home."""

    docs: Path
    home: Path
    rig: Rig
    snapshot: SnapshotId

    def copied(self, home: Path) -> Rig:
        """Return a client of a copy of it."""
        shutil.copytree(self.home, home, dirs_exist_ok=True)
        rig = replace(Rig.of(home, self.docs), made=True)
        for name in self.rig.store.list(""):
            rig.store.put(name, [self.rig.store.get(name)])
        return rig


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    place = tmp_path_factory.mktemp("sound")
    docs = build(place / "docs")
    with pytest.MonkeyPatch.context() as patch:
        settle_in(place / "home", patch)
        rig = Rig.of(place / "home", docs)
        snapshot = taken(rig)
    yield Sound(docs, place / "home", rig, snapshot)
    zoo.clear(docs)


@pytest.fixture
def rig(home: Path, docs: Path) -> Rig:
    return Rig.of(home, docs)


def hits(report: CheckReport) -> set[tuple[SnapshotId, bytes]]:
    return {(hit.snapshot, hit.path) for problem in report.problems for hit in problem.hits}


def subjects(report: CheckReport) -> set[str]:
    return {problem.subject for problem in report.problems}


def test_a_sound_repository_has_no_problem(rig: Rig) -> None:
    taken(rig)
    report = checked(rig, 100)
    assert (report.problems, report.notes) == ((), ())
    assert (report.snapshots, report.packs, report.packs_read) == (1, len(objects(rig, "data.")) + 1, report.packs)
    assert report.files == 306, "the folder that is there twice is looked at once"
    assert report.read_size == sum(
        rig.store.query(name) for prefix in ("data.", "meta.") for name in objects(rig, prefix)
    )


def test_metadata_is_always_read_and_data_when_asked(rig: Rig) -> None:
    taken(rig)
    data = len(objects(rig, "data."))
    assert [checked(rig, percent).packs_read for percent in (0, 1, 100)] == [1, 2, 1 + data]


def test_every_kind_of_metadata_passes(home: Path, tmp_path: Path) -> None:
    zoo.build(tmp_path / "zoo")
    rig = Rig.of(home, tmp_path / "zoo")
    taken(rig)
    zoo.clear(tmp_path / "zoo")
    assert checked(rig, 100).problems == ()


def test_equal_trees_are_walked_once_and_named_in_every_snapshot(rig: Rig, docs: Path) -> None:
    first = taken(rig)
    (docs / "another").write_bytes(b"more")
    second = taken(rig)
    sound = checked(rig)
    assert sound.directories < 2 * (4 + len(docs.parts))
    first_pack = objects(rig, "data.")
    for name in first_pack:
        rig.store.delete(name)
    report = checked(rig)
    same = {os.fsencode(docs / name / "deep" / "same") for name in ("one", "two")}
    for sid in (first, second):
        assert {path for snapshot, path in hits(report) if snapshot == sid} >= same
    assert (first, os.fsencode(docs / "another")) not in hits(report)
    assert (second, os.fsencode(docs / "another")) in hits(report)


def files_of(rig: Rig, sid: SnapshotId) -> set[bytes]:
    """All files with content."""
    return {path for path, (entry, _) in rig.taken(sid).entries.items() if entry.is_file and entry.size}


def test_a_lost_pack_hits_the_files_in_it(rig: Rig, docs: Path) -> None:
    (docs / "more").write_bytes(zoo.noise(10_000_000, 4))
    sid = taken(rig)
    everything = files_of(rig, sid)
    lost = set()
    assert len(objects(rig, "data.")) > 1
    for name in objects(rig, "data."):
        content = rig.store.get(name)
        rig.store.delete(name)
        report = checked(rig)
        assert subjects(report) == {name}
        assert [problem.what for problem in report.problems] == ["it is not there"]
        lost |= {path for _, path in hits(report)}
        rig.store.put(name, [content])
    assert lost == everything


def test_a_truncated_pack_is_read_though_nobody_asked(rig: Rig, docs: Path) -> None:
    taken(rig)
    name = max(objects(rig, "data."), key=rig.store.query)
    content = rig.store.get(name)
    rig.store.put(name, [content[: len(content) // 2]])
    report = checked(rig)
    assert subjects(report) == {name}
    assert f"bytes, not {len(content)}" in report.problems[0].what
    assert hits(report)


def test_damage_outside_the_frames_is_a_problem_that_hits_no_file(rig: Rig) -> None:
    sid = taken(rig)
    name = objects(rig, "data.")[0]
    flip(rig, name, rig.store.query(name) - 1)
    report = checked(rig, 100)
    assert (subjects(report), hits(report)) == ({name}, set())
    assert "all blobs are whole" in report.problems[0].what
    assert not files_of(rig, sid) - set(rig.taken(sid).entries)


def test_a_lost_index_fragment_costs_all_that_it_names(rig: Rig) -> None:
    sid = taken(rig)
    (name,) = objects(rig, "index.")
    flip(rig, name, 100)
    report = checked(rig)
    assert subjects(report) == {name}
    assert hits(report) == {(sid, b"/")}
    assert "no index fragment names: " in report.notes[0]
    rig.store.delete(name)
    assert subjects(checked(rig)) == {"index"}


def test_a_damaged_snapshot_is_named_and_the_others_are_checked(rig: Rig, docs: Path) -> None:
    first = taken(rig)
    (docs / "another").write_bytes(b"more")
    taken(rig)
    flip(rig, f"snap.{first.hex()}", 60)
    report = checked(rig)
    assert subjects(report) == {f"snap.{first.hex()}"}
    assert report.problems[0].hits == (Hit(first, b"/", is_all_below=True),)
    assert report.problems[0].hits[0].place == first.hex()[:12].encode() + b":/"
    assert report.snapshots == 1


@pytest.mark.parametrize("prefix", ["key.", "label."])
def test_small_objects_are_compared_with_their_names(rig: Rig, prefix: str) -> None:
    rig.snap(tags=("kept",))
    repository = rig.open()
    repository.unlock()
    (name,) = objects(rig, prefix)
    flip(rig, name, rig.store.query(name) // 2)
    report = check(repository, hooks=rig.hooks, progress=NoProgress())
    assert (subjects(report), hits(report)) == ({name}, set())


@pytest.mark.parametrize("wrong", [{"files": 3}, {"size": 1}, {"newest_ns": 5}, {"unreadable": 1}, {"changed": 1}])
def test_a_summary_that_does_not_add_up(home: Path, tmp_path: Path, wrong: dict[str, int]) -> None:
    rig = Rig.of(home, tmp_path)
    first = committed(rig, empty_file(b"x"), empty_file(b"y"))
    root = rig.taken(first)[b"/"]
    assert root.summary is not None
    right = replace(root.summary, newest_ns=0)
    folder = replace(root, name=b"folder", summary=right)
    rig.store.delete(f"snap.{first.hex()}")
    right_one = committed(rig, folder)
    assert checked(rig).problems == ()
    rig.store.delete(f"snap.{right_one.hex()}")
    sid = committed(rig, replace(folder, name=b"liar", summary=replace(right, **wrong)))
    report = checked(rig)
    assert hits(report) == {(sid, b"/liar")}
    assert "add up" in report.problems[0].what


def test_orphans_are_no_damage(rig: Rig) -> None:
    taken(rig)
    (name,) = objects(rig, "meta.")
    other = bytearray(rig.store.get(name))
    other[-1] ^= 1
    rig.store.put(f"meta.{'ab' * 32}", [other])
    report = checked(rig)
    assert report.problems == ()
    assert report.notes == (
        "Packs that no index fragment names: 1; a run is storing them, or was broken off, and the next one takes them "
        "up",
    )


def test_hooks_hear_of_problems_and_hits(rig: Rig, docs: Path) -> None:
    taken(rig)
    name = objects(rig, "data.")[0]
    rig.store.delete(name)
    rig.hooks.events.clear()
    report = check(rig.open(), hooks=rig.hooks, progress=NoProgress())
    begin, *messages, end = rig.hooks.events
    assert isinstance(begin, CheckBegin)
    assert isinstance(end, CheckEnd)
    assert end.problems == 1
    told = {each.raw for each in messages if isinstance(each, Message)}
    assert told == {b"", *(hit.place for problem in report.problems for hit in problem.hits)}


def test_a_check_can_be_cancelled(rig: Rig) -> None:
    taken(rig)
    with pytest.raises(CancelledError):
        check(rig.open(), hooks=rig.hooks, progress=NoProgress(), cancelled=lambda: True)


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_that_is_none(rig: Rig, percent: int) -> None:
    taken(rig)
    with pytest.raises(UsageError, match="cannot be read"):
        checked(rig, percent)


class BadSectors(MemoryStore):
    """A store on a disk that cannot read some places any more."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: dict[str, range] = {}

    def get(self, name: str) -> bytes:
        return self.get_range(name, 0, self.query(name)) if name in self.bad else super().get(name)

    def query(self, name: str) -> int:
        return len(super().get(name))

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        bad = self.bad.get(name, range(0))
        if offset < bad.stop and bad.start < offset + size:
            raise Broken(f"{name} cannot be read: input/output error", name=name)
        return super().get(name)[offset : offset + size]


def test_bad_sectors_cost_only_what_lies_on_them(home: Path, docs: Path) -> None:
    rig = Rig.of(home, docs)
    store = rig.store = BadSectors()
    sid = taken(rig)
    name = max(objects(rig, "data."), key=store.query)
    store.bad[name] = range(1_000_000, 1_000_001)
    report = checked(rig, 100)
    assert subjects(report) == {name}
    assert "cannot be read: input/output error; " in report.problems[0].what
    assert 0 < len(hits(report)) < 100, "the files of one frame"
    fragment = objects(rig, "index.")[0]
    store.bad = {fragment: range(1)}
    assert subjects(checked(rig)) == {fragment}
    store.bad = {f"snap.{sid.hex()}": range(1)}
    assert hits(checked(rig)) == {(sid, b"/")}


def _covered(path: bytes, report: CheckReport) -> bool:
    """Whether a check said that a path is hit."""
    return any(
        hit.path == path or (hit.is_all_below and path.startswith(hit.path.rstrip(b"/") + b"/"))
        for problem in report.problems
        for hit in problem.hits
    )


def _failed_paths(report: RestoreReport) -> set[bytes]:
    return {each.path for each in report.failures}


@pytest.mark.parametrize("seed", [*range(15), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(15, 40))])
def test_a_flipped_bit_anywhere_is_found_and_costs_only_what_is_named(
    home: Path, sound: Sound, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    rig, docs, sid = sound.copied(home), sound.docs, sound.snapshot
    names = objects(rig, "")
    # Small objects as often as large ones, and within packs the ends as often as the middle.
    name = random.choice(sorted({each.partition(".")[0] for each in names}))
    name = random.choice([each for each in names if each.partition(".")[0] == name])
    size = rig.store.query(name)
    offset = random.choice([random.randrange(size), random.randrange(min(size, 64)), size - 1 - random.randrange(64)])
    flip(rig, name, offset, random.randrange(8))
    try:
        report = checked(rig, 100)
    except (DamageError, RepositoryError) as error:
        assert name.startswith(("config", "key.")), error
        return
    assert subjects(report) == {name}, (name, offset)
    if name.startswith("snap."):
        assert hits(report) == {(sid, b"/")}
        return
    target = tmp_path / "back"
    back = restored(rig, sid, target)
    rooted = target / docs.relative_to("/")
    for path in _failed_paths(back):
        assert _covered(path, report), path
    for hit in (hit for problem in report.problems for hit in problem.hits):
        assert hit.path in _failed_paths(back), hit
    hurt = {path.removeprefix(os.fsencode(docs) + b"/") for path in _failed_paths(back)}
    for each in compare(docs, rooted) if rooted.exists() else ():
        path = each.path.removeprefix(b"./")
        damaged = path.removesuffix(b".damaged")
        assert damaged in hurt or _covered(os.fsencode(docs) + b"/" + path, report) or each.aspect == "links", str(each)


def test_problems_are_one_each_and_hits_are_sorted() -> None:
    told: list[tuple[str, str, Hit | None]] = []
    problems = Problems(lambda *what: told.append(what))
    first = problems.note("data.1", "gone")
    assert problems.note("data.1", "gone") == first
    second = problems.note("data.1", "short")
    sid = SnapshotId(bytes(32))
    for path in (b"/b", b"/a"):
        problems.hit(second, Hit(sid, path))
    assert len(problems) == 2
    assert [(each.what, [hit.path for hit in each.hits]) for each in problems.report()] == [
        ("gone", []),
        ("short", [b"/a", b"/b"]),
    ]
    assert len(told) == 4
    assert Hit(sid, b"/a", is_all_below=True).place == b"000000000000:/a/"
