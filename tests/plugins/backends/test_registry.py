from pathlib import Path

import pytest

from yester.engine.errors import RepositoryError, UsageError
from yester.plugins.backends.registry import SCHEMES, Row, open_store


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


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("fiel:///backup", "Did you mean file://?"),
        ("SFPT://host/x", "Did you mean sftp://?"),
        ("cahce+sftp://host/x", "Did you mean cache+sftp://?"),
        ("cach://host/x", "Did you mean cache+?"),
        ("gopher://host/backup", "To see what there is: yester backend list"),
        ("cache+gopher://host/backup", "To see what there is: yester backend list"),
    ],
)
def test_an_unknown_scheme_names_the_nearest(url: str, hint: str) -> None:
    with pytest.raises(UsageError, match="No backend serves") as caught:
        open_store(url)
    assert caught.value.hint == hint


def test_one_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("nowhere", "a moon", "moon://crater", needs="no_such_module", extra="moon")
    for module in ("registry", "mistaken"):
        monkeypatch.setattr(f"yester.plugins.backends.{module}.SCHEMES", {**SCHEMES, "moon": row})
    with pytest.raises(UsageError, match="needs no_such_module") as caught:
        open_store("moon://crater")
    assert caught.value.hint == "Install it: pip install 'yester[moon]'"
    with pytest.raises(UsageError, match="mooon://") as caught:
        open_store("mooon://crater")
    assert caught.value.hint == "Did you mean moon://? It is not installed yet: pip install 'yester[moon]'"


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
