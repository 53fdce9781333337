import json
from pathlib import Path

from tests.tui.cli.conftest import Yester


def test_what_a_snapshot_would_take_is_counted(yester: Yester, docs: Path) -> None:
    (docs / ".cache").mkdir()
    (docs / ".cache/x").write_bytes(bytes(5000))
    said = yester("profile", "size", docs, "--exclude", "letters/")
    assert said.code == 0
    assert "1 file in 1 folder, 2 B" in said.out
    assert f"4.9 KiB  {docs}/.cache/" in said.out
    told = json.loads(yester("profile", "size", docs, "--json").out)
    assert (told["files"], told["size"], told["left_out_size"]) == (2, 9, 5000)


def test_a_profile_is_measured_by_its_own_filters(yester: Yester, docs: Path) -> None:
    assert yester("profile", "add", "docs", docs, "--exclude", "*.txt").code == 0
    assert json.loads(yester("profile", "size", "--profile", "docs", "--json").out)["files"] == 0
    assert yester("profile", "size", "--profile", "none").code == 2
    assert yester("profile", "size").code == 2
    assert yester("profile", "size", docs, "--exclude-larger-than", "many").code == 2


def test_a_profile_can_be_looked_at_before_it_is_written(yester: Yester, docs: Path, home: Path) -> None:
    asked = ("profile", "add", "docs", docs, "--set", "schedule.when=daily")
    text = yester(*asked, "--dry-run").out
    assert 'when = "daily"' in text
    told = json.loads(yester(*asked, "--dry-run", "--json").out)
    assert (told["profile"], told["written"], 'when = "daily"' in told["text"]) == ("docs", False, True)
    assert not (home / ".config/yester/profiles").exists()
    assert yester(*asked, "--json").code == 0
    assert "already there" in yester(*asked, "--dry-run").err
