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


class Lines:
    """Where the tables and keys of a text stand. The text is valid TOML.

    What looks like a key within a text of several lines misleads, which no profile has.
    """

    def __init__(self, text: str) -> None:
        self._found: dict[_Path, int] = {}
        for number, path in _paths(text):
            self._found.setdefault(path, number)

    def line_of(self, table: str, key: str) -> int | None:
        """Return the line where a key of a table is set, else where its table begins; None when neither is there."""
        wanted = (*table.split("."), key) if table else (key,)
        steps = (self._found.get(wanted[:size]) for size in range(len(wanted), 0, -1))
        return next((number for number in steps if number is not None), None)


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
