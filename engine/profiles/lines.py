"""In which line of a TOML text a key stands; the parsers of TOML that there are do not say."""

import re
import tomllib
from collections.abc import Iterator

_WORD = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]")
_ENTRY = re.compile(rf"\s*({_DOTTED})\s*=")
_WORDS = re.compile(_WORD)

_Path = tuple[str, ...]


def line_of(text: str, table: str, key: str) -> int | None:
    """Return the line where a key of a table is set, else where its table begins; None when neither stands there.

    The text is valid TOML. What looks like a key within a text of several lines misleads, which no profile has.
    """
    wanted = (*table.split("."), key) if table else (key,)
    found: dict[int, int] = {}
    for number, path in _paths(text):
        if path == wanted[: len(path)]:
            found.setdefault(len(path), number)
    return found[max(found)] if found else None


def _paths(text: str) -> Iterator[tuple[int, _Path]]:
    """Yield each line that begins a table or sets a key, with the whole path of it."""
    table: _Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _words(header[1])
            yield number, table
        elif entry := _ENTRY.match(line):
            yield number, table + _words(entry[1])


def _words(dotted: str) -> _Path:
    return tuple(_plain(word) for word in _WORDS.findall(dotted))


def _plain(word: str) -> str:
    if word[0] not in "\"'":
        return word
    return next(iter(tomllib.loads(f"{word} = 1")))
