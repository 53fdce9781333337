"""What du says, against adding up every blob of every snapshot."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from tests.rig import Rig, write

from yester.engine.catalogue.catalogue import Catalogue, everything
from yester.engine.catalogue.usage import Usage, freed_by, usage
from yester.engine.entries import Entry, Mark
from yester.engine.ids import ListId, SnapshotId
from yester.engine.repository import Repository
from yester.engine.selection import Listed
from yester.engine.trees.directories import decode_root, walk
from yester.engine.trees.lists import BlobList

NOISE = random.Random(1)


@pytest.fixture
def rig(home: Path) -> Rig:
    """Four snapshots of files that share some of their content, and one that is forgotten."""
    top = home / "top"
    large = NOISE.randbytes(12_000_000)
    write(top / "a/listed", large)
    write(top / "a/chunked", large[:900_000])
    write(top / "b/small", b"small")
    rig = Rig.of(home, top)
    rig.snap()
    write(top / "a/listed", large[:6_000_000] + b"more" + large[6_000_000:])
    write(top / "b/new", NOISE.randbytes(200_000))
    rig.snap()
    write(top / "b/new", b"small")
    with open(top / "b/sparse", "wb") as file:
        file.seek(500_000)
        file.write(NOISE.randbytes(1000))
    gone = rig.snap().snapshot
    write(top / "b/new", NOISE.randbytes(10_000))
    rig.snap()
    assert gone is not None
    rig.open().forget_snapshot(gone, "test")
    return rig


def added_up(rig: Rig, catalogue: Catalogue, below: bytes, depth: int = 1, only: SnapshotId | None = None) -> Usage:
    repository = rig.open()

    def is_wanted(listed: Listed) -> bool:
        return only in (None, listed[0])

    wanted = everything if only is None else is_wanted
    return usage(catalogue, repository.index, repository.reader(), wanted, below, depth, lambda number: None)


@pytest.fixture
def catalogue(rig: Rig) -> Iterator[Catalogue]:
    with Catalogue.open(rig.open()) as opened:
        opened.update()
        yield opened


def blobs_of(repository: Repository, entry: Entry) -> set[bytes]:
    found = {ref.blob[:16] for ref in entry.refs}
    if entry.marks & Mark.LIST:
        source = repository.reader()
        found |= {ref.blob[:16] for ref in BlobList(source, ListId(entry.refs[0].blob))}
    return found


def share(repository: Repository, blob: bytes) -> int:
    location = repository.index.locate(blob)
    assert location is not None
    return location.sealed_size * location.size // location.plain_size if location.plain_size else 0


def holders_of(repository: Repository) -> dict[bytes, set[SnapshotId]]:
    """Return each blob with the snapshots that have it."""
    holders: dict[bytes, set[SnapshotId]] = {}
    for sid, snapshot in repository.snapshots():
        for _, entry, _ in walk(repository.reader(), decode_root(snapshot.root)):
            for blob in blobs_of(repository, entry):
                holders.setdefault(blob, set()).add(sid)
    return holders


def test_what_goes_with_any_set_of_snapshots(rig: Rig, catalogue: Catalogue) -> None:
    repository = rig.open()
    holders = holders_of(repository)
    ids = [sid for sid, _ in repository.snapshots()]
    for number in range(len(ids) + 1):
        for going in combinations(ids, number):
            freed = freed_by(catalogue, repository.index, repository.reader(), going, lambda number: None)
            assert freed == sum(share(repository, blob) for blob, sids in holders.items() if sids <= {*going})


def test_against_every_blob_of_every_snapshot(rig: Rig, catalogue: Catalogue) -> None:
    repository = rig.open()
    holders = holders_of(repository)
    unique: Counter[SnapshotId] = Counter()
    for blob, sids in holders.items():
        if len(sids) == 1:
            unique[next(iter(sids))] += share(repository, blob)
    found = added_up(rig, catalogue, b"/")
    assert {listed[0]: size for listed, size in found.unique} == dict(unique)
    assert found.size == sum(share(repository, blob) for blob in holders)
    assert found.missing == 0
    plain = [repository.index.locate(blob) for blob in holders]
    assert found.plain_size == sum(each.size for each in plain if each is not None) > found.size > 0
    assert len(unique) == 3 and all(size > 1000 for size in unique.values())


def test_of_one_snapshot(rig: Rig, catalogue: Catalogue) -> None:
    repository = rig.open()
    sid, snapshot = repository.snapshots()[0]
    mine = {
        blob
        for _, entry, _ in walk(repository.reader(), decode_root(snapshot.root))
        for blob in blobs_of(repository, entry)
    }
    found = added_up(rig, catalogue, b"/", only=sid)
    assert found.size == sum(share(repository, blob) for blob in mine)
    assert [listed[0] for listed, _ in found.unique] == [sid]


def test_paths_add_up(rig: Rig, catalogue: Catalogue, home: Path) -> None:
    top = os.fsencode(home / "top")
    found = added_up(rig, catalogue, top, depth=2)
    sizes = dict(found.paths)
    assert next(iter(sizes)) == top and sizes[top] == found.size
    assert sizes[top + b"/a/listed"] > 11_000_000 > sizes[top + b"/b"] > 210_000
    inside = sum(size for path, size in sizes.items() if path.startswith(top + b"/a/"))
    assert 0 < sizes[top + b"/a"] - inside < 1000  # the folder's own nodes
    assert added_up(rig, catalogue, top + b"/nothing").paths == []


def test_blobs_that_are_nowhere_are_counted(rig: Rig, catalogue: Catalogue, home: Path) -> None:
    class Empty:
        def locate(self, blob: bytes) -> None:
            return None

    found = usage(catalogue, Empty(), rig.open().reader(), everything, b"/", 1, lambda number: None)
    assert found.size == 0 and found.missing > 50
