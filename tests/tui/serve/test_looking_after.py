"""What looks after a repository, as a client asks for it: differences, labels, letting go, mounts."""

import os
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester
from tests.tui.serve.client import Client, served


def snapshots(client: Client) -> list[str]:
    """The ids of all snapshots, newest first."""
    return [each["snapshot"] for each in client.call("snapshots.list", profile="docs")[0]]


@pytest.mark.usefixtures("plain", "fuse")
def test_snapshots_are_compared_labelled_mounted_and_let_go(yester: Yester, docs: Path, home: Path) -> None:
    (docs / "large").write_bytes(os.urandom(300_000))
    yester("profile", "add", "docs", docs, "--set", "retention.keep_last=1")
    yester("snap", "docs")
    (docs / "large").unlink()
    (docs / "b.txt").rename(docs / "c.txt")
    (docs / "letters/a.txt").write_text("dear b\n")
    yester("snap", "docs", "--accept-shrink")
    with served() as client:
        newer, older = snapshots(client)
        told, done = client.call("snapshots.diff", profile="docs", older=older, newer=newer)
        assert done == {"total": 3, "counts": {"renamed": 1, "removed": 1, "changed": 1}, "is_whole": True}
        assert [each["path"].removeprefix(f"{docs}/") for each in told] == ["c.txt", "large", "letters/a.txt"]
        assert told[0]["origin"] == {"path": f"{docs}/b.txt"} and "content" in told[2]["notes"]
        page, done = client.call("snapshots.diff", older=older, newer=newer, grep="DOCS/", start=2, count=1)
        assert ([each["path"] for each in page], done["total"]) == ([f"{docs}/letters/a.txt"], 3)
        assert client.call("snapshots.diff", older=older, newer=newer, grep="LETTERS/")[1]["total"] == 1
        assert client.refused("snapshots.diff", older=older, newer="nothing")["code"] == 2

        client.call("snapshots.rename", snapshot=older, name="first one", note="of two")
        client.call("snapshots.tag", snapshots=[older, newer], add=["x", "y"])
        client.call("snapshots.tag", snapshots=[older], remove=["y"])
        client.call("snapshots.pin", snapshot=older, others=[newer])
        first, second = client.call("snapshots.list", profile="docs")[0][::-1]
        assert (first["name"], first["note"], first["tags"], first["pinned"]) == ("first one", "of two", ["x"], True)
        assert (second["tags"], second["pinned"]) == (["x", "y"], True)
        assert "is pinned" in client.refused("snapshots.plan", snapshots=[older])["message"]
        every = {"snapshots": [older, newer], "even_pinned": True, "even_last": True}
        plan = client.call("snapshots.plan", **every)[1]["answer"]["forget"]
        assert [[why["rule"] for why in each["reasons"]] for each in plan] == [
            ["asked", "even-pinned"],
            ["asked", "even-pinned", "even-last"],
        ]
        client.call("snapshots.pin", snapshot=older, others=[newer], pinned=False)
        client.call("snapshots.rename", snapshot=older)

        mountpoint = {"path": str(home / "shown/docs")}
        client.call("mounts.add", profile="docs", mountpoint=mountpoint, make_folder=True)
        [place] = client.call("mounts.path", mountpoint=mountpoint, snapshot=older)[0]
        assert place["path"].startswith(f"{home}/shown/docs/snapshots/docs/")
        assert Path(f"{place['path']}{docs}/b.txt").read_text() == "b\n"
        assert client.call("mounts.path", mountpoint=mountpoint, snapshot="../..")[0] == [mountpoint]
        with open(f"{place['path']}{docs}/b.txt"):
            busy = client.refused("mounts.remove", mountpoint=mountpoint)
            assert "is busy" in busy["message"]
            client.call("mounts.remove", mountpoint=mountpoint, lazy=True)
        assert client.call("mounts.path", mountpoint=mountpoint, snapshot=older)[0] == [mountpoint]

        _, plan = client.call("snapshots.plan", profile="docs")
        assert [each["snapshot"] for each in plan["answer"]["forget"]] == [older]
        [freed] = client.call("snapshots.freed", snapshots=[older])[0]
        assert 300_000 < freed["size"] < 310_000
        id = client.ask("snapshots.forget", profile="docs", snapshots=[older])
        place_of = home / ".local/share/yester/repository"
        command = f"yester forget --yes --snapshot={older} --repo={place_of}"
        assert client.next(id) == {"id": id, "command": command}
        [begun], last = client.end(id)
        assert last["done"]["code"] == 0
        assert client.call("runs.follow", run=begun["run"])[0][-1]["result"] == "complete"
        assert snapshots(client) == [newer]
