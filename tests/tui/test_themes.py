"""Whatever the theme, what stands on the screen can be read: measured on what is drawn, dialogs and footer too."""

import os
from collections.abc import Iterator

import pytest
from rich.color import ColorType
from tests.tui import stage
from tests.tui.fake import on_asyncio, press, rest, shown, text_of
from textual.color import Color
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.theme import BUILTIN_THEMES

from yester.tui.settings import Settings
from yester.tui.themes import DARK, LEAST, LEAST_MUTED, LIGHT, contrast, nearer, readable

SCENES = (("down",), ("4", "x"), ("escape", "3", "down", "slash", "a"))
"""Keys to one screen after another."""
RULES = frozenset("─│┌┐└┘━▔▁▂▃▄▅▆▇█ ")


def letters(pilot: Pilot[None]) -> Iterator[tuple[str, str, float]]:
    """Yield what stands on the screen: text, its colours, and their contrast, 0 where the terminal chooses them.

    What is below a dialog is dimmed, and not meant to be read.
    """
    screen = pilot.app.screen
    box = screen.query(".dialog").first().region if isinstance(screen, ModalScreen) else screen.region
    for strip in screen._compositor.render_strips()[box.y : box.bottom]:
        for text, style, _ in strip.crop(box.x, box.right):
            if style is None or style.color is None or style.bgcolor is None or not {*text} - RULES:
                continue
            colors = style.color, style.bgcolor
            is_known = all(each.type is ColorType.TRUECOLOR for each in colors)
            measured = contrast(*(Color.from_rich_color(each) for each in colors)) if is_known else 0
            yield text, f"{colors[0].name} on {colors[1].name}", measured


@on_asyncio
async def test_letters_can_be_read_in_every_theme() -> None:
    poor = []
    async with shown(stage.engine(), (80, 24)) as pilot:
        assert {*BUILTIN_THEMES, DARK.name, LIGHT.name} == {*pilot.app.available_themes}
        for keys in SCENES:
            await press(pilot, *keys)
            for theme in pilot.app.available_themes if keys != SCENES[-1] else (DARK.name, LIGHT.name):
                pilot.app.theme = theme
                await rest(pilot)
                least = LEAST if theme in (DARK.name, LIGHT.name) else LEAST_MUTED
                found = [*letters(pilot)]
                assert len(found) > 4
                for text, colors, measured in found:
                    first, _, second = colors.partition(" on ")
                    if first == second != "default" or (measured and measured < least - 0.01):
                        poor.append((theme, keys, text.strip(), colors, measured))
    assert poor == []


def test_a_colour_is_changed_no_more_than_it_must_be() -> None:
    black, white, grey, red = (Color.parse(name) for name in ("#000000", "#ffffff", "#777777", "#ff0000"))
    assert nearer(white, [black], white, LEAST) == white
    assert nearer(grey, [grey], white, 1) == grey
    assert nearer(grey, [grey], white, 21) == white
    found = nearer(red, [red], black, LEAST)
    assert contrast(found, red) >= LEAST > contrast(red.blend(black, 0.3), red)
    assert round(contrast(black, white)) == 21


def test_what_the_terminal_chooses_stays_as_it_is() -> None:
    theme = BUILTIN_THEMES["ansi-dark"]
    variables = {**theme.to_color_system().generate(), **theme.variables}
    assert readable(variables) == variables


@pytest.mark.parametrize(
    ("said", "named", "shown_as"),
    [
        ("nord", "", "nord"),
        ("nord", "dracula", "dracula"),
        ("nord", "no-such", "nord"),
        ("no-such", "", DARK.name),
        ("no-such", "textual-light,nord", "textual-light"),
    ],
)
def test_the_environment_names_a_theme_for_once(said: str, named: str, shown_as: str) -> None:
    @on_asyncio
    async def flow() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TEXTUAL_THEME", named)
            async with shown(stage.engine(), (80, 24), Settings(theme=said)) as pilot:
                assert pilot.app.theme == shown_as
                assert ("There is no theme no-such" in text_of(pilot)) == (said == "no-such")

    flow()


@pytest.mark.parametrize("theme", [DARK.name, "textual-light", "ansi-dark"])
@on_asyncio
async def test_without_colours_it_is_seen_which_row_and_which_button_is_meant(theme: str) -> None:
    async with shown(stage.engine(), (80, 24), Settings(theme=theme), is_plain=True) as pilot:
        assert os.environ["NO_COLOR"], "pagers and editors that are started want to know it too"
        for keys, words in ((("4",), "running 31%"), (("x",), "No")):
            await press(pilot, *keys)
            strips = pilot.app.screen._compositor.render_strips()
            reversed = [text for strip in strips for text, style, _ in strip if style and style.reverse]
            assert any(words in text for text in reversed), keys
