"""Archives in the terminal program: what they hold, and handing over, purging and recalling through plans."""

import asyncio
from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import NOW_NS, FakeRequest, Item, asked, on_asyncio, press, rest, said, shown, text_of


@on_asyncio
async def test_what_archives_hold_and_what_was_asked_of_them() -> None:
    async with shown(stage.engine(), (120, 40)) as pilot:
        await press(pilot, "7", "L")
        text = text_of(pilot)
        assert "Tapes" in text and "ready, asked 3 min ago" in text and "5.0 GiB of it offline" in text
        assert "on A00017, A00018" in text and "no plugin here" in text
        assert "380 purged, 2 failed" in text and "of documents older" in text
        assert "Two copies (gathers until 100 packs); 5 h 00 min to wait" in text
        assert "Two copies gathers 3 packs" in text, "what it gathers"
        assert "asked 5 min ago, 2 packs of 32.0 MiB, of Tapes  c536e999" in text
        await press(pilot, "down")
        assert text_of(pilot).count("tape A00019 cannot be written") == 1
        await press(pilot, "enter")
        assert "data.77c1ac06891c49a4" in text_of(pilot) and "tape A00019 cannot be written" in text_of(pilot)
        await press(pilot, "escape", "slash", *"film", "enter")
        assert "380 purged" not in text_of(pilot)


@on_asyncio
async def test_an_archive_that_is_not_ready_says_why_and_so_does_an_answer_that_makes_no_sense() -> None:
    engine = stage.engine()
    held = {"archive": "guid", "name": "Tapes", "ready": False, "ready_asked_ns": NOW_NS, "words": "no drive"}
    engine.done["archives.status"] = {"answer": [held]}
    engine.done["archives.policies"] = {"answer": "odd"}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "7", "L")
        assert "not ready, asked 0 s ago: no drive  holds nothing of it" in text_of(pilot)
        assert "something else than was asked" in said(pilot)


@on_asyncio
async def test_old_snapshots_are_handed_over_once_a_person_saw_the_plan() -> None:
    engine = stage.engine()
    async with shown(engine, (120, 40)) as pilot:
        await press(pilot, "7", "L", "p")
        assert "$ yester archive put --older-than=1y --to=guid --policy=two documents" in text_of(pilot)
        await press(pilot, "ctrl+s")
        assert "40 packs to hand over to Tapes (Two copies)" in text_of(pilot)
        await press(pilot, "enter")
        assert not asked(engine, "archives.put")
        await press(pilot, "p", "ctrl+s", "y")
        about = {"profile": "documents", "names": ["documents"], "older_than": "1y", "archive": "guid", "policy": "two"}
        assert asked(engine, "archives.foresee")[-1] == about
        assert asked(engine, "archives.put") == [about]
        assert "They are handed over" in said(pilot)


@on_asyncio
async def test_what_a_field_is_about_is_in_sight_also_where_not_all_fields_are() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        await press(pilot, "7", "L", "p")
        assert "Only snapshots that are older than this" in text_of(pilot)


@on_asyncio
async def test_online_copies_go_once_a_person_saw_the_plan() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "7", "L", "P", "ctrl+s")
        assert "38 packs of 570.0 MiB go: no other snapshot needs them" in text_of(pilot)
        await press(pilot, "y")
        assert asked(engine, "archives.purge") == [{"profile": "documents", "names": ["documents"], "older_than": "1y"}]
        engine.done["archives.foresee_purge"] = {"answer": {"purge": [], "repack": [], "words": ["nothing to purge"]}}
        await press(pilot, "P", "ctrl+s", "y")
        assert "There is nothing to do" in said(pilot) and "nothing to purge" in said(pilot)
        assert len(asked(engine, "archives.purge")) == 1


@on_asyncio
async def test_what_failed_is_asked_again_and_what_waits_is_taken_back() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        await press(pilot, "7", "L", "c")
        await press(pilot, "x", "y", "down", "t", "x")
        assert said(pilot).endswith("Nothing of it waits to be asked for")
        assert asked(engine, "archives.go_on") == [{"profile": "documents"}]
        assert asked(engine, "archives.cancel") == [{"profile": "documents", "request": "c536e999"}]
        assert asked(engine, "archives.retry") == [{"profile": "documents", "request": "daad3a4e"}]


@on_asyncio
async def test_what_was_taken_back_is_asked_for_once_that_is_done_since_no_run_tells_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, ended = stage.engine(), asyncio.Queue[Item]()
    ask = engine.ask

    def slow(method: str, kind: Any, **params: object) -> Any:
        request = ask(method, kind, **params)
        return FakeRequest((), ended, kind, {}) if method == "archives.cancel" else request

    monkeypatch.setattr(engine, "ask", slow)
    async with shown(engine) as pilot:
        await press(pilot, "7", "L", "x", "y")
        before = len(asked(engine, "archives.requests"))
        ended.put_nowait({})
        await rest(pilot)
        assert len(asked(engine, "archives.requests")) == before + 1


@on_asyncio
async def test_without_an_archive_it_is_said_where_they_come_from() -> None:
    engine = stage.engine()
    engine.done |= {name: {"answer": []} for name in ("archives.status", "archives.policies", "archives.requests")}
    async with shown(engine) as pilot:
        await press(pilot, "7", "L")
        assert "No archive is set up here" in text_of(pilot)
        await press(pilot, "p")
        assert "There is no archive here" in said(pilot)


@on_asyncio
async def test_what_is_offline_is_marked_and_recalled_once_a_person_saw_the_plan() -> None:
    cold = [{**stage.ENTRIES[-1], "marks": ["offline"]}]
    engine = stage.engine(files_list=stage.page_of(cold))
    async with shown(engine, (120, 40)) as pilot:
        await press(pilot, "3")
        assert "(offline)" in text_of(pilot)
        await press(pilot, "R")
        assert "2 from Tapes, 32.0 MiB" in text_of(pilot) and "$ yester recall" in text_of(pilot)
        await press(pilot, "y")
        [recalled] = asked(engine, "archives.recall")
        assert recalled["path"] == {"path": cold[0]["path"]} or recalled["path"]
        assert "It is asked for" in said(pilot)


@on_asyncio
async def test_what_is_online_needs_no_recall() -> None:
    engine = stage.engine()
    engine.done["archives.foresee_recall"] = {"answer": {"offline_packs": 0, "words": ["all of it is online"]}}
    async with shown(engine) as pilot:
        await press(pilot, "3", "R")
        assert said(pilot) == "All of it is online"
        assert not asked(engine, "archives.recall")
