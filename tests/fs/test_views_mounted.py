"""The folders above the snapshots, in real mounts while snapshots come and go."""

import os
import subprocess
import time
from pathlib import Path

from tests.fs.mounting import World
from tests.fs.test_serving import inodes, wait_for

SECOND = 10**9


def links(top: Path) -> dict[str, str]:
    """All links of the views, and where they lead."""
    found = {}
    for folder in ("hosts", "tags", "ids"):
        for path in (top / folder).rglob("*"):
            if path.is_symlink():
                found[str(path.relative_to(top))] = os.readlink(path)
    return found


def test_every_link_leads_to_a_snapshot_and_every_snapshot_is_led_to(world: World) -> None:
    (world.source / "file").write_text("content")
    first = world.take()
    (world.source / "file").write_text("more")
    world.put(first, host="other box", profile="two words")
    second = world.take()
    world.open().set_label(second, add_tags=["client/acme", "100%"])
    with world.mounted() as mnt:
        places = {path.resolve() for path in (mnt / "snapshots").glob("*/*")}
        assert len(places) == 3 and sorted(os.listdir(mnt / "snapshots")) == ["docs", "two words"]
        led = links(mnt)
        assert {(mnt / link).resolve() for link in led} == places
        assert sorted(os.listdir(mnt / "tags")) == ["100%25", "client%2Facme"]
        assert [link for link in led if link.startswith("hosts/other box/two words/")]
        assert all((mnt / link).is_dir() and not target.startswith("/") for link, target in led.items())
        # Nothing but a snapshot's own place is a real folder, so that no folder has two names.
        assert not [path for path in (mnt / "hosts").glob("*/*/*") if not path.is_symlink()]
        numbers = [path.lstat().st_ino for path in [mnt, *mnt.rglob("*")] if str(world.source) not in str(path)]
        assert len(numbers) == len(set(numbers))


def test_a_name_on_several_hosts_is_told_apart_in_a_running_mount(world: World) -> None:
    sid = world.take()
    with world.mounted() as mnt:
        assert os.listdir(mnt / "snapshots") == ["docs"]
        here = world.open().snapshot(sid).host
        before = (mnt / "latest").resolve().stat().st_ino
        world.put(sid, host="a/b", time_ns=5 * SECOND)
        wait_for(lambda: sorted(os.listdir(mnt / "snapshots")) == sorted([f"docs@{here}", "docs@a%2Fb"]))
        assert (mnt / "latest").resolve().stat().st_ino == before
        assert (mnt / "hosts" / "a%2Fb" / "docs").is_dir()


def test_partial_snapshots_say_so_and_are_latest_only_while_there_is_none_complete(world: World) -> None:
    sid = world.take()
    partial = world.put(sid, partial=True, time_ns=world.open().snapshot(sid).time_ns + 60 * SECOND)
    with world.mounted() as mnt:
        place = (mnt / "ids" / partial.hex()).resolve()
        assert place.name.endswith(".partial") and place.is_dir()
        assert (mnt / "latest").resolve() == (mnt / "ids" / sid.hex()).resolve()
        assert world.open().find_snapshot(f"docs@{place.name}")[0] == partial
        world.open().forget_snapshot(sid, "asked")
        wait_for(lambda: (mnt / "latest").resolve() == place)


def test_a_template_makes_trees_of_dates(world: World) -> None:
    (world.source / "file").write_text("content")
    sid = world.take()
    same_day = world.put(sid, partial=False, time_ns=world.open().snapshot(sid).time_ns + 1)
    with world.mounted(times="%Y/%m/%d") as mnt:
        moment = time.localtime(world.open().snapshot(sid).time_ns // SECOND)
        day = time.strftime("%Y/%m/%d", moment)
        first, second = mnt / "snapshots/docs" / day, mnt / "snapshots/docs" / (day + "-2")
        assert (mnt / "ids" / sid.hex()).resolve() == first and (mnt / "ids" / same_day.hex()).resolve() == second
        assert (mnt / "latest").resolve() == second
        assert (second / str(world.source).lstrip("/") / "file").read_text() == "content"
        before = inodes(mnt / "snapshots")
    with world.mounted(times="%Y/%m/%d") as mnt:
        assert inodes(mnt / "snapshots") == before


def test_tags_come_and_go_in_a_running_mount(world: World) -> None:
    sid = world.take()
    with world.mounted() as mnt:
        assert os.listdir(mnt / "tags") == []
        world.open().set_label(sid, add_tags=["good"])
        wait_for(lambda: os.listdir(mnt / "tags") == ["good"])
        assert [path.resolve() for path in (mnt / "tags/good").iterdir()] == [(mnt / "latest").resolve()]
        world.open().set_label(sid, remove_tags=["good"])
        wait_for(lambda: os.listdir(mnt / "tags") == [])


SHELL = """
cd "$1" || exit 9
exec 3< file
echo ready
read line
cat <&3 && cat file && ls && cat folder/below
"""


def test_who_stands_in_a_forgotten_snapshot_goes_on(world: World) -> None:
    (world.source / "file").write_text("content\n")
    (world.source / "folder").mkdir()
    (world.source / "folder" / "below").write_text("deep\n")
    first = world.take()
    with world.mounted() as mnt:
        inside = mnt / "ids" / first.hex() / str(world.source).lstrip("/")
        shell = subprocess.Popen(
            ["sh", "-c", SHELL, "sh", inside], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert shell.stdin and shell.stdout and shell.stdout.readline() == "ready\n"
        world.take()
        world.open().forget_snapshot(first, "asked")
        wait_for(lambda: len(os.listdir(mnt / "ids")) == 1)
        wait_for(lambda: not (mnt / "ids" / first.hex()).is_symlink())
        out, _ = shell.communicate("go on\n")
        assert (shell.returncode, out) == (0, "content\ncontent\nfile\nfolder\ndeep\n")


def test_who_stands_in_one_that_stays_notices_nothing(world: World) -> None:
    (world.source / "file").write_text("content")
    first = world.take()
    with world.mounted() as mnt:
        top = os.open(world.latest, os.O_RDONLY)
        named = os.readlink(f"/proc/self/fd/{top}")
        second = world.take()
        wait_for(lambda: (mnt / "ids" / second.hex()).is_symlink())
        world.open().forget_snapshot(second, "asked")
        wait_for(lambda: os.listdir(mnt / "ids") == [first.hex()])
        assert (mnt / "latest").is_dir()
        assert os.readlink(f"/proc/self/fd/{top}") == named and os.listdir(top) == ["file"]
        os.close(top)


def test_a_far_store_is_looked_at_as_often_as_is_said(world: World) -> None:
    world.take()
    with world.mounted(far=True, poll_seconds=1) as mnt:
        second = world.take()
        wait_for(lambda: (mnt / "ids" / second.hex()).is_symlink())
        world.open().set_label(second, add_tags=["good"])
        wait_for(lambda: os.listdir(mnt / "tags") == ["good"])


def test_a_far_store_is_looked_at_once_a_minute_when_nothing_is_said(world: World) -> None:
    first = world.take()
    with world.mounted(far=True) as mnt:
        second = world.take()
        world.open().set_label(first, add_tags=["good"])
        seen = set(os.listdir(mnt / "ids"))
        assert seen == {first.hex()} and second.hex() not in seen and os.listdir(mnt / "tags") == []
