"""A snapshot against the files as they are: what a person did to them, and what no program did."""

import os
import random
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.rig import Rig, write

from yester.engine.comparing.comparing import compare_with_files
from yester.engine.comparing.differences import Difference, Happened
from yester.engine.comparing.live import Unreadable
from yester.engine.errors import DamageError, Offline, UsageError
from yester.engine.profiles.profile import FilterSpec
from yester.engine.progress import Counters

NOISE = random.Random(1).randbytes(700_000)


@pytest.fixture
def tree(home: Path) -> Path:
    top = home / "tree"
    write(top / "small", b"small")
    write(top / "large", NOISE)
    write(top / "empty", b"")
    write(top / "sub/deep", b"deep")
    (top / "link").symlink_to("small")
    os.mkfifo(top / "fifo")
    os.setxattr(top / "small", "user.colour", b"red")
    with open(top / "sparse", "wb") as file:
        file.seek(1_000_000)
        file.write(b"end")
    os.link(top / "small", top / "hard")
    return top


def compared(rig: Rig, path: Path | None = None, *, reads_all: bool = False) -> dict[bytes, Difference]:
    found = {}
    with_problems = []
    repository = rig.open()
    listed = repository.snapshots()[-1]
    for each in compare_with_files(
        repository,
        listed,
        os.fsencode(path) if path else None,
        reads_all=reads_all,
        counters=Counters(),
        tick=lambda: None,
        damaged=lambda path, error: with_problems.append(error),
    ):
        assert isinstance(each, Difference), each
        found[each.path] = each
    assert not with_problems
    return found


def happened(found: dict[bytes, Difference], top: Path) -> dict[str, tuple[str, ...]]:
    prefix = os.fsencode(top)
    return {os.fsdecode(path[len(prefix) :]): each.what or (str(each.happened),) for path, each in found.items()}


@pytest.fixture
def rig(home: Path, tree: Path) -> Rig:
    rig = Rig.of(home, tree)
    assert rig.snap().result == "complete"
    return rig


def test_nothing_changed(rig: Rig) -> None:
    assert compared(rig) == {} == compared(rig, reads_all=True)


def test_a_copy_of_the_same_bytes_differs_in_nothing_that_counts(rig: Rig, tree: Path) -> None:
    """Every inode is another, and holes are filled: the cuts differ, the bytes do not."""
    for name in ("small", "large", "sparse"):
        path = tree / name
        before, data = path.stat(), path.read_bytes()
        colour = os.listxattr(path)
        path.unlink()
        path.write_bytes(data)
        if colour:
            os.setxattr(path, "user.colour", b"red")
        os.chmod(path, stat.S_IMODE(before.st_mode))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert compared(rig) == {} == compared(rig, reads_all=True)


def instead(path: Path) -> Path:
    path.unlink()
    return path


BOTH_NAMES: dict[str, tuple[str, ...]] = {"/small": ("attributes",), "/hard": ("attributes",)}
CHANGES: list[tuple[str, Callable[[Path], object], dict[str, tuple[str, ...]]]] = [
    ("content", lambda top: write(top / "sub/deep", b"DEEP"), {"/sub/deep": ("content", "mtime")}),
    ("size", lambda top: write(top / "empty", b"now"), {"/empty": ("content", "size", "mtime")}),
    ("touched", lambda top: os.utime(top / "large", (1, 1)), {"/large": ("mtime",)}),
    ("mode", lambda top: os.chmod(top / "sub", 0o700), {"/sub": ("mode",)}),
    ("attribute", lambda top: os.setxattr(top / "hard", "user.colour", b"blue"), BOTH_NAMES),
    ("removed", lambda top: (top / "empty").unlink(), {"/empty": ("removed",)}),
    ("added", lambda top: write(top / "sub/caf\udce9"), {"/sub/caf\udce9": ("added",)}),
    ("added folder", lambda top: write(top / "new/f"), {"/new": ("added",)}),
    ("type", lambda top: instead(top / "fifo").mkdir(), {"/fifo": ("type",)}),
    ("target", lambda top: instead(top / "link").symlink_to("x"), {"/link": ("target", "mtime")}),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES])
def test_changes(rig: Rig, tree: Path, change: Callable[[Path], object], expected: dict[str, tuple[str, ...]]) -> None:
    change(tree)
    assert happened(compared(rig), tree) == expected == happened(compared(rig, reads_all=True), tree)
    assert not any(each.rotten for each in compared(rig, reads_all=True).values())


def test_what_rotted_is_told_from_what_was_changed(rig: Rig, tree: Path) -> None:
    before = (tree / "large").stat()
    with open(tree / "large", "r+b") as file:
        file.seek(400_000)
        file.write(bytes([NOISE[400_000] ^ 1]))
    os.utime(tree / "large", ns=(before.st_atime_ns, before.st_mtime_ns))
    write(tree / "sub/deep", b"DEEP")
    assert list(happened(compared(rig), tree)) == ["/sub/deep"]
    found = {path.rpartition(b"/")[2]: each for path, each in compared(rig, reads_all=True).items()}
    assert (found[b"large"].rotten, found[b"large"].offset, found[b"large"].what) == (True, 400_000, ("content",))
    assert (found[b"deep"].rotten, found[b"deep"].offset) == (False, 0)


def test_only_below_a_path(rig: Rig, tree: Path) -> None:
    write(tree / "small", b"other")
    write(tree / "sub/deep", b"other")
    assert list(happened(compared(rig, tree / "sub"), tree)) == ["/sub/deep"]
    assert list(happened(compared(rig, tree / "sub/deep"), tree)) == ["/sub/deep"]
    with pytest.raises(UsageError):
        compared(rig, tree / "nothing")


def test_beside_the_sources_nothing_is_new(rig: Rig, tree: Path) -> None:
    write(tree.parent / "beside", b"x")
    assert compared(rig) == {}


def test_the_filters_of_the_snapshot_hold(home: Path, tree: Path) -> None:
    rig = Rig.of(home, tree, filters=FilterSpec(excludes=("*.tmp",), defaults=False, caches=False))
    rig.snap()
    write(tree / "left.tmp")
    write(tree / "taken")
    assert happened(compared(rig), tree) == {"/taken": ("added",)}


def test_a_source_that_is_gone(rig: Rig, tree: Path) -> None:
    tree.rename(tree.parent / "elsewhere")
    assert [each.happened for each in compared(rig).values()] == [Happened.REMOVED]


def test_what_cannot_be_read_is_told(rig: Rig, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.open

    def refuse(path: object, *rest: int, **more: int) -> int:
        if path == b"sub":
            raise PermissionError(13, "Permission denied")
        return really(path, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("yester.engine.comparing.live.os.open", refuse)
    repository = rig.open()
    found = list(
        compare_with_files(
            repository,
            repository.snapshots()[-1],
            None,
            reads_all=False,
            counters=Counters(),
            tick=lambda: None,
            damaged=lambda path, error: None,
        )
    )
    assert found == [Unreadable(os.fsencode(tree / "sub"), "Permission denied")]


def test_damage_in_the_repository_is_told(rig: Rig, tree: Path) -> None:
    write(tree / "sub/deep", b"DEEP")
    write(tree / "large", NOISE[::-1])
    repository = rig.open()
    listed = repository.snapshots()[-1]
    for name in list(rig.store.list("data.")):
        rig.store.delete(name)
    told: list[DamageError | Offline] = []
    found = list(
        compare_with_files(
            repository,
            listed,
            None,
            reads_all=True,
            counters=Counters(),
            tick=lambda: None,
            damaged=lambda path, error: told.append(error),
        )
    )
    assert (len(told), found) == (2, [])
