import importlib
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from yester.tui.app import TerminalProgram
from yester.tui.helping import help_lines, key_name
from yester.tui.keys import KEYS, Danger, action_of, all_keys, changed_keys, keymap
from yester.tui.keys_reference import reference
from yester.tui.places import PLACES
from yester.tui.state.text import plain
from yester.tui.widgets.rows import Rows

PRESETS = ("default", "vim", "mc")
ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs/tui-keys.md").read_text("utf-8")
    assert page == reference(), "python -m yester.tui.keys_reference > docs/tui-keys.md"


@pytest.mark.parametrize("preset", PRESETS)
def test_no_key_has_two_verbs_of_different_danger(preset: str) -> None:
    verbs: dict[str, set[Danger]] = {}
    dangers = dict(all_keys())
    for id, keys in keymap(preset).items():  # type: ignore[arg-type]  # one of the three
        for key in keys.split(","):
            verbs.setdefault(key, set()).add(dangers[id].danger)
    assert {key: found for key, found in verbs.items() if len(found) > 1} == {}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("place", [place.name for place in PLACES])
def test_no_key_has_two_verbs_in_one_place(preset: str, place: str) -> None:
    seen: dict[str, str] = {}
    for id, keys in keymap(preset).items():  # type: ignore[arg-type]  # one of the three
        if id.partition(".")[0] in ("app", "place", "list", place):
            for key in keys.split(","):
                assert key not in seen, f"{key}: {seen[key]} and {id}"
                seen[key] = id
    assert not seen.keys() & {str(row.number) for row in PLACES}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_each_key_has_what_it_does_and_the_footer_holds_seven(place: object) -> None:
    row = next(each for each in PLACES if each is place)
    module, _, name = row.screen.partition(":")
    screen = getattr(importlib.import_module(module), name)
    for section, holder in (("app", TerminalProgram), ("list", Rows), ("place", screen), (row.name, screen)):
        for key in KEYS[section]:
            assert hasattr(holder, f"action_{action_of(f'{section}.{key.name}')}"), key
    assert sum(key.in_footer for section in ("app", "place", row.name) for key in KEYS[section]) <= 7


BROUGHT: Mapping[str, tuple[str, ...]] = {
    "up k": ("list.up",),
    "down j": ("list.down",),
    "g": ("list.first",),
    "G": ("list.last",),
    "pageup ctrl+u": ("list.page_up",),
    "pagedown ctrl+d": ("list.page_down",),
    "enter right": ("home.open", "snapshots.open", "browse.open", "runs.open", "storage.open"),
    "left backspace": ("browse.up", "storage.up"),
    "escape": ("place.back", "wizard.back"),
    "q": ("app.quit",),
    "slash": ("place.filter",),
    "n": ("list.next",),
    "N": ("list.previous",),
    "f": ("place.search",),
    "b": ("home.snap", "snapshots.snap", "browse.snap", "runs.snap", "storage.snap"),
    "colon ctrl+p": ("app.palette",),
    "question_mark f1": ("app.help",),
    "left_square_bracket": ("browse.older",),
    "right_square_bracket": ("browse.newer",),
    "space": ("snapshots.mark", "browse.mark", "plugins.mark"),
    "asterisk": ("snapshots.invert", "browse.mark_all"),
    "f3": ("home.open", "snapshots.open", "browse.open", "search.versions", "versions.open", "runs.open"),
    "f5": ("browse.restore", "versions.restore"),
    "f7": ("home.new", "ways_in.add"),
    "f8": ("home.remove", "snapshots.forget", "runs.cancel", "journal.cancel", "ways_in.remove"),
    "f10": ("app.quit",),
    "d": ("snapshots.difference", "browse.diff", "versions.diff"),
    "r": ("browse.restore", "versions.restore"),
    "v": ("browse.versions", "search.versions", "differences.versions"),
    "m": ("snapshots.mount", "mounts.mount"),
    "y": ("browse.copy", "versions.copy", "mounts.copy"),
    "z": ("place.zoom",),
    "e": ("browse.editor", "versions.editor", "runs.editor", "journal.editor"),
    "o": ("browse.pager", "versions.pager", "runs.pager", "journal.pager"),
    "full_stop": ("browse.hidden",),
    "ctrl+r": ("place.refresh",),
}
"""Keys that people bring along from other programs (vim, less, MC, lazygit, k9s) → what they do here."""


@pytest.mark.parametrize("preset", PRESETS)
def test_habits_are_served(preset: str) -> None:
    keys = {id: of.split(",") for id, of in keymap(preset).items()}  # type: ignore[arg-type]  # one of the three
    lacking = [
        (key, id)
        for brought, ids in BROUGHT.items()
        for key in brought.split()
        for id in ids
        if key not in keys[id] and not (preset == "mc" and key == "right")  # there it does nothing in lists
    ]
    assert lacking == []


def test_keys_that_terminals_take_for_others_are_not_used() -> None:
    used = {key for id, _ in all_keys() for preset in PRESETS for key in keymap(preset)[id].split(",")}  # type: ignore[arg-type]
    assert not used & {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "f11"}


def test_what_is_dangerous_has_no_key_beyond_its_own() -> None:
    destroying = {key for _, each in all_keys() if each.danger is Danger.DESTROY for key in each.keys.split(",")}
    assert not {key for key in destroying if key.startswith("ctrl+")}


def test_a_preset_says_only_what_it_changes() -> None:
    assert changed_keys("default") == {}
    assert changed_keys("default", {"runs.cancel": "K"}) == {"runs.cancel": "K"}
    assert changed_keys("mc")["browse.mark"] == "space,insert"


def test_help_has_each_key_of_its_place() -> None:
    words = "\n".join(map(plain, help_lines("runs", "About runs.", keymap("default"))[0]))
    for key in (*KEYS["runs"], *KEYS["app"], *KEYS["place"], *KEYS["list"]):
        assert key.about in words
    assert re.search(r"x F8 +Stop the run, in good order  \(asks first\)", words)
    assert key_name("left_square_bracket") == "["
