"""How hard a passphrase is to guess, roughly, in words; pure. A hint, and no promise."""

import math
from typing import NamedTuple

from yester.tui.state.text import Tone

_COMMON = (
    *("password", "passwort", "passphrase", "secret", "qwerty", "qwertz", "letmein", "welcome", "admin", "yester"),
    *("backup", "iloveyou", "dragon", "monkey", "abc123", "login", "master", "sunshine"),
)
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm")
_WORD_BITS = 12.0
"""A word that somebody picks: one of a few thousand."""


class Strength(NamedTuple):
    """A judgement."""

    bits: int
    words: str
    tone: Tone


def strength_of(passphrase: str) -> Strength:
    """Return how a passphrase is judged."""
    bits = int(_bits(passphrase))
    if not passphrase:
        return Strength(
            0, "four or five words that nobody would say together are good, and easy to keep in mind", "dim"
        )
    for least, words, tone in _LEVELS:
        if bits >= least:
            return Strength(bits, words, tone)
    raise AssertionError("the last level takes all")


_LEVELS: tuple[tuple[int, str, Tone], ...] = (
    (70, "strong: nobody guesses it", "good"),
    (48, "good", "good"),
    (32, "fair: add a word or two", "warn"),
    (0, "weak: a thief who has the repository guesses it in no time", "bad"),
)


def _bits(passphrase: str) -> float:
    """Return the lower of two estimates: by characters, and by words where there are several."""
    words = passphrase.split()
    if len(words) > 1:
        distinct = {word.casefold() for word in words}
        return min(_by_characters(passphrase), sum(min(_WORD_BITS, _by_characters(word) + 2) for word in distinct) + 3)
    return _by_characters(passphrase)


def _by_characters(text: str) -> float:
    pool = sum(size for size, kind in _POOLS if any(map(kind, text)))
    return _fresh(text) * math.log2(pool) if pool else 0.0


_POOLS = (
    (26, lambda char: "a" <= char <= "z"),
    (26, lambda char: "A" <= char <= "Z"),
    (10, lambda char: "0" <= char <= "9"),
    (33, lambda char: char.isascii() and not char.isalnum()),
    (100, lambda char: not char.isascii()),
)


def _fresh(text: str) -> float:
    """Return how many characters of a text are worth one: those that go on as expected are worth little."""
    low, worth = text.casefold(), 0.0
    for at, char in enumerate(low):
        before = low[at - 1] if at else ""
        is_repeated = char in low[:at][-2:]
        is_next = any(before + char in run or char + before in run for run in _RUNS) if before else False
        worth += 0.25 if is_repeated or is_next else 1.0
    for word in _COMMON:
        if word in low:
            worth -= 0.8 * len(word)
    return max(0.5, worth)
