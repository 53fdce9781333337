"""A box that says yes or no: by its mark and by its word, since colours alone tell nothing."""

from typing import ClassVar

from textual.widgets import Checkbox


class Flag(Checkbox):
    """A choice between yes and no."""

    _SIGNS: ClassVar[dict[bool, tuple[str, str]]] = {False: (" ", "no"), True: ("X", "yes")}

    def __init__(self, value: bool, *, id: str | None = None) -> None:
        super().__init__("", value, id=id, compact=True)
        self._say()

    def watch_value(self) -> None:
        """Show what was chosen."""
        self._say()
        super().watch_value()

    def _say(self) -> None:
        self.BUTTON_INNER, self.label = self._SIGNS[self.value]
