"""Runs that find all as it was, and runs that find suspiciously little."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.rig import Recorder, Rig, write

from yester.engine.capture.snapping import SnapshotRequest, SnapshotResult, take_snapshot
from yester.engine.decisions import Candidate, Decisions
from yester.engine.events import Message, RunEnd, SnapshotNew
from yester.engine.progress import NoProgress
from yester.engine.retention.series import is_good

pytestmark = pytest.mark.usefixtures("settled")


def snap(rig: Rig, *, tags: tuple[str, ...] = (), accept_shrink: bool = False) -> SnapshotResult:
    rig.hooks.events.clear()
    return take_snapshot(
        rig.open(),
        SnapshotRequest(rig.profile, "run", tags=tags, accept_shrink=accept_shrink),
        places=rig.places,
        hooks=rig.hooks,
        progress=NoProgress(),
        cancelled=lambda: False,
    )


@pytest.fixture
def rig(home: Path, folder: Path) -> Rig:
    """A profile of two sources that skips what is unchanged."""
    for row in range(10):
        write(folder / "docs" / f"{row}", b"%d" % row * 100)
        write(folder / "photos" / f"{row}", b"%d" % row * 1000)
    rig = Rig.of(home, folder / "docs", folder / "photos")
    return replace(rig, profile=replace(rig.profile, when_unchanged="skip"))


def objects(rig: Rig) -> set[str]:
    return {name for name in rig.store.list("") if not name.startswith("session.")}


def warnings(rig: Rig) -> list[str]:
    return [event.text for event in rig.hooks.events if isinstance(event, Message) and event.level == "warning"]


# Unchanged


@pytest.mark.parametrize("lost", ["nothing", "cache"])
def test_where_nothing_changed_nothing_is_stored(rig: Rig, folder: Path, lost: str) -> None:
    first = snap(rig)
    before = objects(rig)
    for _ in range(3):
        if lost == "cache":
            shutil.rmtree(rig.places.cache)
        result = snap(rig)
        assert (result.snapshot, result.result, result.same_as) == (None, "unchanged", first.snapshot)
        assert result.statistics.added_size == result.statistics.stored_size == 0
        assert objects(rig) == before
        assert [event for event in rig.hooks.events if isinstance(event, SnapshotNew)] == []
        [end] = [event for event in rig.hooks.events if isinstance(event, RunEnd)]
        assert (end.result, end.exit_code, end.snapshot) == ("unchanged", 0, "")
    (folder / "docs" / "3").write_bytes(b"changed")
    assert snap(rig).result == "complete"


def test_what_stirs_beside_the_sources_is_no_change(rig: Rig, folder: Path) -> None:
    """The folders above the sources are in the snapshot, with times that move with everything in them."""
    snap(rig)
    before = objects(rig)
    write(folder / "elsewhere")
    assert snap(rig).result == "unchanged"
    assert objects(rig) == before


def test_the_file_cache_stays_valid(rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snap(rig)
    snap(rig)
    monkeypatch.setattr("yester.engine.capture.walk.Capture._moved", None)
    assert snap(rig).result == "unchanged"


def test_every_kind_of_change_makes_a_snapshot(rig: Rig, folder: Path) -> None:
    snap(rig)
    docs = folder / "docs"
    changes: list[Callable[[], object]] = [
        lambda: (docs / "0").write_bytes(b"content"),
        lambda: (docs / "1").chmod(0o600),
        lambda: os.utime(docs / "2", (1, 1)),
        lambda: (docs / "3").unlink(),
        lambda: write(docs / "new"),
        lambda: docs.chmod(0o700),
        lambda: os.link(docs / "4", docs / "linked"),
        lambda: (docs / "5").rename(docs / "5-other"),
        lambda: os.setxattr(docs / "6", "user.a", b"b"),
    ]
    for change in changes:
        change()
        assert snap(rig).result == "complete"
        assert snap(rig).result == "unchanged"


def test_a_changed_profile_or_a_tag_makes_a_snapshot(rig: Rig, folder: Path) -> None:
    snap(rig)
    assert snap(rig, tags=("before",)).snapshot is not None
    rig.profile = replace(rig.profile, text=rig.profile.text + "\n# changed\n")
    assert snap(rig).snapshot is not None, "the copy that a new machine gets back must be the newest"
    rig.profile = replace(rig.profile, sources=rig.profile.sources[:1])
    assert snap(rig).snapshot is not None
    rig.profile = replace(rig.profile, when_unchanged="keep")
    assert snap(rig).snapshot is not None


def test_the_same_failures_again_make_no_snapshot_but_are_told(
    rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = os.open

    def refusing(path: str | bytes | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == b"7":
            raise PermissionError(13, "Permission denied")
        return honest(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    assert snap(rig).snapshot is not None
    result = snap(rig)
    assert (result.snapshot, result.result, len(result.failures)) == (None, "errors", 2)
    monkeypatch.undo()
    assert snap(rig).result == "complete"


def test_partial_snapshots_go_though_nothing_changed(rig: Rig) -> None:
    first = snap(rig)
    repository = rig.open()
    assert first.snapshot is not None
    repository.commit_snapshot(msgspec.structs.replace(repository.snapshot(first.snapshot), partial=True))
    assert snap(rig).result == "unchanged"
    assert rig.open().snapshot_ids() == {first.snapshot}


def test_lost_packs_are_healed_though_nothing_changed(rig: Rig, folder: Path) -> None:
    snap(rig)
    for name in list(rig.store.list("data.")):
        rig.store.delete(name)
    result = snap(rig)
    assert rig.taken(result.snapshot).content(folder / "docs" / "0") == b"0" * 100


# Gone and shrunk


def test_a_source_that_lost_most_is_suspicious_until_someone_accepts_it(rig: Rig, folder: Path) -> None:
    first = snap(rig)
    for row in range(7):
        (folder / "docs" / f"{row}").unlink()
    for _ in range(3):
        write(folder / "photos" / "new", os.urandom(10))
        result = snap(rig)
        assert result.result == "complete" and result.snapshot is not None
        [said] = result.suspicions
        assert f"{folder}/docs has shrunk to 3 files of 300 bytes" in said
        assert "has 10 files of 1,000 bytes" in said and (first.snapshot or b"").hex()[:8] in said
        [warning] = warnings(rig)
        assert warning.startswith(said) and warning.endswith("yester snap docs --accept-shrink")
        assert not is_good(rig.open().snapshot(result.snapshot))
    accepted = snap(rig, accept_shrink=True)
    assert accepted.snapshot is not None and is_good(rig.open().snapshot(accepted.snapshot))
    write(folder / "photos" / "new", os.urandom(10))
    assert snap(rig).suspicions == ()


def test_bytes_count_as_well_as_files(rig: Rig, folder: Path) -> None:
    snap(rig)
    for row in range(10):
        (folder / "photos" / f"{row}").write_bytes(b"short")
    [said] = snap(rig).suspicions
    assert "photos has shrunk to 10 files of 50 bytes" in said


@pytest.mark.parametrize(("percent", "expected"), [(0, 0), (69, 1), (70, 0), (100, 0)])
def test_the_share_is_the_profiles(rig: Rig, folder: Path, percent: int, expected: int) -> None:
    rig.profile = replace(rig.profile, shrink_warning=percent)
    snap(rig)
    for row in range(7):
        (folder / "docs" / f"{row}").unlink()
    assert len(snap(rig).suspicions) == expected


def test_a_source_that_is_gone_is_suspicious_and_a_failure(rig: Rig, folder: Path) -> None:
    snap(rig)
    (folder / "docs").rename(folder / "away")
    for _ in range(2):
        result = snap(rig)
        assert result.result == "errors"
        [said] = result.suspicions
        assert f"{folder}/docs is gone: snapshot" in said and "has 10 files of 1,000 bytes of it" in said
    (folder / "away").rename(folder / "docs")
    result = snap(rig)
    assert (result.result, result.suspicions) == ("complete", ())


def test_a_source_that_goes_before_the_walk_comes_to_it_is_suspicious(rig: Rig, folder: Path) -> None:
    """As when a drive is pulled, or the snapshot of a file system that a plugin made goes."""

    class Pulls(Recorder):
        wants_decisions = True

        def decide(self, candidates: Sequence[Candidate]) -> Decisions:
            if (folder / "photos").exists():
                (folder / "photos").rename(folder / "away")
            return {}

    snap(rig)
    rig.hooks = Pulls()
    for _ in range(2):
        result = rig.snap()
        assert result.result == "errors" and result.snapshot is not None
        [said] = result.suspicions
        assert f"{folder}/photos is gone: snapshot" in said
        assert not is_good(rig.open().snapshot(result.snapshot))


def test_a_source_that_was_never_there_is_only_a_failure(rig: Rig, folder: Path) -> None:
    rig.profile = replace(rig.profile, sources=(*rig.profile.sources, bytes(folder / "never")))
    for _ in range(2):
        result = snap(rig)
        assert (result.result, result.suspicions) == ("errors", ())


def test_a_mount_point_without_its_disk_is_suspicious(rig: Rig, folder: Path) -> None:
    """The folder is there, and empty."""
    snap(rig)
    shutil.rmtree(folder / "docs")
    (folder / "docs").mkdir()
    [said] = snap(rig).suspicions
    assert "docs has shrunk to 0 files of 0 bytes" in said


def test_a_source_that_is_no_longer_asked_for_is_not_missed(rig: Rig, folder: Path) -> None:
    snap(rig)
    rig.profile = replace(rig.profile, sources=rig.profile.sources[:1])
    assert snap(rig).suspicions == ()


def test_a_damaged_snapshot_before_does_not_keep_from_taking_one(rig: Rig, folder: Path) -> None:
    snap(rig)
    for name in list(rig.store.list("meta.")):
        rig.store.delete(name)
    shutil.rmtree(rig.places.cache)
    result = snap(rig)
    assert result.result == "complete" and result.snapshot is not None
