"""Versions of plugins, and ranges of them such as `>=1.2,<2`; pure.

Numbers first, then what makes a version an early one: `1.0.dev1` < `1.0a1` < `1.0b2` < `1.0rc1` < `1.0`. What follows a
plus sign counts for nothing.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_VERSION = re.compile(
    r"v?(?P<numbers>\d+(?:\.\d+)*)[-.]?(?P<stage>a|alpha|b|beta|c|rc)?[-.]?(?P<step>\d*)(?:\.?dev(?P<dev>\d*))?(?:\+.*)?"
)
_RANGE = re.compile(r"\s*(?P<sign><=|>=|<|>|==|!=|=)?\s*(?P<version>\S+)\s*")
_STAGES = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3}
_FINAL = 4
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "!=": operator.ne, "==": operator.eq,
    "=": operator.eq,
}  # fmt: skip

Version = tuple[tuple[int, ...], int, int, float]
"""Compares as versions do."""


def version(text: str) -> Version:
    """Return a version that can be compared; ValueError."""
    match = _VERSION.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text} is no version")
    numbers = [int(number) for number in match["numbers"].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    dev = float("inf") if match["dev"] is None else float(match["dev"] or 0)
    stage = _STAGES[match["stage"]] if match["stage"] else 0 if match["dev"] is not None else _FINAL
    return tuple(numbers), stage, int(match["step"] or 0), dev


def bounds(text: str) -> list[tuple[str, Version]]:
    """Return the parts of a range: sign and version; ValueError."""
    found = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError(f"{text} is no range of versions")
        found.append((match["sign"] or "==", version(match["version"])))
    return found


def is_within(text: str, wanted: str) -> bool:
    """Whether a version is in a range; ValueError."""
    mine = version(text)
    return all(_SIGNS[sign](mine, bound) for sign, bound in bounds(wanted))
