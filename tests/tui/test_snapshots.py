"""What keys do in Snapshots: marks, labels, differences, letting go, mounting; each with the requests that it makes."""

from contextlib import nullcontext
from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import asked, on_asyncio, press, rest, said, shown, text_of

from yester.engine.errors import YesterError
from yester.tui.app import TerminalProgram
from yester.tui.screens.mounting import usual_place
from yester.tui.serve.protocol import Failure

IDS = [each["snapshot"] for each in stage.SNAPSHOTS]


def place() -> str:
    """Where the profile is mounted when nobody says where."""
    return usual_place("documents").decode()


@on_asyncio
async def test_what_each_brought_and_how_two_that_are_marked_or_one_and_the_one_before_differ() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "2")
        lines = text_of(pilot).splitlines()
        assert any(line.split()[:6] == ["01:00", "7b51ea3a", "412", "87", "412", "300.0"] for line in lines)
        assert any("goes partial" in line for line in lines)
        assert "kept   stays: newest of its series; last good one" in text_of(pilot)
        await press(pilot, "d")
        assert "1 added, 1 gone, 1 changed, 1 renamed" in text_of(pilot)
        await press(pilot, "escape", "space", "down", "down", "space", "d")
        pairs = [(each["older"], each["newer"]) for each in asked(engine, "snapshots.diff")]
        assert pairs == [(IDS[1], IDS[0]), (IDS[3], IDS[0])]
        await press(pilot, "escape", "asterisk", "d")
        assert "3 are marked: mark two" in said(pilot)
        await press(pilot, "escape", "G", "d")
        assert "There is none before it: mark two" in said(pilot)


@on_asyncio
async def test_how_a_file_differs_is_one_key_away() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "2", "space", "down", "down", "space", "d", "down", "enter")
        assert "+the roof leaks." in text_of(pilot)
        reads = [(each["snapshot"], each["entry"]["path"]) for each in asked(engine, "files.read")[-2:]]
        assert reads == [(IDS[3], stage.LETTER), (IDS[0], stage.LETTER)]
        await press(pilot, "escape", "o")
        assert asked(engine, "files.list")[-1]["folder"] == {"path": "/home/me/documents/letters"}


@on_asyncio
async def test_differences_are_filtered_and_fetched_by_the_page() -> None:
    count = 100_000

    def page(asked: dict[str, Any]) -> list[Any]:
        first = asked.get("start", 0)
        return [stage.difference(f"/f/{at:06}", None, 1) for at in range(first, min(count, first + 200))]

    engine = stage.engine(snapshots_diff=page)
    engine.done["snapshots.diff"] = {"total": count, "counts": {"added": count}, "is_whole": False}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "2", "d", "G")
        assert "/f/099999" in text_of(pilot)
        assert "That is not all" in text_of(pilot)
        assert len(asked(engine, "snapshots.diff")) <= 3
        await press(pilot, "slash", "x", "enter", "y")
        assert asked(engine, "snapshots.diff")[-1]["grep"] == "x"


@on_asyncio
async def test_a_comparison_that_fails_is_a_sentence() -> None:
    engine = stage.engine(snapshots_diff=[Failure(5, "data.4711 is damaged", "Run `yester check`.")])
    async with shown(engine) as pilot:
        await press(pilot, "2", "d", "enter", "v", "o", "y", "down")
        assert text_of(pilot).count("data.4711 is damaged") >= 1
        await press(pilot, "escape")
        assert "7b51ea3a" in text_of(pilot)


@on_asyncio
async def test_what_is_marked_is_pinned_and_let_go_again() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "2", "p", "space", "space", "p", "G", "k", "k", "k", "p")
        pins = [(each["snapshot"], each["others"], each["pinned"]) for each in asked(engine, "snapshots.pin")]
        assert pins == [(IDS[0], [], True), (IDS[0], [IDS[1]], True), (IDS[1], [], False)]
        assert "marked" not in text_of(pilot)


@on_asyncio
async def test_tags_are_completed_from_those_that_there_are() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "2", "t", "b", "tab")
        assert "$ yester tag 7b51ea3a --add before-upgrade" in text_of(pilot)
        await press(pilot, "space", *"new", "enter")
        assert asked(engine, "snapshots.tag") == [
            {"profile": "documents", "snapshots": [IDS[0]], "add": ["before-upgrade", "new"], "remove": []}
        ]
        await press(pilot, "G", "t", "ctrl+u", "enter")
        assert asked(engine, "snapshots.tag")[-1]["remove"] == ["tax", "before-upgrade"]
        await press(pilot, "t", "enter", "t", "escape")
        assert len(asked(engine, "snapshots.tag")) == 2
        # A name and a note.
        await press(pilot, "g", "R")
        assert "nothing is changed" in text_of(pilot)
        await press(pilot, *"a$b")
        assert "$ yester rename --clear-note 7b51ea3a 'a$b'" in text_of(pilot)
        await press(pilot, "ctrl+u", "enter", "enter")
        assert not asked(engine, "snapshots.rename")
        await press(pilot, "R", *"one", "enter", *"two", "enter")
        named = {"profile": "documents", "snapshot": IDS[0], "name": "one", "note": "two"}
        assert asked(engine, "snapshots.rename") == [named]
        await press(pilot, "G", "R")
        assert "as it was handed in" in text_of(pilot)
        await press(pilot, "ctrl+u", "enter", "enter")
        assert asked(engine, "snapshots.rename")[-1]["name"] == ""
        assert asked(engine, "snapshots.rename")[-1]["note"] == "as it was handed in"


@on_asyncio
async def test_snapshots_go_once_their_number_was_typed() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "2", "space", "j", "space", "x")
        assert "2 snapshots go, 3 stay" in text_of(pilot)
        assert "frees  211.0 MiB" in text_of(pilot)
        await press(pilot, "enter", "1", "enter")
        assert "It is 2 that would go" in text_of(pilot)
        await press(pilot, "escape", "x", "y", "enter", "escape")
        assert not asked(engine, "snapshots.forget")
        await press(pilot, "x", "2", "enter")
        wanted = {"profile": "documents", "snapshots": [IDS[0], IDS[2]]}
        assert asked(engine, "snapshots.plan")[-1] == {**wanted, "even_pinned": True, "even_last": True}
        assert [*asked(engine, "snapshots.freed")[-1]["snapshots"]] == wanted["snapshots"]
        assert asked(engine, "snapshots.forget") == [wanted]
        # Thin out: what the rules say, and why.
        await press(pilot, "T")
        text = text_of(pilot)
        assert "By the rules of documents 2 snapshots go, 3 stay" in text
        assert "no rule keeps it" in text and "daily 2026-11-20" in text
        await press(pilot, "2", "enter")
        assert asked(engine, "snapshots.forget")[-1] == {"profile": "documents", "snapshots": []}
        engine.done["snapshots.plan"] = {"code": 0, "answer": {"keep": [stage.judged(0)], "forget": []}}
        await press(pilot, "T", "enter", "0", "enter")
        assert "nothing goes" in text_of(pilot)
        await press(pilot, "escape")
        assert len(asked(engine, "snapshots.forget")) == 2


@on_asyncio
async def test_the_last_good_one_goes_once_its_profile_was_typed() -> None:
    """The plan says what that means; what the rules spare is told to the command only where the plan showed it."""
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "2", "j", "x")
        assert "1 of them is pinned" in text_of(pilot)
        await press(pilot, "1", "enter")
        assert asked(engine, "snapshots.forget")[-1] == {
            "profile": "documents", "snapshots": [IDS[1]], "even_pinned": True,
        }  # fmt: skip
        await press(pilot, "asterisk", "x", "5", "enter")
        text = text_of(pilot)
        assert "no good snapshot of documents@desk stays" in text
        assert "Only documents lets the last one go" in text
        await press(pilot, "backspace")
        assert "--even-pinned --even-last" in text_of(pilot)
        assert "Type documents to let them go" in text_of(pilot)
        assert len(asked(engine, "snapshots.forget")) == 1
        await press(pilot, *"documents", "enter")
        assert asked(engine, "snapshots.forget")[-1] == {
            "profile": "documents", "snapshots": IDS, "even_pinned": True, "even_last": True,
        }  # fmt: skip


@on_asyncio
async def test_what_can_not_be_added_up_can_be_let_go_all_the_same() -> None:
    engine = stage.engine(snapshots_freed=[Failure(5, "The catalogue is damaged")])
    async with shown(engine) as pilot:
        await press(pilot, "2", "x")
        assert "unknown: The catalogue is damaged" in text_of(pilot)
        await press(pilot, "1", "enter")
        assert len(asked(engine, "snapshots.forget")) == 1


@on_asyncio
async def test_looking_around_with_other_programs_is_two_keys() -> None:
    engine = stage.engine(mounts_list=[])
    async with shown(engine) as pilot:
        await press(pilot, "2", "m")
        [added] = asked(engine, "mounts.add")
        assert added == {"profile": "documents", "mountpoint": {"path": place()}, "make_folder": True}
        assert pilot.app.clipboard == f"{place()}/snapshots/7b51ea3a"
        assert pilot.app.clipboard in said(pilot)


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens instead of leaving the program."""
    ways: list[str] = []
    monkeypatch.setattr(TerminalProgram, "end", lambda self: ways.append("left"))
    return ways


@on_asyncio
async def test_a_mount_that_is_there_is_used(left: list[str]) -> None:
    there: dict[str, Any] = {**made(), "path": "/mnt/all"}
    engine = stage.engine(mounts_list=[stage.MOUNTS[1], there])
    async with shown(engine) as pilot:
        await press(pilot, "2", "m")
        assert pilot.app.clipboard == "/mnt/all/snapshots/7b51ea3a"
        assert not asked(engine, "mounts.add")
        await press(pilot, "q")
        assert left == ["left"]


def made() -> dict[str, Any]:
    """A mount there."""
    return {"path": place(), "state": "live", "shows": "all", "repository": "/srv/backup", "pid": 7}


@on_asyncio
async def test_who_leaves_is_asked_once_what_becomes_of_a_mount(left: list[str]) -> None:
    there: list[Any] = []
    busy = [Failure(1, f"{place()} is busy: a program has a file or a folder of it open")]

    def mount(asked: dict[str, Any]) -> list[Any]:
        there.append(made())
        return []

    engine = stage.engine(mounts_list=lambda asked: there, mounts_add=mount)
    async with shown(engine) as pilot:
        await press(pilot, "2", "m", "m")
        assert len(asked(engine, "mounts.add")) == 1
        await press(pilot, "q")
        assert "Snapshots are mounted from here" in text_of(pilot)
        await press(pilot, "escape")
        assert left == []
        await press(pilot, "q", "q")
        assert left == ["left"] and not asked(engine, "mounts.remove")
        engine.scripts["mounts.remove"] = busy
        await press(pilot, "q", "u")
        assert "is busy" in said(pilot) and left == ["left"]
        engine.scripts["mounts.remove"] = ()
        await press(pilot, "q", "u")
        assert left == ["left"] * 2 and asked(engine, "mounts.remove")[-1]["mountpoint"] == {"path": place()}
        # What is gone already is not asked about.
        there.clear()
        await press(pilot, "m")
        there.clear()
        await press(pilot, "q")
        assert left == ["left"] * 3


@on_asyncio
async def test_a_shell_is_opened_in_the_folder_of_the_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bytes] = []
    monkeypatch.setattr("yester.tui.screens.mounting.run_shell", opened.append)
    async with shown(stage.engine(mounts_list=[])) as pilot:
        await press(pilot, "2", "exclamation_mark")
        assert f"In another one: cd {place()}/snapshots/7b51ea3a" in said(pilot)
        monkeypatch.setattr(TerminalProgram, "suspend", lambda self: nullcontext())
        await press(pilot, "down", "exclamation_mark")
        assert opened == [f"{place()}/snapshots/0c9d11f2".encode()]
        monkeypatch.setattr("yester.tui.screens.mounting.run_shell", _refuse)
        await press(pilot, "exclamation_mark")
        await rest(pilot)
        assert "No shell can be opened" in said(pilot)


def _refuse(folder: bytes) -> None:
    raise YesterError(f"No shell can be opened in {folder.decode()}", hint="")
