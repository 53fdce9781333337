import json
import os
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    (docs / "text").write_text("one\ntwo\n")
    yester("profile", "add", "docs", docs)
    assert yester("snap", "docs").code == 0
    return docs


def changed(docs: Path) -> None:
    (docs / "text").write_text("one\n2\n")
    (docs / "line\nbreak").write_text("new")


def test_diff_with_the_files(yester: Yester, taken: Path) -> None:
    assert yester("diff", "latest").out == "no differences\n"
    changed(taken)
    for newer in ((), ("now",), (".",)):
        shown = yester("diff", "docs@latest", *newer)
        assert shown.code == 0
        assert shown.out.splitlines() == [
            f"+ {taken}/line\\nbreak",
            f"M {taken}/text  (content, 8 B -> 6 B)",
            "1 added, 1 changed",
        ]


def test_diff_of_two_snapshots_with_and_without_a_catalogue(yester: Yester, taken: Path) -> None:
    changed(taken)
    yester("snap", "docs")
    one, other = (each["snapshot"] for each in json.loads(yester("list", "--json").out))
    by_trees = yester("diff", one, other, "--content")
    assert f"M {taken}/text  (content, 8 B -> 6 B)\n    --- {taken}/text" in by_trees.out
    assert "    -two\n    +2\n" in by_trees.out
    yester("find", "x")
    assert yester("diff", one, other, "--content") == by_trees
    assert yester("diff", other, one).out.splitlines()[0] == f"- {taken}/line\\nbreak"
    assert yester("diff", one, other, taken / "text").out.splitlines()[1:] == ["1 changed"]


def test_diff_as_json(yester: Yester, taken: Path) -> None:
    changed(taken)
    added, text = json.loads(yester("diff", "latest", "--json", "--content").out)
    assert (added["happened"], added["before"], added["path"]) == ("added", None, f"{taken}/line\nbreak")
    assert (text["what"], text["before"]["size"], text["after"]["size"]) == (["content", "size", "mtime"], 8, 6)
    assert text["lines"][-2:] == ["-two", "+2"]


def test_diff_of_what_neither_has(yester: Yester, taken: Path) -> None:
    refused = yester("diff", "latest", "latest", taken / "nothing")
    assert refused.code == 2 and is_one_complaint(refused.err)
    refused = yester("diff", "latest", "now", taken / "nothing")
    assert refused.code == 2 and is_one_complaint(refused.err)
    assert yester("diff", "latest", "--profile", "photos").code == 2


def test_verify(yester: Yester, taken: Path) -> None:
    assert yester("verify", "latest").code == 0
    changed(taken)
    shown = yester("verify", "latest", taken / "text")
    assert (shown.code, shown.err) == (3, "")
    assert shown.out.splitlines() == [f"M {taken}/text  (content, 8 B -> 6 B)", "1 changed"]


def test_verify_tells_what_rotted(yester: Yester, taken: Path) -> None:
    before = (taken / "text").stat()
    (taken / "text").write_text("one\ntwO\n")
    os.utime(taken / "text", ns=(before.st_atime_ns, before.st_mtime_ns))
    shown = yester("verify", "latest")
    assert shown.code == 5
    assert "size and time of modification are the same: from byte 6 on" in shown.err
    found = json.loads(yester("verify", "latest", "--json").out)
    [text] = found["differences"]
    assert (text["rotten"], text["offset"], found["damaged"], found["unreadable"]) == (True, 6, 0, [])
