"""Folders, files and pictures as the server tells of them: in snapshots, and now."""

import os
import struct
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import Yester
from tests.tui.serve.client import Client, served

from yester.engine.places import Places
from yester.tui.serve.drawing import can_draw
from yester.tui.state.excluding import Excluding, Pattern, addition


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path) -> Path:
    """A profile `docs` of two snapshots: a file was deleted between them, and a folder; more happened since."""
    (docs / "letters" / "lost.txt").write_text("lost\n")
    (docs / "letters" / ".draft").write_text("draft\n")
    (docs / "old").mkdir()
    (docs / "old" / "inside.txt").write_text("inside\n")
    (docs / "mode.txt").write_text("mode\n")
    assert yester("profile", "add", "docs", docs).code == 0
    assert yester("snap", "docs").code == 0
    (docs / "letters" / "lost.txt").unlink()
    (docs / "old" / "inside.txt").unlink()
    (docs / "old").rmdir()
    assert yester("snap", "docs").code == 0
    (docs / "b.txt").write_text("by now another\n")
    (docs / "mode.txt").chmod(0o600)
    (docs / "new.txt").write_text("new\n")
    return docs


def listed(client: Client, folder: Path, **more: object) -> tuple[dict[str, Any], int]:
    """Return what is in a folder by name, and how many names there are."""
    asked = {"profile": "docs", "snapshot": "latest", "folder": {"path": str(folder)}, **more}
    items, done = client.call("files.list", **asked)
    return {item["path"]: item for item in items}, done["total"]


def check_folders_now_and_then_and_how_they_differ(client: Client, profile: Path) -> None:
    docs = profile
    newest, first = (each["snapshot"] for each in client.call("snapshots.list", profile="docs")[0])
    assert client.call("snapshots.list", profile="docs")[1]["host"] == os.uname().nodename.partition(".")[0]

    then, total = listed(client, docs, against="now")
    assert {name: each["there"] for name, each in then.items()} == {
        "b.txt": "changed", "letters": "same", "mode.txt": "attributes",
    }  # fmt: skip
    now, total = listed(client, docs, snapshot="now", against=newest)
    assert [*now] == ["b.txt", "letters", "mode.txt", "new.txt"]
    assert (now["new.txt"]["there"], now["b.txt"]["there"], now["letters"]["there"]) == (
        "missing",
        "changed",
        "same",
    )
    assert (now["b.txt"]["size"], total) == (15, 4)

    older, _ = listed(client, docs, snapshot=first, against="now")
    assert (older["old"]["there"], older["letters"]["there"]) == ("missing", "changed")
    assert listed(client, docs / "old", snapshot=first, against="now")[0]["inside.txt"]["there"] == "missing"

    page, total = listed(client, docs, snapshot="now", start=1, count=2)
    assert ([*page], total) == (["letters", "mode.txt"], 4)
    assert [*listed(client, docs, snapshot="now", grep="E")[0]] == ["letters", "mode.txt", "new.txt"]
    assert client.refused("files.list", snapshot="now", folder={"path": str(docs / "none")})["code"] == 2
    assert client.refused("files.list", snapshot="now", folder={"path": str(docs / "b.txt")})["code"] == 2


def check_what_was_deleted_is_told_of_and_where_it_is_last(client: Client, profile: Path) -> None:
    docs = profile
    newest, first = (each["snapshot"] for each in client.call("snapshots.list", profile="docs")[0])
    for snapshot in (newest, "now"):
        found, total = listed(client, docs, snapshot=snapshot, deleted=True)
        assert found["old"]["type"] == "directory"
        assert (found["old"]["last"]["snapshot"], found["old"]["size_below"]) == (first, 7)
        assert "last" not in found["letters"]
        assert total == len(found)
        inside, _ = listed(client, docs / "letters", snapshot=snapshot, deleted=True)
        assert [*inside] == [".draft", "a.txt", "lost.txt"]
        for deleted in (True, False):
            asked = {"snapshot": snapshot, "deleted": deleted, "hidden": False, "sort": "size", "falling": True}
            seen, total = listed(client, docs / "letters", **asked)
            assert ({*seen}, total) == ({"a.txt", "lost.txt"} if deleted else {"a.txt"}, 2 if deleted else 1)
        assert (inside["lost.txt"]["last"]["snapshot"], inside["lost.txt"]["size"]) == (first, 5)
    assert [*listed(client, docs / "letters", deleted=True, grep="LOST")[0]] == ["lost.txt"]
    assert [*listed(client, docs / "letters", snapshot=first, deleted=True)[0]] == [".draft", "a.txt", "lost.txt"]
    assert "last" not in listed(client, docs / "letters", snapshot=first, deleted=True)[0]["lost.txt"]
    page, total = listed(client, docs, snapshot="now", deleted=True, start=3, count=2)
    assert ([*page], total) == (["new.txt", "old"], 5)
    gone, _ = listed(client, docs / "old", snapshot="now", deleted=True)
    assert gone["inside.txt"]["last"]["snapshot"] == first


def check_files_now_are_told_of_like_those_of_snapshots(client: Client, profile: Path) -> None:
    file = profile / "b.txt"
    os.setxattr(file, "user.author", b"Ada")
    rows = {
        row["name"]: row["value"] for row in client.call("files.show", snapshot="now", entry={"path": str(file)})[0]
    }
    assert (rows["type"], rows["user.author"]) == ("file", "'Ada'")
    assert rows["size"].startswith("15 B (15 bytes")
    assert client.refused("files.show", snapshot="now", entry={"path": str(profile / "none")})["code"] == 2
    part = client.call("files.read", snapshot="now", entry={"path": str(file)}, start=3, count=3)[0]
    assert part == [{"size": 15, "bytes": "bm93"}]
    part = client.call("files.read", profile="docs", snapshot="latest", entry={"path": str(file)}, start=9)[0]
    assert part == [{"size": 2, "bytes": ""}]


def words(item: dict[str, Any]) -> list[str]:
    """Return the lines of a preview without their tones."""
    return ["".join(text for text, *_ in spans) for spans in item["lines"]]


def check_how_files_look(client: Client, profile: Path) -> None:
    (profile / "code.py").write_text("def f():\n    return 'x'  # why\n")
    shown = {"snapshot": "now", "entry": {"path": str(profile / "code.py")}}
    [text] = client.call("files.preview", **shown)[0]
    assert words(text) == ["def f():", "    return 'x'  # why"]
    assert ["def", "accent"] in text["lines"][0]
    [numbers] = client.call("files.preview", **shown, view="bytes")[0]
    assert words(numbers)[0].startswith("000000  64 65 66 20")
    [details] = client.call("files.preview", **shown, view="details")[0]
    assert words(details)[0].startswith("path")
    [differs] = client.call("files.compare", profile="docs", before="latest", entry={"path": str(profile / "b.txt")})[0]
    assert {"-b", "+by now another"} <= {*words(differs)}
    [alone] = client.call("files.compare", profile="docs", before="latest", entry=shown["entry"])[0]
    assert words(alone)[0].startswith("there is no version of")
    assert client.refused("files.compare", before="now", entry={"path": str(profile)})["code"] == 2
    assert client.refused("files.preview", snapshot="now", entry={"path": str(profile)})["code"] == 2


def check_what_is_left_out_stands_in_the_profile(client: Client) -> None:
    config = Places.default().config / "profiles/docs.toml"
    config.write_text(config.read_text() + "\n# mine\n")
    item = addition(Excluding("docs", b"", [Pattern("--x /a\\*b/", "")]))
    id = client.ask("profiles.edit", profile="docs", additions=[item])
    assert client.next(id)["command"] == """yester profile edit '--add=filters.exclude=["--x /a\\\\*b/"]' docs"""
    assert "done" in client.end(id)[1]
    text = config.read_text()
    assert '"--x /a\\\\*b/"' in text
    assert text.endswith("\n# mine\n")


def test_folders_and_files_now_and_then(profile: Path) -> None:
    with served() as client:
        check_folders_now_and_then_and_how_they_differ(client, profile)
        check_what_was_deleted_is_told_of_and_where_it_is_last(client, profile)
        check_how_files_look(client, profile)
        check_files_now_are_told_of_like_those_of_snapshots(client, profile)
        check_what_is_left_out_stands_in_the_profile(client)


def png(width: int, height: int, line: bytes) -> bytes:
    """Return a PNG of lines that are all the same."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + line) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_pictures_are_made_small(home: Path, tmp_path: Path) -> None:
    good, bad, bomb = tmp_path / "good.png", tmp_path / "bad.png", tmp_path / "bomb.png"
    good.write_bytes(png(8, 8, b"\xff\0\0" * 4 + b"\0\0\xff" * 4))
    bad.write_bytes(good.read_bytes()[:45])
    bomb.write_bytes(png(60_000, 60_000, b"")[:100])
    cells = {"snapshot": "now", "columns": 4, "rows": 2}
    with served() as client:
        [item] = client.call("files.preview", **cells, entry={"path": str(good)})[0]
        assert words(item)[0].startswith("PNG, 8 x 8")
        [without] = client.call("files.preview", snapshot="now", entry={"path": str(good)})[0]
        assert without["picture"] is None
        if not can_draw():
            assert item["picture"] is None
            return
        assert (item["picture"]["columns"], item["picture"]["rows"]) == (4, 2)
        dots = b64decode(item["picture"]["dots"])
        assert (dots[:3], dots[9:12], len(dots)) == (b"\xff\0\0", b"\0\0\xff", 4 * 4 * 3)
        for path in (bad, bomb):
            [item] = client.call("files.preview", **cells, entry={"path": str(path)})[0]
            assert (item["picture"], words(item)[1]) == (None, "it is damaged, or too much to be shown")
