"""What keys do in Storage, and with the keys of a repository."""

from typing import Any

from tests.tui import stage
from tests.tui.fake import HOUR_NS, FakeEngine, asked, on_asyncio, press, rest, said, shown, text_of

from yester.tui.serve.protocol import Failure


@on_asyncio
async def test_how_a_repository_fares_is_on_the_first_screen() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        await press(pilot, "7")
        text = text_of(pilot)
        for words in (
            "complete 8 h ago",
            "10 % of the content (all: never)",
            "missing  nothing",
            "4.6 to 1",
            "1.7 to 1",
        ):
            assert words in text
        assert "2026-11-19" in text and "▃" in text


@on_asyncio
async def test_where_no_profile_is_nothing_is_said_to_be_added_up() -> None:
    async with shown(stage.empty(), (80, 24)) as pilot:
        await press(pilot, "7")
        text = text_of(pilot)
        assert "no repository" in text and "on Home one is made" in text and "adding up" not in text


@on_asyncio
async def test_a_check_reads_as_much_as_is_said() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "7", "c", "escape")
        assert not asked(engine, "storage.check")
        await press(pilot, "c", "enter", "c", "ctrl+u", *"100%", "enter", "c", "ctrl+u", *"101", "enter")
        assert "A number from 0 to 100" in text_of(pilot)
        await press(pilot, "backspace", "enter")
        assert [each["read_data"] for each in asked(engine, "storage.check")] == [0, 100, 10]
        await press(pilot, "P")
        for words in ("delete 180 packs of 2.8 GiB: nothing in it is needed", "most of it is not needed"):
            assert words in text_of(pilot)
        await press(pilot, "escape")
        assert "orphaned 3.4 GiB and 15 small objects" in text_of(pilot)


@on_asyncio
async def test_a_check_that_lasts_is_shown_as_it_goes_and_what_changed_is_added_up_anew() -> None:
    begun = {**stage.run("20261121T055900Z-cccc", "", HOUR_NS, "running", action="prune"), "repository": "/srv/backup"}
    runs: list[dict[str, Any]] = [begun, *stage.RUNS]
    engine = stage.engine(runs_list=lambda asked: runs)
    async with shown(engine) as pilot:
        await press(pilot, "7")
        assert any(line.rstrip(" │").endswith("182,340 files  48.0 GiB") for line in text_of(pilot).splitlines())
        await press(pilot, "P", "escape")
        assert "to free" in text_of(pilot)
        before = len(asked(engine, "storage.usage"))
        runs[0] = {**begun, "state": "complete"}
        engine.changes.put_nowait({"what": ["runs"]})
        await rest(pilot)
        assert len(asked(engine, "storage.usage")) == before + 1
        assert "to free" not in text_of(pilot), "what was planned before is not true any more"
        engine.scripts["storage.plan"] = [Failure(5, "55 pieces can be found in no pack", "Run `yester check`.")]
        await press(pilot, "P")
        for words in ("damage   c says what is hit", "✗ 55 pieces can be found in no pack"):
            assert words in text_of(pilot)


@on_asyncio
async def test_keys_are_listed_added_and_removed() -> None:
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "7", "K")
        assert "in use now" in text_of(pilot) and "write-only" in text_of(pilot)
        await press(pilot, "plus", *"new", "enter", *"nee", "enter", "enter")
        assert "The two passphrases differ" in text_of(pilot)
        assert "nee" not in text_of(pilot)
        await press(pilot, "up", "backspace", "w", "enter", *"phone", "enter")
        assert engine.secrets == ["new"]
        assert asked(engine, "keys.add") == [{"profile": "documents", "label": "phone"}]
        assert "new" not in str(engine.asked)
        await press(pilot, "down", "x", "enter", "x", "y")
        assert asked(engine, "keys.remove") == [{"profile": "documents", "key": stage.WAYS[1]["key"]}]
        await press(pilot, "W")
        assert "Earlier ones open nothing any more: 0badcafe" in text_of(pilot)
        await press(pilot, "y")
        assert "ABCD-EFGH-JKLM-NPQR" in text_of(pilot)
        await press(pilot, "escape")
        assert "ABCD-EFGH-JKLM-NPQR" not in text_of(pilot)
        assert len(asked(engine, "keys.recovery")) == 1


@on_asyncio
async def test_keys_that_can_not_be_read_or_changed_are_sentences() -> None:
    odd = stage.engine()
    odd.done["keys.recovery"] = {"code": 0, "answer": "odd"}
    async with shown(odd) as pilot:
        await press(pilot, "7", "K", "W", "y")
        assert "something else than was asked" in said(pilot)
    refusal = [Failure(2, "0badcafe is the last key that opens the repository", "Add another one first")]
    async with shown(stage.engine(keys_remove=refusal)) as pilot:
        await press(pilot, "7", "K", "down", "x", "y")
        assert "is the last key" in said(pilot)
    gone: FakeEngine = stage.engine(keys_list=[Failure(6, "There is no repository at /srv/backup")])
    async with shown(gone) as pilot:
        await press(pilot, "7", "K", "x", "W", "escape", "down")
        assert "There is no repository at /srv/backup" in text_of(pilot)
