import base64
import json
import os
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, beginning, is_one_complaint

from yester.tui.cli.show import split_place


@pytest.fixture
def taken(yester: Yester, plain: Path, docs: Path) -> Path:
    (docs / "link").symlink_to("b.txt")
    os.mkfifo(docs / "fifo")
    os.setxattr(docs / "b.txt", "user.colour", b"\xffred")
    (docs / "line\nbreak").touch()
    os.utime(docs / "b.txt", ns=(-(10**18), -(10**18)))
    with open(os.path.join(os.fsencode(docs), b"caf\xe9"), "wb"):
        pass
    yester("profile", "add", "docs", docs)
    yester("snap", "docs", "--tag", "first")
    return docs


@pytest.mark.parametrize(
    ("what", "name", "path"),
    [
        ("latest", "latest", None),
        ("latest:/home/me", "latest", b"/home/me"),
        ("latest:home/me/", "latest", b"/home/me"),
        ("latest:", "latest", b"/"),
        ("p@2026-11-20T16:03:/a:b", "p@2026-11-20T16:03", b"/a:b"),
        ("p@2026-11-20T16:03", "p@2026-11-20T16:03", None),
        ("2026-11-20T16:03", "2026-11-20T16:03", None),
        ("2026-11-20T16:03:/a:b", "2026-11-20T16:03", b"/a:b"),
        ("latest:/me@home/x", "latest", b"/me@home/x"),
    ],
)
def test_where_the_path_begins(what: str, name: str, path: bytes | None) -> None:
    assert split_place(what) == (name, path)


def test_list(yester: Yester, taken: Path) -> None:
    head, row = yester("list").out.splitlines()
    assert head.split() == ["TIME", "SNAPSHOT", "PROFILE", "HOST", "FILES", "SIZE", "STORED", "NOTES"]
    assert row.split()[3] == "docs"
    assert row.endswith("  #first")
    assert yester("list", "--profile", "docs").out == yester("list").out
    assert yester("list", "--host", "elsewhere").out.startswith("no such snapshots")


def test_list_as_json(yester: Yester, taken: Path) -> None:
    [snapshot] = json.loads(yester("list", "--json").out)
    assert snapshot["sources"] == [{"path": str(taken)}]
    assert snapshot["tags"] == ["first"]
    assert snapshot["statistics"]["files"] == 4
    assert snapshot == json.loads(yester("show", beginning(snapshot["snapshot"]), "--json").out)


def test_an_unknown_profile(yester: Yester, taken: Path) -> None:
    refused = yester("list", "--profile", "dosc")
    assert refused.code == 2
    assert refused.err == "yester: No snapshot is of a profile dosc\n  hint: Did you mean docs?\n"


def test_show_a_snapshot(yester: Yester, taken: Path) -> None:
    shown = yester("show", "docs@latest").out
    assert f"source    {taken}\n" in shown
    assert "tags      first" in shown


def test_show_a_folder(yester: Yester, taken: Path) -> None:
    shown = yester("show", f"latest:{taken}").out.splitlines()
    names = [line.split("  ")[-1] for line in shown]
    assert names == ["b.txt", "caf\\xe9", "fifo", "letters", "line\\nbreak", "link -> b.txt"]
    assert shown[0].startswith("-rw-r--r--")
    assert "1938-04-24" in shown[0]


def test_show_a_file(yester: Yester, taken: Path) -> None:
    shown = yester("show", f"latest:{taken}/b.txt").out
    assert "type         file\n" in shown
    assert "size         2 B (2 bytes, " in shown
    assert "user.colour  '\\xffred'\n" in shown


def test_show_as_json(yester: Yester, taken: Path) -> None:
    folder = json.loads(yester("show", f"latest:{taken}", "--json").out)
    assert (folder["type"], folder["entries_below"]) == ("directory", 7)
    entries = {entry["path"]: entry for entry in folder["entries"]}
    assert base64.b64decode(entries["caf\\xe9"]["path_b64"]) == b"caf\xe9"
    assert entries["link"]["target"] == {"path": "b.txt"}
    assert entries["fifo"]["type"] == "fifo"
    [attribute] = entries["b.txt"]["attributes"]
    assert (attribute["name"], base64.b64decode(attribute["value_b64"])) == ("user.colour", b"\xffred")
    assert entries["b.txt"]["mtime_ns"] == -(10**18)
    assert json.loads(yester("show", f"latest:{taken}/b.txt", "--json").out)["path"] == f"{taken}/b.txt"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("latst", "There is no snapshot latst"),
        ("docs@1999", "No snapshot is as old as docs@1999"),
        ("nobody@latest", "No snapshot is of a profile nobody"),
        ("latest:/no/such/path", "There is no /no/such/path in snapshot"),
        ("docs", "docs is a profile, not a snapshot"),
    ],
)
def test_what_is_not_there(yester: Yester, taken: Path, what: str, words: str) -> None:
    refused = yester("show", what)
    assert refused.code == 2
    assert words in refused.err
    assert is_one_complaint(refused.err)
    assert "hint: " in refused.err


def test_the_repository_of_a_profile_is_meant(yester: Yester, home: Path, docs: Path) -> None:
    """Whoever names a profile need not say where its snapshots are."""
    place = home / "elsewhere"
    yester("init", "--no-encryption", place)
    yester("profile", "add", "docs", docs, "--repo", place)
    yester("snap", "docs")
    assert yester("show", "docs@latest").code == 0
    assert yester("list", "--profile", "docs").code == 0
    assert yester("list").code == 6


@pytest.mark.parametrize("command", [["list"], ["show", "latest"], ["restore", "latest", "--target", "/tmp/x"]])
def test_no_repository(yester: Yester, home: Path, command: list[str]) -> None:
    missing = yester(*command)
    assert missing.code == 6
    assert is_one_complaint(missing.err)
    other = home / "other"
    other.mkdir()
    (other / "file").touch()
    wrong = yester(*command, "--repo", other)
    assert wrong.code == 6
    assert is_one_complaint(wrong.err)


def test_profile_and_host_narrow_what_is_named(yester: Yester, taken: Path, tmp_path: Path) -> None:
    one = json.loads(yester("list", "--json").out)[0]
    other = tmp_path / "mail"
    other.mkdir()
    yester("profile", "add", "mail", other)
    yester("snap", "mail")
    named = json.loads(yester("show", "latest", "--profile", "docs", "--json").out)
    assert named["snapshot"] == one["snapshot"]
    assert json.loads(yester("show", "now", "--host", one["host"], "--json").out)["profile"] == "mail"
    for words in (("--profile", "photos"), ("--host", "elsewhere")):
        refused = yester("show", "latest", *words)
        assert refused.code == 2 and is_one_complaint(refused.err)
    restored = yester("restore", "latest", "--profile", "docs", "--target", tmp_path / "back", "--json")
    assert restored.code in (0, 3) and json.loads(restored.out)["files"] > 0


def test_a_snapshot_by_name_and_by_time(yester: Yester, taken: Path) -> None:
    id = json.loads(yester("list", "--json").out)[0]["snapshot"]
    yester("rename", "latest", "before the upgrade")
    for text in ("before the upgrade", "docs@before the upgrade", "now", "docs@0d", "@0h", "today"):
        assert json.loads(yester("show", text, "--json").out)["snapshot"] == id, text
    refused = yester("show", "3D")
    assert refused.code == 2 and "No snapshot is as old as 3D" in refused.err
