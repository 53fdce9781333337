import os
from pathlib import Path

import pytest
from tests.engine.restoring_rig import checked, taken
from tests.rig import Rig, write

from yester.engine.entries import Entry, Owner
from yester.engine.packs.writing import BlobWriter
from yester.engine.repair.finding import LostTree, find_lost, recover
from yester.engine.trees.directories import TreeWriter


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for number in range(300):
        write(tmp_path / "docs" / f"{number % 7}" / f"{number}", b"%d" % number)
    return tmp_path / "docs"


@pytest.fixture
def rig(home: Path, docs: Path) -> Rig:
    return Rig.of(home, docs)


def lost(rig: Rig) -> list[LostTree]:
    return find_lost(rig.open(), rig.profile.sources, lambda: None)


def test_a_snapshot_whose_record_is_gone_is_found_again(rig: Rig, docs: Path) -> None:
    first = taken(rig)
    write(docs / "new", b"new")
    second = taken(rig)
    assert lost(rig) == []
    whole = {path: entry for path, (entry, _) in rig.taken(second).entries.items()}
    rig.store.delete(f"snap.{second.hex()}")
    (found,) = lost(rig)
    assert found.below.files == 301
    sid = recover(rig.open(), found)
    taken_again = rig.taken(sid)
    assert [path for path in taken_again.entries if path != b"/"] == [path for path in whole if path != b"/"]
    assert taken_again.content(docs / "new") == b"new"
    assert all(entry == whole[path] for path, (entry, _) in taken_again.entries.items() if path != b"/")
    assert taken_again.record.time_ns == max(entry.mtime_ns for path, entry in whole.items() if path != b"/")
    repository = rig.open()
    assert repository.labels()[sid].tags == ("recovered",)
    assert {first, sid} == repository.snapshot_ids()
    assert lost(rig) == []
    assert checked(rig, 100).problems == ()


def test_the_next_run_takes_no_recovered_snapshot_for_its_parent(rig: Rig, docs: Path) -> None:
    sid = taken(rig)
    rig.store.delete(f"snap.{sid.hex()}")
    recover(rig.open(), lost(rig)[0])
    result = rig.snap()
    assert result.snapshot is not None
    assert rig.open().snapshot(result.snapshot).parent is None


def test_pieces_of_a_killed_run_are_not_taken_for_snapshots(rig: Rig, docs: Path) -> None:
    taken(rig)
    repository = rig.open()
    with BlobWriter(repository) as writer:
        piece = TreeWriter(writer.add, repository.keys.page_key)
        piece.add(Entry(b"left", 0o100644, Owner(0, 0), size=0, mtime_ns=1, ctime_ns=1))
        tree, _ = piece.finish()
        writer.flush()
    assert lost(rig) == []
    assert [found.tree for found in find_lost(rig.open(), (), lambda: None)] == [tree]


def test_without_a_known_source_every_tree_counts(rig: Rig, docs: Path) -> None:
    sid = taken(rig)
    rig.store.delete(f"snap.{sid.hex()}")
    (found,) = find_lost(rig.open(), (), lambda: None)
    assert found.names == (os.fsencode(docs).split(b"/")[1],)
