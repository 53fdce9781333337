import json
import os
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    return docs


def test_a_folder(yester: Yester, taken: Path, tmp_path: Path) -> None:
    back = tmp_path / "back"
    ended = yester("restore", "latest", taken, "--target", back)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"restored to {back}: 2 files, 9 B, 4 entries\n"
    assert (back / "docs" / "letters" / "a.txt").read_text() == "dear a\n"


def test_everything_as_it_was_from_the_root(yester: Yester, taken: Path, tmp_path: Path) -> None:
    assert yester("restore", "docs@latest", "--target", tmp_path / "back").code == 0
    assert (tmp_path / "back" / taken.relative_to("/") / "b.txt").read_text() == "b\n"


def test_paths_are_meant_from_here(
    yester: Yester, taken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(taken)
    (tmp_path / "link").symlink_to(taken)
    assert yester("restore", "latest", "b.txt", "--target", tmp_path / "one").code == 0
    assert (tmp_path / "one/b.txt").exists()
    assert yester("restore", "latest", tmp_path / "link/b.txt", "--target", tmp_path / "two").code == 0
    assert (tmp_path / "two/b.txt").exists()


def test_what_is_there_is_kept(yester: Yester, taken: Path) -> None:
    (taken / "b.txt").write_text("newer\n")
    ended = yester("restore", "latest", taken / "b.txt", "--target", taken, "--json")
    assert json.loads(ended.out)["set_aside"] == 1
    assert (taken / "b.txt").read_text() == "b\n"
    [aside] = taken.glob("b.txt.before-*")
    assert aside.read_text() == "newer\n"
    ended = yester("restore", "latest", taken / "b.txt", "--target", taken, "--on-conflict", "skip")
    assert "skipped" in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["latest"], "It is not said where to"),
        (["latest", "--in-place", "--target", "x"], "It is not said where to"),
        (["latest", "--target", "x", "--on-conflict", "ask"], "Invalid value for '--on-conflict'"),
        (["latest", "--target", "x", "--owner", "root"], "Invalid value for '--owner'"),
        (["latest", "/no/such/path", "--target", "x"], "The snapshot has no /no/such/path"),
        (["lastest", "--target", "x"], "There is no snapshot lastest"),
    ],
)
def test_bad_input(
    yester: Yester, taken: Path, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = yester("restore", *arguments)
    assert refused.code == 2
    assert words in refused.err
    assert is_one_complaint(refused.err)
    assert not os.path.exists("x")


def test_a_target_that_is_a_file(yester: Yester, taken: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = yester("restore", "latest", "--target", tmp_path / "file")
    assert refused.code == 1
    assert is_one_complaint(refused.err)


def test_a_dry_run_says_what_is_in_the_way_and_changes_nothing(yester: Yester, taken: Path, tmp_path: Path) -> None:
    (taken / "b.txt").write_text("newer, and longer\n")
    (taken / "letters" / "a.txt").unlink()
    ended = yester("restore", "latest", taken, "--target", taken.parent, "--dry-run")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"would restore to {taken.parent}: 2 files, 9 B",
        "  1 not there",
        "  2 there, and look the same",
        "  1 that differ",
        f"    {taken}/b.txt",
    ]
    found = json.loads(yester("restore", "latest", "--target", tmp_path / "no", "--dry-run", "--json").out)
    assert (found["files"], found["different"], found["is_whole"]) == (2, 0, True)
    assert (taken / "b.txt").read_text() == "newer, and longer\n"
    assert not (tmp_path / "no").exists()
    assert "restore" not in yester("runs", "--all").out


@pytest.mark.parametrize(
    "command",
    [["restore", "latest", "--target", "x"], ["restore", "latest", "--target", "x", "--dry-run"], ["show", "latest"]]
    + [[verb, "latest"] for verb in ("diff", "verify", "export", "pin")]
    + [["tag", "latest", "--add", "x"], ["rename", "latest", "x"], ["du"], ["forget", "docs", "--dry-run"]]
    + [["rewrite", "--remove", "/b.txt", "--dry-run"], ["copy", "--all", "--to", "twin"]],
)
def test_a_newer_snapshot_that_is_damaged_is_said(
    yester: Yester, taken: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    before = set(home.rglob("snap.*"))
    (taken / "b.txt").write_text("newer\n")
    yester("snap", "docs")
    [newest] = set(home.rglob("snap.*")) - before
    newest.chmod(0o600)
    newest.write_bytes(newest.read_bytes()[:-1])
    monkeypatch.chdir(tmp_path)
    if "copy" in command:
        yester("init", "--no-encryption", "twin")
    assert f"{newest.name} is damaged" in yester(*command).err
