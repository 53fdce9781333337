"""From nothing to the first snapshot: each page, back and forth, by keys and by the mouse."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import FakeEngine, FakeRequest, asked, on_asyncio, press, rest, shown, text_of
from textual.pilot import Pilot
from textual.widgets import Input

from yester.tui.screens.wizard.wizard import WizardScreen
from yester.tui.serve.protocol import Failure
from yester.tui.state.wizard.draft import KEEPING, RECENT, Looked
from yester.tui.widgets.rows import Rows

WORDS = "xy"
END = stage.RECOVERY.rpartition("-")[2].lower()


def wizard(pilot: Pilot[None]) -> WizardScreen:
    """Return the wizard, which is on the screen."""
    assert isinstance(pilot.app.screen, WizardScreen)
    return pilot.app.screen


async def pasted(pilot: Pilot[None], field: str, text: str) -> None:
    """Put a text into a field, all at once."""
    pilot.app.screen.query_one(field, Input).value = text
    await rest(pilot)


async def at_the_end(pilot: Pilot[None], *, is_there: bool = False) -> None:
    """Open the wizard on its last page, as if all others had been filled; `is_there`: in a repository without a key."""
    await press(pilot, "plus")
    screen = wizard(pilot)
    draft = replace(screen.state.draft, passphrase=WORDS, again=WORDS)
    looked = Looked(draft.place, draft.place, is_repository=is_there)
    screen.change(replace(screen.state, draft=draft, looked=looked, page="begin"))
    await rest(pilot)


async def clicked(pilot: Pilot[None], place: str) -> None:
    await pilot.click(place)
    await rest(pilot)


@on_asyncio
async def test_from_nothing_to_the_first_snapshot_in_nine_keys_and_a_passphrase() -> None:
    """`+`, Enter on each of six pages, Enter between the two fields; the end of the recovery key; Home."""
    engine = stage.empty()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "plus", "enter", "enter", *WORDS, "enter", *WORDS, "enter", "enter", "enter", "enter")
        assert stage.RECOVERY[:31] in text_of(pilot)
        await pasted(pilot, "#end", END)
        await press(pilot, "enter")
        assert "The first snapshot is on its way" in text_of(pilot)
        made = [method for method in engine.methods() if method in stage.MAKING]
        assert made == ["repositories.create", "keys.keep", "profiles.add", "schedule.enable", "runs.start"]
        assert engine.secrets == [WORDS]
        [new] = asked(engine, "profiles.add")
        assert (new["name"], new["sources"], new["repository"]) == (
            "home",
            [{"path": "/home/me"}],
            "/media/me/STICK/yester",
        )
        assert set(new["settings"]) == {
            "passphrase_file=/home/me/.config/yester/passphrases/home",
            *("schedule.when=daily", "schedule.at=12:00"),
            *("retention.keep_daily=7", "retention.keep_weekly=4", "retention.keep_monthly=12"),
            "retention.keep_within=2d",
            *("maintenance.forget=true", "maintenance.prune=1w", "maintenance.check=1m"),
        }
        await press(pilot, "enter")
        assert "1 Home" in text_of(pilot)
        assert f"'{WORDS}'" not in str(engine.asked)


@on_asyncio
async def test_answers_may_come_in_any_order() -> None:
    slow: asyncio.Queue[Any] = asyncio.Queue()

    class Slow(FakeEngine):
        def ask(self, method: str, kind: Any, **params: object) -> Any:
            asked = super().ask(method, kind, **params)
            return FakeRequest((), slow, kind, {}) if method == "backends.list" else asked

    engine = Slow()
    engine.scripts = stage.empty().scripts
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "plus")
        for each in (*stage.BACKENDS, {}):
            slow.put_nowait(each)
        await rest(pilot)
        state = wizard(pilot).state
        assert (len(state.backends), state.draft.name, state.draft.place) == (3, "home", "/media/me/STICK/yester")
        assert "[x] /home/me\n" in text_of(pilot)


@on_asyncio
async def test_what_is_typed_takes_the_place_of_what_was_suggested_and_no_answer_takes_it_away() -> None:
    async with shown(stage.empty(), (80, 24)) as pilot:
        await press(pilot, "plus", *"photos")
        assert wizard(pilot).state.draft.name == "photos"
        await press(pilot, "ctrl+n")
        box = pilot.app.screen.query_one("#place", Input)
        box.value = "/srv/x"
        page = wizard(pilot).pages["target"]
        page.shown(wizard(pilot).state)  # of before: the news of the key is on its way
        assert box.value == "/srv/x"
        await rest(pilot)
        assert wizard(pilot).state.draft.place == "/srv/x"


@on_asyncio
async def test_what_is_taken_is_added_up_while_it_is_chosen() -> None:
    engine = stage.empty()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "plus")
        assert "48.0 GiB in 182,340 files" in text_of(pilot)
        assert "/home/me/.cache/  by a pattern" in text_of(pilot)
        await press(pilot, "tab", "space", "tab", "space", "tab", "tab", *"/s", "right", "enter")
        sources = [[source["path"] for source in each.get("sources", ())] for each in asked(engine, "sources.measure")]
        assert sources == [
            ["/home/me"],
            ["/home/me/Documents"],
            ["/home/me/Documents", "/srv/backup"],
        ]
        assert "[x] /srv/backup" in text_of(pilot)
        assert "Name       documents" in text_of(pilot)
        await pasted(pilot, "#excludes", "*.iso, Downloads/")
        await pasted(pilot, "#larger", "2G")
        await press(pilot, "tab", "tab", "space")
        last = asked(engine, "sources.measure")[-1]
        assert (last["excludes"], last["larger_than"]) == (["*.iso", "Downloads/"], "2G")
        assert last["default_excludes"] is False


@on_asyncio
async def test_nothing_is_lost_back_and_forth_and_esc_asks_then() -> None:
    engine = stage.empty()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "plus", "escape")
        await press(pilot, "plus", *"me", "enter", "enter", *WORDS, "enter", *WORDS, "enter", "up", "enter")
        before = wizard(pilot).state.draft
        assert (before.name, before.passphrase, before.schedule.when) == ("me", WORDS, "hours")
        await press(pilot, "escape", "ctrl+p", "ctrl+p", "ctrl+n", "ctrl+n", "ctrl+n")
        assert wizard(pilot).state.draft == before
        assert wizard(pilot).state.page == "keep"
        await press(pilot, *["escape"] * 5)
        assert "Leave the wizard?" in text_of(pilot)
        await press(pilot, "enter")
        assert wizard(pilot).state.draft == before
        await press(pilot, "escape", "y")
        assert "Welcome to yester" in text_of(pilot) and "Enter make one" in text_of(pilot)
        assert not {*stage.MAKING} & {*engine.methods()}


@on_asyncio
async def test_a_place_that_is_not_reached_keeps_one_on_its_page() -> None:
    refused = [Failure(6, "There is no such host: nas", "Is its name right?")]
    engine = stage.empty(backends_look=lambda asked: refused if "nas" in asked["place"] else ())
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "plus", "enter", "ctrl+u", *"sf", "down", "tab", "tab")
        assert "sftp://nas/srv/backup" in text_of(pilot)
        assert "s3://" not in text_of(pilot)
        await press(pilot, "enter", "enter")
        assert "There is no such host: nas" in text_of(pilot)
        assert "Is its name right?" in text_of(pilot)
        assert wizard(pilot).state.page == "target"
        await pasted(pilot, "#place", "/srv/x")
        await press(pilot, "enter")
        assert wizard(pilot).state.page == "passphrase"
        engine.done["backends.look"] = lambda asked: stage.looked(asked["place"], lacks_drive=True)
        await press(pilot, "escape")
        await pasted(pilot, "#place", "/media/me/OTHER/yester")
        await press(pilot, "enter")
        assert "No drive is mounted there" in text_of(pilot)
        await press(pilot, "enter")
        assert wizard(pilot).state.page == "passphrase"


@on_asyncio
async def test_a_repository_that_is_there_is_opened_and_shared() -> None:
    wrong = iter([[Failure(6, "The passphrase is wrong")], []])
    engine = stage.empty(repositories_unlock=lambda _: next(wrong))
    engine.done["backends.look"] = lambda asked: stage.looked(asked["place"], is_repository=True, is_encrypted=True)
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "plus", "enter", "enter")
        assert "of the repository that lies there" in text_of(pilot)
        assert "Again" not in text_of(pilot)
        await press(pilot, *"no", "enter")
        assert "The passphrase is wrong" in text_of(pilot)
        await press(pilot, "ctrl+u", *"ok", "enter", "enter", "enter", "enter")
        assert engine.secrets == ["no", "ok"]
        assert [method for method in engine.methods() if method in stage.MAKING] == [*stage.MAKING][1:]


@on_asyncio
async def test_what_fails_is_said_where_it_failed_and_tried_again_from_there() -> None:
    locked = iter([[Failure(4, "Another run is active", "Wait for it")], [{"run": stage.FIRST_RUN}]])
    refused = [Failure(1, "Neither systemd nor cron is here", "Install cron")]
    engine = stage.empty(runs_start=lambda _: next(locked), schedule_enable=refused)
    async with shown(engine, (120, 40)) as pilot:
        await at_the_end(pilot)
        await press(pilot, "enter")
        await pasted(pilot, "#end", END)
        await press(pilot, "enter")
        assert "Another run is active" in text_of(pilot)
        assert "Neither systemd nor cron is here" in text_of(pilot)
        await press(pilot, "ctrl+p")
        assert wizard(pilot).state.page == "begin"
        await press(pilot, "enter")
        assert "The first snapshot is on its way" in text_of(pilot)
        assert "Install cron" in text_of(pilot)
        assert engine.methods().count("profiles.add") == engine.methods().count("schedule.enable") == 1


@on_asyncio
async def test_a_repository_that_was_made_keeps_its_passphrase() -> None:
    refused = [Failure(2, "Profile home is already there")]
    engine = stage.empty(profiles_add=refused)
    async with shown(engine, (120, 40)) as pilot:
        await at_the_end(pilot)
        await press(pilot, "enter")
        await press(pilot, "escape", "escape")
        assert "Profile home is already there" in text_of(pilot)
        await press(pilot, "escape", "escape", "escape", "z", "enter")
        assert engine.secrets == [WORDS, "z"]
        assert ("repositories.unlock", {"repository": "/media/me/STICK/yester"}) in engine.asked
        await press(pilot, "enter", "enter")
        assert "make the repository" not in text_of(pilot)


def saved(folder: Path) -> tuple[int, bool]:
    """Return who may read the only file in a folder, and whether it holds the key."""
    [file] = folder.iterdir()
    return file.stat().st_mode & 0o777, stage.RECOVERY in file.read_text()


@on_asyncio
async def test_the_recovery_key_is_not_left_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    engine = stage.empty()
    async with shown(engine, (80, 24)) as pilot:
        await at_the_end(pilot)
        await press(pilot, "enter")
        await press(pilot, "enter", *"xx", "enter", "escape")
        assert "It is never shown again" in text_of(pilot)
        await press(pilot, "ctrl+y")
        assert pilot.app.clipboard == stage.RECOVERY
        await press(pilot, "ctrl+s", "enter")
        assert "The first snapshot is on its way" in text_of(pilot)
        assert saved(tmp_path) == (0o600, True)


@on_asyncio
async def test_the_mouse_does_all_of_it() -> None:
    engine = stage.empty()
    engine.done["backends.look"] = lambda asked: stage.looked(asked["place"], is_repository=True)
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "enter")
        await clicked(pilot, "#defaults")
        await clicked(pilot, "#next")
        await clicked(pilot, "#test")
        assert "a repository lies there already; it is not encrypted" in text_of(pilot)
        await pilot.click("#way", offset=(63, 0))
        await rest(pilot)
        assert wizard(pilot).state.page == "keep"
        assert wizard(pilot).state.draft.default_excludes is False
        within = []
        for row in range(len(KEEPING)):
            pilot.app.screen.query_one("#keeping", Rows).cursor = row
            await rest(pilot)
            within.append(wizard(pilot).state.draft.retention.keep_within)
        assert within == [None, RECENT, RECENT, None, RECENT]  # all stays anyway; smart thinning has it
        await clicked(pilot, "#recent")
        assert wizard(pilot).state.draft.retention.keep_within is None
        await clicked(pilot, "#next")
        await clicked(pilot, "#next")
        assert "The first snapshot is on its way" in text_of(pilot)


@on_asyncio
async def test_the_first_run_is_seen_live_and_goes_on_without_the_wizard() -> None:
    begun: dict[str, Any] = stage.run(stage.FIRST_RUN, "home", 0, "running", ended_ns=0, duration_ns=0)
    listed: list[Any] = []
    engine = stage.empty(runs_list=lambda _: listed)
    engine.lines[stage.FIRST_RUN] = asyncio.Queue()
    async with shown(engine, (80, 24)) as pilot:
        await at_the_end(pilot, is_there=True)
        listed.append(begun)
        await press(pilot, "enter")
        engine.changes.put_nowait({"what": ["runs"]})
        engine.lines[stage.FIRST_RUN].put_nowait(stage.progress(12, 6000, 100, 20.0))
        await rest(pilot)
        assert "6,000 files" in text_of(pilot)
        assert "Enter goes to Home" in text_of(pilot)


@on_asyncio
async def test_a_wizard_survives_a_terminal_of_any_size() -> None:
    engine = FakeEngine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "plus")
        for size in ((20, 5), (1, 1), (120, 40)):
            await pilot.resize_terminal(*size)
            await press(pilot, "tab", "enter", "down", "ctrl+n", "ctrl+p", "x")
        for box in pilot.app.screen.query(Input):
            box.value = "\x1b[31m\n"
        await press(pilot, "enter", "ctrl+n")
        assert pilot.app.is_running
