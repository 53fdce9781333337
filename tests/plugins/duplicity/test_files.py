"""Where backend files lie."""

from pathlib import Path

import pytest

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.duplicity import files
from yester.plugins.duplicity.files import backend_folders


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "module_file", lambda name: None)
    monkeypatch.setattr(files, "SYSTEM", tmp_path / "system")


def laid(folder: Path, name: str = "somebackend.py") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("")
    return folder


def test_ones_own_folder_counts_before_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places.under(tmp_path / "home")
    system = laid(tmp_path / "system" / "backends")
    assert backend_folders(places) == [system]
    own = laid(places.data / "plugins" / "duplicity")
    assert backend_folders(places) == [own, system]
    mine = laid(tmp_path / "mine" / "backends")
    monkeypatch.setattr(files, "module_file", lambda name: tmp_path / "mine")
    assert backend_folders(places) == [own, mine]


def test_a_folder_or_a_package_can_be_named(tmp_path: Path) -> None:
    places = Places.under(tmp_path / "home")
    laid(tmp_path / "system" / "backends")
    package = laid(tmp_path / "package", "backend.py")
    assert backend_folders(places, str(package)) == [package]
    assert backend_folders(places, str(laid(package / "backends").parent)) == [package / "backends"]
    (tmp_path / "empty").mkdir()
    for place in ("empty", "none"):
        with pytest.raises(UsageError, match=r"holds no file whose name ends in backend\.py"):
            backend_folders(places, str(tmp_path / place))


def test_without_any_it_says_how_to_get_them(tmp_path: Path) -> None:
    places = Places.under(tmp_path / "home")
    laid(places.data / "plugins" / "duplicity", "readme.txt")
    with pytest.raises(UsageError) as caught:
        backend_folders(places)
    assert "yester[duplicity]" in caught.value.hint
    assert str(places.data / "plugins" / "duplicity") in caught.value.hint


def test_what_others_can_write_is_refused(tmp_path: Path) -> None:
    places = Places.under(tmp_path / "home")
    folder = laid(places.data / "plugins" / "duplicity")
    (folder / "somebackend.py").chmod(0o666)
    with pytest.raises(UsageError, match="can be written by others"):
        backend_folders(places)
