import json
from pathlib import Path

import pytest
from blake3 import blake3
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    return docs


@pytest.fixture
def damaged(taken: Path, plain: Path) -> str:
    """The name of a data pack of which one bit is flipped."""
    [pack] = plain.rglob("data.*")
    content = bytearray(pack.read_bytes())
    content[60] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    return pack.name


def test_a_sound_repository(yester: Yester, taken: Path) -> None:
    for option in ((), ("--read-data",), ("--read-data=5%",), ("--read-data", "100")):
        checked = yester("check", *option)
        assert (checked.code, checked.err) == (0, "")
        assert checked.out.startswith("checked 1 snapshot, ")
        assert ": no damage found\n" in checked.out


def test_damage_names_every_file_that_it_hits(yester: Yester, taken: Path, damaged: str) -> None:
    checked = yester("check", "--read-data")
    assert checked.code == 5
    assert ": 1 problem\n" in checked.out
    assert damaged in checked.err
    assert f"{taken}/b.txt\n" in checked.err
    assert f"{taken}/letters/a.txt\n" in checked.err
    report = json.loads(yester("check", "--read-data", "--json").out)
    [problem] = report["problems"]
    assert problem["subject"] == damaged
    assert [hit["path"] for hit in problem["hits"]] == [f"{taken}/b.txt", f"{taken}/letters/a.txt"]


def test_damage_is_an_error_of_its_own_in_a_restore(yester: Yester, taken: Path, damaged: str, tmp_path: Path) -> None:
    """Never wrong bytes: the files are named and not there."""
    restored = yester("restore", "latest", taken, "--target", tmp_path / "back")
    assert restored.code == 5
    assert f"{taken}/b.txt: " in restored.err
    assert not (tmp_path / "back" / "docs" / "b.txt").exists()


@pytest.mark.parametrize("share", ["0", "101", "x", "%", "5.5"])
def test_a_share_that_is_none(yester: Yester, plain: Path, share: str) -> None:
    refused = yester("check", f"--read-data={share}")
    assert refused.code == 2
    assert "give 1 to 100" in refused.err
    assert is_one_complaint(refused.err)


def test_a_repository_of_a_newer_version(yester: Yester, plain: Path) -> None:
    config = plain / "config"
    content = bytearray(config.read_bytes())
    content[6] = 9
    content[-32:] = blake3(content[:-32]).digest()
    config.chmod(0o600)
    config.write_bytes(content)
    for command in (["check"], ["list"], ["show", "latest"]):
        refused = yester(*command)
        assert refused.code == 6
        assert "format version 9" in refused.err
        assert is_one_complaint(refused.err)
