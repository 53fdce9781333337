"""Numbers of bytes as people write them."""

from yester.engine.profiles.kinds import WrongValue
from yester.plugins.kolibri.kinds import kinds_in

_UNITS = ("", "K", "M", "G", "T", "P")


def bytes_from_humans(size: int | str, suffix: str = "B") -> int:
    """Return the number of bytes that a text such as `500MB` says; ValueError."""
    text = str(size).strip()
    if text.upper().endswith(suffix.upper()):
        text = text[: len(text) - len(suffix)] + "B"
    try:
        number: int = kinds_in("")["bytes"](()).read(text)
    except WrongValue as problem:
        raise ValueError(problem.what) from None
    return number


def bytes_for_humans(size: int, suffix: str = "B") -> str:
    """Return a number of bytes in words: `1.50GB`, `42B`."""
    number, unit = float(size), 0
    while abs(number) >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.2f}{_UNITS[unit]}{suffix}" if unit else f"{size}{suffix}"
