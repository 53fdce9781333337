import json
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import Yester, beginning, is_one_complaint


@pytest.fixture
def two(yester: Yester, plain: Path, docs: Path) -> list[str]:
    """The ids of two snapshots, oldest first; the first is tagged."""
    yester("profile", "add", "docs", docs)
    yester("snap", "docs", "--tag", "first")
    yester("snap", "docs")
    return [each["snapshot"] for each in listed(yester)]


def listed(yester: Yester, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(yester("list", *arguments, "--json").out)
    return found


def test_tags(yester: Yester, two: list[str]) -> None:
    done = yester("tag", beginning(two[0]), "latest", "--add", "work", "--add", "b", "--remove", "first")
    assert done.code == 0
    assert [line.split()[-2:] for line in done.out.splitlines()] == [["#b", "#work"], ["#b", "#work"]]
    assert yester("tag", "latest", "--remove", "b").code == 0
    assert [each["tags"] for each in listed(yester)] == [["b", "work"], ["work"]]
    assert [each["snapshot"] for each in listed(yester, "--tag", "b")] == two[:1]
    assert [each["snapshot"] for each in listed(yester, "--tag", "b", "--tag", "work")] == two
    assert yester("list", "--host", "nobody's").out.startswith("no such snapshots in ")
    assert yester("list", "--tag", "nothing").out.startswith("no such snapshots in ")


def test_pins(yester: Yester, two: list[str]) -> None:
    [said] = json.loads(yester("pin", beginning(two[0]), "--json").out)
    assert (said["pinned"], said["tags"]) == (True, ["first"])
    assert [each["snapshot"] for each in listed(yester, "--pinned")] == two[:1]
    assert "pinned; #first" in yester("list").out
    assert yester("pin", "--off", beginning(two[0])).out.endswith("#first\n")
    assert listed(yester, "--pinned") == []


def test_names_and_notes(yester: Yester, two: list[str]) -> None:
    assert yester("rename", "latest", "before the upgrade", "--note", "all was well").code == 0
    shown = yester("show", "latest").out
    assert "name      before the upgrade\n" in shown and "note      all was well\n" in shown
    assert yester("list").out.endswith('"before the upgrade"; all was well\n')
    assert yester("rename", "latest", "after it").code == 0
    [_, said] = listed(yester)
    assert (said["name"], said["note"]) == ("after it", "all was well")
    assert yester("rename", "latest", "--clear", "--clear-note").out.endswith("nothing is said\n")
    [_, said] = listed(yester)
    assert (said["name"], said["note"]) == (None, "")


UNSAYABLE = [
    (["tag", "latest"], "No tag is given"),
    (["tag", "latest", "--add", "two words"], "'two words' cannot be a tag"),
    (["tag", "latest", "--add", "a,b"], "'a,b' cannot be a tag"),
    (["tag", "latest", "--add", "a", "--remove", "a"], "to be added and removed"),
    (["tag", "latest", "ffff", "--add", "a"], "There is no snapshot ffff"),
    (["pin"], "Missing argument"),
    (["pin", "nobody@latest"], "No snapshot is of a profile nobody"),
    (["rename", "latest"], "No name is given"),
    (["rename", "latest", "a\nb"], "cannot name a snapshot"),
    (["rename", "latest", "a", "--clear"], "given and taken away at once"),
    (["rename", "latest", "--note", "x" * 5000], "too long"),
]


def test_what_cannot_be_said(yester: Yester, two: list[str]) -> None:
    before = listed(yester)
    for arguments, words in UNSAYABLE:
        refused = yester(*arguments)
        assert refused.code == 2, refused
        assert words in refused.err
        assert is_one_complaint(refused.err)
        assert listed(yester) == before, arguments


def test_a_run_refuses_what_cannot_be_a_tag(yester: Yester, two: list[str]) -> None:
    assert yester("snap", "docs", "--tag", "two words").code == 2
    assert len(listed(yester)) == 2
