"""What reads snapshots meets packs that are offline: each file says so, all others are read."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.archive.rigging import Vault, data_packs, purged
from tests.engine.prune.rigging import assert_holds, assert_sound, fill, forget, kept_files, pruned
from tests.engine.restoring_rig import checked, restored
from tests.rig import Rig
from tests.test_interleavings import repaired, rewrite

from yester.engine.archive.needing import offline_size, packs_of
from yester.engine.copying.copying import copy_snapshots
from yester.engine.errors import DamageError, Offline, UsageError
from yester.engine.exporting.exporting import ExportReport, export_tar
from yester.engine.ids import PackId, SnapshotId
from yester.engine.packs.packs import list_packs
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.engine.sealed.sealing import digest_of
from yester.engine.store import Buffer
from yester.engine.trees.directories import decode_root
from yester.plugins.backends.memory import MemoryStore

pytestmark = pytest.mark.usefixtures("settled")


class Year:
    """An old snapshot of two folders, of which one has changed since; what the old one alone needs is offline."""

    def __init__(self, rig: Rig, source: Path, large: int = 0) -> None:
        self.rig, self.source, self.vault = rig, source, Vault()
        fill(source / "cold", 6, 1, (50, 5_000, 100_000))
        (source / "cold/large").write_bytes(os.urandom(large))
        self.old = self.snap()
        self.cold = kept_files(source)
        shutil.rmtree(source / "cold")
        fill(source / "hot", 6, 2, (50, 5_000, 100_000))
        self.new = self.snap()
        self.hot = kept_files(source)
        self.vault.take(rig, data_packs(rig))
        self.gone = purged(rig, [self.old]).purged
        assert self.gone

    def snap(self) -> SnapshotId:
        sid = self.rig.snap().snapshot
        assert sid is not None
        return sid

    def back(self) -> None:
        assert self.vault.give_back(self.rig, self.gone) == self.gone

    def assert_holds(self) -> None:
        """Each snapshot holds what it did, once what is offline is recalled."""
        self.back()
        assert_holds(self.rig, self.old, self.cold)
        assert_holds(self.rig, self.new, self.hot)
        assert_sound(self.rig)


@pytest.fixture
def year(home: Path, tmp_path: Path) -> Year:
    source = tmp_path / "source"
    source.mkdir()
    return Year(Rig.of(home, source), source)


def test_readers(home: Path, tmp_path: Path) -> None:
    """A restore and an export leave out what is offline, and say of each file where it is; a check finds no damage."""
    (tmp_path / "source").mkdir()
    year = Year(Rig.of(home, tmp_path / "source"), tmp_path / "source", large=9 << 20)
    rig = year.rig
    report = restored(rig, year.old, tmp_path / "back")
    assert {each.path for each in report.failures} == {os.fsencode(path) for path in year.cold if year.cold[path]}
    said = "in the archive LTO library on A00123, and yester recall brings"
    assert all(said in each.what for each in report.failures)
    assert not report.damaged
    assert [path for path in (tmp_path / "back").rglob("*") if path.is_file()] == []
    out, exported = export(rig, year.old)
    assert {os.fsdecode(name) for name, _ in exported.left_out} == {str(path)[1:] for path in year.cold}
    assert exported.damaged == 0 and out.endswith(bytes(1024))
    assert not restored(rig, year.new, tmp_path / "new").failures
    checks = checked(rig, 100)
    assert checks.problems == ()
    assert checks.notes == (f"Packs that are offline: {len(year.gone)}, in the archive LTO library",)
    year.assert_holds()


def export(rig: Rig, sid: SnapshotId) -> tuple[bytes, ExportReport]:
    written: list[bytes] = []

    def write(buffers: Sequence[Buffer]) -> None:
        written.extend(map(bytes, buffers))

    report = export_tar(rig.open(), sid, b"/", write)
    return b"".join(written), report


def test_one_reader_sees_packs_go_and_come(year: Year) -> None:
    repository = year.rig.open()
    snapshot, reader = repository.snapshot(year.old), repository.reader()
    path = min(year.cold)
    needed = packs_of(repository, snapshot, os.fsencode(path))
    assert set(needed.offline) <= set(year.gone) and needed.offline
    assert (needed.volumes, needed.size) == (("A00123",), len(year.cold[path]))
    root, recent = decode_root(snapshot.root), decode_root(repository.snapshot(year.new).root)
    assert offline_size(repository, root, [os.fsencode(path), b"/nothing"]) == needed.size
    assert offline_size(repository, recent, [b"/"]) == 0
    whole = packs_of(repository, snapshot)
    assert set(whole.offline) == set(year.gone) == whole.packs
    assert not packs_of(repository, repository.snapshot(year.new)).offline
    with pytest.raises(UsageError, match="is not in the snapshot"):
        packs_of(repository, snapshot, b"/nothing")
    blob = repository.index.written_whole(year.rig.places.cache)
    data = [record[:16] for record in blob.records(range(len(blob))) if record[-1] == 0]
    asleep = next(short for short in data if fails(reader, short))
    year.back()
    assert not fails(reader, asleep)
    assert not packs_of(repository, snapshot).offline
    assert offline_size(repository, root, [b"/"]) == 0


def fails(reader: object, short: bytes) -> bool:
    from yester.engine.ids import BlobKind
    from yester.engine.packs.reading import BlobReader

    assert isinstance(reader, BlobReader)
    try:
        reader.blob(BlobKind.DATA, short)
    except Offline:
        return True
    return False


def test_a_reader_prefers_what_is_online(year: Year) -> None:
    """Of two copies the one in an archive is not looked for, even where it was recalled."""
    rig = year.rig
    shutil.rmtree(year.source)
    for path, content in year.cold.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    again = year.snap()
    assert_holds(rig, again, year.cold)
    assert_holds(rig, year.old, year.cold)
    assert not packs_of(rig.open(), rig.open().snapshot(year.old)).offline
    # What archives have is of no use any more.
    assert {each.pack for each in pruned(rig).released} >= set(year.gone)
    assert_holds(rig, year.old, year.cold)
    assert_sound(rig)


def test_a_copy_says_what_has_to_be_recalled(year: Year) -> None:
    rig = year.rig
    target = MemoryStore()
    Repository.create(target, None, places=rig.places, like=rig.open())

    def copied() -> dict[SnapshotId, str]:
        other = Repository.open(target, None, places=rig.places)
        ids = [year.old, year.new]
        done = copy_snapshots(rig.open(), other, ids, progress=NoProgress(), cancelled=lambda: False)
        return {each.source: each.problem for each in done.copied}

    problems = copied()
    assert problems[year.new] == ""
    count = len(year.gone)
    assert problems[year.old].startswith(f"{count} of the {count} packs that it needs are offline on A00123: yester")
    year.back()
    assert set(copied().values()) == {""}


@pytest.mark.parametrize("is_like", [True, False])
def test_a_copy_does_not_count_on_what_is_offline_in_the_target(
    year: Year, home: Path, tmp_path: Path, is_like: bool
) -> None:
    rig = year.rig
    from_here = replace(rig, store=MemoryStore(), made=True)
    places = replace(rig.places, state=tmp_path / "state2", cache=tmp_path / "cache2")
    Repository.create(from_here.store, None, places=places, like=rig.open() if is_like else None)
    from_here = replace(from_here, places=places)
    folder = tmp_path / "source"

    def copied() -> SnapshotId:
        sid = from_here.snap().snapshot
        assert sid is not None
        target = rig.open()
        done = copy_snapshots(from_here.open(), target, [sid], progress=NoProgress(), cancelled=lambda: False)
        [one] = done.copied
        assert one.target is not None, one.problem
        return one.target

    first = copied()
    Vault().take(rig, data_packs(rig), job="more")
    assert purged(rig, [first, year.old, year.new]).purged
    (folder / "hot/more").write_bytes(b"more")
    assert_holds(rig, copied(), kept_files(folder))


def test_a_rewrite_keeps_what_is_offline(year: Year) -> None:
    [done] = rewrite(year.rig, min(year.cold), year.old)
    del year.cold[min(year.cold)]
    year.old = done.new
    assert pruned(year.rig).is_sound
    year.assert_holds()


# Repairs


def test_a_repair_finds_nothing_to_do(year: Year) -> None:
    assert not repaired(year.rig)
    year.assert_holds()


def test_a_repair_without_a_fragment_waits_for_a_recall(year: Year) -> None:
    """Nobody can say what is in packs that are offline and not named: nothing is given up."""
    rig = year.rig
    for name in list(rig.store.list("index.")):
        rig.store.delete(name)
    shutil.rmtree(rig.places.cache)
    assert checked(rig).problems
    plan = repaired(rig)
    assert [hurt.sid for hurt in plan.waiting] == [year.old]
    assert not (plan.hurt or plan.hopeless or plan.gone)
    [note] = [note for note in checked(rig).notes if "no index fragment names" in note]
    assert note.startswith(f"Packs in an archive that no index fragment names: {len(year.gone)}; recall them")
    year.assert_holds()


def test_a_repair_without_a_record_gives_nothing_up(year: Year) -> None:
    rig = year.rig
    [name] = rig.store.list("holding.")
    content = rig.store.get(name)
    rig.store.delete(name)
    rig.store.put(name, [content[:-9]])
    assert name in {problem.subject for problem in checked(rig).problems}
    plan = repaired(rig)
    assert [hurt.sid for hurt in plan.waiting] == [year.old]
    assert name in plan.beyond
    rig.store.delete(name)
    rig.store.put(name, [content])
    year.assert_holds()


def test_a_repair_deletes_a_damaged_record_that_nobody_needs(year: Year) -> None:
    rig = year.rig
    year.back()
    [name] = rig.store.list("holding.")
    content = rig.store.get(name)
    rig.store.delete(name)
    rig.store.put(name, [content[:-9]])
    repaired(rig)
    assert list(rig.store.list("holding.")) == []
    year.assert_holds()


def test_a_damaged_pack_that_an_archive_holds_comes_back(year: Year) -> None:
    rig = year.rig
    year.back()
    name = f"data.{year.gone[0].hex()}"
    content = rig.store.get(name)
    rig.store.delete(name)
    rig.store.put(name, [bytes(len(content) - 4096) + content[-4096:]])
    assert checked(rig, 100).problems
    plan = repaired(rig)
    assert plan.held == {year.gone[0]}
    assert [sid for sid, _ in rig.open().snapshots()] == [year.old, year.new]
    assert name not in list_packs(rig.store)
    year.assert_holds()


def test_what_comes_back_wrong_is_not_put(year: Year) -> None:
    pack = year.gone[0]
    year.vault.packs[pack] += b"?"
    with pytest.raises(DamageError, match="is not data"):
        year.back()
    assert pack not in {PackId(digest_of(name)) for name in data_packs(year.rig)}


def test_forgetting_what_is_offline(year: Year) -> None:
    forget(year.rig, year.old)
    assert {each.pack for each in pruned(year.rig).released} == set(year.gone)
    assert_holds(year.rig, year.new, year.hot)
    assert_sound(year.rig)
