"""What a profile says is changed, copied, removed and recovered: by one command each, and said before."""

import pytest
from tests.tui import stage
from tests.tui.fake import Item, asked, on_asyncio, press, rest, said, shown, text_of
from textual.widgets import Input, TextArea

from yester.tui.feed import Feed
from yester.tui.serve.protocol import Failure


@on_asyncio
async def test_keys_are_changed_together_by_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag, a choice, a number and a list, each with what belongs to it."""
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "c", "slash", *"g", "enter", "slash")
        box = pilot.app.screen.query_one("#filter", Input)
        for text, keys in (("maintenance.forget", "enter"), ("schedule.when", "enter"), ("keep_daily", "enter")):
            box.value = text
            await press(pilot, "enter", keys)
            if text == "schedule.when":
                await press(pilot, "down", "enter")
            elif text == "keep_daily":
                await press(pilot, "ctrl+u", "x")
                assert "takes a whole number" in text_of(pilot)
                await press(pilot, "enter", "backspace", "9", "enter")
            await press(pilot, "slash")
        box.value = "filters.exclude"
        await press(pilot, "enter", "g", "enter")
        pilot.app.screen.query_one(TextArea).text = "*.o\n/tmp/a b\n"
        await press(pilot, "ctrl+s")
        assert not asked(engine, "profiles.edit")
        monkeypatch.setattr(Feed, "refresh", lambda feed: engine.asked.append(("asked anew", {})))
        await press(pilot, "ctrl+s")
        [edit] = asked(engine, "profiles.edit")
        assert edit["settings"] == [
            "maintenance.forget=true",
            "schedule.when=weekly",
            "retention.keep_daily=9",
            'filters.exclude=["*.o", "/tmp/a b"]',
        ]
        assert asked(engine, "schedule.enable") == [{"profile": "documents"}]
        assert "its schedule is on" in said(pilot)
        assert engine.methods()[-2:] == ["schedule.enable", "asked anew"], "Home hears what starts its runs now"


@on_asyncio
async def test_what_contradicts_itself_is_not_saved_and_leaving_asks() -> None:
    bare = [{**each, "is_default": each["key"] != "sources"} for each in stage.SETTINGS]
    engine = stage.engine(profiles_settings=bare)
    async with shown(engine, (120, 40)) as pilot:
        await press(pilot, "c", "slash", *"forget", "enter", "enter", "ctrl+s")
        assert "has nothing to go by" in said(pilot)
        await press(pilot, "escape", "escape")
        assert "Leave without saving?" in text_of(pilot)
        await press(pilot, "n", "u", "escape")
        assert "mail needs you" in text_of(pilot)
        assert not asked(engine, "profiles.edit")


@on_asyncio
async def test_a_change_is_foreseen_on_the_snapshots_that_there_are() -> None:
    async with shown(stage.engine(), (120, 40)) as pilot:
        await press(pilot, "c", "slash", *"keep_w", "enter")
        assert "3 stay of the 5 snapshots that there are" in text_of(pilot)
        await press(pilot, "escape", "slash", *"e.at", "enter")
        assert "next  Sat 2026-11-21 12:00" in text_of(pilot)


@on_asyncio
async def test_a_refused_change_is_still_there() -> None:
    engine = stage.engine(profiles_edit=[Failure(1, "Another editor has it open", "Close it.")])
    async with shown(engine, (120, 40)) as pilot:
        await press(pilot, "c", "slash", *"keyring", "enter", "enter", "ctrl+s")
        assert "Another editor has it open" in said(pilot)
        assert "true" in text_of(pilot)


@pytest.mark.parametrize(("typed", "is_removed"), [("documents", True), ("document", False), ("", False)])
@on_asyncio
async def test_a_profile_goes_when_its_name_is_typed(typed: str, is_removed: bool) -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "x")
        for words in ("5 snapshots stay in /srv/backup", "every day at 12:00, by systemd", "/home/me/yesterday"):
            assert words in text_of(pilot)
        pilot.app.screen.query_one("#typed", Input).value = typed
        await press(pilot, "enter")
        assert asked(engine, "profiles.remove") == [{"profile": "documents"}] * is_removed
        assert ("Type documents, or leave" in text_of(pilot)) is not is_removed


@on_asyncio
async def test_a_profile_is_copied_under_a_name_that_is_free() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "C")
        box = pilot.app.screen.query_one("#typed", Input)
        for name, words in (("mail", "already"), ("../x", "cannot name a profile")):
            box.value = name
            await press(pilot, "enter")
            assert words in text_of(pilot)
        box.value = "papers"
        await press(pilot, "enter")
        assert asked(engine, "profiles.copy") == [{"profile": "documents", "new": "papers"}]


@on_asyncio
async def test_runs_are_let_start_by_themselves_or_no_more() -> None:
    """What is wrong is mended at once; what works is switched off after a question."""
    engine = stage.engine(profiles_status=[stage.status("documents", started="missing")])
    async with shown(engine, (80, 24)) as pilot:
        assert "! Its times are in the profile, but nothing starts it" in text_of(pilot)
        await press(pilot, "S")
        assert asked(engine, "schedule.enable") == [{"profile": "documents"}]
        assert "documents starts by itself now: every day at 00:00" in said(pilot)
        engine.scripts["profiles.status"] = [stage.status("documents", started="on")]
        before = len(asked(engine, "profiles.status"))
        pilot.app.feed.judge()  # type: ignore[attr-defined]
        await rest(pilot)
        assert len(asked(engine, "profiles.status")) == before + 1
        assert "Everything is in order" in text_of(pilot)
        for answer, times in (("enter", 0), ("y", 1)):
            await press(pilot, "S")
            assert "$ yester schedule disable documents" in text_of(pilot)
            await press(pilot, answer)
            assert asked(engine, "schedule.disable") == [{"profile": "documents"}] * times
        engine.scripts["profiles.status"] = [stage.status("documents", started="off", last_run="")]
        await press(pilot, "ctrl+r", "S")
        assert "documents says no times" in said(pilot)
        await press(pilot, "enter")
        assert "documents never ran" in said(pilot)


@on_asyncio
async def test_a_profile_that_was_broken_by_hand_is_brought_back() -> None:
    why = "Profile mail: /home/me/.config/yester/profiles/mail.toml, line 3: there is no key repo"
    broken: list[Item] = [*stage.PROFILES[:1], *stage.PROFILES[2:], Failure(2, why)]
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        engine.scripts["profiles.list"] = broken
        engine.scripts["profiles.status"] = [
            stage.STATUSES[0],
            stage.status("mail", "failed", text=why, last_snapshot="7b51"),
        ]
        engine.changes.put_nowait({"what": ["profiles"]})
        await rest(pilot)
        await press(pilot, "U")
        assert "Bring" not in text_of(pilot)
        await press(pilot, "down", "c")
        assert "E mends the file, U brings back the copy" in text_of(pilot)
        await press(pilot, "U", "enter")
        assert not asked(engine, "profiles.recover")
        await press(pilot, "U", "y")
        assert asked(engine, "profiles.recover") == [{"repository": "", "name": "mail"}]
        locked = iter([[Failure(6, "The repository is encrypted", needs="passphrase")], []])
        engine.scripts |= {"profiles.recover": lambda _: next(locked), "profiles.status": [], "profiles.list": []}
        await press(pilot, "ctrl+r")
        assert "U           brings documents back from its last snapshot" in text_of(pilot)
        await press(pilot, "U", "y", *"tulip", "enter")
        assert asked(engine, "repositories.unlock") == [{"repository": "/srv/backup"}]
        assert asked(engine, "profiles.recover")[1:] == [{"repository": "/srv/backup", "name": "documents"}] * 2
