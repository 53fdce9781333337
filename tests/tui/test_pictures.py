"""Every place as a picture, in both themes, wide and narrow: YESTER_PICTURES=draw pytest tests/tui/test_pictures.py.

A picture that differs is put beside the kept one as NAME.new.svg, for somebody's eyes.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.tui import stage
from tests.tui.fake import FakeEngine, on_asyncio, press, rest, shown
from textual.pilot import Pilot
from textual.widgets import Input

from yester.tui.serve.protocol import Failure
from yester.tui.settings import Settings

PICTURES = Path(__file__).parent / "pictures"
IS_DRAWN = os.environ.get("YESTER_PICTURES") == "draw"  # read now: tests have no variable of yester's
SIZES = {"wide": (120, 40), "narrow": (80, 24)}
THEMES = ("dark", "light")


def locked() -> FakeEngine:
    """An engine that forgets the passphrase once it has told of the snapshots."""
    first = iter([stage.SNAPSHOTS])
    refused = [Failure(6, "The repository is encrypted", needs="passphrase")]
    return stage.engine(snapshots_list=lambda asked: next(first, refused))


SCENES: dict[str, tuple[Callable[[], FakeEngine], tuple[str, ...]]] = {
    "home": (stage.engine, ()),
    "home-red": (stage.engine, ("down",)),
    "home-empty": (stage.empty, ()),
    "settings": (stage.engine, ("c", "slash", *"sched", "enter", "G", "enter", "k", "k", "k", "k", "k", "k")),
    "remove": (stage.engine, ("x",)),
    "snapshots": (stage.engine, ("2",)),
    "browse": (stage.engine, ("3", "space")),
    "preview": (stage.engine, ("3", "G")),
    "search": (stage.engine, ("f", *"to A")),
    "versions": (stage.engine, ("f", *"Ada", "enter", "v", "down")),
    "restore": (stage.engine, ("f", *"Ada", "enter", "v", "down", "r")),
    "now": (stage.engine, ("3", "right_square_bracket", "D", "G")),
    "picture": (stage.engine, ("3", *["down"] * 5)),
    "exclude": (stage.engine, ("3", "down", "X", "c")),
    "bringing": (stage.engine, ("3", "space", "r", "enter")),
    "runs": (stage.engine, ("4",)),
    "runs-journal": (stage.engine, ("4", "enter")),
    "runs-cancel": (stage.engine, ("4", "x")),
    "runs-report": (stage.engine, ("4", "down", "down", "i")),
    "mounts": (stage.engine, ("5",)),
    "plugins": (stage.engine, ("6", "down")),
    "plugin": (stage.engine, ("6", "tab", "down", "enter")),
    "plugin-form": (stage.engine, ("6", "tab", "down", "enter", "G", *["up"] * 7, "enter", "0")),
    "storage": (stage.engine, ("7",)),
    "differences": (stage.engine, ("2", "space", "down", "down", "space", "d", "down")),
    "forget": (stage.engine, ("2", "T")),
    "keys": (stage.engine, ("7", "K")),
    "archives": (stage.engine, ("7", "L")),
    "help": (stage.engine, ("3", "question_mark")),
    "passphrase": (locked, ("2", "ctrl+r")),
    "filter": (stage.engine, ("4", "slash", "m", "a", "i", "l")),
}
ONLY = {
    "help": ("wide-dark",),
    "archives": ("narrow-dark", "wide-light"),
    "settings": ("narrow-dark", "wide-light"),
    "remove": ("narrow-dark",),
    "preview": ("wide-dark",),
    "search": ("narrow-dark", "wide-light"),
    "versions": ("narrow-light", "wide-dark"),
    "restore": ("narrow-dark",),
    "now": ("narrow-dark", "wide-light"),
    "picture": ("wide-dark",),
    "exclude": ("narrow-dark",),
    "bringing": ("narrow-light",),
    "passphrase": ("narrow-dark",),
    "filter": ("narrow-dark",),
    "differences": ("narrow-light", "wide-dark"),
    "forget": ("narrow-dark",),
    "keys": ("narrow-light",),
    "runs-cancel": ("narrow-light",),
    "runs-report": ("narrow-dark",),
    "plugin-form": ("narrow-dark", "wide-light"),
}
KINDS = [f"{size}-{theme}" for size in SIZES for theme in THEMES]
ALL = [(scene, kind) for scene in SCENES for kind in ONLY.get(scene, KINDS)]


def each() -> Iterator[object]:
    """Yield each scene in each of its sizes; of those that have both, one is long, now the narrow one, now the wide."""
    for number, scene in enumerate(SCENES):
        sizes = [size for size in SIZES if any(kind.startswith(size) for kind in ONLY.get(scene, KINDS))]
        for size in sizes:
            is_long = len(sizes) > 1 and size == sizes[number % 2]
            yield pytest.param(scene, size, id=f"{scene}-{size}", marks=pytest.mark.long if is_long else ())


@pytest.mark.parametrize(("scene", "size"), list(each()))
@on_asyncio
async def test_places_look_as_they_did(scene: str, size: str) -> None:
    make, keys = SCENES[scene]
    different = []
    async with shown(make(), SIZES[size]) as pilot:
        await press(pilot, *keys)
        for kind in ONLY.get(scene, KINDS):
            if not kind.startswith(size):
                continue
            pilot.app.theme = f"yester-{kind.partition('-')[2]}"
            for box in pilot.app.screen.query(Input):
                box.cursor_blink = False
            await rest(pilot)
            different += compare(f"{scene}-{kind}", pilot)
    assert different == [], "compare NAME.new.svg with NAME.svg"


WIZARD = (
    ("sources", ("plus",)),
    ("target", ("enter",)),
    ("passphrase", ("enter", *"tulip")),
    ("schedule", ("enter", *"tulip", "enter")),
    ("keep", ("enter",)),
    ("begin", ("enter",)),
    ("recovery", ("enter",)),
)
"""Page → the keys that lead to it from the one before."""


@pytest.mark.parametrize("kind", ["narrow-dark", "wide-light"])
@on_asyncio
async def test_the_wizard_looks_as_it_did(kind: str) -> None:
    size, _, theme = kind.partition("-")
    different = []
    async with shown(stage.empty(), SIZES[size], Settings(theme=f"yester-{theme}")) as pilot:
        for page, keys in WIZARD:
            await press(pilot, *keys)
            for box in pilot.app.screen.query(Input):
                box.cursor_blink = False
            await rest(pilot)
            different += compare(f"wizard-{page}-{kind}", pilot)
    assert different == [], "compare NAME.new.svg with NAME.svg"


@on_asyncio
async def test_without_colours_and_in_ascii() -> None:
    async with shown(stage.engine(), SIZES["narrow"], Settings(glyphs="ascii"), is_plain=True) as pilot:
        assert pilot.app.no_color
        assert compare("home-plain", pilot) == []


def compare(name: str, pilot: Pilot[None]) -> list[str]:
    """Hold what is shown against the picture that is kept; return its name when it differs."""
    kept, fresh = PICTURES / f"{name}.svg", PICTURES / f"{name}.new.svg"
    picture = re.sub(r"terminal-\d+", "terminal", pilot.app.export_screenshot(simplify=True))
    if IS_DRAWN:
        kept.write_text(picture)
    elif not kept.exists() or kept.read_text() != picture:
        fresh.write_text(picture)
        return [name]
    return []


def test_no_picture_is_left_over() -> None:
    kept = {path.stem for path in PICTURES.glob("*.svg") if not path.stem.endswith(".new")}
    of_wizard = {f"wizard-{page}-{kind}" for page, _ in WIZARD for kind in ("narrow-dark", "wide-light")}
    assert kept == {f"{scene}-{kind}" for scene, kind in ALL} | of_wizard | {"home-plain"}
