"""Write-only clients: what they add is whole; they read only metadata of their own; nothing of others' rests on it."""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine.prune.rigging import forget, pruned
from tests.engine.restoring_rig import checked, objects, restored
from tests.format_reader import Reader
from tests.rig import ABOVE_SIZE, Rig, write

from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.errors import Denied, RepositoryError
from yester.engine.ids import BlobKind, PackId, SnapshotId
from yester.engine.packs.fragments import Fragment, list_fragments, put_fragment
from yester.engine.packs.packs import Frame, OpenPack, PackEntry, read_directory
from yester.engine.places import Places
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.engine.sealed.keys import blob_id
from yester.engine.sealed.keyslots import SlotKind
from yester.engine.sealed.records import Label, Mark, Tombstone
from yester.engine.sealed.sealing import ObjectKind, digest_of, name_of, was_added_blind
from yester.engine.ways_in import NewWay, add_way, rotate
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.memory import MemoryStore

ADMIN, BLIND = b"of the one who reads", b"of the one who adds"

pytestmark = pytest.mark.usefixtures("settled")


class AppendOnly(MemoryStore):
    """A store that forbids its client to delete, as one with object lock does."""

    def delete(self, name: str) -> None:
        raise Denied(f"{name} may not be deleted", name=name)


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    """A repository with a write-only key; who opens it here can read."""
    rig = Rig.of(home, folder)
    rig.secret = ADMIN
    repository = rig.open()
    add_way(repository, NewWay(SlotKind.PUBLIC, BLIND, "laptop"))
    return rig


@pytest.fixture
def laptop(rig: Rig, tmp_path: Path) -> Rig:
    """Another machine, which has the write-only key only."""
    return replace(rig, places=Places.under(tmp_path / "laptop"), secret=BLIND)


def blind(laptop: Rig) -> Repository:
    repository = Repository.open(laptop.store, lambda: BLIND, places=laptop.places, adding=True)
    repository.unlock()
    return repository


def added(laptop: Rig, **more: object) -> SnapshotResult:
    """Take a snapshot with the write-only key."""
    request = SnapshotRequest(laptop.profile, "run", **more)  # type: ignore[arg-type]
    return take_snapshot(
        blind(laptop),
        request,
        places=laptop.places,
        hooks=laptop.hooks,
        progress=NoProgress(),
        cancelled=lambda: False,
    )


def contents(rig: Rig, sid: SnapshotId | None, tmp_path: Path) -> dict[str, bytes]:
    assert sid is not None
    place = tmp_path / f"back-{sid.hex()[:8]}"
    report = restored(rig, sid, place)
    assert report.failed == 0
    return {path.name: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_what_is_added_is_whole(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    for number in range(40):
        write(folder / f"{number % 4}" / f"{number}", random.Random(number).randbytes(number * 997))
    done = added(laptop, tags=("t",))
    assert checked(rig, 100).problems == ()
    assert contents(rig, done.snapshot, tmp_path) == {
        path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    repository = rig.open()
    assert [label.tags for label in repository.labels().values()] == [("t",)]
    [(sid, _)] = repository.snapshots()
    assert repository.came_blind(sid) and repository.trusted_snapshots() == []
    assert repository.warnings() == []


def test_all_of_it_is_sealed_for_who_can_read(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", b"secret")
    before = set(rig.store.list())
    added(laptop)
    new = set(rig.store.list()) - before
    assert {name.partition(".")[0] for name in new} == {"data", "meta", "index", "snap"}
    assert all(was_added_blind(rig.store.get(name)) for name in new)
    salts = [rig.store.get(name)[16:48] for name in new]
    assert len(set(salts)) == len(salts)


def test_the_page_of_the_format_is_true(home: Path, folder: Path, tmp_path: Path) -> None:
    rig = Rig.of(home, folder)
    rig.store, rig.secret = FolderStore(tmp_path / "repository", create=True), ADMIN
    add_way(rig.open(), NewWay(SlotKind.PUBLIC, BLIND))
    write(folder / "a", random.Random(1).randbytes(300_000))
    write(folder / "b", b"small")
    added(replace(rig, places=Places.under(tmp_path / "laptop")))
    reader = Reader(tmp_path / "repository", ADMIN)
    assert reader.every_blob()
    [sid] = reader.snapshots
    found = {item.path.rpartition(b"/")[2]: reader.content(item) for item in reader.items(sid) if item.blobs}
    assert found == {b"a": (folder / "a").read_bytes(), b"b": b"small"}


def test_the_independent_reader_believes_as_little(home: Path, folder: Path, tmp_path: Path) -> None:
    rig = Rig.of(home, folder)
    rig.store, rig.secret = FolderStore(tmp_path / "repository", create=True), ADMIN
    add_way(rig.open(), NewWay(SlotKind.PUBLIC, BLIND))
    laptop = replace(rig, places=Places.under(tmp_path / "laptop"))
    write(folder / "a", b"genuine")
    sid = rig.snap(tags=("kept",)).snapshot
    assert sid is not None
    hostile, victim = blind(laptop), rig.open().snapshot(sid).writer
    hostile.put_record(ObjectKind.TOMBSTONE, Tombstone(snapshot=sid, writer=victim, time_ns=0))
    hostile.put_record(ObjectKind.LABEL, Label(snapshot=sid, counter=99, writer=victim, name="mine"))
    put_fragment(rig.store, hostile.keys, Fragment((), tuple(list_fragments(rig.store))))
    poisoned(laptop, b"genuine")
    reader = Reader(tmp_path / "repository", ADMIN)
    assert list(reader.snapshots) == [sid.hex()] and reader.labels[sid.hex()]["tags"] == ["kept"]
    assert [reader.content(item) for item in reader.items(sid.hex()) if item.blobs] == [b"genuine"]


def test_the_key_reads_nothing(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", b"secret")
    own = added(laptop).snapshot
    others = rig.snap().snapshot
    closed = Repository.open(rig.store, lambda: BLIND, places=laptop.places)
    for use in (lambda: closed.keys, lambda: closed.master, lambda: closed.snapshots(), lambda: closed.slot):
        with pytest.raises(RepositoryError, match="can only add"):
            use()
    repository = blind(laptop)
    with pytest.raises(RepositoryError, match="can only add"):
        _ = repository.master
    assert others is not None and own is not None
    assert [sid for sid, _ in repository.snapshots()] == [own], "its own metadata, by its cache"
    with pytest.raises(RepositoryError, match="can only add"):
        repository.snapshot(others)
    for name in objects(rig, "data."):
        with pytest.raises(RepositoryError, match="can only add"):
            read_directory(rig.store, name, repository.keys)


def test_what_it_keeps_opens_no_content(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", b"secret")
    added(laptop)
    [kept] = laptop.places.cache.rglob("own-objects")
    assert kept.stat().st_mode & 0o777 == 0o600
    digests = {kept.read_bytes()[at : at + 32].hex() for at in range(0, kept.stat().st_size, 64)}
    names = {name.partition(".")[2]: name for name in rig.store.list()}
    assert {names[digest].partition(".")[0] for digest in digests} == {"meta", "index", "snap"}


def test_unchanged_files_are_not_stored_again(laptop: Rig, folder: Path) -> None:
    for number in range(30):
        write(folder / f"{number % 3}" / f"{number}", random.Random(number).randbytes(5000))
    first = added(laptop)
    assert first.statistics.new == 30
    again = added(laptop)
    assert again.statistics.unchanged == 30
    assert again.statistics.added_size < ABOVE_SIZE
    write(folder / "1" / "new", b"new")
    third = added(laptop)
    assert (third.statistics.new, third.statistics.unchanged) == (1, 30)
    (folder / "moved").write_bytes((folder / "1" / "1").read_bytes())
    assert added(laptop).statistics.added_size < 5000, "its own index knows the content"


def test_without_its_cache_it_stores_everything_again(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "a", random.Random(1).randbytes(50_000))
    added(laptop)
    lost = replace(laptop, places=Places.under(tmp_path / "new"))
    again = added(lost)
    assert again.statistics.new == 1 and again.statistics.added_size > 50_000
    assert checked(rig, 100).problems == ()


def test_a_store_that_forbids_to_delete_is_enough(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "a", b"x" * 1000)
    store = AppendOnly()
    for name in rig.store.list():
        store.put(name, [rig.store.get(name)])
    for each in (rig, laptop):
        each.store = store
    done = added(laptop)
    write(folder / "b", b"y")
    added(laptop)
    assert len(list(store.list("session."))) == 2
    assert contents(rig, done.snapshot, tmp_path) == {"a": b"x" * 1000}


def test_while_a_prune_is_at_work_it_builds_on_nothing(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", random.Random(1).randbytes(50_000))
    added(laptop)
    repository = rig.open()
    doomed = [PackId(digest_of(name)) for name in rig.store.list("data.")]
    repository.put_record(ObjectKind.MARK, Mark(packs=tuple(doomed), fragments=(), writer=bytes(16), time_ns=0))
    done = added(laptop)
    assert done.statistics.added_size >= 50_000
    for pack in doomed:
        rig.store.delete(name_of(ObjectKind.DATA, pack))
    [copy] = rig.store.list("data.")
    assert copy not in {name_of(ObjectKind.DATA, pack) for pack in doomed}


def test_packs_that_a_prune_took_are_stored_again(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "a", random.Random(1).randbytes(50_000))
    added(laptop)
    for name in objects(rig, "data."):
        rig.store.delete(name)
    done = added(laptop)
    assert contents(rig, done.snapshot, tmp_path) == {"a": (folder / "a").read_bytes()}


def test_after_a_rotation_it_goes_on_under_the_old_key_and_is_read(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", b"x")
    still_open = blind(laptop)
    rotate(rig.open(), [NewWay(SlotKind.PASSPHRASE, ADMIN)])
    with pytest.raises(RepositoryError, match="Wrong passphrase"):
        blind(laptop)
    request = SnapshotRequest(laptop.profile, "run")
    take_snapshot(
        still_open,
        request,
        places=laptop.places,
        hooks=laptop.hooks,
        progress=NoProgress(),
        cancelled=lambda: False,
    )
    assert checked(rig, 100).problems == ()
    assert len(rig.open().snapshots()) == 1


def test_prunes_drop_what_is_there_twice_and_it_goes_on(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    """Also what it stored may be moved, out of packs that its own index names."""
    noise = random.Random(1)
    for number in range(30):
        write(folder / str(number), noise.randbytes(20_000))
    first = added(laptop)
    second = rig.snap()
    size = sum(rig.store.query(name) for name in objects(rig, "data."))
    for number in range(20):
        (folder / str(number)).unlink()
    assert first.snapshot is not None
    forget(rig, second.snapshot)
    assert pruned(rig).is_sound
    assert sum(rig.store.query(name) for name in objects(rig, "data.")) < 0.6 * size
    assert checked(rig, 100).problems == ()
    third = added(laptop)
    forget(rig, first.snapshot)
    assert pruned(rig).freed_size > 0
    write(folder / "new", b"new")
    fourth = added(laptop)
    assert checked(rig, 100).problems == ()
    there = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert contents(rig, fourth.snapshot, tmp_path) == there
    assert contents(rig, third.snapshot, tmp_path) == {name: there[name] for name in there if name != "new"}


# What a hostile write-only client may try.


def test_it_forgets_and_labels_nothing_of_others(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", b"x")
    sid = rig.snap(tags=("kept",)).snapshot
    assert sid is not None
    hostile, victim = blind(laptop), rig.open().snapshot(sid).writer
    hostile.put_record(ObjectKind.TOMBSTONE, Tombstone(snapshot=sid, writer=victim, time_ns=0))
    hostile.put_record(ObjectKind.LABEL, Label(snapshot=sid, counter=99, writer=victim, name="mine"))
    repository = rig.open()
    assert repository.snapshot_ids() == {sid} and repository.tombstoned() == set()
    assert repository.labels()[sid].tags == ("kept",)
    assert checked(rig, 100).snapshots == 1
    assert repository.warnings() == []


def test_nor_of_another_write_only_client(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", b"x")
    sid = added(laptop).snapshot
    assert sid is not None
    hostile = blind(replace(laptop, places=Places.under(folder.parent / "hostile")))
    hostile.put_record(ObjectKind.TOMBSTONE, Tombstone(snapshot=sid, writer=hostile.writer, time_ns=0))
    assert rig.open().snapshot_ids() == {sid}
    blind(laptop).forget_snapshot(sid, "its own")
    assert rig.open().snapshot_ids() == set()


def test_its_marks_keep_nobody_off(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", random.Random(1).randbytes(50_000))
    rig.snap()
    packs = tuple(PackId(digest_of(name)) for name in rig.store.list("data."))
    blind(laptop).put_record(ObjectKind.MARK, Mark(packs=packs, fragments=(), writer=bytes(16), time_ns=0))
    assert rig.snap().statistics.added_size < 50_000


def test_its_fragments_replace_nothing(rig: Rig, laptop: Rig, folder: Path) -> None:
    write(folder / "a", b"x" * 1000)
    sid = rig.snap().snapshot
    mine = tuple(list_fragments(rig.store))
    put_fragment(rig.store, blind(laptop).keys, Fragment((), mine))
    assert set(mine) <= rig.open().index.fragments()
    assert checked(rig, 100).problems == () and sid is not None


def poisoned(laptop: Rig, content: bytes, *, flags: int = 1) -> PackEntry:
    """Store a pack that claims to hold `content` under its true id, and holds something else."""
    hostile = blind(laptop)
    short = blob_id(hostile.keys.id_key(BlobKind.DATA), content)[:16]
    frame = Frame(ObjectKind.DATA)
    frame.add(BlobKind.DATA, short, len(content))
    frame.close()
    pack = OpenPack(ObjectKind.DATA, hostile.keys, memoryview(bytearray(16 << 20)))
    pack.seal(frame, 0, bytes(len(content)))
    entry, data = pack.finish()
    hostile.store.put(entry.name, [data])
    header = entry.header[:8] + bytes([flags]) + entry.header[9:]
    put_fragment(hostile.store, hostile.keys, Fragment((replace(entry, header=header),)))
    return entry


def test_a_pack_that_claims_what_others_are_yet_to_store_hides_nothing(
    rig: Rig, laptop: Rig, folder: Path, tmp_path: Path
) -> None:
    content = random.Random(1).randbytes(20_000)
    poisoned(laptop, content)
    write(folder / "a", content)
    done = rig.snap()
    assert done.statistics.added_size >= 20_000
    assert contents(rig, done.snapshot, tmp_path) == {"a": content}


def test_what_its_fragment_says_of_its_own_pack_is_not_believed(
    rig: Rig, laptop: Rig, folder: Path, tmp_path: Path
) -> None:
    """It could pass for one of those who read, and be built upon."""
    content = random.Random(1).randbytes(20_000)
    poisoned(laptop, content, flags=0)
    write(folder / "a", content)
    done = rig.snap()
    assert done.statistics.added_size >= 20_000
    assert contents(rig, done.snapshot, tmp_path) == {"a": content}


def test_what_its_fragments_say_of_others_packs_is_not_believed(
    rig: Rig, laptop: Rig, folder: Path, tmp_path: Path
) -> None:
    """Whoever believed it would look for what is there in wrong places, and not find it."""
    content = random.Random(1).randbytes(20_000)
    write(folder / "a", content)
    done = rig.snap()
    genuine = [read_directory(rig.store, name, rig.open().keys) for name in objects(rig, "data.")]
    hostile = blind(laptop)
    for number in range(9):
        own = poisoned(laptop, content)
        header = genuine[0].header[:-1] + bytes([number])
        for each in genuine:
            for lie in (replace(each, header=own.header), replace(each, directory=own.directory, header=header)):
                put_fragment(rig.store, hostile.keys, Fragment((lie, replace(own, pack=PackId(bytes(32))))))
    elsewhere = replace(rig, places=Places.under(tmp_path / "new"))
    assert contents(elsewhere, done.snapshot, tmp_path) == {"a": content}
    assert not any(problem.hit_count for problem in checked(elsewhere, 100).problems), "only its own packs are bad"
    pruned(elsewhere)
    assert checked(rig, 100).problems == ()


def test_a_prune_keeps_the_copy_that_is_one(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(20_000)
    write(folder / "a", content)
    done = rig.snap()
    for _ in range(3):
        poisoned(laptop, content)
    pruned(rig)
    assert contents(rig, done.snapshot, tmp_path) == {"a": content}
    assert checked(rig, 100).problems == ()


def test_nor_what_they_have_stored(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(20_000)
    write(folder / "a", content)
    done = rig.snap()
    for _ in range(20):
        poisoned(laptop, content)
    assert contents(rig, done.snapshot, tmp_path) == {"a": content}


def test_its_snapshot_of_the_same_series_is_nobodys_parent(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    """It could say of a file that it has the content of another."""
    write(folder / "a", b"hostile")
    forged = added(laptop)
    (folder / "a").write_bytes(b"genuine")
    done = rig.snap()
    assert rig.open().snapshot(done.snapshot or SnapshotId(b"")).parent is None != forged.snapshot
    assert contents(rig, done.snapshot, tmp_path) == {"a": b"genuine"}


def test_who_gets_the_whole_key_later_builds_on_nothing_that_was_added_blind(
    rig: Rig, laptop: Rig, folder: Path
) -> None:
    write(folder / "a", random.Random(1).randbytes(20_000))
    added(laptop)
    done = replace(laptop, secret=ADMIN).snap()
    assert done.statistics.added_size >= 20_000


def test_a_machine_that_had_a_whole_key_before(rig: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "a", b"as it was")
    rig.snap()
    rig.snap()  # opens the index of what is there, and keeps it
    laptop = replace(rig, secret=BLIND)  # the same cache and state folders
    for content in (b"as it was", b"as it was", b"another"):
        write(folder / "a", content)
        done = added(laptop)
        index = blind(laptop).index
        assert index.blobs, "it remembers what it stored"
        assert index.blind_packs() == {pack[:12] for pack in index.packs()}, "it builds on nothing else"
    assert checked(rig, 100).problems == ()
    assert contents(rig, done.snapshot, tmp_path) == {"a": b"another"}


def test_an_index_of_its_own_that_is_lost_is_made_again(rig: Rig, laptop: Rig, folder: Path, tmp_path: Path) -> None:
    write(folder / "a", b"content")
    added(laptop)
    shutil.rmtree(blind(laptop).cache / "own-index")
    done = added(laptop)
    assert done.statistics.stored_size > 0
    assert contents(rig, done.snapshot, tmp_path) == {"a": b"content"}
    assert added(laptop).statistics.unchanged == 1
    assert checked(rig, 100).problems == ()
