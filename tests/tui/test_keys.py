import importlib
import re
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


def test_keys_that_terminals_take_for_others_are_not_used() -> None:
    used = {key for id, _ in all_keys() for preset in PRESETS for key in keymap(preset)[id].split(",")}  # type: ignore[arg-type]
    assert not used & {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "f11"}


def test_what_is_dangerous_has_no_key_beyond_its_own() -> None:
    destroying = {key for _, each in all_keys() if each.danger is Danger.DESTROY for key in each.keys.split(",")}
    assert not {key for key in destroying if key.startswith("ctrl+")}


def test_a_preset_says_only_what_it_changes() -> None:
    assert changed_keys("default") == {}
    assert changed_keys("default", {"runs.cancel": "K"}) == {"runs.cancel": "K"}
    assert changed_keys("mc")["browse.restore"] == "r,f5"


def test_help_has_each_key_of_its_place() -> None:
    words = "\n".join(map(plain, help_lines("runs", "About runs.", keymap("default"))[0]))
    for key in (*KEYS["runs"], *KEYS["app"], *KEYS["place"], *KEYS["list"]):
        assert key.about in words
    assert re.search(r"x +Stop the run, in good order  \(asks first\)", words)
    assert key_name("left_square_bracket") == "["
