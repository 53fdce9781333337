import json
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    (docs / "line\nbreak").write_bytes(bytes(range(256)) * 400)
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    (docs / "line\nbreak").unlink()
    yester("snap", "docs")
    return docs


def test_du(yester: Yester, taken: Path) -> None:
    shown = yester("du")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[0].split() == ["TIME", "SNAPSHOT", "PROFILE", "ONLY", "IN", "IT"]
    assert lines[4].startswith("2 snapshots with ") and lines[4].endswith(f" in {taken}:")
    assert any(line.endswith(f"{taken}/line\\nbreak") for line in lines)
    assert yester("du", "docs").out == shown.out == yester("du", taken).out
    assert len(yester("du", "--limit", "1").out.splitlines()) == 7


def test_du_as_json(yester: Yester, taken: Path) -> None:
    found = json.loads(yester("du", "--json", "--depth", "0").out)
    first, second = found["snapshots"]
    assert first["unique_size"] > 500 and second["unique_size"] > 0 == found["missing"]
    assert found["paths"] == [{"path": str(taken), "size": found["size"]}]
    latest = json.loads(yester("du", "latest", "--json").out)
    assert latest["snapshots"] == [second]
    assert f"{taken}/line\nbreak" not in [each["path"] for each in latest["paths"]]


def test_du_of_what_is_not_there(yester: Yester, taken: Path) -> None:
    for words in (("photos",), ("docs", taken / "nothing"), (taken / "nothing",)):
        refused = yester("du", *words)
        assert refused.code == 2 and is_one_complaint(refused.err), refused


def test_du_of_nothing(yester: Yester, plain: Path) -> None:
    refused = yester("du")
    assert refused.code == 2 and "holds no snapshot" in refused.err
