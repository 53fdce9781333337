"""Exclude patterns of rsync as patterns of ours, with the same meaning (rsync(1), "Pattern matching rules").

What the two have in common: a leading slash is the root, a trailing one means folders only, a pattern without a slash
is about names, one with a slash in its middle matches at any depth, nothing is looked for in a folder that is left out.
What differs:

- rsync's `**` stands for anything anywhere, ours for whole folders between slashes. `a**b` is `a*b` or `a*/**/*b`.
- rsync's backslash escapes only in a pattern with a wildcard; ours always does.
- rsync's first matching rule counts, ours the last; that matters only where a rule includes (`+ name`).
"""

import re
from collections.abc import Iterable
from itertools import product

_STARS = re.compile(r"\*\*+")
_WILD = re.compile(r"[*?\[]")
_MAX_RUNS = 4
"""Each `**` doubles the patterns."""


class UntranslatableError(ValueError):
    """No pattern of ours means what one of rsync's does; the text says why."""


def translate(patterns: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return our patterns, and those of rsync's that cannot be said, each with why."""
    rules: list[tuple[bool, list[str]]] = []
    refused = []
    for pattern in patterns:
        try:
            rules.append((pattern.startswith("+ "), translated(pattern)))
        except UntranslatableError as problem:
            refused.append((pattern, str(problem)))
    if any(includes for includes, _ in rules):
        rules.reverse()
    ours = [f"!{pattern}" if includes else pattern for includes, said in rules for pattern in said]
    return list(dict.fromkeys(ours)), refused


def translated(pattern: str) -> list[str]:
    """Return the patterns that together mean what one of rsync's does, without an include's `!`.

    UntranslatableError when none do.
    """
    body = pattern[2:] if pattern.startswith(("+ ", "- ")) else pattern
    _check(pattern, body)
    if _WILD.search(body) is None:
        return [_escaped(body.replace("\\", "\\\\"))]
    if body.endswith("/***"):
        body = body[:-3]  # the folder, and with it all that is in it
    folder_only = body.endswith("/")
    inner = body.rstrip("/")
    while inner.startswith("**/"):
        inner = inner[3:].lstrip("/") if not inner[3:].startswith("**") else inner[3:]
    return [_escaped(each + "/" * folder_only) for each in _spread(inner)]


def _check(pattern: str, body: str) -> None:
    if pattern == "!":
        raise UntranslatableError("it drops all rules before it")
    if not body.strip("/"):
        raise UntranslatableError("it is about the root itself")
    if not body.isprintable():
        raise UntranslatableError("a character in it is no text")
    if "[[:" in body or body.replace("\\\\", "").endswith("\\"):
        raise UntranslatableError("a pattern of ours cannot say it")
    if "//" in body:
        raise UntranslatableError("no path has two slashes together")


def _spread(inner: str) -> list[str]:
    """Return the patterns for each reading of every `**`: within one name, or over folders."""
    pieces = _STARS.split(inner)
    if len(pieces) - 1 > _MAX_RUNS:
        raise UntranslatableError("it has too many ** to be said")
    # What begins anywhere, or ends in whatever is below, is there already with the first reading.
    readings = [("*",) if _is_edge(pieces, place) else ("*", "*/**/*") for place in range(len(pieces) - 1)]
    return ["".join(_woven(pieces, chosen)) for chosen in product(*readings)]


def _is_edge(pieces: list[str], place: int) -> bool:
    return (place == 0 and not pieces[0]) or (place == len(pieces) - 2 and not pieces[-1])


def _woven(pieces: list[str], between: Iterable[str]) -> Iterable[str]:
    for piece, star in zip(pieces, (*between, ""), strict=True):
        yield piece
        yield star


def _escaped(pattern: str) -> str:
    if pattern.startswith(("#", "!")):
        pattern = "\\" + pattern
    stripped = pattern.rstrip(" ")
    return stripped + "\\ " * (len(pattern) - len(stripped))
