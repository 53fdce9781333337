import json
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester


def test_a_place_is_looked_at_and_left_as_it_was(yester: Yester, home: Path) -> None:
    place = home / "new/deep"
    told = json.loads(yester("backend", "look", place, "--json").out)
    assert (told["place"], told["is_repository"]) == (str(place), False)
    assert (told["free_size"] > 0, told["lacks_drive"]) == (True, False)
    assert not (home / "new").exists()


def test_a_repository_is_recognised(yester: Yester, plain: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert "is not encrypted" in yester("backend", "look", plain).out
    monkeypatch.setenv("YESTER_PASSPHRASE", "one two")
    assert yester("init", home / "locked").code == 0
    before = sorted(path.name for path in (home / "locked").rglob("*"))
    assert "asks for a passphrase" in yester("backend", "look", home / "locked").out
    assert sorted(path.name for path in (home / "locked").rglob("*")) == before


@pytest.mark.parametrize("place", ["/dev/null", "sftp://127.0.0.1:1/x", "nonsense://x"])
def test_what_cannot_be_a_place_is_said(yester: Yester, place: str) -> None:
    said = yester("backend", "look", place, "--json")
    assert (said.code in (2, 6), said.out) == (True, "")
    assert said.err.startswith("yester: ")


def test_a_folder_with_other_things_is_none(yester: Yester, docs: Path) -> None:
    said = yester("backend", "look", docs)
    assert said.code == 6
    assert "is not empty" in said.err
