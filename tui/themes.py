"""The two themes of yester, and what makes any theme readable. Nothing uses a colour but by a theme's variable.

Themes are made for what their authors looked at. Some put a tone on a ground that it can hardly be told from: a key in
the footer, a warning in the row that is meant. What stands in letters here is brought nearer to the colour of all
letters, until it can be read on every ground that it may stand on.
"""

from collections.abc import Mapping, Sequence

from textual.color import Color
from textual.theme import Theme

DARK = Theme(
    name="yester-dark",
    primary="#7aa2c8",
    secondary="#8f9fb3",
    accent="#e0b05c",
    success="#8fbf7f",
    warning="#e0a45c",
    error="#e07a70",
    foreground="#d8dce2",
    background="#14171c",
    surface="#1a1e25",
    panel="#232933",
    dark=True,
    variables={"footer-key-foreground": "#e0b05c", "block-cursor-text-style": "none"},
)
LIGHT = Theme(
    name="yester-light",
    primary="#2f5f8a",
    secondary="#5c6c80",
    accent="#8a5a00",
    success="#2f6f2f",
    warning="#8a5200",
    error="#a32020",
    foreground="#20242a",
    background="#f6f5f1",
    surface="#efede6",
    panel="#e3e0d6",
    dark=False,
    variables={"footer-key-foreground": "#8a5a00", "block-cursor-text-style": "none"},
)

LEAST = 4.5
"""How much of a contrast letters have at least: WCAG 2.2, 1.4.3."""
LEAST_MUTED = 3.0
"""What is only said besides."""

_GROUNDS = ("background", "surface", "panel", "primary-muted", "accent-muted", "surface-lighten-1")
_ON_GROUNDS = ("text-success", "text-warning", "text-error", "text-accent", "text-primary")
_ON_PANEL = ("footer-key-foreground", "footer-description-foreground", "footer-foreground")


def readable(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a theme, with letters that can be read; colours that the terminal chooses stay."""
    colors = {name: _color(variables.get(name, "")) for name in (*_GROUNDS, "foreground", "foreground-muted")}
    background, letters = colors["background"], colors["foreground"]
    if background is None or letters is None:
        return dict(variables)
    grounds = [background + each for name in _GROUNDS if (each := colors[name]) is not None]
    letters = nearer(background + letters, grounds, background.get_contrast_text(1.0), LEAST)
    found = {**variables, "foreground": letters.hex}
    for names, on, least in (
        (_ON_GROUNDS, grounds, LEAST),
        (_ON_PANEL, [background + (colors["panel"] or background)], LEAST),
        (("foreground-muted",), grounds, LEAST_MUTED),
    ):
        for name in names:
            color = _color(variables.get(name, ""))
            if color is not None:
                found[name] = nearer(background + color, on, letters, least).hex
    if _color(variables.get("button-color-foreground", "")) is not None:
        found["button-color-foreground"] = "auto 87%"  # one colour cannot be read on buttons of all colours
    return found


def nearer(color: Color, on: Sequence[Color], letters: Color, least: float) -> Color:
    """Return a colour, as much nearer to that of letters as it must be to be told from each of the grounds."""
    for tenths in range(10):
        found = color.blend(letters, tenths / 10)
        if all(contrast(found, each) >= least for each in on):
            return found
    return letters


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _color(text: str) -> Color | None:
    """Return a colour; None when the terminal chooses it, or it depends on what it stands on."""
    if not text or text.startswith(("auto", "ansi_")) or " " in text:
        return None
    color = Color.parse(text)
    return None if color.ansi is not None else color
