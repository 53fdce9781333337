"""What plugins of Kolibri log and warn of: from warnings on it is said to the person, as theirs.

While plugins are loaded the host cannot be asked anything yet; what comes up then goes with the facts about the plugin.
What was logged then is told once, since all options and settings are put together anew for each plugin.
"""

import logging
import sys
import warnings
from typing import Any

from yester.engine.events import Level
from yester.plugins.worker.serving import AskError
from yester.plugins.worker.worlds import Context

_LEVELS: tuple[tuple[int, Level], ...] = ((logging.ERROR, "error"), (logging.WARNING, "warning"))


class Remarks(logging.Handler):
    """Takes log records and warnings."""

    def __init__(self, context: Context) -> None:
        super().__init__(logging.WARNING)
        self._context: Context | None = None
        self._plugin = ""
        self._kept: list[str] = []
        self._logged: set[str] = set()

    def listen(self) -> None:
        """Take all that is logged and warned of in this process."""
        logging.getLogger().addHandler(self)
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = self._warned

    def about(self, plugin: str, context: Context | None = None) -> None:
        """What comes up from here on is this plugin's; without a context it is kept."""
        self._plugin, self._context = plugin, context

    def taken(self) -> list[str]:
        """Return what was kept, and keep nothing of it."""
        kept, self._kept = self._kept, []
        return kept

    def add(self, text: str, level: Level = "warning") -> None:
        """Say something about the plugin."""
        if self._context is None:
            self._kept.append(text)
        else:
            try:
                self._context.ask("say", self._plugin, level, text, "")
            except AskError as refusal:  # it has said too much: who logs shall not fail for that
                sys.stderr.write(f"{text} ({refusal})\n")

    def emit(self, record: logging.LogRecord) -> None:
        """Say what was logged; of a traceback its last line."""
        level = next(level for least, level in _LEVELS if record.levelno >= least)
        text = record.getMessage()
        problem = record.exc_info[1] if record.exc_info else None
        self._log(f"{text}: {type(problem).__name__}: {problem}" if problem is not None else text, level)

    def _warned(self, message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
        if issubclass(category, UserWarning):
            self._log(str(message), "warning")

    def _log(self, text: str, level: Level) -> None:
        if self._context is not None:
            self.add(text, level)
        elif text not in self._logged:
            self._logged.add(text)
            self.add(text, level)
