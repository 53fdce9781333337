"""Browse on a scripted engine: Now, deleted entries, marks in many folders, what comes back, what is left out."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.tui import stage
from tests.tui.fake import Item, asked, on_asyncio, press, rest, said, shown, text_of

from yester.tui.app import TerminalProgram
from yester.tui.serve.protocol import Failure
from yester.tui.settings import Settings
from yester.tui.widgets.rows import Rows


@on_asyncio
async def test_what_begins_with_a_dot_is_left_out_and_the_panel_has_the_room() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "full_stop")
        assert asked(engine, "files.list")[-1]["hidden"] is False
        assert "hidden left out" in text_of(pilot)
        await press(pilot, "full_stop", "G", "z")
        assert "hidden" not in asked(engine, "files.list")[-1]
        zoomed = pilot.app.screen.query_one("#preview").region
        assert (zoomed.width, zoomed.height) >= (80, 12)
        assert pilot.app.screen.query_one(Rows).has_focus
        await press(pilot, "z")
        assert not pilot.app.screen.query_one("#preview").display


@on_asyncio
async def test_now_comes_after_the_newest_snapshot_and_entries_say_how_they_differ() -> None:
    engine = stage.engine()
    newest = stage.SNAPSHOTS[0]["snapshot"]
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3")
        assert (asked(engine, "files.list")[-1]["snapshot"], asked(engine, "files.list")[-1]["against"]) == (
            newest,
            "now",
        )
        assert "gone" in text_of(pilot)
        await press(pilot, "down", "right_square_bracket")
        last = asked(engine, "files.list")[-1]
        assert (last["snapshot"], last["against"]) == ("now", newest)
        assert " Now /home/me/documents  5 snapshots before it" in text_of(pilot)
        assert "today.txt" in text_of(pilot)
        await press(pilot, "right_square_bracket", "r")
        assert "This is how it is now" in said(pilot)
        assert not asked(engine, "files.foresee")
        await press(pilot, "left_square_bracket")
        assert "2026-11-21 01:00 /home/me/documents  1 of 5" in text_of(pilot)


@on_asyncio
async def test_what_is_of_another_machine_is_not_held_against_the_files_of_this_one() -> None:
    engine = stage.engine()
    engine.done["snapshots.list"] = {"host": "laptop"}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3")
        assert asked(engine, "files.list")[-1]["against"] == ""


@on_asyncio
async def test_what_was_deleted_is_shown_when_asked_for_and_comes_back_from_where_it_was_last() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "right_square_bracket", "D", "G")
        assert "minutes.txt" in text_of(pilot)
        assert "deleted shown" in text_of(pilot)
        await press(pilot, "r")
        [looked] = asked(engine, "files.foresee")
        assert (looked["snapshot"], "target" in looked) == (stage.SNAPSHOTS[4]["snapshot"], False)
        await press(pilot, "escape", "D")
        assert "minutes.txt" not in text_of(pilot)


@on_asyncio
async def test_marks_of_many_folders_and_snapshots_come_back_by_snapshot() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "3", "space", "enter", "down", "down", "space", "backspace")
        await press(pilot, "left_square_bracket", "G", "space", "right_square_bracket", "right_square_bracket")
        assert "3 marked" in text_of(pilot)
        await press(pilot, "r")
        assert "3 marked entries" in text_of(pilot)
        await press(pilot, "c", "c", "c", "o", "o")
        assert "--owner me" in text_of(pilot) and "and 1 more" in text_of(pilot)
        await press(pilot, "enter")
        back = {
            each["snapshot"][:8]: [entry["path"] for entry in each["entries"]]
            for each in asked(engine, "files.restore")
        }
        assert {name: len(paths) for name, paths in back.items()} == {"7b51ea3a": 2, "0c9d11f2": 1}
        assert {os.path.dirname(path) for path in back["7b51ea3a"]} == {
            "/home/me/documents", "/home/me/documents/letters",
        }  # fmt: skip
        assert {(each["on_conflict"], each["owner"]) for each in asked(engine, "files.restore")} == {("newer", "me")}
        await press(pilot, "escape")
        assert "marked" not in text_of(pilot)
        await press(pilot, "g", "space", "asterisk")
        assert f"{len(stage.ENTRIES)} marked" in text_of(pilot)


@on_asyncio
async def test_there_is_room_for_all_that_is_asked_before_much_comes_back() -> None:
    much = {"files": 9, "size": 9 << 30, "same": 2, "missing": 3, "different": 4, "is_whole": False}
    examples = [{"path": f"/home/me/documents/{name * 90}"} for name in "abc"]
    async with shown(stage.engine(files_foresee=[{**much, "examples": examples}]), (80, 24)) as pilot:
        await press(pilot, "3", "space", "left_square_bracket", "down", "space", "r", "t", *"/somewhere", "enter")
        text = text_of(pilot)
        assert "Bring back 2 marked entries" in text and "newer" in text and "/somewhere" in text
        assert "o  owner" in text and "No " in text and " Bring back " in text.splitlines()[-4]


@on_asyncio
async def test_what_comes_back_is_followed_and_what_does_not_is_said() -> None:
    engine = stage.engine()
    engine.done["runs.follow"] = lambda asked: {"next": 6, "ended": True}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "space", "r", "enter")
        assert "32%" in text_of(pilot)
        assert "/home/me/documents/letters/big.iso" in text_of(pilot)
        await press(pilot, "x", "enter")
        assert not asked(engine, "runs.cancel")
        await press(pilot, "x", "y")
        assert asked(engine, "runs.cancel") == [{"run": stage.BACK}]
        for line in (*stage.BACK_END, {}):
            engine.lines[stage.BACK].put_nowait(line)
        await rest(pilot)
        assert "brought back: 39 files, 90.0 MiB; 1 entry did not, see below" in text_of(pilot)
        assert "there  2 set aside (NAME.before-TIME), 1 not replaced, 7 the same" in text_of(pilot)
        assert "no space left on device" in text_of(pilot)
        await press(pilot, "x", "escape")
        assert "3 Browse" in text_of(pilot)


@on_asyncio
async def test_a_restore_that_does_not_begin_says_why() -> None:
    engine = stage.engine(files_restore=[Failure(1, "The disk is full", "Make room.")])
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "r", "enter")
        assert "not all came back" in text_of(pilot)
        assert "The disk is full" in text_of(pilot)


@on_asyncio
async def test_an_entry_is_left_out_from_the_next_run_on() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "X")
        assert "From the next run on it is not taken" in text_of(pilot)
        assert "$ yester profile edit" in text_of(pilot)
        await press(pilot, "enter")
        assert not asked(engine, "profiles.edit")
        for keys in (("right",), ("c", "right")):
            await press(pilot, "X", *keys, "enter")
        assert asked(engine, "profiles.edit") == [
            {"profile": "documents", "additions": [f'filters.exclude=["{each}"]']}
            for each in ("/home/me/documents/Überweisungen/", "Überweisungen/")
        ]
        assert said(pilot).count("--drop") == 2


@on_asyncio
async def test_a_long_name_leaves_room_to_leave_it_out() -> None:
    engine = stage.engine(files_list=[{"path": f"{'a name and ' * 20}.docx"}])
    engine.done["files.list"] = {"total": 1}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "X")
        text = text_of(pilot)
        assert "every file that ends in .docx" in text and "Leave it out" in text


@on_asyncio
async def test_an_entry_is_shown_in_three_ways_beside_the_list_and_where_there_is_no_room() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "3", "G")
        assert "000000  00 07 0e" in text_of(pilot)
        await press(pilot, "tab", "tab")
        assert "user.author" in text_of(pilot)
        assert [each["view"] for each in asked(engine, "files.preview")] == ["content", "bytes", "details"]
        await press(pilot, "tab")
        await pilot.resize_terminal(80, 24)
        await rest(pilot)
        assert "000000" not in text_of(pilot)
        await press(pilot, "tab")
        assert "000000  00 07 0e" in text_of(pilot)
        await press(pilot, "tab", "tab", "tab")
        assert "user.author" not in text_of(pilot)
        await press(pilot, "enter")
        assert "user.author" in text_of(pilot)
        await press(pilot, "escape")
        await pilot.resize_terminal(120, 40)
        await rest(pilot)
        assert "000000  00 07 0e" in text_of(pilot)


@on_asyncio
async def test_pictures_are_wanted_where_there_are_colours() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "3", *["down"] * 5)
        assert "▀▀▀▀▀▀" in text_of(pilot)
        pilot.app.no_color = True
        await press(pilot, "up", "down")
        assert "▀" not in text_of(pilot)
        assert "PNG, 6 x 4" in text_of(pilot)
        assert not asked(engine, "files.preview")[-1]["rows"]


@on_asyncio
async def test_a_folder_that_is_not_there_now_is_a_sentence_and_one_goes_on_from_it() -> None:
    def page(asked: dict[str, Any]) -> list[Item]:
        if asked["snapshot"] == "now":
            return [Failure(2, "There is no /home/me/documents now")]
        return [*stage.page_of(stage.ENTRIES)(asked)]

    async with shown(stage.engine(files_list=page), (80, 24)) as pilot:
        await press(pilot, "3", "right_square_bracket")
        assert "There is no /home/me/documents now" in text_of(pilot)
        await press(pilot, "left_square_bracket")
        assert "letters/" in text_of(pilot)


@on_asyncio
async def test_a_snapshot_that_is_let_go_elsewhere_makes_way_for_the_next() -> None:
    """By a run on this machine, or by another one: then the next page that is asked for tells; at last none is left."""
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3", "enter")
        engine.scripts["snapshots.list"] = stage.SNAPSHOTS[1:]
        engine.changes.put_nowait({"what": ["runs"]})
        await rest(pilot)
        assert "2026-11-20 19:00 /home/me/documents/Überweisungen  1 of 4" in text_of(pilot)
        assert "The snapshot of 2026-11-21 01:00 was let go" in said(pilot)
        assert asked(engine, "files.list")[-1]["snapshot"] == stage.SNAPSHOTS[1]["snapshot"]
        engine.scripts["snapshots.list"] = stage.SNAPSHOTS[2:]
        entries = engine.scripts["files.list"]
        engine.scripts["files.list"] = lambda asked: (
            [Failure(2, "There is no snapshot")] if "0c9d" in asked["snapshot"] else stage.page_of(stage.ENTRIES)(asked)
        )
        await press(pilot, "backspace")
        assert "2026-11-20 17:00 /home/me/documents  1 of 3" in text_of(pilot)
        assert "letters/" in text_of(pilot) and "There is no snapshot" not in text_of(pilot)
        engine.scripts["snapshots.list"] = []
        engine.changes.put_nowait({"what": ["runs"]})
        await rest(pilot)
        assert "No snapshot yet: b takes the first one" in text_of(pilot)
        engine.scripts |= {"snapshots.list": stage.SNAPSHOTS, "files.list": entries}
        engine.changes.put_nowait({"what": ["runs"]})
        await rest(pilot)
        assert "2026-11-21 01:00 /home/me/documents  1 of 5" in text_of(pilot)


@on_asyncio
async def test_a_snapshot_is_looked_into_anew_after_going_elsewhere_from_it() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        for way in (("2", "enter"), ("2", "enter"), ("1", "o"), ("1", "o")):
            await press(pilot, "3", "left_square_bracket", "left_square_bracket", "down", "enter")
            assert "2026-11-21 01:00" not in text_of(pilot)
            await press(pilot, *way)
            assert "2026-11-21 01:00 /home/me/documents  1 of 5" in text_of(pilot), way


@on_asyncio
async def test_a_folder_that_is_entered_is_whole_and_marks_go_by_escape_once_nothing_else_does() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        await press(pilot, "3", "space", "slash", *"lett", "enter", "enter")
        assert "roof.png" in text_of(pilot) and "\n lett\n" not in text_of(pilot)
        await press(pilot, "slash", *"roof", "enter", "escape")
        assert "1 marked" in text_of(pilot)
        await press(pilot, "escape")
        assert "marked" not in text_of(pilot).replace("Not marked any more", "")
        assert "Not marked any more: 1 entry" in said(pilot)


@on_asyncio
async def test_one_stands_where_one_came_from() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        await press(pilot, "3", "down", "down", "down", "up", "up", "enter", "backspace", "y")
        assert "Copied: /home/me/documents/letters" in said(pilot)
        await press(pilot, "left_square_bracket", "y")
        assert said(pilot).count("Copied: /home/me/documents/letters") == 2


@on_asyncio
async def test_a_folder_of_two_hundred_thousand_names_is_fetched_by_the_screen_now_and_with_deleted_ones() -> None:
    count = 200_000

    def page(asked: dict[str, Any]) -> list[Any]:
        return [{"path": f"{at:06}"} for at in range(asked["start"], min(count, asked["start"] + asked["count"]))]

    engine = stage.engine(files_list=page)
    engine.done["files.list"] = {"total": count}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3")
        for way in ("right_square_bracket", "D"):
            before = len(asked(engine, "files.list"))
            await press(pilot, way, "G", "pageup", "g", "pagedown")
            assert "000017" in text_of(pilot)
            assert sum(each["count"] for each in asked(engine, "files.list")[before:]) <= 5 * 200
            assert len(list(pilot.app.screen.walk_children())) < 40


class Compared(NamedTuple):
    """A file, as a program of the person's own found it."""

    path: Path
    mode: int = 0
    folder_mode: int = 0
    is_empty: bool = False


class Comparer:
    """Plays that program."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.files: list[Compared] = []

    def in_terminal(self, words: Sequence[bytes], *, stays_unless_well: bool) -> int:
        """Look at the files while they are there."""
        assert stays_unless_well
        self.words = [*map(os.fsdecode, words)]
        for path in (Path(word) for word in self.words if "/" in word):
            if path.exists():
                mode, above = (stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent))
                self.files.append(Compared(path, mode, above, not path.stat().st_size))
            else:
                self.files.append(Compared(path))
        return 0


@pytest.mark.parametrize(
    ("diff", "way"), [("meld --x", ("3", "G")), ("vimdiff {after} {before}", ("f", *"Ada", "enter", "v", "down"))]
)
@on_asyncio
async def test_a_program_of_ones_own_compares_a_private_copy_with_the_file_now(diff: str, way: tuple[str, ...]) -> None:
    gone: list[Item] = [Failure(2, "it cannot be read")]

    def read(asked: dict[str, Any]) -> list[Item]:
        return gone if asked.get("snapshot") == "now" and asked["entry"]["path"].endswith("kdbx") else stage.read(asked)

    async with shown(stage.engine(files_read=read), settings=Settings(diff=diff)) as pilot:
        outside = Comparer()
        assert isinstance(pilot.app, TerminalProgram)
        pilot.app.outside = outside  # type: ignore[assignment]  # plays it
        await press(pilot, *way, "d")
        assert outside.words[0] == diff.split()[0]
        files = outside.files[::-1] if diff.startswith("vimdiff") else outside.files
        assert (files[0].mode, files[0].folder_mode, files[0].is_empty) == (0o400, 0o700, False)
        assert (files[1].path == Path(stage.LETTER)) == (way[0] == "f")
        assert files[1].is_empty == (way[0] == "3")
        assert not any(file.path.exists() for file in files)


@on_asyncio
async def test_without_a_program_of_ones_own_the_difference_is_on_a_page() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        await press(pilot, "3", "down", "down", "down", "d")
        assert "How it differs" in text_of(pilot)
        assert "-the roof leaks." in text_of(pilot)
        await press(pilot, "escape", "v", "down", "d")
        assert "No program of yours is named" in said(pilot)
