import json
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    yester("profile", "add", "docs", docs)
    yester("snap", "docs", "--tag", "kept")
    (docs / "new").write_bytes(b"new")
    yester("snap", "docs")
    return docs


def test_a_path_goes_from_every_snapshot(yester: Yester, taken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(taken)
    plan = yester("rewrite", "--remove", "b.txt", "--dry-run")
    assert len(plan.out.splitlines()) == 3
    assert yester("show", f"latest:{taken}/b.txt").code == 0
    done = yester("rewrite", "--remove", "b.txt")
    assert done.code == 0
    assert "replaced 2 snapshots; yester prune frees the space" in done.out
    snapshots = json.loads(yester("list", "--json").out)
    assert [snapshot["tags"] for snapshot in snapshots] == [["kept"], []]
    for snapshot in snapshots:
        assert yester("show", f"{snapshot['snapshot']}:{taken}/b.txt").code == 2
        assert yester("show", f"{snapshot['snapshot']}:{taken}/letters/a.txt").code == 0
    checked = yester("check", "--read-data")
    assert (checked.code, checked.err) == (0, "")


def test_only_from_some(yester: Yester, taken: Path) -> None:
    done = json.loads(yester("rewrite", "latest", "--remove", taken / "b.txt", "--json").out)
    assert len(done["snapshots"]) == 1
    none = yester("rewrite", "--profile", "other", "--remove", taken / "b.txt")
    assert none.code == 2


@pytest.mark.parametrize(
    ("path", "words"), [("/nowhere", "No snapshot holds /nowhere"), ("/", "The root of a snapshot cannot be taken out")]
)
def test_what_cannot_go(yester: Yester, taken: Path, path: str, words: str) -> None:
    refused = yester("rewrite", "--remove", path)
    assert refused.code == 2
    assert words in refused.err
    assert is_one_complaint(refused.err)
