"""Programs of a person's own: the pager, the editor, commands on keys; and orders, matches and clicks beside them."""

import asyncio
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import on_asyncio, press, rest, said, shown, text_of
from textual.pilot import Pilot

from yester.engine.errors import UsageError, YesterError
from yester.tui.app import TerminalProgram
from yester.tui.outside import Ended, Outside, viewer
from yester.tui.places import PLACES
from yester.tui.screens.place import Place
from yester.tui.settings import Settings
from yester.tui.state.own_commands import ALWAYS, KNOWN, OwnCommand


class FakeOutside:
    """Remembers what would be run, and the file that it would be run on."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.more: list[dict[bytes, bytes]] = []
        self.files: list[tuple[Path, bytes, int]] = []

    def in_terminal(
        self, words: Sequence[str | bytes], more: Mapping[bytes, bytes] | None = None, *, stays: bool = False
    ) -> int:
        """Look at the file while it is there."""
        self.ran.append([os.fsdecode(word) for word in words])
        self.more.append(dict(more or {}))
        path = Path(self.ran[-1][-1])
        if path.is_file():
            mode = stat.S_IMODE(path.stat().st_mode) | stat.S_IMODE(path.parent.stat().st_mode) << 12
            self.files.append((path, path.read_bytes(), mode))
        return 0

    async def in_background(
        self, words: Sequence[str | bytes], more: Mapping[bytes, bytes] | None = None, *, most: int = 0
    ) -> Ended:
        """Say what it was."""
        self.ran.append([os.fsdecode(word) for word in words])
        self.more.append(dict(more or {}))
        return Ended(3, b"one\ntwo\n")

    def tell_multiplexer(self, text: str) -> None:
        """Nobody is told."""


def outside_of(pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch) -> FakeOutside:
    """Let the program start nothing."""
    program, fake = pilot.app, FakeOutside()
    assert isinstance(program, TerminalProgram)
    program.outside = fake  # type: ignore[assignment]  # plays it
    for name, value in (("PAGER", "less -R"), ("VISUAL", ""), ("EDITOR", "vi")):
        monkeypatch.setenv(name, value)
    return fake


def commands(pilot: Pilot[None]) -> list[str]:
    """Return what the log behind `@` has."""
    assert isinstance(pilot.app, TerminalProgram)
    return pilot.app.commands


@pytest.mark.parametrize(("key", "words"), [("o", ["less", "-R"]), ("O", ["vi"])])
@pytest.mark.parametrize("way", [("3", "G"), ("f", *"Ada", "enter", "v", "down")], ids=["browse", "versions"])
def test_a_file_of_a_snapshot_is_opened(
    way: tuple[str, ...], key: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A private copy that cannot be written, gone afterwards; fetched piece by piece."""
    data = bytes(range(256)) * 2000

    def read(asked: dict[str, Any]) -> list[Any]:
        from base64 import b64encode

        piece = data[asked.get("start", 0) :][: asked["count"]] if "count" in asked else b""
        return [{"size": len(data), "bytes": b64encode(piece).decode()}]

    async def flow() -> None:
        async with shown(stage.engine(files_read=read)) as pilot:
            fake = outside_of(pilot, monkeypatch)
            await press(pilot, *way, key)
            [(path, seen, mode)] = fake.files
            assert fake.ran == [[*words, str(path)]]
            assert (seen, oct(mode)) == (data, oct(0o700 << 12 | 0o400))
            assert not path.parent.exists()
            assert commands(pilot)[-1].startswith(words[0])

    asyncio.run(flow())


@on_asyncio
async def test_what_is_no_file_is_not_opened_and_says_so() -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with shown(stage.engine(), (80, 24)) as pilot:
            fake = outside_of(pilot, patch)
            for key in ("o", "e", "d"):
                await press(pilot, "3", "down", key)
                assert "It is no file but a directory: Enter goes into it" in text_of(pilot)
                await press(pilot, "escape", "g")
            assert not fake.ran


@on_asyncio
async def test_what_is_too_much_to_be_opened_is_a_sentence() -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with shown(stage.engine(files_read=[{"size": 1 << 40, "bytes": ""}])) as pilot:
            fake = outside_of(pilot, patch)
            await press(pilot, "3", "G", "o")
            assert "1.0 TiB: too much to be opened" in said(pilot)
            assert not fake.ran


@pytest.mark.parametrize("way", [("4",), ("4", "enter")], ids=["runs", "journal"])
def test_a_journal_is_opened(way: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    async def flow() -> None:
        async with shown(stage.engine()) as pilot:
            fake = outside_of(pilot, monkeypatch)
            await press(pilot, *way, "o")
            [(path, seen, _)] = fake.files
            assert fake.ran[0][-2:] == ["log", stage.RUNNING]
            assert (path.name, seen) == (f"{stage.RUNNING}.log", b"one\ntwo\n")
            assert f"yester log {stage.RUNNING}" in commands(pilot)

    asyncio.run(flow())


def test_a_profile_is_edited_by_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def flow() -> None:
        async with shown(stage.engine()) as pilot:
            fake = outside_of(pilot, monkeypatch)
            await press(pilot, "down", "E")
            assert fake.ran[0][-4:] == ["profile", "edit", "--", "mail"]
            assert commands(pilot) == ["yester profile edit mail"]

    asyncio.run(flow())


OWN = (
    OwnCommand(key="K", run="meld {path} {name}", place="browse", words="compare"),
    OwnCommand(key="K", run="echo {profile}", place="runs", where="background", asks=False),
    OwnCommand(key="f12", run="make {profile}"),
)


@on_asyncio
async def test_commands_of_ones_own_ask_and_run() -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with shown(stage.engine(), settings=Settings(commands=OWN)) as pilot:
            fake = outside_of(pilot, patch)
            await press(pilot, "3", "down", "down", "K")
            assert "Run compare?" in text_of(pilot)
            assert not fake.ran
            await press(pilot, "enter")  # No
            assert not fake.ran
            await press(pilot, "K", "y")
            assert fake.ran == [["/bin/sh", "-c", 'meld "$YESTER_ROW_PATH" "$YESTER_ROW_NAME"']]
            assert fake.more[0][b"YESTER_ROW_PATH"].startswith(b"/home/me/documents/2026 tax return")
            assert commands(pilot)[-1].startswith("meld '/home/me/documents/2026 tax return")


@on_asyncio
async def test_what_a_command_in_the_background_says_is_shown() -> None:
    with pytest.MonkeyPatch.context() as patch:
        async with shown(stage.engine(), settings=Settings(commands=OWN)) as pilot:
            fake = outside_of(pilot, patch)
            await press(pilot, "4", "K")
            assert fake.more == [{b"YESTER_ROW_PROFILE": b"photos"}]
            for words in ("$ echo photos", "one", "two", "it ended with exit code 3"):
                assert words in text_of(pilot)


@on_asyncio
async def test_commands_of_ones_own_are_found_where_they_work() -> None:
    async with shown(stage.engine(), settings=Settings(commands=OWN)) as pilot:
        await press(pilot, "5", "K", "question_mark")
        assert "compare" not in text_of(pilot)
        assert "make {profile}" in text_of(pilot)
        await press(pilot, "escape", "3", "question_mark")
        assert "compare" in text_of(pilot)
        await press(pilot, "escape", "colon", *"compare")
        assert "meld {path}" in text_of(pilot)


@on_asyncio
async def test_a_command_for_which_nothing_is_under_the_cursor_is_a_sentence() -> None:
    async with shown(stage.engine(files_list=[]), settings=Settings(commands=OWN)) as pilot:
        await press(pilot, "3", "K")
        assert "There is no path and no name under the cursor" in said(pilot)


PAGES = {"search": ("f", *"Ada", "enter"), "versions": ("f", *"Ada", "enter", "v", "down"), "journal": ("4", "enter")}


@pytest.mark.parametrize("name", KNOWN)
@on_asyncio
async def test_what_is_under_the_cursor_is_what_commands_may_name(name: str) -> None:
    way = PAGES.get(name) or next((str(row.number),) for row in PLACES if row.name == name)
    async with shown(stage.engine()) as pilot:
        await press(pilot, *way)
        assert isinstance(pilot.app.screen, Place)
        assert name == pilot.app.screen.NAME
        found = pilot.app.screen.under_cursor()
        assert found.keys() == {*ALWAYS, *KNOWN[name]}
        assert all(found.values()), found


def test_viewers_are_the_persons_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert viewer("pager", {"PAGER": "less -R"}) == ["less", "-R"]
    assert viewer("editor", {"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert viewer("editor", {"VISUAL": "", "EDITOR": "vi"}) == ["vi"]
    with pytest.raises(UsageError, match="cannot be run"):
        viewer("pager", {"PAGER": "less '"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="There is no editor here"):
        viewer("editor", {})


@on_asyncio
async def test_programs_in_the_background_and_those_that_cannot_be_run() -> None:
    async with shown(stage.empty()) as pilot:
        outside = Outside(pilot.app)
        ended = await outside.in_background(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
        assert (ended.code, sorted(ended.said.split())) == (3, [b"err", b"out"])
        assert (await outside.in_background(["/bin/sh", "-c", 'printf %s "$X"'], {b"X": b"\xe9"})).said == b"\xe9"
        assert len((await outside.in_background(["/bin/sh", "-c", "seq 1000"], most=100)).said) == 100
        with pytest.raises(UsageError, match="/nowhere cannot be run"):
            await outside.in_background(["/nowhere"])
        with pytest.raises(YesterError, match="cannot be given"):
            outside.in_terminal(["true"])


def test_what_was_copied_is_told_to_tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmux").write_text('#!/bin/sh\necho "$@" >"$0.said"\ncat >>"$0.said"\n')
    (tmp_path / "tmux").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    async def flow() -> None:
        async with shown(stage.engine()) as pilot:
            written: list[str] = []
            assert pilot.app._driver is not None
            monkeypatch.setattr(pilot.app._driver, "write", written.append)
            await press(pilot, "5", "y")
            assert written[-1] == "\x1b]52;c;L2hvbWUvbWUveWVzdGVyZGF5\a"
            assert not (tmp_path / "tmux.said").exists()
            monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
            await press(pilot, "y")
            assert (tmp_path / "tmux.said").read_text() == "load-buffer -w -\n/home/me/yesterday"

    asyncio.run(flow())


# Orders and matches.


@on_asyncio
async def test_a_list_is_ordered_by_keys_and_by_its_titles() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "7")
        before = text_of(pilot)
        await press(pilot, "less_than_sign")
        assert "▾STORED" in text_of(pilot)
        await press(pilot, "greater_than_sign", "greater_than_sign")
        names = [line.split()[3] for line in text_of(pilot).splitlines() if "GiB" in line and "/home/me/" in line][:3]
        assert names == ["/home/me/documents", "/home/me/mail", "/home/me/photos"]
        await press(pilot, "enter")
        asked = [params for name, params in engine.asked if name == "storage.usage"]
        assert asked[-1]["folder"] == {"path": "/home/me/photos"}
        await press(pilot, "backspace", "greater_than_sign")
        await pilot.click("#heavy", offset=(30, 0))
        await rest(pilot)
        assert "▴PATH" in text_of(pilot)
        await pilot.click("#heavy", offset=(30, 0))
        await rest(pilot)
        assert "▾PATH" in text_of(pilot)
        await press(pilot, "greater_than_sign")
        assert text_of(pilot) == before


@on_asyncio
async def test_a_folder_is_ordered_by_the_engine() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "3")
        await pilot.click("#entries", offset=(2 + 4, 0))
        await rest(pilot)
        await press(pilot, "greater_than_sign", "less_than_sign", "down", "enter")
        asked = [params for name, params in engine.asked if name == "files.list"]
        assert [(each.get("sort"), each.get("falling")) for each in asked[:4]] == [
            (None, None),
            ("name", False),
            ("size", False),
            ("size", True),
        ]
        assert (asked[-1]["sort"], asked[-1]["falling"]) == ("size", True)
        await press(pilot, "greater_than_sign", "greater_than_sign")
        assert [params.get("sort") for name, params in engine.asked if name == "files.list"][-1] is None


@on_asyncio
async def test_the_next_row_that_holds_what_was_looked_for() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "4", "n")
        assert "Nothing was looked for yet" in said(pilot)
        await press(pilot, "slash", *"mail", "enter", "escape")
        place = pilot.app.screen
        found = []
        for key in ("n", "n", "n", "n", "N"):
            await press(pilot, key)
            found.append(place.record().run)  # type: ignore[attr-defined]  # it is Runs
        runs = [run["run"] for run in stage.RUNS if run["profile"] == "mail"]
        assert found == [runs[1], runs[2], runs[0], runs[1], runs[0]]
        await press(pilot, "slash", *"nowhere", "escape", "n")
        assert "Nothing here holds nowhere" in said(pilot)


@on_asyncio
async def test_the_next_name_of_a_folder_is_known_by_the_engine() -> None:
    engine = stage.engine(files_seek=[{"position": 3}])
    async with shown(engine) as pilot:
        await press(pilot, "3", "slash", *"caf", "enter", "escape", "n")
        [asked] = [params for name, params in engine.asked if name == "files.seek"]
        assert (asked["text"], asked["start"], asked["backwards"]) == ("caf", 0, False)
        place = pilot.app.screen
        assert place.entry().path == "caf\\xe9.txt"  # type: ignore[attr-defined]  # it is Browse
