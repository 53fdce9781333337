"""Profiles back from a repository, on this machine and on another."""

import json
import shutil
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint
from tests.tui.cli.test_profile import file_of


@pytest.fixture
def text(yester: Yester, plain: Path, home: Path, docs: Path) -> str:
    """A profile with words of its own, of which there is a snapshot."""
    assert yester("profile", "add", "docs", docs).code == 0
    with file_of(home, "docs").open("a") as file:
        file.write("# my own words, café\n")
    assert yester("snap", "docs").code == 0
    return file_of(home, "docs").read_text()


def another_machine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the repository only, and be another host."""
    shutil.rmtree(home / ".config")
    shutil.rmtree(home / ".local/state")
    monkeypatch.setattr("yester.engine.host._MACHINE_ID", home / "nowhere")
    monkeypatch.setattr("yester.engine.host.host_id.__kwdefaults__", {"machine_id": home / "nowhere"})


def test_what_was_lost_comes_back_as_it_was(yester: Yester, home: Path, text: str) -> None:
    file_of(home, "docs").unlink()
    done = yester("profile", "recover")
    assert done.code == 0
    assert done.out.startswith("docs: recovered, as of ")
    assert "series" not in done.out
    assert file_of(home, "docs").read_text() == text
    assert "2 unchanged" in yester("snap", "docs").out
    assert "is here already, and the same" in yester("profile", "recover", "docs").out


def test_on_another_machine(yester: Yester, home: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    another_machine(home, monkeypatch)
    done = yester("profile", "recover", "--repo", home / ".local/share/yester/repository")
    assert done.code == 0
    assert "begins a new series" in done.out
    assert file_of(home, "docs").read_text() == text
    assert "2 new" in yester("snap", "docs").out, "a series is a host and a profile: nothing to compare with yet"


def test_what_is_here_is_not_overwritten(yester: Yester, home: Path, text: str) -> None:
    file_of(home, "docs").write_text(text + "# newer\n")
    done = yester("profile", "recover")
    assert done.code == 3
    assert "docs: is here already, and says something else: docs" in done.out
    assert is_one_complaint(done.err)
    assert "--force" in done.err
    assert file_of(home, "docs").read_text().endswith("# newer\n")
    tried = yester("profile", "recover", "--force", "--dry-run")
    assert (tried.code, "would be replaced" in tried.out) == (0, True)
    assert file_of(home, "docs").read_text().endswith("# newer\n")
    assert yester("profile", "recover", "--force").code == 0
    assert file_of(home, "docs").read_text() == text


def test_one_id_under_two_names(yester: Yester, home: Path, text: str) -> None:
    file_of(home, "docs").rename(file_of(home, "renamed"))
    done = yester("profile", "recover", "--json")
    assert done.code == 3
    assert [(each["name"], each["action"], each["clash"]) for each in json.loads(done.out)] == [
        ("docs", "same-id", "renamed")
    ]
    assert not file_of(home, "docs").exists()


def test_another_repository_is_said(yester: Yester, home: Path, text: str, tmp_path: Path) -> None:
    file_of(home, "docs").unlink()
    moved = tmp_path / "moved"
    shutil.copytree(home / ".local/share/yester/repository", moved)
    done = yester("profile", "recover", "--repo", moved)
    assert done.code == 0
    assert f"yester profile edit docs --set repository={moved}" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["dosc"], 2, "keeps no profile dosc"),
        (["--host", "nohost"], 2, "is of a host nohost"),
        (["--repo", "/no/such"], 6, "/no/such"),
    ],
)
def test_bad_input(yester: Yester, text: str, arguments: list[str], code: int, words: str) -> None:
    refused = yester("profile", "recover", *arguments)
    assert refused.code == code
    assert is_one_complaint(refused.err)
    assert words in refused.err


def test_a_repository_without_snapshots(yester: Yester, plain: Path) -> None:
    assert yester("profile", "recover").out == "the repository keeps no profiles\n"
