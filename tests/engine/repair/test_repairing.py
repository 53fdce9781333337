"""Whatever object of a repository is damaged: after a repair everything checks clean, and nothing whole is lost."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.restoring_rig import checked, taken
from tests.rig import Rig
from tests.test_damage import Read, docs, everything, flipped, forget_caches

from yester.engine.check.checking import scratch
from yester.engine.entries import Mark
from yester.engine.ids import SnapshotId
from yester.engine.packs.packs import read_directory
from yester.engine.progress import NoProgress
from yester.engine.repair.plan import RepairPlan, plan_repair
from yester.engine.repair.repairing import RepairReport, carry_out, examine
from yester.engine.sealed.records import Label
from yester.engine.sealed.sealing import ObjectKind

__all__ = ["docs"]

CUTS = ["gone", "empty", "half", "flipped", "a byte short"]
EXPENDABLE = ("label.", "tomb.", "session.", "mark.")


@pytest.fixture
def rig(home: Path, docs: Path) -> Rig:
    return replace(Rig.of(home, docs), secret=b"correct horse")


def repaired(rig: Rig, percent: int = 100) -> tuple[RepairPlan, RepairReport]:
    repository = rig.open()
    repository.unlock()
    with scratch(repository.cache) as folder:
        examination = examine(
            repository, Path(folder), read_data_percent=percent, progress=NoProgress(), cancelled=rig.cancelled
        )
        plan = plan_repair(examination)
        return plan, carry_out(repository, examination, plan, cancelled=rig.cancelled)


def spoil(rig: Rig, name: str, how: str) -> None:
    good = rig.store.get(name)
    rig.store.delete(name)
    cut = {
        "empty": b"",
        "half": good[: len(good) // 2],
        "flipped": flipped(good, len(good) // 3, 2),
        "a byte short": good[:-1],
    }
    if how != "gone":
        rig.store.put(name, [cut[how]])


def judge(rig: Rig, whole: dict[SnapshotId, Read], sid: SnapshotId, name: str) -> None:
    """All is there as it was, or marked."""
    snapshot = rig.taken(sid)
    was = whole[SnapshotId(snapshot.record.original or sid)]
    for path, facts in everything(rig, sid).items():
        entry = snapshot.entries[path][0]
        if facts != was[path]:
            assert not name.startswith(EXPENDABLE), (name, path)
            assert entry.is_directory or entry.marks & (Mark.UNREADABLE | Mark.ATTRIBUTES_UNREADABLE), (name, path)


DEALT = [pytest.param(how, slice(at, None, len(CUTS)), id=how) for at, how in enumerate(CUTS)]
"""The objects are dealt out to what may befall them, so that none is left out; each in every way is long."""
EVERY = [pytest.param(how, slice(None), id=f"{how}-every", marks=pytest.mark.long) for how in CUTS]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("how", "some"), DEALT + EVERY)
def test_whatever_is_damaged(rig: Rig, docs: Path, how: str, some: slice) -> None:
    first = taken(rig)
    (docs / "deep" / "000").write_bytes(b"changed")
    second = taken(rig)
    rig.open().put_record(ObjectKind.LABEL, Label(snapshot=first, counter=1, writer=bytes(16), tags=("kept",)))
    rig.open().forget_snapshot(taken(rig), "no longer wanted")
    whole = {sid: everything(rig, sid) for sid in (first, second)}
    objects = {name: rig.store.get(name) for name in rig.store.list("")}
    for name in [name for name in sorted(objects) if not name.startswith(("config", "key.", "snap."))][some]:
        spoil(rig, name, how)
        forget_caches(rig)
        plan, _ = repaired(rig)
        assert checked(rig, 100).problems == (), name
        assert len(rig.open().snapshots()) == 2 - len(plan.hopeless), name
        for sid, _ in rig.open().snapshots():
            judge(rig, whole, sid, name)
        assert not repaired(rig)[0], name
        result = rig.snap()
        assert result.result == "complete", name
        assert None not in everything(rig, result.snapshot or sid).values(), name
        assert checked(rig, 100).problems == (), name
        assert plan or how == "gone" or name.startswith("index."), name
        assert rig.open().warnings() == [], name
        for now in list(rig.store.list("")):
            if now not in objects:
                rig.store.delete(now)
        for old, content in objects.items():
            rig.store.put(old, [content])
        forget_caches(rig)


def test_a_sound_repository_is_left_alone(rig: Rig) -> None:
    taken(rig)
    before = set(rig.store.list(""))
    plan, report = repaired(rig)
    assert not plan
    assert (report.salvaged, report.packs, report.replaced) == (0, 0, [])
    assert set(rig.store.list("")) == before


def test_what_is_whole_in_a_damaged_pack_is_kept(rig: Rig, docs: Path) -> None:
    """One frame is lost; the files in all other frames of the pack are as they were."""
    sid = taken(rig)
    whole = everything(rig, sid)
    (name,) = rig.store.list("data.")
    # Where chunks are cut, and so what lies together, is another in each repository: the frame that has the least.
    directory = read_directory(rig.store, name, rig.open().keys).directory
    least = min(range(len(directory.blob_counts)), key=lambda frame: directory.blob_counts[frame])
    good = rig.store.get(name)
    rig.store.delete(name)
    rig.store.put(name, [flipped(good, directory.offsets[least] + 100, 1)])
    forget_caches(rig)
    _, report = repaired(rig)
    assert report.salvaged
    (replaced,) = report.replaced
    now = everything(rig, replaced.new)
    kept = [path for path, facts in now.items() if facts == whole[path]]
    assert len(kept) > len(whole) // 3
    record = rig.open().snapshot(replaced.new)
    assert record.original == sid
    assert record.statistics.failed > 0
    assert record.errors is not None


def test_a_damaged_data_pack_is_found_only_by_reading_it(rig: Rig) -> None:
    taken(rig)
    (name,) = rig.store.list("data.")
    spoil(rig, name, "flipped")
    assert not repaired(rig, 0)[0]
    assert repaired(rig, 100)[0].packs
