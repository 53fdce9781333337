"""What keys do in Mounts."""

from contextlib import nullcontext

import pytest
from tests.tui import stage
from tests.tui.fake import asked, on_asyncio, press, said, shown, text_of

from yester.tui.app import TerminalProgram
from yester.tui.screens.mounting import usual_place
from yester.tui.serve.protocol import Failure

BUSY = Failure(1, "/home/me/yesterday is busy: a program has a file or a folder of it open", "Close it")


@on_asyncio
async def test_a_mount_says_what_it_served_and_dead_ones_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bytes] = []
    monkeypatch.setattr("yester.tui.screens.mounting.run_shell", opened.append)
    monkeypatch.setattr(TerminalProgram, "suspend", lambda self: nullcontext())
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "5", "exclamation_mark")
        text = text_of(pilot)
        for words in ("MOUNTED AT", "SHOWS", "SINCE", "READS", "CACHED", "OPEN", "all snapshots of /srv/backup", "3 h"):
            assert words in text
        assert "18,211 reads, 85 % from memory, 2 open files" in text
        await press(pilot, "down", "exclamation_mark", "y", "c")
        assert "Its process is gone" in text_of(pilot)
        assert opened == [b"/home/me/yesterday"]  # there is none in a dead one
        assert pilot.app.clipboard == "/mnt/old"
        assert len(asked(engine, "mounts.clean")) == 1
        engine.scripts["mounts.list"] = ()
        await press(pilot, "ctrl+r", "y", "u", "exclamation_mark", "c")
        assert "m shows all snapshots as a folder" in text_of(pilot)
        assert len(asked(engine, "mounts.clean")) == 1 and not asked(engine, "mounts.remove")


@on_asyncio
async def test_a_folder_to_mount_at_is_asked_for_and_made() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "5", "m", "enter", "m", "ctrl+u", "enter", *"/tmp/../y", "enter")
        places = [each["mountpoint"]["path"] for each in asked(engine, "mounts.add")]
        assert places == [usual_place("documents").decode(), "/y"]
        assert all(each["make_folder"] for each in asked(engine, "mounts.add"))
        assert pilot.app.clipboard == "/y"


@on_asyncio
async def test_a_new_mount_is_the_one_that_is_meant_and_that_of_another_person_goes_only_by_a_yes() -> None:
    others = {"path": "/mnt/ada", "state": "live", "repository": "/srv/backup", "user": "ada"}
    engine = stage.engine(mounts_list=[others, {**others, "path": "/y", "user": "me", "pid": 7, "reads": 3}])
    async with shown(engine) as pilot:
        await press(pilot, "5", "u")
        assert "It is a mount of ada, who may be using it" in text_of(pilot)
        await press(pilot, "enter")
        assert not asked(engine, "mounts.remove")
        await press(pilot, "u", "y", "m", "ctrl+u", *"/y", "enter")
        assert "served  3 reads, 0 open files" in text_of(pilot)
        await press(pilot, "u")
        assert [each["mountpoint"]["path"] for each in asked(engine, "mounts.remove")] == ["/mnt/ada", "/y"]


@on_asyncio
async def test_a_mount_in_use_is_let_go_lazily_only_by_a_yes() -> None:
    engine = stage.engine(mounts_remove=lambda asked: [] if asked["lazy"] else [BUSY])
    async with shown(engine) as pilot:
        await press(pilot, "5", "u")
        assert "/home/me/yesterday is in use (2 open files)" in text_of(pilot)
        await press(pilot, "enter", "u", "escape")
        assert "Unmounted" not in said(pilot)
        await press(pilot, "u", "y")
        assert [each["lazy"] for each in asked(engine, "mounts.remove")] == [False, False, False, True]
        assert "Unmounted" in said(pilot)
        engine.scripts["mounts.remove"] = [Failure(1, "/home/me/yesterday is a mount of Ada's", "Ada can unmount it")]
        await press(pilot, "u")
        assert "a mount of Ada's" in said(pilot)
