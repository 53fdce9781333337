"""Values as TOML text."""

import re
from collections.abc import Sequence

import msgspec

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(value: object) -> str:
    """Return a value that TOML knows as TOML writes it; a list of several items has a line for each."""
    match value:
        case str():
            return quoted(value)
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case dict():
            return "{ " + ", ".join(f"{bare_key(key)} = {toml_text(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return _array([toml_text(item) for item in value])
        case _:
            return str(value)  # dates and times


def toml_line(value: object) -> str:
    """Return a value as `toml_text` does, lists on one line too."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml_line, value)) + "]"
    return toml_text(value)


def quoted(text: str) -> str:
    """Return a TOML basic string; JSON's escapes are a part of TOML's, but for DEL."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")


def bare_key(name: str) -> str:
    """Return a key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else quoted(name)


def _array(items: Sequence[str]) -> str:
    return "[]" if not items else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
