import json
import re
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture(autouse=True)
def encrypted(yester: Yester, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The default repository, opened with "one"; its recovery key."""
    monkeypatch.setenv("YESTER_PASSPHRASE", "one")
    made = yester("init", "--label", "first")
    assert made.code == 0
    return recovery_key(made.out)


def recovery_key(out: str) -> str:
    found = re.search(r"^    ([A-Z2-7]{7}-.*)$", out, re.MULTILINE)
    assert found
    return found[1]


def labels(yester: Yester) -> list[str]:
    return [key["label"] for key in json.loads(yester("key", "list", "--json").out)]


def opens(yester: Yester, monkeypatch: pytest.MonkeyPatch, secret: str) -> bool:
    with monkeypatch.context() as patch:
        patch.setenv("YESTER_PASSPHRASE", secret)
        return yester("list").code == 0


def added(yester: Yester, monkeypatch: pytest.MonkeyPatch, secret: str, label: str) -> None:
    monkeypatch.setenv("YESTER_NEW_PASSPHRASE", secret)
    done = yester("key", "add", "--label", label)
    assert (done.code, done.err) == (0, "")
    monkeypatch.delenv("YESTER_NEW_PASSPHRASE")


def test_list(yester: Yester) -> None:
    lines = yester("key", "list").out.splitlines()
    assert [line.split()[0] for line in lines[:1]] == ["id"] and len(lines) == 3
    assert "first" in lines[1] and "in use now" in lines[1]
    assert "recovery" in lines[2] and "in use" not in lines[2]
    assert {tuple(sorted(key)) for key in json.loads(yester("key", "list", "--json").out)} == {
        ("created_ns", "epoch", "in_use", "key", "kind", "label", "problem")
    }


def test_add_and_remove(yester: Yester, monkeypatch: pytest.MonkeyPatch) -> None:
    added(yester, monkeypatch, "two", "second")
    assert opens(yester, monkeypatch, "two") and opens(yester, monkeypatch, "one")
    assert yester("key", "remove", "second").code == 0
    assert not opens(yester, monkeypatch, "two")
    assert yester("key", "remove", "recovery").code == 0
    last = yester("key", "remove", "first", "--in-use")
    assert last.code == 2 and "the last key" in last.err and is_one_complaint(last.err)


def test_the_key_in_use_is_removed_only_on_demand(yester: Yester, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = yester("key", "remove", "first")
    assert refused.code == 2 and "--in-use" in refused.err
    assert yester("key", "remove", "first", "--in-use").code == 0
    assert not opens(yester, monkeypatch, "one")


def test_change(yester: Yester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("two\n")
    assert yester("key", "change", "--new-passphrase-file", tmp_path / "new").code == 0
    assert opens(yester, monkeypatch, "two") and not opens(yester, monkeypatch, "one")


def test_a_new_recovery_key_takes_the_place_of_the_old(
    yester: Yester, monkeypatch: pytest.MonkeyPatch, encrypted: str
) -> None:
    second = recovery_key(yester("key", "recovery").out)
    third = recovery_key(yester("key", "recovery", "--keep-old").out)
    opening = [opens(yester, monkeypatch, key) for key in (encrypted, second, third)]
    assert opening == [False, True, True]


def test_rotate(yester: Yester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    added(yester, monkeypatch, "two", "second")
    added(yester, monkeypatch, "three", "third")
    (tmp_path / "three").write_text("three")
    done = yester("key", "rotate", "--keep-passphrase-file", tmp_path / "three")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"opens nothing any more: \w{8} \(passphrase\) \(second\)", done.out)
    assert labels(yester) == ["first", "third", "recovery"]
    secrets = ("one", "two", "three", recovery_key(done.out))
    assert [opens(yester, monkeypatch, secret) for secret in secrets] == [True, False, True, True]


def test_rotate_with_the_recovery_key_after_the_passphrase_is_lost(
    yester: Yester, monkeypatch: pytest.MonkeyPatch, encrypted: str
) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", encrypted)
    refused = yester("key", "rotate")
    assert refused.code == 6 and is_one_complaint(refused.err)
    monkeypatch.setenv("YESTER_NEW_PASSPHRASE", "fresh")
    assert yester("key", "rotate").code == 0
    opening = [opens(yester, monkeypatch, secret) for secret in ("one", encrypted, "fresh")]
    assert opening == [False, False, True]


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (["remove", "nobody"], "There is no key nobody", 2),
        (["remove"], "Missing argument 'KEY'", 2),
        (["add", "--new-passphrase-file", "/no/such/file"], "/no/such/file cannot be read", 2),
        (["add"], "No new passphrase is given", 6),
        (["change"], "YESTER_NEW_PASSPHRASE_FILE", 6),
        (["rotate", "--keep-passphrase-file", "/dev/null"], "is empty", 2),
        (["list", "--repo", "/no/such/place"], "/no/such/place", 6),
        (["lost"], "There is no command key lost", 2),
    ],
)
def test_bad_input(yester: Yester, arguments: list[str], words: str, code: int) -> None:
    refused = yester("key", *arguments)
    assert refused.code == code
    assert words in refused.err and is_one_complaint(refused.err)


def test_a_passphrase_is_not_added_to_what_lies_open(yester: Yester, tmp_path: Path) -> None:
    yester("init", tmp_path / "open", "--no-encryption")
    for arguments in (["add"], ["change"], ["recovery"], ["rotate"]):
        refused = yester("key", *arguments, "--repo", tmp_path / "open")
        assert refused.code == 2 and "not encrypted" in refused.err
    assert "not encrypted" in yester("key", "list", "--repo", tmp_path / "open").out


def test_a_write_only_key_adds_and_does_nothing_else(
    yester: Yester, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert yester("profile", "add", "docs", docs).code == 0
    monkeypatch.setenv("YESTER_NEW_PASSPHRASE", "adds")
    assert yester("key", "add", "--write-only", "--label", "laptop").code == 0
    refused = yester("key", "add", "--write-only")
    assert refused.code == 2 and "already" in refused.err
    with monkeypatch.context() as patch:
        patch.setenv("YESTER_PASSPHRASE", "adds")
        for _ in range(2):
            assert yester("snap", "docs").code == 0
        for arguments in (
            ("list",),
            ("show", "latest"),
            ("restore", "latest", "--target", tmp_path / "back"),
            ("check",),
            ("prune",),
            ("forget", "docs", "--keep-last", "1"),
            ("tag", "latest", "--add", "t"),
            ("find", "a.txt"),
            ("rewrite", "--remove", docs),
            ("key", "list"),
            ("key", "add"),
            ("key", "rotate"),
            ("key", "remove", "first"),
        ):
            refused = yester(*arguments)
            assert refused.code == 6, (arguments, refused)
            assert "can only add" in refused.err and is_one_complaint(refused.err), (arguments, refused.err)
    shown = yester("key", "list").out
    assert re.search(r"write-only .* laptop", shown)
    assert len(json.loads(yester("list", "--json").out)) == 2
    assert yester("check", "--read-data").code == 0
    assert yester("key", "remove", "recovery").code == 0
    last = yester("key", "remove", "first", "--in-use")
    assert last.code == 2 and "the last key" in last.err, "a write-only key is no way in"


def test_copies_go_where_one_can_only_add(
    yester: Yester, docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yester("profile", "add", "docs", docs)
    yester("snap", "docs")
    assert yester("init", tmp_path / "other").code == 0
    monkeypatch.setenv("YESTER_NEW_PASSPHRASE", "adds")
    assert yester("key", "add", "--write-only", "--repo", tmp_path / "other").code == 0
    monkeypatch.setenv("YESTER_TO_PASSPHRASE", "adds")
    for new in (True, False):
        done = json.loads(yester("copy", "--all", "--to", tmp_path / "other", "--json").out)
        assert [each["new"] for each in done["copied"]] == [new]
    assert yester("check", "--read-data", "--repo", tmp_path / "other").code == 0


def test_the_passphrase_is_kept_where_runs_find_it(
    yester: Yester, home: Path, encrypted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / "secrets/mine"
    assert yester("key", "keep", file).code == 0
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("one\n", 0o600)
    assert yester("key", "keep", file).code == 0
    file.write_text("another\n")
    assert "says something else" in yester("key", "keep", file).err
    assert file.read_text() == "another\n"
    assert yester("key", "keep").code == 2
    assert yester("key", "keep", file, "--in-keyring").code == 2
    monkeypatch.setenv("YESTER_PASSPHRASE", encrypted)
    assert yester("list").code == 0
    monkeypatch.setenv("YESTER_PASSPHRASE", "wrong")
    assert yester("key", "keep", home / "other").code == 6
    assert not (home / "other").exists()
