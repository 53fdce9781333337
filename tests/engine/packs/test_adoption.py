import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.holding import Holding, some_blobs

from yester.engine.ids import BlobKind
from yester.engine.packs import adoption
from yester.engine.packs.adoption import adopt_orphans
from yester.engine.packs.writing import BlobWriter
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.memory import MemoryStore


@pytest.fixture
def holding(tmp_path: Path) -> Holding:
    return Holding(MemoryStore(), tmp_path / "index")


def lose_fragments(holding: Holding) -> Holding:
    """What is left when a run was killed before it put a fragment."""
    for name in holding.names("index."):
        holding.store.delete(name)
    return holding.reopened()


def readable(holding: Holding, ids: list[bytes]) -> bool:
    reader = holding.reader()
    blobs = some_blobs(len(ids))
    return all(bytes(reader.blob(kind, full)) == data for (kind, data), full in zip(blobs, ids, strict=True))


def test_packs_that_a_killed_run_left_are_taken_in(holding: Holding) -> None:
    ids = holding.write(some_blobs(60))
    killed = lose_fragments(holding)
    assert killed.index.blobs == 0
    adopted = adopt_orphans(killed)
    assert (adopted.packs, adopted.blobs, adopted.warnings) == (2, len(set(ids)), ())
    assert readable(killed, ids)
    assert readable(killed.reopened(), ids)
    assert adopt_orphans(killed) == adopt_orphans(killed.reopened()) == (0, 0, ())
    assert len(holding.names("index.")) == 1


def test_adopted_packs_count_until_the_next_restriction(holding: Holding) -> None:
    ids = holding.write(some_blobs(20))
    killed = lose_fragments(holding)
    killed.index.restrict(set())
    adopt_orphans(killed)
    assert all(full in killed.index for full in ids)
    objects = holding.names("data.") + holding.names("meta.")
    assert killed.write(some_blobs(20)) == ids
    assert holding.names("data.") + holding.names("meta.") == objects


def test_a_damaged_orphan_is_passed_over_and_said(holding: Holding) -> None:
    holding.write(some_blobs(30))
    killed = lose_fragments(holding)
    (name,) = holding.names("data.")
    content = holding.store.get(name)
    for broken in (content[:1000], content[:-1] + bytes([content[-1] ^ 1]), b""):
        holding.replace(name, broken)
        adopted = adopt_orphans(killed)
        assert len(adopted.warnings) == 1
        assert name in adopted.warnings[0]
    assert [pack.hex() in holding.names("meta.")[0] for pack in killed.index.packs()] == [True]


ROOT = Path(__file__).parents[3]
KILLED = """
import random, signal, os, sys
from pathlib import Path
from tests.engine.holding import Holding
from yester.engine.ids import BlobKind
from yester.engine.packs.writing import BlobWriter
from yester.plugins.backends.folder import FolderStore

holding = Holding(FolderStore(Path(sys.argv[1]), create=True), Path(sys.argv[2]))
chance = random.Random(5)
writer = BlobWriter(holding)
added = 0
while not writer.packs:
    writer.add(BlobKind.DATA, chance.randbytes(200_000))
    added += 1
print(added, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_that_was_killed_is_carried_on_where_it_stopped(tmp_path: Path) -> None:
    folders = [str(tmp_path / "repository"), str(tmp_path / "index")]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *folders],
        env={"PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    holding = Holding(FolderStore(tmp_path / "repository"), tmp_path / "index")
    adopted = adopt_orphans(holding)
    assert adopted.packs == len(holding.names("data.")) >= 1
    assert adopted.warnings == ()
    chance = random.Random(5)
    blobs = [(BlobKind.DATA, chance.randbytes(200_000)) for _ in range(int(killed.stdout) + 20)]
    with BlobWriter(holding) as writer:
        ids = [writer.add(kind, data) for kind, data in blobs]
        assert writer.statistics.added_blobs == len(blobs) - adopted.blobs
    reader = holding.reopened().reader()
    assert all(bytes(reader.blob(kind, full)) == data for (kind, data), full in zip(blobs, ids, strict=True))


def test_only_the_packs_that_are_given_are_looked_at(holding: Holding) -> None:
    holding.write(some_blobs(30))
    killed = lose_fragments(holding)
    (name,) = holding.names("meta.")
    assert adopt_orphans(killed, [name, "meta." + "0" * 64]).packs == 1
    assert adopt_orphans(killed, []).packs == 0


def test_an_index_is_rebuilt_from_the_packs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adoption, "FRAGMENT_BLOBS", 40)
    holding = Holding(FolderStore(tmp_path / "repository", create=True), tmp_path / "index")
    ids = [full for seed in range(4) for full in holding.write(some_blobs(30, seed))]
    places = {full: holding.index.locate(full) for full in ids}
    robbed = lose_fragments(holding)
    rebuilt = adopt_orphans(robbed)
    assert (rebuilt.packs, rebuilt.warnings) == (8, ())
    assert len(holding.names("index.")) > 1
    for index in (robbed.index, holding.reopened().index, Holding(holding.store, tmp_path / "new").index):
        assert {full: index.locate(full) for full in ids} == places


def test_a_damaged_fragment_heals_by_adoption(holding: Holding) -> None:
    ids = holding.write(some_blobs(30))
    (name,) = holding.names("index.")
    content = holding.store.get(name)
    holding.replace(name, content[:-1] + bytes([content[-1] ^ 1]))
    later = Holding(holding.store, holding.folder / "other")
    assert later.index.damaged
    assert adopt_orphans(later).packs == 2
    assert readable(later, ids)
