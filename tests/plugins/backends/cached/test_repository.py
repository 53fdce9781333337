"""A repository behind the cache: what each command asks of a store that is far away."""

import os
from pathlib import Path

import pytest
from tests.plugins.backends.counting import FarStore
from tests.rig import Rig, write

from yester.engine.errors import DamageError
from yester.engine.ids import BlobKind
from yester.engine.places import Places
from yester.plugins.backends.cached.opening import folder_of
from yester.plugins.backends.cached.store import CachedStore
from yester.plugins.backends.memory import MemoryStore

MIB = 1 << 20


class Far:
    """A rig whose repository is far away, with a cache on this machine."""

    def __init__(self, home: Path, folder: Path, budget: int = 64 * MIB) -> None:
        self.near = MemoryStore()
        self.far = FarStore(self.near)
        self.rig = Rig.of(home, folder)
        self.budget = budget
        self.rig.store = self.store()

    def store(self) -> CachedStore:
        return CachedStore(self.far, lambda repository: folder_of(repository, Places.default()), self.budget)

    def anew(self) -> Rig:
        """Return the rig as the next command has it; counting begins anew."""
        self.rig.store = self.store()
        self.far.requests.clear()
        return self.rig


@pytest.fixture
def far(home: Path, folder: Path) -> Far:
    for number in range(40):
        write(folder / f"{number:02}", os.urandom(100_000))
    return Far(home, folder)


def test_the_second_list_asks_for_nothing_that_never_changes(far: Far) -> None:
    for _ in range(3):
        far.rig.snap()
    rig = far.anew()
    assert len(rig.open().snapshots()) == 3
    assert far.far.count("get", "snap") == 3 or far.far.count("get", "snap") == 0
    rig = far.anew()
    repository = rig.open()
    assert len(repository.snapshots()) == 3
    assert repository.labels() == {}
    assert far.far.verbs() == {
        "get config": 1,
        "list key": 1,
        "get key": 1,
        "list tomb": 1,
        "list snap": 1,
        "list label": 1,
    }


def test_what_is_read_twice_is_fetched_once(far: Far, folder: Path) -> None:
    sid = far.rig.snap().snapshot
    for expected in (True, False):
        taken = far.anew().taken(sid)
        for number in range(40):
            assert taken.content(folder / f"{number:02}") == (folder / f"{number:02}").read_bytes()
        assert (far.far.count("range", "data") > 0) is expected
        assert far.far.count("get", "meta") == 0, "metadata was kept when it was put"


def test_reading_through_takes_few_requests_each_byte_once(far: Far, folder: Path) -> None:
    sid = far.rig.snap().snapshot
    taken = far.anew().taken(sid)
    for number in range(40):
        taken.content(folder / f"{number:02}")
    ranges = [each for each in far.far.requests if each[0] == "range"]
    packs = list(far.near.list("data."))
    assert sum(int(each[3]) for each in ranges) <= sum(map(far.near.query, packs))
    assert len(ranges) <= 8, "4 MB in forty files"


def test_another_hosts_snapshot_appears_and_a_forgotten_one_goes(far: Far) -> None:
    first = far.rig.snap().snapshot
    mine = far.anew().open()
    assert mine.snapshot_ids() == {first}
    other = Rig(far.rig.places, far.rig.profile, store=far.near, made=True)
    second = other.snap().snapshot
    assert mine.snapshot_ids() == {first, second}
    assert first is not None
    other.open().forget_snapshot(first, "test")
    assert mine.snapshot_ids() == {second}
    assert [sid for sid, _ in far.anew().open().snapshots()] == [second]


def _blocks(far: Far) -> list[Path]:
    return [path for path in Places.default().cache.rglob("store/blocks/*/*") if path.is_file()]


def test_a_forged_block_is_found_when_it_is_opened_and_fetched_again(
    far: Far, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its digest fits, as that of something that the store once gave wrongly."""
    from yester.plugins.backends.cached.files import CacheFiles

    sid = far.rig.snap().snapshot
    far.anew().taken(sid).content(folder / "00")
    for path in _blocks(far):
        if path.name.startswith("."):
            continue  # one that is just being written
        files = CacheFiles(path.parents[2])
        digest, _, number = path.name.partition(".")
        files.write_block(f"data.{digest}", int(number), bytes(path.stat().st_size - 32))
    taken = far.anew().taken(sid)
    assert taken.content(folder / "00") == (folder / "00").read_bytes()
    assert "damaged in the cache" in caplog.text


def test_wrong_bytes_from_the_store_hit_one_reading_and_no_later_one(far: Far, folder: Path) -> None:
    sid = far.rig.snap().snapshot
    content, real = (folder / "00").read_bytes(), far.near.get_range
    rig = far.anew()
    wrong = iter([True])

    def lying(name: str, offset: int, size: int) -> bytes:
        return bytes(size) if next(wrong, False) else real(name, offset, size)

    far.near.get_range = lying  # type: ignore[method-assign]
    assert rig.taken(sid).content(folder / "00") == content, "asked for again, since it was kept"
    assert far.anew().taken(sid).content(folder / "00") == content


def test_damage_in_the_store_itself_is_said_and_ends(far: Far, folder: Path) -> None:
    sid = far.rig.snap().snapshot
    for name in list(far.near.list("data.")):
        far.near.put(name, [bytes(far.near.query(name))])
    taken = far.anew().taken(sid)
    with pytest.raises(DamageError, match="data"):
        taken.content(folder / "00")


def test_a_pruned_pack_that_is_kept_is_no_half_state(far: Far, folder: Path) -> None:
    """What was moved by a prune elsewhere is found where it is now, or here."""
    sid = far.rig.snap().snapshot
    rig = far.anew()
    repository = rig.open()
    reader = repository.reader()
    entry = rig.taken(sid)[folder / "00"]
    blob = entry.refs[0].blob
    before = bytes(reader.blob(BlobKind.DATA, blob))
    location = reader.location(blob)
    assert location is not None
    again = far.anew().open()
    assert bytes(again.reader().blob(BlobKind.DATA, blob)) == before
    assert list(again.store.list("data.")) == list(far.near.list("data."))
