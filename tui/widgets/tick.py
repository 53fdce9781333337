"""Something to mark: a box with words, which says by a sign and not by a colour whether it is marked."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from yester.tui.cli.wording import one_line


class Tick(Widget, can_focus=True):
    """Space or a click marks it, or takes the mark away."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "mark", "mark", show=False)]
    DEFAULT_CSS = """
    Tick { width: auto; height: 1; }
    Tick:focus { background: $primary-muted; text-style: bold; }
    Tick:disabled { color: $foreground-disabled; }
    """

    value: reactive[bool] = reactive(False)
    """Whether it is marked."""

    class Changed(Message):
        """It was marked, or not any more."""

        def __init__(self, tick: "Tick") -> None:
            super().__init__()
            self.tick = tick

        @property
        def control(self) -> "Tick":
            """The box."""
            return self.tick

    def __init__(self, words: str, value: bool = False, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.words = one_line(words)
        self.set_reactive(Tick.value, value)

    def render(self) -> Content:
        """Draw the box and the words."""
        return Content(f"[{'x' if self.value else ' '}] {self.words}")

    def watch_value(self, before: bool, after: bool) -> None:
        """Tell of it."""
        if self.is_mounted and before != after:
            self.post_message(self.Changed(self))

    def action_mark(self) -> None:
        """Mark it, or take the mark away."""
        self.value = not self.value

    def on_click(self, event: events.Click) -> None:
        """Mark it, or take the mark away."""
        self.action_mark()
