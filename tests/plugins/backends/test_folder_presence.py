"""A store's folder whose disk goes, and comes back, or another in its place."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from yester.engine.errors import Broken, Missing
from yester.plugins.backends.folder import FolderStore

PACK = f"data.{'ab' * 32}"
OTHER = f"data.{'cd' * 32}"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = FolderStore(tmp_path / "repository", create=True)
    made.put("config", [b"this repository"])
    made.put(PACK, [b"old"])
    made.close()
    return tmp_path / "repository"


def swap(place: Path) -> Path:
    """Take the disk out and put in another with a copy of the repository; return what is held open of the first."""
    gone = place.with_name("gone")
    shutil.copytree(place, place.with_name("copy"))
    place.rename(gone)
    for path in gone.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    place.with_name("copy").rename(place)
    return gone


def test_a_reader_goes_on(place: Path) -> None:
    store = FolderStore(place)
    swap(place)
    assert store.get(PACK) == b"old"
    assert sorted(store.list()) == ["config", PACK]
    store.close()


@pytest.mark.parametrize(
    "write", [lambda store: store.put(OTHER, [b"new"]), lambda store: store.delete(PACK)], ids=["put", "delete"]
)
def test_who_has_written_reads_from_no_other(place: Path, write: Callable[[FolderStore], None]) -> None:
    store = FolderStore(place)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    write(store)
    gone = place.with_name("gone")
    place.rename(gone)
    (gone / "config").unlink()
    for path, data in before.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with pytest.raises(Broken, match="no longer there"):
        store.get(f"data.{'ef' * 32}")
    with pytest.raises(Broken, match="no longer there"):
        list(store.list())
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    store.close()


def test_who_has_read_from_another_writes_nothing(place: Path) -> None:
    store = FolderStore(place)
    gone = swap(place)
    assert store.get(PACK) == b"old"
    with pytest.raises(Broken, match="came back"):
        store.put("snap.00", [b"of what was seen before"])
    with pytest.raises(Broken, match="came back"):
        store.delete(PACK)
    with pytest.raises(Broken, match="came back"):
        store.tidy()
    assert not (place / "snap").exists()
    assert not (gone / "snap").exists()
    assert (place / "data" / "ab" / PACK).is_file()
    store.close()


def test_a_listing_during_which_it_goes_is_not_a_shorter_one(place: Path) -> None:
    store = FolderStore(place)
    listing = store.list()
    assert next(listing) == "config"
    swap(place)
    with pytest.raises(Broken, match="no longer there"):
        list(listing)
    assert sorted(store.list()) == ["config", PACK]
    store.close()


def test_another_repository_is_not_taken_for_it(place: Path) -> None:
    store = FolderStore(place)
    swap(place)
    (place / "config").write_bytes(b"another")
    with pytest.raises(Broken, match="no longer there"):
        store.get(PACK[:-1] + "c")
    with pytest.raises(Broken, match="no longer there"):
        list(store.list())
    store.close()


def test_a_closed_store_takes_no_others_descriptor(place: Path, tmp_path: Path) -> None:
    store = FolderStore(place)
    store.close()
    bystander = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with pytest.raises((Broken, Missing)):
            store.get(PACK)
        with pytest.raises(Broken):
            list(store.list())
        assert os.path.samestat(os.fstat(bystander), tmp_path.stat())
    finally:
        os.close(bystander)
