"""Defects of the terminal program itself: a sentence on the screen, and a log that says where."""

import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from yester.engine.errors import YesterError
from yester.engine.places import Places, ensured

T = TypeVar("T")

_LONGEST = 1 << 20
"""Bytes of a log; a longer one becomes the one before it."""


class Defect(YesterError):
    """Something in yester itself is wrong; its hint says which log has the traceback."""


async def told(work: Callable[[], Awaitable[T]]) -> T:
    """Do something; what goes wrong is a YesterError, whatever it is: a Defect once it is in the log, or itself."""
    try:
        return await work()
    except YesterError:
        raise
    except Exception as problem:  # the outermost place of whatever stumbled: Textual would keep silent, or end
        raise recorded(problem) from problem


def recorded(problem: Exception) -> Defect:
    """Put a defect into the log, and return it as a sentence."""
    path = Places.default().state / "tui.log"
    hint = f"{path} says where; please report it."
    try:
        _add(path, "".join(traceback.format_exception(problem)))
    except (OSError, YesterError) as unwritable:
        hint = f"It could not be written to a log: {unwritable}"
    return Defect(f"A defect in yester itself: {type(problem).__name__}: {problem}".rstrip(": "), hint=hint)


def _add(path: Path, text: str) -> None:
    ensured(path.parent)
    if path.is_file() and path.stat().st_size > _LONGEST:
        path.replace(path.with_name("tui.log.1"))
    with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
        path.chmod(0o600)  # a traceback may name what is somebody's own
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}\n")
