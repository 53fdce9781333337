import json
from pathlib import Path

import pytest
from blake3 import blake3
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    """The default repository with two snapshots."""
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    (docs / "new.txt").write_text("new\n")
    yester("snap", "docs")
    return plain


@pytest.fixture
def target(yester: Yester, taken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An encrypted repository whose passphrase is "two"."""
    with monkeypatch.context() as patch:
        patch.setenv("YESTER_PASSPHRASE", "two")
        assert yester("init", tmp_path / "target").code == 0
    return tmp_path / "target"


def test_all_and_again(yester: Yester, target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YESTER_TO_PASSPHRASE", "two")
    done = yester("copy", "--all", "--to", target)
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == 3 and "copied 2 snapshots" in done.out
    again = json.loads(yester("copy", "--profile", "docs", "--to", target, "--json").out)
    assert [each["new"] for each in again["copied"]] == [False, False]
    assert again["same_ids"] is False and again["stored_size"] == 0
    monkeypatch.setenv("YESTER_PASSPHRASE", "two")
    listed = json.loads(yester("list", "--repo", target, "--json").out)
    assert [each["snapshot"] for each in again["copied"]] == [each["snapshot"] for each in listed]
    assert yester("check", "--read-data", "--repo", target).code == 0
    assert yester("restore", "latest", "--repo", target, "--target", tmp_path / "back").code == 0


def test_one_to_a_repository_like_it(yester: Yester, taken: Path, tmp_path: Path) -> None:
    yester("init", tmp_path / "like", "--like", taken, "--no-encryption")
    done = json.loads(yester("copy", "docs@latest", "--from", taken, "--to", tmp_path / "like", "--json").out)
    assert done["same_ids"] is True
    assert [each["new"] for each in done["copied"]] == [True]


@pytest.mark.parametrize("secret", ["file", "command"])
def test_where_the_second_passphrase_may_be(yester: Yester, target: Path, tmp_path: Path, secret: str) -> None:
    (tmp_path / "secret").write_text("two\n")
    stated = str(tmp_path / "secret") if secret == "file" else f"cat {tmp_path / 'secret'}"
    assert yester("copy", "latest", "--to", target, f"--to-passphrase-{secret}", stated).code == 0


def test_bad_input(yester: Yester, taken: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(code: int, words: str, *arguments: str | Path) -> None:
        done = yester("copy", *arguments)
        assert done.code == code, done
        assert words in done.err and is_one_complaint(done.err), done.err

    refused(2, "Missing option '--to'", "--all")
    refused(2, "not said", "--to", target)
    refused(2, "said twice", "latest", "--all", "--to", target)
    refused(6, f"No passphrase of {target}", "--all", "--to", target)
    refused(6, str(tmp_path / "nowhere"), "--all", "--to", tmp_path / "nowhere")
    refused(6, str(tmp_path / "nowhere"), "--all", "--from", tmp_path / "nowhere", "--to", target)
    monkeypatch.setenv("YESTER_PASSPHRASE", "wrong")
    refused(6, f"{target}: Wrong passphrase", "--all", "--to", target)
    refused(2, "one repository", "--all", "--to", taken)
    monkeypatch.setenv("YESTER_PASSPHRASE", "two")
    refused(2, "There is no snapshot lastest", "lastest", "--to", target)
    refused(2, "No snapshot is of a profile nobody", "--profile", "nobody", "--to", target)


@pytest.mark.parametrize("which", ["--from", "--to"])
def test_a_newer_repository_on_either_side(
    yester: Yester, taken: Path, target: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", "two")
    config = (taken if which == "--from" else target) / "config"
    newer = bytearray(config.read_bytes()[:-32])
    newer[6] = 2
    config.write_bytes(newer + blake3(newer).digest())
    done = yester("copy", "--all", "--from", taken, "--to", target)
    assert done.code == 6 and "format version 2" in done.err and is_one_complaint(done.err), done
