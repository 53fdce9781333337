"""The two themes of yester. All of Textual's work as well: nothing uses a colour but by a theme's variable."""

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
