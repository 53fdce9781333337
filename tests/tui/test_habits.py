"""What fingers and mice may rely on everywhere; places and keys come from the tables, so new ones are held to it."""

import importlib
import pkgutil
from collections.abc import Mapping

import pytest
from tests.tui import stage
from tests.tui.fake import on_asyncio, press, rest, said, shown, text_of
from textual import events
from textual.widgets import Input
from textual.widgets._footer import FooterKey

import yester.tui.screens
from yester.engine.places import Places
from yester.tui.app import TerminalProgram
from yester.tui.dialogs.dialog import Dialog
from yester.tui.finding import commands
from yester.tui.helping import help_lines
from yester.tui.keys import EVERYWHERE, KEYS, keymap
from yester.tui.places import PLACES
from yester.tui.plain_signs import plain
from yester.tui.screens.place import Place
from yester.tui.serve.methods.kinds import Look
from yester.tui.serve.methods.table import METHODS
from yester.tui.settings import Settings, read_settings
from yester.tui.widgets.rows import Rows

PRESETS = ("default", "vim", "mc")
ALWAYS = {"b": ".snap", "r": ".restore", "f": "place.search", "slash": "place.filter", "question_mark": "app.help"}
"""Key → the end of the only ids that it may have, in any place and preset."""


def screens() -> set[type[Place]]:
    """Return all places, and the pages that are opened from them."""
    for module in pkgutil.iter_modules(yester.tui.screens.__path__):
        importlib.import_module(f"yester.tui.screens.{module.name}")
    found, new = set[type[Place]](), {Place}
    while new:
        new = {kind for each in new for kind in each.__subclasses__() if kind.__module__.startswith("yester.")}
        found |= new
    return found


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("key", ALWAYS)
def test_some_keys_are_the_same_everywhere(preset: str, key: str) -> None:
    ids = {id for id, keys in keymap(preset).items() if key in keys.split(",")}  # type: ignore[arg-type]
    assert ids
    assert all(id.endswith(ALWAYS[key]) for id in ids), ids


def test_each_verb_that_takes_a_snapshot_or_brings_back_has_its_key() -> None:
    for key in ("b", "r"):
        ids = {id for id in keymap("default") if id.endswith(ALWAYS[key])}
        assert all(key in keymap("default")[id].split(",") for id in ids)


def test_every_place_and_page_has_keys_help_and_a_filter() -> None:
    for screen in screens():
        if "NAME" not in vars(screen):
            continue
        assert screen.NAME in KEYS, screen
        assert screen.HELP, screen
        assert screen.filtered is not Place.filtered, f"/ filters nothing in {screen}"


@on_asyncio
async def test_a_filter_leaves_only_what_holds_it() -> None:
    async with shown(stage.engine()) as pilot:
        for place in PLACES:
            await press(pilot, str(place.number))
            rows = pilot.app.screen.query(Rows).first()
            assert rows.count, place
            await press(pilot, "slash", *"zzqq")
            assert not rows.count, place
            await press(pilot, "escape")
            assert rows.count, place
            assert not pilot.app.screen.query_one("#filter", Input).display


@pytest.mark.parametrize("place", [name for name in KEYS if name not in EVERYWHERE])
def test_help_has_a_line_to_click_for_each_key(place: str) -> None:
    keys = keymap("default")
    _, clicked = help_lines(place, "", keys)
    for id, of in keys.items():
        if id.partition(".")[0] in (*EVERYWHERE, place):
            assert of.partition(",")[0] in clicked.values(), id


@on_asyncio
async def test_the_mouse_does_what_keys_do() -> None:
    """A click on a line of the help, on a key of the footer, on the name of the program, on a place, two on a row."""
    engine = stage.engine(runs_start=[{"run": "20261121T060000Z-beef"}])
    async with shown(engine) as pilot:
        await press(pilot, "4", "question_mark")
        at = next(y for y, line in enumerate(text_of(pilot).splitlines()) if "Take a snapshot of the run" in line)
        await pilot.click(offset=(40, at))
        await rest(pilot)
        assert ("runs.start", {"profile": "photos"}) in engine.asked
        await pilot.click(offset=(text_of(pilot).splitlines()[-1].index("cancel"), 39))
        await rest(pilot)
        assert "Stop the snap of photos?" in text_of(pilot)
        await press(pilot, "escape")
        await pilot.click(offset=(3, 0))
        await rest(pilot)
        assert "Search for commands" in text_of(pilot)
        await press(pilot, "escape")
        await pilot.click(offset=(text_of(pilot).splitlines()[0].index("Home"), 0))
        await rest(pilot)
        assert "mail needs you" in text_of(pilot)
        await pilot.click(Rows, offset=(5, 2), times=2)
        await rest(pilot)
        assert "its journal" in text_of(pilot).casefold() or "snap of mail" in text_of(pilot)


@on_asyncio
async def test_ctrl_c_tells_how_to_leave() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        await press(pilot, "ctrl+c")
        assert "Press q to quit" in text_of(pilot)


@on_asyncio
async def test_the_wheel_scrolls_and_a_click_gives_keys_to_what_is_clicked() -> None:
    engine = stage.engine(files_list=lambda asked: [{"path": f"{at:03}"} for at in range(200)])
    engine.done["files.list"] = {"total": 200}
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "3")
        rows = pilot.app.screen.query_one(Rows)
        for _ in range(4):
            await pilot._post_mouse_events([events.MouseScrollDown], Rows, offset=(5, 5))
            await rest(pilot)
        assert rows.scroll_offset.y > 0
        assert "000" not in text_of(pilot)
        await press(pilot, "6", "tab")
        lists = [*pilot.app.screen.query(Rows)]
        assert [each.has_focus for each in lists] == [False, True]
        await pilot.click(lists[0], offset=(5, 1))
        await rest(pilot)
        assert [each.has_focus for each in lists] == [True, False]


@on_asyncio
async def test_the_palette_backs_up_a_profile_by_name() -> None:
    engine = stage.engine(runs_start=[{"run": "20261121T060000Z-beef"}])
    async with shown(engine) as pilot:
        await press(pilot, "5")
        assert isinstance(pilot.app, TerminalProgram)
        found = {command.title: command for command in commands(pilot.app)}
        assert found.keys() >= {place.title for place in PLACES}
        found["Back up mail"].callback()
        await rest(pilot)
        assert ("runs.start", {"profile": "mail"}) in engine.asked
        found["Snapshots of photos"].callback()
        await rest(pilot)
        assert "photos: 5 snapshots" in text_of(pilot)


@on_asyncio
async def test_how_it_looks_is_chosen_seen_and_kept() -> None:
    """Keys, signs and colours are others at once, and are so when it is opened again; each is one command."""
    async with shown(stage.engine(), (80, 24)) as pilot:
        program = pilot.app
        assert isinstance(program, TerminalProgram)
        await press(pilot, "comma")
        assert "● default" in " ".join(text_of(pilot).split())
        await press(pilot, "down", "enter")
        assert "● vim" in " ".join(text_of(pilot).split())
        await press(pilot, "down", "down", "down", "space", "down", "down", "enter", "G", "enter", "escape")
        assert (program.theme, program.animation_level) == ("yester-light", "none")
        assert "▶" not in text_of(pilot)
        assert "Z" in program.active_bindings
        assert read_settings(Places.default().config) == program.settings
        assert program.settings.preset == "vim"
        assert program.commands == [
            f"yester tui --set {each}" for each in ("preset=vim", "glyphs=ascii", "motion=none", "theme=yester-light")
        ]


@on_asyncio
async def test_a_look_that_cannot_be_kept_is_a_sentence() -> None:
    async with shown(stage.engine(), (80, 24)) as pilot:
        await press(pilot, "comma", "down")
        Places.default().config.mkdir(parents=True, exist_ok=True)
        (Places.default().config / "tui.toml").write_text("[keys")
        await press(pilot, "enter")
        assert "tui.toml is wrong" in said(pilot)
        assert "● default" in " ".join(text_of(pilot).split())


DIALOGS: Mapping[str, tuple[str, ...]] = {
    "confirm": ("4", "x"),
    "typing": ("x",),
    "copy": ("C",),
    "value": ("c", "slash", *"sched", "enter", "enter"),
    "restore": ("3", "r"),
    "exclude": ("3", "down", "X"),
    "letting go": ("2", "T"),
    "asking": ("7", "c"),
    "form": ("6", "tab", "G", "enter", "G", *["up"] * 7, "enter"),
    "page": ("question_mark",),
    "looks": ("comma",),
    "wizard": ("plus",),
}
"""Dialog → the keys that open it."""


@on_asyncio
async def test_a_dialog_is_left_by_the_mouse_and_has_its_keys_below() -> None:
    """At 80 by 24, whole, and without anything being changed."""
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        for dialog, keys in DIALOGS.items():
            await press(pilot, "1", *keys)
            assert isinstance(pilot.app.screen, Dialog), dialog
            asked = len(engine.asked)
            for button in pilot.app.screen.query(".buttons Button"):
                assert pilot.app.screen.find_widget(button).visible_region.height, (dialog, button)
            last = text_of(pilot).splitlines()[-1]
            [way] = [words for words in ("Esc no", "Esc leave", "Esc back") if words in last]
            await pilot.click(offset=(last.index(way) + 5, 23))
            await rest(pilot)
            assert not isinstance(pilot.app.screen, Dialog), dialog
            assert not [method for method, _ in engine.asked[asked:] if not isinstance(METHODS[method], Look)], dialog


@on_asyncio
async def test_what_is_asked_is_answered_by_the_mouse() -> None:
    """Where there is no button: Enter stands among the keys."""
    engine = stage.engine()
    async with shown(engine, (80, 24)) as pilot:
        await press(pilot, "7", "c")
        last = text_of(pilot).splitlines()[-1]
        await pilot.click(offset=(last.index("Enter go on"), 23))
        await rest(pilot)
        assert "storage.check" in engine.methods()


@on_asyncio
async def test_a_key_that_can_do_nothing_is_dimmed_and_says_why() -> None:
    """In the footer by its look and a tooltip, and on the line above the keys when it is pressed all the same."""
    engine = stage.engine(mounts_list=[], files_list=[])
    engine.done["files.list"] = {"total": 0}
    async with shown(engine, (80, 24)) as pilot:
        for place, key, words in (
            ("5", "u", "Nothing is mounted: m shows all snapshots as a folder"),
            ("5", "c", "No mount is dead: there is nothing to clean up"),
            ("3", "r", "There is nothing in the list to do that with"),
            ("1", "U", "The file of documents is in order"),
        ):
            await press(pilot, place)
            active = pilot.app.screen.active_bindings[key]
            assert (active.enabled, active.tooltip) == (False, words)
            for each in pilot.app.screen.query(FooterKey):
                assert each.has_class("-disabled") == (not pilot.app.screen.active_bindings[each.key].enabled)
            await press(pilot, key)
            assert words in text_of(pilot)


@pytest.mark.parametrize("preset", PRESETS)
@on_asyncio
async def test_the_footer_has_the_keys_of_the_table_in_its_order(preset: str) -> None:
    """At most seven, and all of them in sight at 80 by 24, in each preset."""
    async with shown(stage.engine(), (80, 24), Settings(preset=preset)) as pilot:  # type: ignore[arg-type]
        for place in PLACES if preset == "mc" else PLACES[2:3]:
            await press(pilot, str(place.number))
            wanted = [key.words for section in (place.name, "app") for key in KEYS[section] if key.in_footer]
            found = [each.description for each in pilot.app.screen.query(FooterKey)]
            assert found == wanted
            assert len(found) <= 7
            assert all(words in text_of(pilot).splitlines()[-1] for words in wanted), place
        await press(pilot, "f")
        assert text_of(pilot).splitlines()[-1].startswith("Enter go on")


@on_asyncio
async def test_where_a_terminal_has_no_other_signs_all_is_drawn_in_ascii() -> None:
    """Frames, bars and what was cut too; as wide as before. Names of files stay what they are."""
    async with shown(stage.engine(), (80, 24), Settings(glyphs="ascii")) as pilot:
        for keys in (
            *("1", "3", "4", "7"),
            ["question_mark"],
            ["escape", "x"],
            ["escape", "colon"],
        ):
            await press(pilot, *keys)
            text = text_of(pilot)
            assert not {each for each in text if not each.isascii() and not each.isalpha()}, keys
            assert max(map(len, text.splitlines())) <= 80
    assert plain("naïve 語 ─│┐… 🔎") == "naïve 語 -|+~ / "
