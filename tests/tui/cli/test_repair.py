import json
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    yester("profile", "add", "docs", docs)
    yester("snap", "docs", "--tag", "kept")
    return docs


def flip(pattern: str, plain: Path, offset: int = 60) -> str:
    """Flip a bit of the one object of this kind, and return its name."""
    [file] = plain.rglob(pattern)
    content = bytearray(file.read_bytes())
    content[offset] ^= 1
    file.chmod(0o600)
    file.write_bytes(content)
    return file.name


def test_nothing_to_repair(yester: Yester, taken: Path) -> None:
    done = yester("repair", "--read-data")
    assert (done.code, done.out, done.err) == (0, "nothing to repair\n", "")


def test_lost_files_are_marked_and_everything_checks_clean(yester: Yester, taken: Path, plain: Path) -> None:
    pack = flip("data.*", plain)
    plan = yester("repair", "--read-data", "--dry-run")
    assert plan.code == 5
    assert f"store anew what is whole in {pack}: " in plan.out
    assert ", in which 2 entries are damaged:\n" in plan.out
    assert f"  {taken}/b.txt\n" in plan.out
    assert yester("check", "--read-data").code == 5
    done = yester("repair", "--read-data")
    assert done.code == 5
    assert "1 damaged pack deleted, 1 snapshot replaced" in done.out
    checked = yester("check", "--read-data")
    assert (checked.code, checked.err) == (0, "")
    assert "kept" in yester("list").out
    shown = yester("show", f"latest:{taken}/b.txt")
    assert "could not be read" in shown.out
    again = yester("snap", "docs")
    assert again.code == 0
    assert yester("restore", "latest", taken / "b.txt", "--target", taken.parent / "back").code == 0
    assert (taken.parent / "back" / "b.txt").read_bytes() == (taken / "b.txt").read_bytes()


def test_as_json(yester: Yester, taken: Path, plain: Path) -> None:
    flip("data.*", plain)
    report = json.loads(yester("repair", "--read-data", "--json").out)
    [snapshot] = report["snapshots"]
    [listed] = json.loads(yester("list", "--json").out)
    assert snapshot["replaced_by"] == listed["snapshot"]
    assert [lost["path"] for lost in snapshot["lost"]] == [f"{taken}/b.txt", f"{taken}/letters/a.txt"]
    assert report["done"]["packs"] == 1


def test_a_snapshot_whose_record_is_damaged(yester: Yester, taken: Path, plain: Path) -> None:
    name = flip("snap.*", plain)
    told = yester("repair")
    assert told.code == 5
    assert f"{name} is damaged: " in told.out
    assert "--find-lost" in told.out
    found = yester("repair", "--find-lost")
    assert found.code == 0
    assert found.out.startswith("found 2 files, ")
    assert yester("check").code == 0
    listed = yester("list")
    assert "recovered" in listed.out
    assert listed.err == ""
    assert yester("restore", "recovered@latest", taken, "--target", taken.parent / "back").code == 0
    assert (taken.parent / "back" / "docs" / "b.txt").read_bytes() == (taken / "b.txt").read_bytes()


def test_a_prune_waits_while_lost_snapshots_are_looked_for(
    yester: Yester, taken: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is found is needed by no snapshot until it is recovered."""
    [file] = plain.rglob("snap.*")
    file.unlink()
    sessions: list[int] = []
    monkeypatch.setattr(
        "yester.tui.cli.repair.confirm", lambda *_, **__: sessions.append(len(list(plain.rglob("session.*"))))
    )
    assert yester("repair", "--find-lost").code == 0
    assert sessions == [1]
    assert list(plain.rglob("session.*")) == []


def test_a_config_is_beyond_repair(yester: Yester, taken: Path, plain: Path) -> None:
    config = plain / "config"
    config.chmod(0o600)
    config.write_bytes(config.read_bytes()[:-1])
    refused = yester("repair")
    assert refused.code == 5
    assert is_one_complaint(refused.err)
