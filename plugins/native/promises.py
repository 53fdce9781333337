"""What a plugin promises to undo, and yester keeps for it."""

from collections.abc import Callable
from typing import Any


class Promise:
    """Something that will be undone at the end of the command, however it ends, unless it is undone before."""

    def __init__(self, ask: Callable[..., Any], plugin: str, about: str, id: str) -> None:
        self._ask, self._plugin, self._about, self._id = ask, plugin, about, id

    def keep(self) -> str:
        """Undo it now; return why it failed, empty when it did not. The person is told of a failure."""
        return str(self._ask("undo_perform", self._plugin, self._about, self._id))

    def drop(self) -> None:
        """Nothing was done, so there is nothing to undo."""
        self._ask("undo_drop", self._id)
