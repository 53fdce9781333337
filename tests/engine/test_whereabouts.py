import shutil
from pathlib import Path

import pytest
from tests.engine.test_repository import taken

from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.plugins.backends.folder import FolderStore


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.under(tmp_path / "home")


def opened(place: Path, places: Places) -> Repository:
    return Repository.open(FolderStore(place), None, places=places)


def made(place: Path, places: Places) -> Repository:
    return Repository.create(FolderStore(place, create=True), None, places=places)


def said(place: Path, places: Places) -> list[str]:
    return opened(place, places).warnings()


def test_nothing_is_said_of_one_that_stays_where_it_was(tmp_path: Path, places: Places) -> None:
    repository = made(tmp_path / "r", places)
    taken(repository)
    assert repository.warnings() == said(tmp_path / "r", places) == []
    assert said(tmp_path / "r", Places.under(tmp_path / "another home")) == []


def test_one_that_was_moved_is_said_once(tmp_path: Path, places: Places) -> None:
    taken(made(tmp_path / "r", places))
    (tmp_path / "r").rename(tmp_path / "moved")
    [warning] = said(tmp_path / "moved", places)
    assert warning == f"The repository at {tmp_path}/moved was at {tmp_path}/r when this machine last used it"
    assert said(tmp_path / "moved", places) == []
    (tmp_path / "moved").rename(tmp_path / "r")
    assert said(tmp_path / "r", places) == [], "a disk that is mounted here or there"


def test_a_copy_is_said(tmp_path: Path, places: Places) -> None:
    taken(made(tmp_path / "r", places))
    shutil.copytree(tmp_path / "r", tmp_path / "copy")
    [warning] = said(tmp_path / "copy", places)
    assert f"{tmp_path}/copy is a copy of the one at {tmp_path}/r" in warning and "yester copy" in warning


def test_another_way_to_the_same_folder_is_no_copy(tmp_path: Path, places: Places) -> None:
    taken(made(tmp_path / "r", places))
    (tmp_path / "link").symlink_to("r")
    [warning] = said(tmp_path / "link", places)
    assert "was at" in warning and "copy" not in warning


def test_another_one_in_its_place_is_said_until_a_snapshot_was_taken_there(tmp_path: Path, places: Places) -> None:
    taken(made(tmp_path / "r", places))
    (tmp_path / "r").rename(tmp_path / "away")
    taken(made(tmp_path / "r", Places.under(tmp_path / "another home")))
    for _ in range(2):
        [warning] = said(tmp_path / "r", places)
        assert "Another repository lies at" in warning
    repository = opened(tmp_path / "r", places)
    taken(repository)
    assert len(repository.warnings()) == 1, "the run that took it says it too"
    assert said(tmp_path / "r", places) == []


def test_one_made_anew_in_its_place_is_nothing_to_say(tmp_path: Path, places: Places) -> None:
    taken(made(tmp_path / "r", places))
    shutil.rmtree(tmp_path / "r")
    made(tmp_path / "r", places)
    assert said(tmp_path / "r", places) == []


def test_a_damaged_memory_starts_anew(tmp_path: Path, places: Places) -> None:
    repository = made(tmp_path / "r", places)
    for content in (b"", b"{}", b"[1]", b"\xff"):
        for path in (repository.state / "places", *(places.state / "places").iterdir()):
            path.write_bytes(content)
        assert said(tmp_path / "r", places) == []


def test_places_that_are_not_utf8(tmp_path: Path, places: Places) -> None:
    place = Path(str(tmp_path) + "/r\udcff")
    taken(made(place, places))
    assert said(place, places) == []
