"""A line to type, whose Enter stands among the keys at the bottom: whoever has a mouse alone can click it there."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class Box(Input):
    """Textual's own, which does not say that Enter ends it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "submit", "go on")]
