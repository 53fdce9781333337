from pathlib import Path

import pytest

from yester.engine.errors import RepositoryError, UsageError
from yester.plugins.backends.registry import open_store


@pytest.mark.parametrize("name", ["plain", "with space", "100%", "hash#mark?", "ümlaut"])
def test_a_path_is_a_local_folder(tmp_path: Path, name: str) -> None:
    store = open_store(str(tmp_path / name), create=True)
    store.put("config", [b"x"])
    store.close()
    assert (tmp_path / name / "config").read_bytes() == b"x"


def test_a_relative_path_stays_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("repository", create=True)
    assert store.place == str(tmp_path / "repository")
    store.close()


def test_a_tilde_is_the_home(home: Path) -> None:
    store = open_store("~/backup", create=True)
    assert store.place == str(home / "backup")
    store.close()


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "FILE://{}"])
def test_a_file_url_is_a_local_folder(tmp_path: Path, form: str) -> None:
    store = open_store(form.format(f"{tmp_path}/a%20b%23"), create=True)
    assert store.place == f"{tmp_path}/a b#"
    store.close()


@pytest.mark.parametrize("url", ["file://server/share", "file://", "file://relative"])
def test_a_file_url_of_another_host_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="local folder"):
        open_store(url, create=True)


def test_an_unknown_scheme_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="fiel://") as caught:
        open_store("fiel:///backup")
    assert caught.value.hint == "Did you mean file://?"
    with pytest.raises(UsageError, match="gopher://") as caught:
        open_store("gopher://host/backup")
    assert "file" in caught.value.hint


def test_no_url_is_said() -> None:
    with pytest.raises(UsageError, match="No repository"):
        open_store("")


def test_nothing_is_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="no such folder"):
        open_store(str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_a_secret_in_a_url_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(UsageError, match="secret") as caught:
        open_store("gopher://me:hunter2@host/backup")
    assert "hunter2" not in f"{caught.value.what} {caught.value.hint}"
