"""Places and dialogs on a terminal that is too small for them, and on one that is large again."""

from itertools import cycle

import pytest
from tests.tui import stage
from tests.tui.fake import FakeEngine, on_asyncio, press, rest, shown, text_of
from tests.tui.test_pictures import SCENES
from textual.pilot import Pilot

from yester.tui.places import PLACES
from yester.tui.widgets.toosmall import TooSmall

SIZES = ((20, 5), (39, 40), (120, 9), (1, 1))
DIALOGS = ("restore", "runs-cancel", "help", "filter", "search")


async def there_and_back(pilot: Pilot[None], size: tuple[int, int]) -> None:
    """Make the terminal small and large again: a sentence, and then all as it was, also what keys go to."""
    before, focused = text_of(pilot), pilot.app.focused
    await pilot.resize_terminal(*size)
    await rest(pilot)
    words = " ".join(text_of(pilot).split())
    assert words.startswith("yester needs a terminal of 40 by 10"[: size[0] * size[1] // 2]), size
    await pilot.resize_terminal(80, 24)
    await rest(pilot)
    assert text_of(pilot) == before
    assert pilot.app.focused is focused


@pytest.mark.parametrize("make", [stage.engine, FakeEngine], ids=["full", "empty"])
@on_asyncio
async def test_each_place_says_so_and_is_there_again(make: type[FakeEngine]) -> None:
    sizes = cycle(SIZES)
    async with shown(make(), (80, 24)) as pilot:
        for place in PLACES:
            await press(pilot, str(place.number))
            await there_and_back(pilot, next(sizes))
            assert f"{place.number} {place.title}" in text_of(pilot)


@pytest.mark.parametrize("scene", DIALOGS)
@on_asyncio
async def test_each_dialog_says_so_and_is_there_again(scene: str) -> None:
    make, keys = SCENES[scene]
    async with shown(make(), (80, 24)) as pilot:
        await press(pilot, *keys)
        await there_and_back(pilot, (20, 5))


@on_asyncio
async def test_keys_go_on_where_nothing_is_seen() -> None:
    async with shown(stage.engine(), (20, 5)) as pilot:
        for place in PLACES:
            await press(pilot, str(place.number), "down", "question_mark", "escape", "slash", "x", "escape")
        await pilot.resize_terminal(80, 24)
        await rest(pilot)
        assert f"{PLACES[-1].number} {PLACES[-1].title}" in text_of(pilot)


@on_asyncio
async def test_the_least_size_is_enough() -> None:
    async with shown(stage.engine(), (40, 10)) as pilot:
        for place in PLACES:
            await press(pilot, str(place.number))
            assert TooSmall.WORDS[:20] not in text_of(pilot)
