"""The keys that work somewhere, in words: made from the table of keys, so that it cannot go stale; pure."""

from collections.abc import Mapping, Sequence

from yester.tui.keys import KEYS, Danger
from yester.tui.places import PLACES
from yester.tui.state.own_commands import OwnCommand
from yester.tui.state.text import Line, Span, line

NAMES = {
    "question_mark": "?",
    "exclamation_mark": "!",
    "asterisk": "*",
    "slash": "/",
    "colon": ":",
    "comma": ",",
    "full_stop": ".",
    "at": "@",
    "plus": "+",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "backspace": "Backspace",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "insert": "Ins",
}
"""What keys are called, where that is not what Textual calls them."""

PAGES = {
    "search": "Found names",
    "versions": "Versions",
    "bringing": "Bringing back",
    "journal": "A run",
    "archives": "Archives",
    "plugin": "A plugin",
    "wizard": "A new profile",
    "settings": "What a profile says",
    "differences": "Differences",
    "ways_in": "Keys",
}
"""What pages are called that are opened from places."""

_ARROWS = {"left": "←", "right": "→", "up": "↑", "down": "↓"}
_DANGERS = {Danger.LOOK: "", Danger.CHANGE: "changes", Danger.DESTROY: "asks first"}


def key_name(key: str) -> str:
    """Return what a person calls a key."""
    if key in NAMES or key in _ARROWS:
        return NAMES.get(key) or _ARROWS[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key[5:]}"
    return key.upper() if len(key) > 1 and key[0] == "f" else key


def names_in(place: str, keymap: Mapping[str, str]) -> dict[str, str]:
    """Return what the first key of each verb of a place is called: for sentences that name keys."""
    own = {id.partition(".")[2]: keys for id, keys in keymap.items() if id.startswith(f"{place}.")}
    return {verb: key_name(keys.split(",")[0].strip()) for verb, keys in own.items()}


def keys_in_words(keys: str) -> str:
    """Return the keys of a verb in words."""
    return " ".join(key_name(key) for key in keys.split(","))


def help_lines(
    place: str, about: str, keymap: Mapping[str, str], own: Sequence[OwnCommand] = ()
) -> tuple[list[Line], dict[int, str]]:
    """Return the keys that work in a place, the place's own first, and the key that each line is of."""
    lines = [line(about), line("")] if about else []
    keys: dict[int, str] = {}
    titles = {each.name: each.title for each in PLACES} | PAGES
    for section, title in (
        (place, titles.get(place, "Here")),
        ("place", "Everywhere"),
        ("app", ""),
        ("list", "In lists"),
    ):
        if title and section in KEYS:
            lines += [*([line("")] if len(lines) > 2 else []), line(Span(title, "accent"))]
        for key in KEYS.get(section, ()):
            said = keymap[f"{section}.{key.name}"]
            keys[len(lines)] = said.partition(",")[0].strip()
            lines.append(_line(keys_in_words(said), key.about, _DANGERS[key.danger]))
        if section == place:
            for command in own:
                keys[len(lines)] = command.key
                lines.append(_line(keys_in_words(command.key), command.title, "asks first" if command.asks else ""))
        if section == "app":
            digits = " ".join(str(each.number) for each in PLACES)
            lines.append(_line(digits, "Go to a place: " + ", ".join(f"{each.number} {each.title}" for each in PLACES)))
    return lines, keys


def _line(keys: str, about: str, danger: str = "") -> Line:
    return line(Span(f"  {keys:<22}", "strong"), about, Span(f"  ({danger})" if danger else "", "dim"))
