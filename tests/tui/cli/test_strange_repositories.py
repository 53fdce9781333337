"""Repositories that were copied, rolled back, thinned, moved or exchanged, and clients that lost their memory.

Each is noticed and said, and whatever a cache believes, a snapshot holds all of its files.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> str:
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


@pytest.fixture
def cache(home: Path) -> Path:
    return home / ".cache" / "yester"


def snap(yester: Yester, docs: Path, name: str) -> str:
    """Write a file and take a snapshot; return what was said."""
    (docs / name).write_bytes(os.urandom(5000))
    ended = yester("snap", "docs")
    assert ended.code == 0, ended.err
    return ended.err


def ids(yester: Yester) -> list[str]:
    return [each["snapshot"] for each in json.loads(yester("list", "--json").out)]


def assert_whole(yester: Yester, docs: Path, target: Path) -> None:
    """The latest snapshot holds what the source does, the check finds nothing, and no cache helps."""
    assert yester("restore", "latest", docs, "--target", target).code == 0
    for path in docs.rglob("*"):
        if path.is_file():
            assert (target / docs.name / path.relative_to(docs)).read_bytes() == path.read_bytes()
    checked = yester("check", "--read-data")
    assert checked.code == 0, checked.err


def saved(repository: Path, name: str) -> Path:
    """Return a copy of the repository as it is now."""
    place = repository.with_name(name)
    subprocess.run(["cp", "-a", repository, place], check=True)
    return place


def put_back(copy: Path, repository: Path) -> None:
    shutil.rmtree(repository)
    subprocess.run(["cp", "-a", copy, repository], check=True)


def test_rolled_back(yester: Yester, profile: str, plain: Path, docs: Path, tmp_path: Path) -> None:
    snap(yester, docs, "first")
    old = saved(plain, "old")
    snap(yester, docs, "second")
    [_, lost] = ids(yester)
    put_back(old, plain)
    assert "The repository is older than when this machine last saw it" in (listed := yester("list").err)
    assert lost[:8] in listed
    assert lost[:8] in snap(yester, docs, "third"), "the run that goes on from there says it as well"
    assert_whole(yester, docs, tmp_path / "back")
    third = json.loads(yester("show", "latest", "--json").out)
    assert third["parent"] == ids(yester)[0]


def test_silently_thinned(yester: Yester, profile: str, plain: Path, docs: Path, tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        snap(yester, docs, name)
    gone = ids(yester)[1]
    (plain / "snap" / f"snap.{gone}").unlink()
    assert gone[:8] in (said := yester("list").err) and "was not forgotten on purpose" in said
    assert gone[:8] in snap(yester, docs, "fourth")
    assert_whole(yester, docs, tmp_path / "back")


@pytest.mark.parametrize("lost", ["data", "meta", "index", "snap"])
def test_part_of_it_deleted(
    yester: Yester, profile: str, plain: Path, docs: Path, cache: Path, tmp_path: Path, lost: str
) -> None:
    """The caches tell of packs, trees and snapshots that are not there."""
    snap(yester, docs, "first")
    shutil.rmtree(plain / lost)
    snap(yester, docs, "second")
    assert yester("restore", "latest", docs, "--target", tmp_path / "back").code == 0
    assert (tmp_path / "back" / "docs" / "first").read_bytes() == (docs / "first").read_bytes()


def test_used_as_two(yester: Yester, profile: str, plain: Path, docs: Path, tmp_path: Path) -> None:
    """One client, two copies of one repository in turn, one cache: each copy stays whole."""
    snap(yester, docs, "first")
    other = saved(plain, "other")
    config = yester("profile", "edit", "docs", "--set", f"repository={other}")
    assert config.code == 0, config.err
    said = snap(yester, docs, "second")
    assert f"{other} is a copy of the one at {plain}" in said
    assert_whole_at(yester, docs, other, tmp_path / "back-1")
    yester("profile", "edit", "docs", "--set", f"repository={plain}")
    assert "is older than when this machine last saw it" in snap(yester, docs, "third")
    assert_whole(yester, docs, tmp_path / "back-2")
    yester("profile", "edit", "docs", "--set", f"repository={other}")
    snap(yester, docs, "fourth")
    assert_whole_at(yester, docs, other, tmp_path / "back-3")


def assert_whole_at(yester: Yester, docs: Path, repository: Path, target: Path) -> None:
    ended = yester("restore", "latest", docs, "--target", target, "--repo", repository)
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (target / "docs").iterdir()) == sorted(path.name for path in docs.iterdir())
    checked = yester("check", "--read-data", "--repo", repository)
    assert checked.code == 0, checked.err


def test_moved(yester: Yester, profile: str, plain: Path, docs: Path, tmp_path: Path) -> None:
    snap(yester, docs, "first")
    moved = plain.with_name("moved")
    plain.rename(moved)
    assert yester("snap", "docs").code == 6
    yester("profile", "edit", "docs", "--set", f"repository={moved}")
    assert f"was at {plain} when this machine last used it" in snap(yester, docs, "second")
    assert snap(yester, docs, "third") == ""
    assert_whole_at(yester, docs, moved, tmp_path / "back")


def test_exchanged(yester: Yester, profile: str, plain: Path, docs: Path, tmp_path: Path) -> None:
    """Another repository is where this one was; the caches of the first say nothing about it."""
    snap(yester, docs, "first")
    another = plain.with_name("another")
    assert yester("init", another, "--no-encryption").code == 0
    plain.rename(plain.with_name("away"))
    another.rename(plain)
    assert "Another repository lies at" in yester("list").err
    assert "Another repository lies at" in snap(yester, docs, "second")
    assert snap(yester, docs, "third") == ""
    assert_whole(yester, docs, tmp_path / "back")
    assert len(ids(yester)) == 2


def test_a_state_folder_that_is_lost(
    yester: Yester, profile: str, plain: Path, docs: Path, home: Path, cache: Path, tmp_path: Path
) -> None:
    """Another writer goes on with the series; nothing is read again, and nothing is said to be lost."""
    snap(yester, docs, "first")
    shutil.rmtree(home / ".local" / "state" / "yester")
    taken = yester("snap", "docs", "--json")
    assert (taken.code, taken.err) == (0, "")
    assert json.loads(taken.out)["new"] == json.loads(taken.out)["changed"] == 0
    assert len(ids(yester)) == 2
    assert_whole(yester, docs, tmp_path / "back")


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few pages, for folders that have no room."""
    place = tmp_path / "full"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    with open(place / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@pytest.mark.parametrize("kind", ["CACHE", "STATE", "DATA"])
def test_a_full_disk(
    as_root: None, yester: Yester, docs: Path, full: Path, monkeypatch: pytest.MonkeyPatch, kind: str, tmp_path: Path
) -> None:
    """Of the cache, the state, the store: words, nothing lost, and all is well once there is room."""
    monkeypatch.setenv(f"XDG_{kind}_HOME", str(full))
    repository = tmp_path / "repository" if kind != "DATA" else full / "repository"
    if kind == "DATA":
        subprocess.run(["mount", "-o", "remount,size=640k", full], check=True)
    assert yester("init", repository, "--no-encryption").code == 0
    assert yester("profile", "add", "docs", docs, "--repo", repository).code == 0
    snap(yester, docs, "first")
    fill(full)
    (docs / "second").write_bytes(os.urandom(300_000))
    ended = yester("snap", "docs")
    assert "Traceback" not in ended.err and "defect" not in ended.err
    assert ended.err.startswith("yester: ")
    assert ended.code in (0, 1)
    assert ended.code == 0 or "No space left" in ended.err or "no room" in ended.err
    (full / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=16m", full], check=True)
    assert snap(yester, docs, "third") == ""
    back = yester("restore", "latest", docs, "--target", tmp_path / "back", "--repo", repository)
    assert back.code == 0, back.err
    assert (tmp_path / "back" / "docs" / "second").read_bytes() == (docs / "second").read_bytes()
    checked = yester("check", "--read-data", "--repo", repository)
    assert checked.code == 0, checked.err


@pytest.mark.parametrize("kind", ["CACHE", "STATE"])
def test_a_disk_that_can_only_be_read(
    as_root: None, yester: Yester, docs: Path, full: Path, monkeypatch: pytest.MonkeyPatch, kind: str, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"XDG_{kind}_HOME", str(full))
    subprocess.run(["mount", "-o", "remount,size=16m", full], check=True)
    repository = tmp_path / "repository"
    assert yester("init", repository, "--no-encryption").code == 0
    assert yester("profile", "add", "docs", docs, "--repo", repository).code == 0
    snap(yester, docs, "first")
    subprocess.run(["mount", "-o", "remount,ro", full], check=True)
    (docs / "second").write_bytes(os.urandom(300_000))
    ended = yester("snap", "docs")
    assert ended.err.startswith("yester: ") and "Read-only file system" in ended.err
    assert "Traceback" not in ended.err and "defect" not in ended.err
    listed = yester("list", "--repo", repository)
    assert listed.code == 0 and len(listed.out.splitlines()) == 2 + (ended.code == 0)
    subprocess.run(["mount", "-o", "remount,rw", full], check=True)
    assert snap(yester, docs, "third") == ""
