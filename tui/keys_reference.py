"""docs/tui-keys.md, made from the table of keys: `python -m yester.tui.keys_reference > docs/tui-keys.md`."""

import sys

from yester.tui.helping import PAGES, key_name
from yester.tui.keys import KEYS, Danger, Key, keymap
from yester.tui.places import PLACES

_HEAD = """\
# Keys of the terminal program

This page is made from `tui/keys.py` by `python -m yester.tui.keys_reference > docs/tui-keys.md`.

Three presets, `default`, `vim` and `mc`; any key can be given others by its id, in `~/.config/yester/tui.toml`:

```toml
preset = "vim"

[keys]
"runs.cancel" = "K"
```

Names of keys are those of Textual: `ctrl+r`, `f5`, `space`, `left_square_bracket`; several with commas between. A digit
goes to a place: {places}. The mouse does all of it too: a click on a place, on a row, a double click to open, on a key
in the footer.

No key changes something in one place and only looks in another. What can lose something asks first; its answer is No.
"""

_TITLES = {"app": "Everywhere", "place": "In every place", "list": "In lists"}
_DANGERS = {Danger.LOOK: "", Danger.CHANGE: "changes something", Danger.DESTROY: "asks first"}


def reference() -> str:
    """Return the whole page."""
    places = ", ".join(f"{place.number} {place.title}" for place in PLACES)
    titles = {**_TITLES, **PAGES, **{place.name: place.title for place in PLACES}}
    return _HEAD.format(places=places) + "".join(f"\n{_section(name, titles[name])}" for name in KEYS if KEYS[name])


def _section(name: str, title: str) -> str:
    rows = "".join(_row(name, key) for key in KEYS[name])
    return f"## {title}\n\n| key | vim | mc | | | id |\n|---|---|---|---|---|---|\n{rows}"


def _row(name: str, key: Key) -> str:
    id = f"{name}.{key.name}"
    keys = [
        " ".join(f"`{key_name(each)}`" for each in keymap(preset)[id].split(",")) for preset in ("default", "vim", "mc")
    ]
    others = ["" if each == keys[0] else each for each in keys[1:]]
    return f"| {keys[0]} | {others[0]} | {others[1]} | {key.about} | {_DANGERS[key.danger]} | `{id}` |\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
