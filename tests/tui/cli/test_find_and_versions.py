import json
import os
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    """Three snapshots: a letter is written, changed and deleted."""
    letter = docs / "essay\n1.txt"
    letter.write_text("one")
    Path(os.fsdecode(os.fsencode(docs) + b"/caf\xe9")).write_text("x" * 5000)
    yester("profile", "add", "docs", docs)
    assert yester("snap", "docs").code == 0
    letter.write_text("three")
    assert yester("snap", "docs").code == 0
    letter.unlink()
    assert yester("snap", "docs").code == 0
    return letter


def test_versions(yester: Yester, taken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(taken.parent)
    shown = yester("versions", taken.name)
    assert (shown.code, shown.err) == (0, "")
    title, head, first, second = shown.out.splitlines()
    assert title.endswith("essay\\n1.txt: 2 versions")
    assert head.split("  ")[0] == "FIRST SEEN"
    assert "  3 B  " in first and "deleted" not in first
    assert "  5 B  " in second and "deleted by " in second
    assert yester("versions", taken).out == shown.out


def test_versions_as_json(yester: Yester, taken: Path) -> None:
    shown = json.loads(yester("versions", taken, "--json").out)
    assert shown["path"] == str(taken)
    one, two = shown["versions"]
    assert (one["type"], one["size"], one["snapshots"], one["gone"]) == ("file", 3, 1, None)
    snapshots = [each["snapshot"] for each in json.loads(yester("list", "--json").out)]
    assert [two["first"]["snapshot"], two["last"]["snapshot"], two["gone"]["snapshot"]] == [
        snapshots[1],
        snapshots[1],
        snapshots[2],
    ]
    assert len(json.loads(yester("versions", taken.parent, "--json").out)["versions"]) == 3


def test_versions_of_what_no_snapshot_has(yester: Yester, taken: Path) -> None:
    refused = yester("versions", taken.parent / "essay")
    assert refused.code == 2 and is_one_complaint(refused.err)
    assert "yester find 'essay'" in refused.err
    assert yester("versions", taken, "--host", "elsewhere").code == 2


def test_versions_asks_the_repository_of_the_profile_that_takes_the_path(
    yester: Yester, plain: Path, docs: Path, tmp_path: Path
) -> None:
    yester("init", tmp_path / "other", "--no-encryption")
    yester("profile", "add", "else", docs, "--repo", tmp_path / "other")
    yester("snap", "else")
    assert yester("versions", docs).code == 0
    assert yester("versions", docs, "--repo", plain).code == 2


def test_find(yester: Yester, taken: Path) -> None:
    rows = yester("find", "essay").out.splitlines()
    assert len(rows) == 2 and rows[1].endswith("essay\\n1.txt  (deleted)")
    assert yester("find", "ESSAY").err == "nothing found\n"
    assert len(yester("find", "ESSAY", "-i").out.splitlines()) == 2
    assert yester("find", "caf*").out.splitlines()[1].endswith("caf\\xe9")
    assert yester("find", "*", "--larger-than", "4K", "--type", "f").out.splitlines()[1:] == [
        yester("find", "caf").out.splitlines()[1]
    ]
    assert len(yester("find", "*", "--deleted").out.splitlines()) == 2
    by_path = [line.split()[-1] for line in yester("find", "*", "--sort", "path").out.splitlines()[1:]]
    assert by_path[0] == f"/{taken.parts[1]}/"
    cut = yester("find", "*", "--limit", "1")
    assert len(cut.out.splitlines()) == 2 and "more than 1" in cut.err


def test_find_as_json(yester: Yester, taken: Path) -> None:
    [letter] = json.loads(yester("find", "/*essay*", "--json").out)
    assert (letter["path"], letter["deleted"], letter["size"]) == (str(taken), True, 5)
    [coffee] = json.loads(yester("find", "caf", "--json").out)
    assert coffee["path_b64"]
    assert json.loads(yester("find", "nothing", "--json").out) == []


def test_a_size_that_is_none(yester: Yester, taken: Path) -> None:
    refused = yester("find", "x", "--larger-than", "much")
    assert refused.code == 2 and is_one_complaint(refused.err)


def test_a_catalogue_that_cannot_be_kept_is_said(yester: Yester, taken: Path, home: Path) -> None:
    yester("find", "x")
    [path] = home.glob(".cache/yester/repositories/*/catalogue.sqlite")
    path.unlink()
    path.mkdir()
    shown = yester("find", "essay")
    assert shown.code == 0 and len(shown.out.splitlines()) == 2
    assert "for this command only" in shown.err
