from pathlib import Path

import pytest

from yester.engine.capture.filecache import FileCache, FileCacheWriter, cache_key, partial_path, recover_killed
from yester.engine.entries import Summary
from yester.engine.ids import BlobId, SnapshotId, TreeId

KEY = cache_key(b"repository", b"rules")
SNAPSHOT = SnapshotId(b"s" * 32)
PACKS = {b"p" * 32, b"q" * 32}
SUMMARY = Summary(entries=3, files=2, size=10, newest_ns=-5, unreadable=1, changed=0)


def tree(letter: bytes) -> TreeId:
    return TreeId(BlobId(letter * 32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "files"


def filled(path: Path, *folders: bytes, commit: bool = True) -> None:
    with FileCacheWriter(path, KEY) as writer:
        for folder in folders:
            writer.add(folder, folder.ljust(16), tree(folder[-1:]), SUMMARY, b"12345678" * 2)
        if commit:
            writer.commit(SNAPSHOT, PACKS)


def test_what_was_added_is_found_again(path: Path) -> None:
    filled(path, b"/a", b"/b")
    cache = FileCache.load(path, KEY)
    assert cache.snapshot == SNAPSHOT
    record = cache.find(b"/b")
    assert record is not None
    assert (record.digest, record.tree, record.summary) == (b"/b".ljust(16), tree(b"b"), SUMMARY)
    assert bytes(record.stamps) == b"12345678" * 2
    assert cache.find(b"/c") is None


def test_another_key_or_a_missing_file_gives_an_empty_cache(path: Path) -> None:
    filled(path, b"/a")
    assert len(FileCache.load(path, cache_key(b"repository", b"other rules"))) == 0
    assert len(FileCache.load(path.with_name("none"), KEY)) == 0
    path.write_bytes(b"")
    assert len(FileCache.load(path, KEY)) == 0


def test_keys_do_not_run_together() -> None:
    assert cache_key(b"ab", b"c") != cache_key(b"a", b"bc") != cache_key(b"abc")


def test_a_run_that_does_not_end_leaves_partial_records_and_the_last_cache(path: Path) -> None:
    filled(path, b"/a")
    filled(path, b"/b", commit=False)
    assert FileCache.load(path, KEY).find(b"/a") is not None
    partial = FileCache.load(partial_path(path), KEY)
    assert partial.snapshot is None
    assert partial.find(b"/b") is not None


def test_partial_records_are_carried_over_until_a_run_ends(path: Path) -> None:
    filled(path, b"/a", b"/b", commit=False)
    filled(path, b"/b", commit=False)
    assert FileCache.load(partial_path(path), KEY).find(b"/a") is not None
    filled(path, b"/c")
    assert not partial_path(path).exists()


def test_records_of_a_killed_run_are_recovered_up_to_the_torn_one(path: Path) -> None:
    filled(path, b"/a", b"/b", commit=False)
    data = partial_path(path).read_bytes()
    partial_path(path).unlink()
    path.with_suffix(".new").write_bytes(data[:-1])
    recover_killed(path, KEY)
    partial = FileCache.load(partial_path(path), KEY)
    assert partial.find(b"/a") is not None
    assert partial.find(b"/b") is None


def test_partial_records_never_become_those_of_a_finished_run(path: Path) -> None:
    filled(path, b"/a", commit=False)
    filled(path, b"/b")
    cache = FileCache.load(path, KEY)
    assert cache.find(b"/a") is None
    record = cache.find(b"/b")
    assert record is not None and record.finished


def test_partial_records_of_other_rules_are_not_kept(path: Path) -> None:
    filled(path, b"/a", commit=False)
    other = cache_key(b"repository", b"other rules")
    with FileCacheWriter(path, other) as writer:
        writer.add(b"/b", bytes(16), tree(b"b"), SUMMARY, b"")
    partial = FileCache.load(partial_path(path), other)
    assert (partial.find(b"/a"), partial.find(b"/b") is None) == (None, False)


def test_packs_that_are_gone_show(path: Path) -> None:
    filled(path, b"/a")
    cache = FileCache.load(path, KEY)
    assert cache.packs_are_in({*PACKS, b"r" * 32})
    assert not cache.packs_are_in({b"p" * 32})
    assert FileCache().packs_are_in(set())


def test_a_run_that_was_killed_after_its_commit_counts_as_killed(path: Path) -> None:
    filled(path, b"/a")
    path.rename(path.with_suffix(".new"))
    recover_killed(path, KEY)
    partial = FileCache.load(partial_path(path), KEY)
    record = partial.find(b"/a")
    assert partial.snapshot is None and record is not None and not record.finished


def test_the_folder_is_private(path: Path) -> None:
    filled(path, b"/a")
    assert path.parent.stat().st_mode & 0o777 == 0o700
