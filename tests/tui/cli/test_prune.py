import json
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def forgotten(yester: Yester, plain: Path, docs: Path) -> Path:
    """A repository in which a snapshot of two was forgotten."""
    (docs / "large").write_bytes(b"".join(number.to_bytes(4, "big") for number in range(500_000)))
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    first = json.loads(yester("list", "--json").out)[0]["snapshot"]
    (docs / "large").write_bytes(b"".join(number.to_bytes(4, "little") for number in range(500_000)))
    yester("snap", "docs")
    assert yester("forget", "--snapshot", first, "--yes").code == 0
    return plain


def packs(repository: Path) -> int:
    return sum(1 for path in repository.rglob("*") if path.name.startswith(("data.", "meta.")))


def test_says_what_it_plans_and_what_it_freed(yester: Yester, forgotten: Path) -> None:
    before = packs(forgotten)
    planned = yester("prune", "--dry-run")
    assert (planned.code, planned.err) == (0, "")
    assert planned.out.startswith("1 snapshot needs ")
    assert "dry run: " in planned.out
    assert packs(forgotten) == before
    done = yester("prune")
    assert (done.code, done.err) == (0, "")
    assert "freed " in done.out
    assert yester("check", "--read-data").code == 0
    assert "nothing to free" in yester("prune").out


def test_as_json(yester: Yester, forgotten: Path) -> None:
    report = json.loads(yester("prune", "--json").out)
    assert (report["dry_run"], report["snapshots"], report["damaged"], report["lost_blobs"]) == (False, 1, [], 0)
    going = report["plan"]["delete"] + report["plan"]["repack"]
    assert going
    assert all(each["why"] in ("unused", "sparse", "small", "doomed") for each in going)
    assert report["deleted_packs"] == len(going)
    assert report["freed_size"] > 0


def test_a_prune_is_a_run_that_can_be_looked_up(yester: Yester, forgotten: Path, home: Path) -> None:
    yester("prune")
    journals = [path.read_text() for path in (home / ".local/state/yester/runs").glob("*.jsonl")]
    [journal] = [text for text in journals if '"action":"prune"' in text]
    assert '"type":"prune.begin"' in journal
    assert '"type":"prune.end"' in journal


@pytest.mark.parametrize(
    ("option", "value"),
    [("--max-unused", "x"), ("--max-unused", "101"), ("--max-unused", "-1%"), ("--max-repack", "5Q")],
)
def test_a_wrong_value_is_refused(yester: Yester, plain: Path, option: str, value: str) -> None:
    refused = yester("prune", option, value)
    assert refused.code == 2
    assert is_one_complaint(refused.err)


def test_damage_is_an_exit_code_of_its_own(yester: Yester, forgotten: Path) -> None:
    for path in forgotten.rglob("meta.*"):
        path.unlink()
    refused = yester("prune")
    assert refused.code == 5
    assert "yester check" in refused.err
    assert is_one_complaint(refused.err)
