"""Keys that come in a burst take effect as if there were time between them."""

from tests.tui import stage
from tests.tui.fake import on_asyncio, press, rest, said, send, shown, text_of
from textual.pilot import Pilot
from textual.widgets import Input

BURST = [*"abc", "backspace", *"d", "left", *"x", "home", *"0", "tab", *"next"]


def values(pilot: Pilot[None]) -> list[str]:
    """Return what stands in the fields."""
    return [field.value for field in pilot.app.screen.query(Input)]


@on_asyncio
async def test_letters_do_not_overtake_other_keys() -> None:
    async with shown(stage.engine()) as pilot:
        found = []
        for is_burst in (False, True):
            await press(pilot, "plus")
            pilot.app.screen.query_one("#name", Input).focus()
            await press(pilot, "end", "ctrl+u")
            for key in BURST:
                send(pilot, key)
                if not is_burst:
                    await rest(pilot)
            await rest(pilot)
            found.append(values(pilot))
            await press(pilot, "escape", "tab", "enter", "escape")
        assert "0abxd" in found[0]
        assert found[1] == found[0]


@on_asyncio
async def test_what_follows_enter_is_for_the_list() -> None:
    async with shown(stage.engine()) as pilot:
        await press(pilot, "3")
        for key in ("slash", *"notes", "enter", "end", "d", "slash", "escape"):
            send(pilot, key)
        await rest(pilot)
        assert "notesd" not in text_of(pilot) + said(pilot)


@on_asyncio
async def test_who_is_gone_or_stands_still_holds_nobody_up() -> None:
    async with shown(stage.engine()) as pilot:
        for _ in range(8):
            for key in ("colon", "escape", "question_mark", "escape", "f", *"ab", "escape", "plus", "escape", "escape"):
                send(pilot, key)
        await rest(pilot)
        await press(pilot, *["escape"] * 6, "4", "1")
        assert "mail needs you" in text_of(pilot)
