from pathlib import Path

import pytest

from yester.engine.entries import Summary
from yester.engine.filecache import FileCache, FileCacheWriter, cache_key, partial_path, recover_killed
from yester.engine.ids import BlobId, SnapshotId, TreeId

KEY = cache_key(b"repository", b"rules")
SNAPSHOT = SnapshotId(b"s" * 32)
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
            writer.commit(SNAPSHOT)


def test_what_was_added_is_found_again(path: Path) -> None:
    filled(path, b"/a", b"/b")
    cache = FileCache.load(path, KEY)
    assert (len(cache), cache.snapshot) == (2, SNAPSHOT)
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
    filled(path, b"/a", b"/b")
    data = path.read_bytes()
    path.unlink()
    path.with_suffix(".new").write_bytes(data[:-1])
    recover_killed(path)
    partial = FileCache.load(partial_path(path), KEY)
    assert partial.find(b"/a") is not None
    assert partial.find(b"/b") is None


def test_the_folder_is_private(path: Path) -> None:
    filled(path, b"/a")
    assert path.parent.stat().st_mode & 0o777 == 0o700
