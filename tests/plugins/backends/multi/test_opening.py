"""What a multi:// URL opens, and what it refuses."""

import json
import shutil
from pathlib import Path

import pytest
from tests.plugins.backends.multi.conftest import listing
from tests.plugins.backends.test_third_party import installed

from yester.engine.errors import RepositoryError, UsageError
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.registry import open_store

pytestmark = pytest.mark.usefixtures("home", "never_again")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return listing(tmp_path / "stores.json", *(f"{tmp_path.as_uri()}/{name}" for name in ("one", "two")))


def mirror(file: Path) -> str:
    return f"multi://{file}?mode=mirror"


def made(url: str) -> None:
    Repository.create(open_store(url, create=True), None, places=Places.default()).close()


def opened(url: str) -> Repository:
    return Repository.open(open_store(url), None, places=Places.default())


@pytest.mark.parametrize("mode", ["mirror", "stripe"])
def test_a_repository_is_made_in_all_and_opened(file: Path, tmp_path: Path, mode: str) -> None:
    url = f"multi://{file}?mode={mode}"
    made(url)
    assert (tmp_path / "one/config").read_bytes() == (tmp_path / "two/config").read_bytes()
    store = open_store(url)
    assert store.place == f"multi://{file}?mode={mode}&onfail=continue"
    store.close()
    opened(store.place).close()


def test_a_mirror_that_is_not_there_is_done_without_unless_it_is_the_last(
    file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made(mirror(file))
    shutil.rmtree(tmp_path / "one")
    opened(mirror(file)).close()
    assert "one does not answer, and is done without" in caplog.text
    assert not (tmp_path / "one").exists()
    with pytest.raises(RepositoryError, match="one"):
        open_store(f"multi://{file}?mode=stripe")
    shutil.rmtree(tmp_path / "two")
    with pytest.raises(RepositoryError):
        open_store(mirror(file))


def test_an_empty_folder_is_no_mirror_until_it_is_said(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made(mirror(file))
    shutil.rmtree(tmp_path / "one")
    (tmp_path / "one").mkdir()
    opened(mirror(file)).close()
    assert "one does not answer" in caplog.text
    assert list((tmp_path / "one").iterdir()) == []
    monkeypatch.setenv("YESTER_MULTI_FILL", "yes")
    with opened_store(mirror(file)) as store:
        store.tidy()
    assert len(list(FolderStore(tmp_path / "one").list())) == len(list(FolderStore(tmp_path / "two").list())) > 1


class opened_store:
    def __init__(self, url: str) -> None:
        self._store = open_store(url)

    def __enter__(self) -> FolderStore:
        return self._store  # type: ignore[return-value]

    def __exit__(self, *_: object) -> None:
        self._store.close()


def test_stores_of_two_repositories_are_refused(file: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        made(f"{tmp_path.as_uri()}/{name}")
    for mode in ("mirror", "stripe"):
        with pytest.raises(RepositoryError, match="different repositories"):
            open_store(f"multi://{file}?mode={mode}")


def test_a_subpath_is_below_each(file: Path, tmp_path: Path) -> None:
    made(f"{mirror(file)}&subpath=docs")
    assert (tmp_path / "one/docs/config").exists()
    assert (tmp_path / "two/docs/config").exists()


def test_each_store_has_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "stores.json"
    places = [
        {"url": f"{tmp_path.as_uri()}/one"},
        {
            "url": f"par2+{tmp_path.as_uri()}/two",
            "env": [{"name": "YESTER_PAR2_PROGRAM", "value": "/none"}],
        },
    ]
    file.write_text(json.dumps(places))
    with pytest.raises(RepositoryError, match="/none is not installed"):
        open_store(mirror(file), create=True)
    assert not (tmp_path / "one").exists()


SEEING = """
import os, pathlib, shutil
from yester.plugins.backends.contract import Backend

class Seeing(Backend):
    has_host = False

    def __init__(self, parsed_url):
        self.folder = pathlib.Path(parsed_url.path)
        self.folder.joinpath("seen").write_text(os.environ.get("SHELF_TOKEN", "nothing"))

    def _put(self, source, name):
        shutil.copyfile(source, self.folder / name)

    def _get(self, name, target):
        shutil.copyfile(self.folder / name, target)

    def _list(self):
        return os.listdir(self.folder)

    def _delete(self, name):
        os.unlink(self.folder / name)
"""


def test_a_backend_in_a_worker_has_the_environment_of_its_store(tmp_path: Path) -> None:
    """Those of others read variables of their own, as duplicity's do FTP_PASSWORD."""
    installed(SEEING, "seeing")
    file, places = tmp_path / "stores.json", []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        places.append({"url": f"seeing://{tmp_path}/{name}", "env": [{"name": "SHELF_TOKEN", "value": name}]})
    file.write_text(json.dumps(places))
    open_store(mirror(file), create=True).close()
    assert [(tmp_path / name / "seen").read_text() for name in ("one", "two")] == ["one", "two"]


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_could_have_written_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(UsageError, match="by others"):
        open_store(mirror(file))


def test_no_file_and_one_that_lists_itself_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        open_store(f"multi://{tmp_path}/none.json")
    with pytest.raises(UsageError, match="cannot be read"):
        open_store(f"multi://{tmp_path}")
    file = listing(tmp_path / "a.json", f"multi://{tmp_path}/b.json", "file:///x")
    listing(tmp_path / "b.json", f"limit+multi://{tmp_path}/a.json", "file:///y")
    with pytest.raises(UsageError, match="lists itself"):
        open_store(mirror(file), create=True)
