"""Kinds of options: name → how one is read, typed and shown, and what a mistake is called.

A kind is what it is for a key of a profile (engine/profiles/kinds.py). A world whose plugins know other kinds, or say
mistakes in other words, makes a table of its own: `{**KINDS, "url_prefix": …}`.
"""

import math
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from yester.engine.profiles.kinds import FLAG, SECONDS, SIZE, TEXT, Kind, WrongValue, choice, number, refused, whole

Maker = Callable[[Sequence[str]], Kind]
"""Makes a kind; the choices are those of the option."""

_LARGEST = 1 << 62


def _integer(raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or abs(raw) > _LARGEST:
        raise refused("a whole number", raw)
    return raw


def _float(raw: object) -> float:
    if not isinstance(raw, int | float) or isinstance(raw, bool) or not math.isfinite(raw):
        raise refused("a number", raw)
    return float(raw)


def _text(raw: object) -> str:
    text: str = TEXT.read(raw)
    return text


def _path(raw: object) -> str:
    """Return an absolute path; an empty one stays empty."""
    if not isinstance(raw, str):
        raise refused("a path", raw)
    path = os.path.expanduser(_text(raw))
    if path and not os.path.isabs(path):
        raise refused("an absolute path, or one that begins with ~/", raw)
    return path


def _list(name: str, one: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    def read(raw: object) -> tuple[str, ...]:
        if not isinstance(raw, list | tuple):
            raise refused(f"a list of {name}", raw)
        for item in raw:
            if not isinstance(item, str):
                raise WrongValue(f"takes a list of {name}, and one of these is no text")
        return tuple(map(one, raw))

    return read


def listed(separator: str) -> Callable[[str], object]:
    """Return what reads a list as it is typed: as TOML writes one, or items with `separator` between them."""

    def typed(text: str) -> object:
        if text.lstrip().startswith("["):
            try:
                return tomllib.loads(f"list = {text}")["list"]
            except (ValueError, RecursionError):
                return text
        return [item for each in text.split(separator) if (item := each.strip())]

    return typed


def _always(kind: Kind) -> Maker:
    return lambda choices: kind


KINDS: Mapping[str, Maker] = MappingProxyType(
    {
        "string": _always(TEXT),
        "integer": _always(Kind("a whole number", _integer, typed=number)),
        "float": _always(Kind("a number", _float, typed=number)),
        "boolean": _always(FLAG),
        "option": lambda choices: choice(*choices),
        "path": _always(Kind("an absolute path", _path)),
        "path_list": _always(Kind("a list of absolute paths", _list("paths", _path), list, listed(os.pathsep))),
        "list": _always(Kind("a list of texts", _list("texts", _text), list, listed(","))),
        "bytes": _always(SIZE),
        "seconds": _always(SECONDS),
        "port": _always(whole(0, 65535, "a port")),
    }
)
"""The kinds of the native world."""


NUMBERS = ("integer", "float", "bytes", "seconds", "port")
"""Kinds that are numbers, and may have bounds."""


def within(kind: Kind, least: float | None, most: float | None) -> Kind:
    """Return the kind of numbers that are in bounds; None is no bound."""
    if least is None and most is None:
        return kind
    ends = [f"from {least}" if least is not None else "", f"to {most}" if most is not None else ""]
    name = f"{kind.name} {' '.join(end for end in ends if end)}"

    def read(raw: object) -> Any:
        meant = kind.read(raw)
        if (least is not None and meant < least) or (most is not None and meant > most):
            raise refused(name, raw)
        return meant

    return replace(kind, name=name, read=read)


def plain(value: Any) -> Any:
    """Return a value as it may be sent and shown: of what msgpack and JSON hold, text that is no UTF-8 escaped."""
    match value:
        case str():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        case bool() | float() | None:
            return value
        case int():
            return value if abs(value) <= _LARGEST else str(value)
        case list() | tuple():
            return [plain(each) for each in value]
        case dict():
            return {plain(str(key)): plain(each) for key, each in value.items()}
        case _:
            return str(value)
