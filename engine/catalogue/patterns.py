"""What a person searches for: a part of a name, or a pattern with `*`, `?` and `[…]`; with a slash, of the path.

A pattern without such signs is found anywhere in the name; with them it must fit the whole name. With a slash it is
held against the path, from its beginning when it begins with one, else from any folder on, and `*` goes over slashes;
without signs what follows its last slash is how the name begins.
"""

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass

_SIGNS = re.compile(r"[*?]|\[[^\]]+\]")
_TRIGRAM = 3
_TRIGRAMS = 6
"""Looked up at most: more make the look-up no faster, since each is held against the name itself afterwards."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. Names come as bytes and are read as UTF-8, other bytes as themselves."""

    text: str
    ignore_case: bool = False

    @property
    def of_paths(self) -> bool:
        """Whether it is held against whole paths."""
        return "/" in self.text

    def matcher(self) -> Callable[[bytes], bool]:
        """Return what tells whether a name, or with `of_paths` a path, fits."""
        fold = str.casefold if self.ignore_case else str
        text = fold(self.text)
        if _SIGNS.search(text):
            fits = re.compile(fnmatch.translate(f"*/{text}" if self._floats else text)).match
            return lambda name: fits(fold(_text(name))) is not None
        if self.of_paths:
            return _placed(text, self._floats, fold)
        if not self.ignore_case:
            raw = text.encode("utf-8", "surrogateescape")
            return lambda name: raw in name
        return lambda name: text in _text(name).casefold()

    @property
    def _floats(self) -> bool:
        """Whether it is of paths but not from their beginning on."""
        return self.of_paths and not self.text.startswith("/")

    @property
    def holder(self) -> str | None:
        """The name of the folder that whatever fits lies in, empty for `/`; None when the pattern does not say."""
        if not self.of_paths or _SIGNS.search(self.text):
            return None
        return self.text.rpartition("/")[0].rpartition("/")[2]

    def pieces(self) -> list[str]:
        """Return what every name that fits has in it: runs of plain signs of the last part of the pattern."""
        return [piece for piece in _SIGNS.split(self.text.rpartition("/")[2]) if piece]

    def trigrams(self) -> list[str]:
        """Return some of the threes of signs that the folded name of whatever fits must have; none when it is short.

        Spread over the pattern, since neighbouring ones are often equally common.
        """
        found = []
        for piece in map(str.casefold, self.pieces()):
            # Where bytes are no UTF-8, names have a sign of their own in the index: those threes are not asked for.
            threes = [piece[at : at + _TRIGRAM] for at in range(len(piece) - _TRIGRAM + 1)]
            found += [three for three in threes if three.isprintable() and "\ufffd" not in three]
        found = list(dict.fromkeys(found))
        step = max(1, -(-len(found) // _TRIGRAMS))
        return found[::-1][::step]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _placed(text: str, floats: bool, fold: Callable[[str], str]) -> Callable[[bytes], bool]:
    head, _, tail = text.rpartition("/")
    head = f"/{head}" if floats else head

    def fits(path: bytes) -> bool:
        folder, _, name = fold(_text(path)).rpartition("/")
        return name.startswith(tail) and (folder.endswith(head) if floats else folder == head)

    return fits
