"""What the palette finds by name besides commands, on a scripted engine."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.tui import stage
from tests.tui.fake import FakeEngine, asked, on_asyncio, press, rest, send, shown, text_of
from textual.command import CommandList, Hit
from textual.pilot import Pilot

from yester.tui.client import EngineGone
from yester.tui.naming import Names
from yester.tui.serve.protocol import Failure
from yester.tui.settings import Settings
from yester.tui.state.own_commands import OwnCommand


async def found(pilot: Pilot[None], query: str) -> list[Hit]:
    """Return what is found for a query."""
    return [hit async for hit in Names(pilot.app.screen).search(query) if isinstance(hit, Hit)]


@on_asyncio
async def test_snapshots_and_files_are_found_by_name_and_gone_to() -> None:
    engine = stage.engine()
    async with shown(engine) as pilot:
        provider = Names(pilot.app.screen)
        assert [hit async for hit in provider.discover() if hit is not NotImplemented] == []
        assert not await found(pilot, "A") and not asked(engine, "files.find")
        [named] = await found(pilot, "TAX return sent")
        assert str(named.prompt).startswith("Snapshot 2026-11-19 01:00  31415926  tax return sent  #tax")
        assert len(await found(pilot, "#before-up")) == 2
        named.command()
        await rest(pilot)
        assert "2026-11-19 01:00 /home/me/documents  5 of 5" in text_of(pilot)
        letters = await found(pilot, "Ada")
        assert str(letters[0].prompt) == stage.LETTER
        assert asked(engine, "files.find")[-1] == {"profile": "documents", "pattern": "Ada", "limit": 20}
        letters[0].command()
        await rest(pilot)
        assert "as it is on this machine" in text_of(pilot)


@pytest.mark.parametrize("gone", [Failure(6, "There is no repository at [/x]"), EngineGone("The engine has ended")])
@on_asyncio
async def test_what_cannot_be_looked_through_says_why_and_is_no_end(gone: Any) -> None:
    async with shown(stage.engine(snapshots_list=[gone])) as pilot:
        [said] = await found(pilot, "Ada")
        assert "cannot be looked through" in str(said.prompt)
        assert "no repository" in str(said.help) or "has ended" in str(said.help)
        await opened(pilot, "Ad")
        assert pilot.app.is_running


class Waiting(FakeEngine):
    """An engine whose searches never end by themselves."""

    def __init__(self) -> None:
        super().__init__(profiles_status=[stage.status("documents")])
        self.begun: list[str] = []
        self.given_up: list[str] = []

    def ask(self, method: str, kind: Any, **params: object) -> Any:
        """Play an answer, or wait."""
        return self._wait(str(params["pattern"])) if method == "files.find" else super().ask(method, kind, **params)

    async def _wait(self, pattern: str) -> AsyncIterator[Any]:
        self.begun.append(pattern)
        try:
            yield await asyncio.Event().wait()
        finally:
            self.given_up.append(pattern)


async def opened(pilot: Pilot[None], text: str) -> None:
    """Open the palette and type."""
    await press(pilot, "ctrl+p")
    for key in text:
        send(pilot, key)
        await rest(pilot)


@on_asyncio
async def test_each_key_gives_up_the_search_before_it() -> None:
    engine = Waiting()
    async with shown(engine) as pilot:
        await opened(pilot, "Adam")
        assert (engine.begun, engine.given_up) == (["Ad", "Ada", "Adam"], ["Ad", "Ada"])
        await press(pilot, "escape")
        await rest(pilot)
        assert engine.given_up == engine.begun


@on_asyncio
async def test_a_command_of_ones_own_may_look_like_markup() -> None:
    own = (OwnCommand("ctrl+g", "grep '[a-z]' {path}", words="grep [/x]"),)
    async with shown(stage.engine(), settings=Settings(commands=own)) as pilot:
        await opened(pilot, "")
        while not pilot.app.screen.query_one(CommandList).option_count:
            await rest(pilot)
        shown_as = [str(each.prompt) for each in pilot.app.screen.query_one(CommandList).options]
        assert "grep [/x]\ngrep '[a-z]' {path}" in shown_as
