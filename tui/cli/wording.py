"""How sizes, times, counts and names are written for people."""

import time
from collections.abc import Sequence

_AGES = ((2 * 86400, 86400, "days"), (2 * 3600, 3600, "h"), (60, 60, "min"))
"""From so many seconds on, an age is given in this unit."""
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def size(count: int) -> str:
    """Return a number of bytes in the largest unit that leaves it at least 1: `812 B`, `4.3 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in _UNITS:
        value /= 1024
        if value < 1023.95:
            return f"{value:.1f} {unit}"
    return f"{value:,.0f} {_UNITS[-1]}"


def moment(time_ns: int) -> str:
    """Return a time as the person's clock shows it: `2026-11-20 16:03:12`; any year that a file may carry."""
    seconds = time_ns // 1_000_000_000
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return f"{seconds} s since 1970"


def duration(time_ns: int) -> str:
    """Return a stretch of time in words of at most two units."""
    seconds = time_ns / 1e9
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 file`, `50,000 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def printable(raw: bytes) -> str:
    """Return a name or path on one line: what is no UTF-8 or would move the cursor stands as an escape."""
    return one_line(raw.decode("utf-8", "surrogateescape"))


def one_line(text: str) -> str:
    """Return text that may hold names on one line, as `printable` does."""
    if text.isprintable():
        return text
    raw = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in raw)


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Return rows as aligned lines, two blanks between columns; `right` lists the columns that hold numbers.

    Cells may hold text of a repository: none of it reaches the terminal raw.
    """
    if not rows:
        return []
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def age(time_ns: int) -> str:
    """Return a stretch of time in one unit, as people say how long ago something was: `5 min`, `3 days`."""
    seconds = max(0, time_ns) // 1_000_000_000
    for least, unit, name in _AGES:
        if seconds >= least:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
