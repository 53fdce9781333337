import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.engine.restoring_rig import checked
from tests.rig import Rig, Taken, write

from yester.engine.errors import CancelledError, Denied
from yester.engine.ids import BlobId, ListId, SnapshotId
from yester.engine.rewriting.removal import plan_removal
from yester.engine.rewriting.snapshots import Replaced, Rewriter
from yester.engine.store import Buffer
from yester.engine.trees.links import LinkTable
from yester.plugins.backends.memory import MemoryStore


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    for name in ("a/1", "a/2", "m/secret/key", "m/secret/deep/er", "m/zz", "z/last"):
        write(folder / name, name.encode())
    for number in range(1600):  # some pages: one has 1024 rows at most
        write(folder / "many" / f"{number:05}", b"%d" % number)
    for first, other in (("a/1", "m/linked"), ("m/secret/key", "m/zkey"), ("m/secret/key", "z/key"), ("z/last", "z/m")):
        os.link(folder / first, folder / other)
    return folder


@pytest.fixture
def rig(home: Path, docs: Path) -> Rig:
    return Rig.of(home, docs)


def rewrite(rig: Rig, *paths: Path, snapshots: Sequence[SnapshotId] = ()) -> list[Replaced]:
    repository = rig.open()
    chosen = [listed for listed in repository.snapshots() if not snapshots or listed[0] in snapshots]
    plan = plan_removal(repository.reader(), chosen, [os.fsencode(path) for path in paths])
    rewriter = Rewriter(repository, lambda entry: entry, reason="rewritten", cancelled=rig.cancelled)
    return list(rewriter.replace([removal.replacement() for removal in plan], 1))


def linked(taken: Taken) -> dict[bytes, bytes]:
    """Return the first name of every further name of a file."""
    if taken.record.links is None:
        return {}
    names = {ordinal: path for path, (_, ordinal) in taken.entries.items()}
    return {names[m]: names[f] for m, f in LinkTable(taken.source, ListId(BlobId(taken.record.links)))}


def left(paths: Iterator[bytes], gone: Sequence[Path]) -> list[bytes]:
    return [path for path in paths if not any((path + b"/").startswith(os.fsencode(each) + b"/") for each in gone)]


@pytest.mark.parametrize(
    "names", [["m/secret"], ["many/01500"], ["a", "many", "m/zz"], ["a/1"], ["m/secret/key", "m/secret"]]
)
def test_a_path_goes_and_all_else_stays(rig: Rig, docs: Path, names: list[str]) -> None:
    sid = rig.snap(tags=("kept",)).snapshot
    before = rig.taken(sid)
    gone = [docs / name for name in names]
    (replaced,) = rewrite(rig, *gone)
    assert replaced.old == sid
    after = rig.taken(replaced.new)
    assert list(after.entries) == left(iter(before.entries), gone)
    assert [ordinal for _, ordinal in after.entries.values()] == list(range(len(after.entries)))
    for path, (entry, _) in after.entries.items():
        was = before.entries[path][0]
        if not entry.is_directory:
            assert entry == was
            assert not entry.is_file or after.content(path) == before.content(path)
        assert (entry.mtime_ns, entry.owner, entry.mode) == (was.mtime_ns, was.owner, was.mode)
    files = {path: before.entries[path][0].link_group for path in after.entries}
    firsts: dict[int, bytes] = {}
    expected = {path: firsts.setdefault(group, path) for path, group in files.items() if group}
    assert linked(after) == {path: first for path, first in expected.items() if path != first}
    record = after.record
    assert (record.original, record.time_ns, record.host) == (sid, before.record.time_ns, before.record.host)
    assert record.statistics.entries == len(after.entries) - 1
    repository = rig.open()
    assert repository.snapshot_ids() == {replaced.new}
    assert repository.labels()[replaced.new].tags == ("kept",)
    assert repository.warnings() == []
    assert checked(rig, 100).problems == ()


def test_a_snapshot_without_the_path_is_left_alone(rig: Rig, docs: Path) -> None:
    first = rig.snap().snapshot
    write(docs / "new" / "secret")
    second = rig.snap().snapshot
    assert [replaced.old for replaced in rewrite(rig, docs / "new")] == [second]
    assert first in rig.open().snapshot_ids()
    assert rewrite(rig, docs / "new") == []


def test_the_tree_is_what_a_run_would_have_stored(rig: Rig, docs: Path) -> None:
    """Equal directories have equal ids: what is written anew is deduplicated with what is there."""
    times = os.stat(docs).st_mtime_ns
    before = rig.taken(rig.snap().snapshot)[docs]
    write(docs / "extra")
    os.utime(docs, ns=(times, times))
    rig.snap()
    (replaced,) = rewrite(rig, docs / "extra")
    assert rig.taken(replaced.new)[docs].refs == before.refs


def test_a_run_goes_on_after_it(rig: Rig, docs: Path) -> None:
    rig.snap()
    rewrite(rig, docs / "many")
    result = rig.snap()
    assert os.fsencode(docs / "many" / "00007") in rig.taken(result.snapshot)
    assert checked(rig, 100).problems == ()


class Failing(MemoryStore):
    """A store that fails for good after so many writes."""

    left = 10**9

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        self._count()
        super().put(name, buffers, if_absent=if_absent)

    def delete(self, name: str) -> None:
        self._count()
        super().delete(name)

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Denied("the disk is gone")


def test_broken_off_anywhere_nothing_is_lost_and_it_is_finished_the_next_time(home: Path, docs: Path) -> None:
    rig = Rig.of(home, docs)
    store = rig.store = Failing()
    for number in range(3):
        write(docs / "z" / "last", b"%d" % number)
        rig.snap(tags=("kept",))
    times = sorted(snapshot.time_ns for _, snapshot in rig.open().snapshots())
    whole = dict(store._objects)
    for allowed in range(100):
        store._objects = dict(whole)
        store.left = allowed
        try:
            rewrite(rig, docs / "m" / "secret")
        except Denied:
            store.left = 10**9
            assert {snapshot.time_ns for _, snapshot in rig.open().snapshots()} == set(times)
            rewrite(rig, docs / "m" / "secret")
        else:
            break
        repository = rig.open()
        assert sorted(snapshot.time_ns for _, snapshot in repository.snapshots()) == times
        for sid in repository.snapshot_ids():
            assert os.fsencode(docs / "m" / "secret") not in rig.taken(sid)
            assert repository.labels()[sid].tags == ("kept",)
    assert 5 < allowed < 99


def test_it_can_be_cancelled(rig: Rig, docs: Path) -> None:
    sid = rig.snap().snapshot
    rig.cancelled = lambda: True
    with pytest.raises(CancelledError):
        rewrite(rig, docs / "a")
    assert rig.open().snapshot_ids() == {sid}
