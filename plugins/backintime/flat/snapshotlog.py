"""The log of one run, as lines in a file: `[I]` what was done, `[C]` what changed, `[E]` what failed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar


class LogFilter:
    """Which lines are wanted."""

    NO_FILTER, ERROR, CHANGES, INFORMATION, ERROR_AND_CHANGES = 0, 1, 2, 3, 4
    _SHOWN: ClassVar = {0: "", 1: "E", 2: "C", 3: "I", 4: "CE"}

    def __init__(self, mode: int = 0, decode: Any = None) -> None:
        self._shown = self._SHOWN.get(mode, "")

    def filter(self, line: str) -> str | None:
        """Return a line that is wanted; None for another."""
        marked = line[:1] == "[" and line[2:3] == "]"
        return line if not self._shown or not marked or line[1] in self._shown else None


class SnapshotLog:
    """Writes and reads the log of a profile's last run."""

    NONE, ERRORS, CHANGES_AND_ERRORS, ALL = 0, 1, 2, 3
    _LETTERS: ClassVar = {1: "E", 2: "C", 3: "I"}

    def __init__(self, cfg: Any, profile_id: Any = None) -> None:
        self.config = cfg
        self.logLevel = cfg.logLevel(profile_id)
        self.logFileName = cfg.takeSnapshotLogFile(profile_id)
        self._lines: list[str] = []

    def new(self, date: datetime) -> None:
        """Begin anew."""
        self._lines = []
        with open(self.logFileName, "w", encoding="utf-8") as file:
            file.write(f"========== {date:%Y-%m-%d %H:%M:%S} ==========\n\n")

    def append(self, msg: str, level: int) -> None:
        """Add a line, if the profile's level wants it."""
        if level <= self.logLevel:
            self._lines.append(f"[{self._LETTERS.get(level, 'I')}] {msg}\n")

    def flush(self) -> None:
        """Write what was added."""
        with open(self.logFileName, "a", encoding="utf-8") as file:
            file.writelines(self._lines)
        self._lines = []

    def get(self, mode: int = 0, decode: Any = None, skipLines: int = 0) -> Iterator[str]:
        """Yield the lines that are wanted."""
        wanted = LogFilter(mode, decode)
        try:
            with open(self.logFileName, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
        except OSError:
            lines = []
        yield from (line for line in lines[skipLines:] if wanted.filter(line) is not None)
