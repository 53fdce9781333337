"""A repository that is not what was written: every flipped bit, every lost and truncated object.

`check --read-data` must name the object and every file that it hits; reading must give the right bytes or an error.
"""

import errno
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests import zoo
from tests.engine.restoring_rig import checked, restored, taken
from tests.fs.mounting import World
from tests.rig import Rig

from yester.engine.blobs import BlobSource
from yester.engine.check.report import CheckReport
from yester.engine.entries import Entry, Mark
from yester.engine.errors import DamageError, RepositoryError, YesterError
from yester.engine.ids import BlobId, BlobKind, SnapshotId
from yester.engine.packs.writing import BlobWriter
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, open_directory
from yester.engine.trees.xattrs import decode_set
from yester.plugins.backends.memory import MemoryStore


def few_or_all(few: int, many: int) -> list[object]:
    """Return the parameters of a test that is one of many rounds: few of them, and all, which is long."""
    return [few, pytest.param(many, marks=pytest.mark.long)]


Read = dict[bytes, tuple[object, ...] | None]
"""What can be read of a snapshot, by path; None stands for an error."""


@pytest.fixture
def docs(tmp_path: Path) -> Iterator[Path]:
    """Something of everything that has objects of its own, small enough to be read hundreds of times."""
    folder, noise = tmp_path / "docs", random.Random(7)
    (folder / "deep" / "deeper").mkdir(parents=True)
    for number in range(150):
        (folder / "deep" / f"{number:03}").write_bytes(noise.randbytes(number * 3) + b"text " * number)
    (folder / "deep" / "deeper" / "twice").write_bytes(noise.randbytes(200_000))
    os.link(folder / "deep" / "deeper" / "twice", folder / "linked")
    (folder / "large").write_bytes(noise.randbytes(700_000))
    (folder / "to").symlink_to("nowhere")
    os.setxattr(folder / "large", "user.large", noise.randbytes(1500))
    holes = ((row << 16, noise.randbytes(4096)) for row in range(40))
    zoo.write_sparse(os.fsencode(folder / "holes"), 40 << 16, *holes)
    yield folder
    zoo.clear(folder)


@pytest.fixture(params=[None, b"correct horse"], ids=["plain", "sealed"])
def rig(request: pytest.FixtureRequest, home: Path, docs: Path) -> Rig:
    return replace(Rig.of(home, docs), secret=request.param)


def forget_caches(rig: Rig) -> None:
    """Let the next client be one that never saw this repository."""
    shutil.rmtree(rig.places.cache, ignore_errors=True)


def everything(rig: Rig, sid: SnapshotId) -> Read:
    """Read a snapshot as a new client does, entry by entry; an error costs no more than it must."""
    forget_caches(rig)
    found: Read = {}
    try:
        repository = rig.open()
        record = repository.snapshot(sid)
        root = decode_root(record.root)
        _read(repository.reader(), b"/", root, found)
    except YesterError:
        found[b"/"] = None
    return found


def _read(source: BlobSource, path: bytes, entry: Entry, found: Read) -> None:
    try:
        found[path] = _facts(source, entry)
        below = list(_children(source, entry))
    except YesterError:
        found[path] = None
        return
    for child in below:
        _read(source, os.path.join(path, child.name), child, found)


def _children(source: BlobSource, entry: Entry) -> Iterator[Entry]:
    if entry.is_directory and entry.refs:
        for page, _, _ in open_directory(source, entry).leaves():
            yield from (page.entry(row) for row in range(page.count))


def _facts(source: BlobSource, entry: Entry) -> tuple[object, ...]:
    xattrs = source.blob(BlobKind.XATTRS, entry.xattrs) if entry.xattrs_stored else entry.xattrs
    content = b""
    if entry.is_file and not entry.marks & Mark.UNREADABLE:
        content = bytes(Content.of(entry, source).read(0, entry.size))
    return entry.mode, entry.owner, entry.size, entry.mtime_ns, entry.target, decode_set(bytes(xattrs) or b""), content


def is_named(path: bytes, report: CheckReport) -> bool:
    """Whether a check said that a path is hit, itself or with all of a folder."""
    return any(
        hit.path == path or (hit.is_all_below and (path + b"/").startswith(hit.path.rstrip(b"/") + b"/"))
        for problem in report.problems
        for hit in problem.hits
    )


def some_bit(names: list[str], store: MemoryStore, dice: random.Random) -> tuple[str, int, int]:
    """Pick a bit: every kind of object as often as the others, and the ends of objects as often as their middle."""
    kind = dice.choice(sorted({name.partition(".")[0] for name in names}))
    name = dice.choice([name for name in names if name.partition(".")[0] == kind])
    size = store.query(name)
    near = dice.randrange(min(size, 96))
    return name, dice.choice([dice.randrange(size), near, size - 1 - near]), dice.randrange(8)


def flipped(data: bytes, offset: int, bit: int) -> bytes:
    changed = bytearray(data)
    changed[offset] ^= 1 << bit
    return bytes(changed)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flips", few_or_all(100, 300))
def test_hundreds_of_flipped_bits(rig: Rig, flips: int) -> None:
    sid, store = taken(rig), rig.store
    assert isinstance(store, MemoryStore)
    whole = everything(rig, sid)
    assert None not in whole.values() and len(whole) > 155
    names, dice = sorted(store.list("")), random.Random(20261120)
    for _ in range(flips):
        name, offset, bit = place = some_bit(names, store, dice)
        good = store.get(name)
        store.put(name, [flipped(good, offset, bit)])
        judge(rig, sid, whole, name, place)
        store.put(name, [good])
    assert checked(rig, 100).problems == ()


def judge(rig: Rig, sid: SnapshotId, whole: Read, name: str, place: object) -> None:
    """Hold a damaged repository against what it should be."""
    now = everything(rig, sid)
    wrong = [path for path, facts in now.items() if facts is not None and facts != whole[path]]
    assert wrong == [], place
    forget_caches(rig)
    try:
        report = checked(rig, 100)
    except (DamageError, RepositoryError):
        assert name.startswith(("config", "key.")), place
        return
    assert name in {problem.subject for problem in report.problems}, place
    lost = {path for path in whole if now.get(path) is None}
    assert [path for path in lost if not is_named(path, report)] == [], place


@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["gone", "empty", "half", "a byte short", "a byte more"])
def test_every_object_lost_or_cut(rig: Rig, how: str) -> None:
    """Whatever object it happens to: the check names it, and nothing wrong is read."""
    sid, store = taken(rig), rig.store
    whole = everything(rig, sid)
    for name in sorted(store.list("")):
        good = store.get(name)
        store.delete(name)
        cut = {"empty": b"", "half": good[: len(good) // 2], "a byte short": good[:-1], "a byte more": good + b"\0"}
        if how != "gone":
            store.put(name, [cut[how]])
        elif name.startswith("snap."):
            # Not damage but what a rollback or a stranger's rm looks like: said as a warning.
            assert any("snapshot" in warning for warning in rig.open().warnings())
            store.put(name, [good])
            continue
        judge_lost(rig, sid, whole, name)
        store.put(name, [good])
    assert checked(rig, 100).problems == ()


def judge_lost(rig: Rig, sid: SnapshotId, whole: Read, name: str) -> None:
    now = everything(rig, sid)
    assert [path for path, facts in now.items() if facts is not None and facts != whole[path]] == [], name
    forget_caches(rig)
    try:
        report = checked(rig, 100)
    except (DamageError, RepositoryError):
        assert name.startswith(("config", "key.")), name
        return
    assert report.problems, name
    lost = {path for path in whole if now.get(path) is None}
    assert [path for path in lost if not is_named(path, report)] == [], name


@pytest.mark.parametrize("how", ["gone", "flipped", "half", "empty"])
def test_the_next_run_makes_do_without_damaged_metadata(rig: Rig, docs: Path, how: str) -> None:
    """Its snapshot is whole, whatever became of the one before; and what is lost is said."""
    taken(rig)
    store = rig.store
    for name in list(store.list("meta.")):
        good = store.get(name)
        store.delete(name)
        if how != "gone":
            store.put(name, [{"flipped": flipped(good, 200, 3), "half": good[: len(good) // 2], "empty": b""}[how]])
    (docs / "deep" / "000").write_bytes(b"changed")
    forget_caches(rig)
    result = rig.snap()
    assert result.snapshot is not None and result.result == "complete"
    now = everything(rig, result.snapshot)
    assert None not in now.values()
    assert now[bytes(docs / "deep" / "000")] is not None
    report = checked(rig, 100)
    assert {hit.snapshot for problem in report.problems for hit in problem.hits}.isdisjoint({result.snapshot})


@pytest.mark.timeout(120)
@pytest.mark.parametrize("rounds", few_or_all(8, 20))
def test_restores_of_damaged_repositories_write_no_wrong_byte(
    rig: Rig, docs: Path, tmp_path: Path, rounds: int
) -> None:
    sid, store = taken(rig), rig.store
    assert isinstance(store, MemoryStore)
    names, dice = [name for name in sorted(store.list("")) if name.startswith(("data.", "meta."))], random.Random(5)
    for round in range(rounds):
        name, offset, bit = some_bit(names, store, dice)
        good = store.get(name)
        store.put(name, [flipped(good, offset, bit)])
        target = tmp_path / f"back-{round}"
        forget_caches(rig)
        report = restored(rig, sid, target)
        failed = {each.path for each in report.failures}
        for path in docs.rglob("*"):
            back = target / path.relative_to("/")
            if path.is_file() and back.exists() and bytes(path) not in failed:
                assert back.read_bytes() == path.read_bytes(), (path, name, offset, bit)
        store.put(name, [good])
        zoo.clear(target)


@pytest.mark.timeout(120)
def test_a_mount_of_a_damaged_repository_gives_right_bytes_or_eio(fuse: None, tmp_path: Path) -> None:
    world, dice = World(tmp_path), random.Random(11)
    for row in range(40):
        (world.source / str(row)).write_bytes(dice.randbytes(dice.choice((10, 5000, 300_000))))
    world.take()
    packs = sorted((world.repository / "data").rglob("data.*"))
    assert packs
    for round in range(4):
        pack = packs[round % len(packs)]
        good = pack.read_bytes()
        pack.chmod(0o600)
        pack.write_bytes(flipped(good, dice.randrange(len(good) * 3 // 4), dice.randrange(8)))
        with world.mounted():
            pairs = [(world.latest / str(row), world.source / str(row)) for row in range(40)]
            errors = [file for file, original in pairs if not reads_right_or_eio(file, original)]
            tree = subprocess.run(["find", world.mountpoint, "-ls"], capture_output=True, check=False)
            assert tree.returncode == 0
        assert errors, "a bit among frames costs at least the file that it is in"
        pack.write_bytes(good)


def reads_right_or_eio(file: Path, original: Path) -> bool:
    try:
        assert file.read_bytes() == original.read_bytes()
    except OSError as error:
        assert error.errno == errno.EIO
        return False
    return True


@pytest.mark.timeout(120)
def test_bits_flipped_in_a_clients_own_files(rig: Rig, docs: Path) -> None:
    """Cache and state are no part of a repository: whatever becomes of them, the next snapshot is whole."""
    taken(rig)
    dice = random.Random(13)
    for round in range(40):
        files = sorted(path for path in rig.places.cache.rglob("*") if path.is_file() and path.stat().st_size)
        files += sorted(path for path in rig.places.state.rglob("w*") if path.is_file() and path.stat().st_size)
        hurt = dice.choice(files)
        good = hurt.read_bytes()
        bit = dice.randrange(len(good)), dice.randrange(8)
        hurt.unlink()
        hurt.write_bytes(flipped(good, *bit) if dice.randrange(3) else good[: len(good) // 2])
        (docs / "deep" / "000").write_bytes(b"%d" % round)
        try:
            result = rig.snap()
        except YesterError as error:
            assert hurt.is_relative_to(rig.places.state) and error.hint, (hurt, error)
            hurt.write_bytes(good)
            result = rig.snap()
        assert result.snapshot is not None
        now = everything(rig, result.snapshot) if round % 8 == 7 else {b"": ()}
        assert None not in now.values()
    assert checked(rig, 100).problems == ()
    assert (docs / "large").read_bytes() == rig.taken(result.snapshot).content(docs / "large")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("rounds", few_or_all(20, 60))
def test_hostile_metadata_with_true_ids(
    home: Path, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    """Whoever holds the keys may seal anything: restore and check end with words, and touch nothing but the target."""
    outside = sorted(tmp_path.rglob("*"))
    dice, honest = random.Random(1), BlobWriter.add
    for round in range(rounds):
        rig, chosen, count = Rig.of(home, docs, name=f"hostile-{round}"), dice.randrange(12), iter(range(10_000))

        def add(
            writer: BlobWriter, kind: BlobKind, data: bytes, chosen: int = chosen, count: Iterator[int] = count
        ) -> BlobId:
            if kind is not BlobKind.DATA and data and next(count) % 12 == chosen:
                data = spoilt(data, dice)
            return honest(writer, kind, data)

        with monkeypatch.context() as patch:
            patch.setattr(BlobWriter, "add", add)
            try:
                sid = taken(rig)
            except YesterError:
                continue
        target = tmp_path / f"back-{round}"
        for use in (lambda: restored(rig, sid, target), lambda: checked(rig, 100)):  # noqa: B023 - called here
            with suppress(YesterError):
                use()
        if target.exists():
            zoo.clear(target)
    assert [path for path in sorted(tmp_path.rglob("*")) if not path.is_relative_to(home)] == [
        path for path in outside if not path.is_relative_to(home)
    ]


def spoilt(data: bytes, dice: random.Random) -> bytes:
    """Return metadata of one's own making: a bit, a byte that means something, or a gap."""
    changed = bytearray(data)
    at = dice.randrange(len(changed))
    kind = dice.randrange(3)
    if kind == 0:
        changed[at] ^= 1 << dice.randrange(8)
    elif kind == 1:
        changed[at] = dice.choice((0, 255, 127, 128, ord("."), ord("/")))
    else:
        del changed[at : at + dice.randrange(1, 9)]
    return bytes(changed) or b"\0"
