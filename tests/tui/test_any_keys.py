"""Whatever is pressed, on whatever terminal: the program goes on, and can be left."""

import random

import pytest
from tests.tui import stage
from tests.tui.fake import on_asyncio, press, rest, send, shown, text_of

from yester.tui.dialogs.confirm import Confirm
from yester.tui.keys import all_keys
from yester.tui.places import PLACES
from yester.tui.screens.place import Place

SEQUENCES, LENGTH = 200, 8
SIZES = ((80, 24), (100, 24), (20, 5), (40, 12), (1, 1))
"""Narrow, wide, and too small; larger ones only take longer to draw."""
KEYS = sorted(
    {each for id, key in all_keys() if id not in ("app.quit",) for each in key.keys.split(",")}
    | {str(place.number) for place in PLACES}
    | {"a", "ü", "y", "n", "tab", "enter", "escape", "space", "left", "right"}
)


def chosen(seed: int) -> list[str]:
    """Return the keys of one sequence."""
    dice = random.Random(seed)
    return [dice.choice(KEYS) for _ in range(LENGTH)]


@pytest.mark.parametrize(
    "part", [0, 1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)]
)
@on_asyncio
async def test_random_keys_neither_crash_nor_stick(part: int) -> None:
    """One program for many sequences: what one leaves behind is where the next begins."""
    async with shown(stage.engine(), SIZES[0]) as pilot:
        for seed in range(part, SEQUENCES, 4):
            if seed % 10 == part:
                await pilot.resize_terminal(*SIZES[seed // 10 % len(SIZES)])
            for key in chosen(seed):
                send(pilot, key)
            await rest(pilot)
            assert pilot.app.is_running, chosen(seed)
        await pilot.resize_terminal(*SIZES[0])
        while not isinstance(pilot.app.screen, Place):
            await press(pilot, "y" if isinstance(pilot.app.screen, Confirm) else "escape")  # what was typed is given up
        await press(pilot, *["escape"] * 6, "1", "1")
        assert "mail needs you" in text_of(pilot)
    assert pilot.app.return_code in (0, None)


@on_asyncio
async def test_palettes_are_turned_before_they_are_laid_out_and_left_twice() -> None:
    async with shown(stage.engine(), SIZES[0]) as pilot:
        for palette in ("command_palette", "change_theme"):
            await pilot.app.run_action(palette)
            for key in ("pagedown", "pageup", "pagedown", "escape", "escape", "escape"):
                send(pilot, key)
            await rest(pilot)
            assert pilot.app.is_running
            assert "mail needs you" in text_of(pilot)
