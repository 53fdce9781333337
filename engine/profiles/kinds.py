"""Kinds of value that a key of a profile may have: how TOML says one, and what a mistake is called.

Between the text and the program a value has three forms: what was *typed* on a command line (text), the *raw* value
that TOML holds (text, number, list …), and the *meant* value that the specs hold (bytes, Path, Span …).
"""

import base64
import binascii
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.profiles.sizes import Span, parse_size, parse_span
from yester.engine.urls import shown_url, without_secrets

_LARGEST = 1 << 62
"""No number of a profile is larger, so that all arithmetic with one stays in 64 bits."""


class WrongValue(Exception):
    """A value that a key cannot have; `what` goes on after the key's name, `hint` is a sentence or empty."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key takes."""

    name: str
    """After "takes": `true or false`."""
    read: Callable[[Any], Any]
    """Raw → meant; WrongValue."""
    raw: Callable[[Any], Any] = lambda meant: meant
    """Meant → raw."""
    typed: Callable[[str], Any] = lambda text: text
    """Typed → raw. What it cannot make sense of it leaves for `read` to complain about."""
    choices: tuple[str, ...] = ()
    """The only texts that it takes; empty: it is no choice."""


def spelled(raw: object) -> str:
    """Return a raw value as a complaint names it."""
    match raw:
        case bool():
            return str(raw).lower()
        case str():
            return f'"{raw}"' if len(raw) <= 60 else f'"{raw[:59]}…"'
        case int():
            return str(raw) if abs(raw) < 10**18 else "a number so large"
        case float():
            return str(raw)
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


def refused(name: str, raw: object) -> WrongValue:
    """Return the complaint about a value of another type than `name` says."""
    return WrongValue(f"takes {name}, not {spelled(raw)}")


def _text_of(name: str, raw: object) -> str:
    if not isinstance(raw, str):
        raise refused(name, raw)
    if "\0" in raw:
        raise WrongValue("holds \\u0000, which no path, pattern or command can hold")
    return raw


# Truth, numbers and words


def _flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise refused("true or false", raw)
    return raw


_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

FLAG = Kind("true or false", _flag, typed=lambda text: _TRUTHS.get(text.lower(), text))
TEXT = Kind("text", lambda raw: _text_of("text", raw))


def _repository(raw: object) -> str:
    text = _text_of("a path or a URL", raw)
    try:
        return without_secrets(text)
    except UsageError as problem:
        raise WrongValue(f"takes a URL without secrets, and not {shown_url(text)}", problem.hint) from None


REPOSITORY = Kind("a path or a URL", _repository)


def whole(least: int, most: int, what: str = "a whole number") -> Kind:
    """Return the kind of whole numbers from `least` to `most`."""
    name = f"{what} from {least} to {most}"

    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            raise refused(name, raw)
        return raw

    return Kind(name, read, typed=number)


def percent() -> Kind:
    """Return the kind of shares of a hundred, with decimals."""
    name = "a number of percent, above 0 and below 100"

    def read(raw: object) -> float:
        if not isinstance(raw, int | float) or isinstance(raw, bool) or not 0 < raw < 100:
            raise refused(name, raw)
        return float(raw)

    return Kind(name, read, typed=number)


def number(text: str) -> object:
    """Return the number that was typed, or the text when it is none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def choice(*words: str) -> Kind:
    """Return the kind of texts that are one of a few words."""
    name = "one of " + ", ".join(words)

    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in words:
            hint = did_you_mean(raw, words) if isinstance(raw, str) else ""
            raise WrongValue(f"takes {name}, not {spelled(raw)}", "" if hint.startswith("There is") else hint)
        return raw

    return Kind(name, read, choices=words)


def shaped(name: str, pattern: str) -> Kind:
    """Return the kind of texts that match a pattern."""

    def read(raw: object) -> str:
        if not isinstance(raw, str) or re.fullmatch(pattern, raw, re.ASCII) is None:
            raise refused(name, raw)
        return raw

    return Kind(name, read)


def _id(raw: object) -> bytes:
    if not isinstance(raw, str) or re.fullmatch(r"[0-9a-f]{32}", raw) is None:
        raise refused("32 hex digits", raw)
    return bytes.fromhex(raw)


ID = Kind("32 hex digits", _id, bytes.hex)


# Sizes and spans


def _size(raw: object) -> int:
    name = "a size, such as 500M or a number of bytes"
    if not isinstance(raw, int | str) or isinstance(raw, bool):
        raise refused(name, raw)
    found = raw if isinstance(raw, int) else _parsed(parse_size, raw)
    if not 0 < found <= _LARGEST:
        raise refused("a size above 0 and below 4 EiB", raw)
    return found


def _parsed(parse: Callable[[str], Any], raw: str) -> Any:
    try:
        return parse(raw)
    except UsageError as problem:
        raise WrongValue(f"is wrong: {problem.what}", problem.hint) from None


def _raw_size(size: int) -> object:
    """Return a size as `20M` where it is a whole number of a unit, else in bytes."""
    for shift, unit in ((40, "T"), (30, "G"), (20, "M"), (10, "K")):
        if size and size % (1 << shift) == 0:
            return f"{size >> shift}{unit}"
    return size


SIZE = Kind("a size", _size, _raw_size, number)


def _span(raw: object) -> Span:
    name = 'a span of time, such as "36h", "10d", "4w", "6m" (months) or "1y"'
    if not isinstance(raw, str):
        raise refused(name, raw)
    found: Span = _parsed(parse_span, raw)
    if not found:
        raise WrongValue("takes a span of time above 0", "Leave the key out to switch it off.")
    return found


SPAN = Kind("a span of time", _span, str)


def _seconds(raw: object) -> int:
    """Return seconds from a number or from a span of hours, minutes and seconds."""
    name = "a number of seconds up to 31536000, or a span such as 30min or 2h; 0 for never"
    if isinstance(raw, str):
        span: Span = _parsed(parse_span, raw)
        if span.months:
            raise refused(name, raw)
        raw = span.days * 86_400 + span.seconds
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= 31_536_000:
        raise refused(name, raw)
    return raw


SECONDS = Kind("a number of seconds or a span", _seconds, typed=number)


# Lists


def _list(name: str, one: Callable[[object], Any]) -> Callable[[object], tuple[Any, ...]]:
    def read(raw: object) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise refused(f"a list of {name}", raw)
        return tuple(map(one, raw))

    return read


def _items(text: str) -> object:
    """Return a list as typed: as TOML writes one, or its only item."""
    if text.startswith("["):
        import tomllib

        try:
            return tomllib.loads(f"list = {text}")["list"]
        except (ValueError, RecursionError):
            return [text]
    return [_raw_path(os.fsencode(text))]


def _filled(raw: object) -> str:
    text = _text_of("text", raw)
    if not text:
        raise WrongValue("holds an empty text")
    return text


TEXTS = Kind("a list of texts", _list("texts", lambda raw: _text_of("a list of texts", raw)), list, _items)
NAMES = Kind("a list of names", _list("names", _filled), list, _items)


def _path(raw: object) -> bytes:
    """Return a path's bytes: a text, or `{ path_b64 = "…" }` where it is not UTF-8."""
    name = "a list of paths"
    if isinstance(raw, dict) and raw.keys() == {"path_b64"} and isinstance(raw["path_b64"], str):
        try:
            found = base64.b64decode(raw["path_b64"], validate=True)
        except (binascii.Error, ValueError):
            raise WrongValue("holds a path_b64 that is not base64") from None
        if b"\0" in found:
            raise WrongValue("holds a zero byte, which no path can hold")
        return found
    return os.fsencode(_text_of(name, raw))


def _raw_path(path: bytes) -> object:
    try:
        return path.decode()
    except UnicodeDecodeError:
        return {"path_b64": base64.b64encode(path).decode()}


def _raw_paths(paths: Sequence[bytes]) -> list[object]:
    return list(map(_raw_path, paths))


def _sources(raw: object) -> tuple[bytes, ...]:
    paths: tuple[bytes, ...] = _list("paths", _path)(raw)
    sources = tuple(os.path.normpath(os.path.expanduser(path)) for path in paths)
    if not sources or not all(os.path.isabs(source) for source in sources):
        raise WrongValue("takes at least one absolute path and no relative one")
    return sources


def _files(raw: object) -> tuple[Path, ...]:
    return tuple(Path(os.fsdecode(path)).expanduser() for path in _list("paths", _path)(raw))


def _marks(raw: object) -> tuple[str, ...]:
    return tuple(map(os.fsdecode, _list("names", _path)(raw)))


SOURCES = Kind("a list of absolute paths", _sources, _raw_paths, _items)
FILES = Kind("a list of paths", _files, lambda meant: _raw_paths([os.fsencode(path) for path in meant]), _items)
MARKS = Kind("a list of names", _marks, lambda meant: _raw_paths([os.fsencode(name) for name in meant]), _items)

LISTS = (TEXTS, NAMES, SOURCES, FILES, MARKS)
"""Kinds that items can be added to and dropped from."""
