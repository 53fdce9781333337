"""Asking for the value of a key, with what belongs to its kind: a choice, a list, a line."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Button, Input, TextArea

from yester.engine.errors import UsageError
from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.settings import BY_PATH, choices_of, is_list, list_of, said_of, toml_of, typed_of
from yester.tui.state.text import Column, Row, Span, line
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

_MOST = 9
"""Lines of a list in a dialog."""


class SettingDialog(Dialog[str]):
    """Returns the value as TOML writes it; empty when the person does not want to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("ctrl+s", "take", "take it"),
        Binding("enter", "take", "take", show=False),
    ]

    def __init__(self, key: str, value: str) -> None:
        super().__init__()
        self._key, self._value = key, value
        self._choices = choices_of(key)

    def compose(self) -> ComposeResult:
        """The words, what is fit for the kind, two buttons."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            yield self._field()
            yield Panel(id="wrong")
            with Horizontal(classes="buttons"):
                yield Button("No", id="no", compact=True)
                yield Button("Take it  ctrl+s" if is_list(self._key) else "Take it", id="yes", compact=True)

    def _field(self) -> Widget:
        typed = typed_of(self._key, self._value)
        if self._choices:
            return Rows((Column("ONE OF"),), id="choices")
        if is_list(self._key):
            return TextArea(typed, id="items", compact=True, tab_behavior="focus")
        return Box(typed, id="typed", compact=True)

    def on_mount(self) -> None:
        """Say what the key is for, and stand on what it is."""
        key = BY_PATH.get(self._key)
        about = [line(key.about)] if key is not None else []
        about += [line(Span(f"takes {key.kind.name}", "dim"))] if key is not None and not self._choices else []
        items = [line(Span("one item a line", "dim"))] if is_list(self._key) else []
        self.query_one("#question", Panel).show([line(Span(self._key, "strong")), *about, *items])
        if self._choices:
            rows = self.query_one(Rows)
            rows.styles.height = min(_MOST, len(self._choices) + 1)
            rows.show(len(self._choices), lambda at: Row((Span(self._choices[at]),)))
            typed = typed_of(self._key, self._value)
            rows.cursor = self._choices.index(typed) if typed in self._choices else 0
        self.query("Rows, Input, TextArea").first().focus()

    @property
    def _typed(self) -> str:
        if self._choices:
            return self._choices[self.query_one(Rows).cursor]
        if is_list(self._key):
            return list_of(self.query_one(TextArea).text)
        return self.query_one(Input).value.strip()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say at once what is wrong."""
        self._toml()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Say at once what is wrong."""
        self._toml()

    def _toml(self) -> str:
        """Return the value; empty when the key does not take it, which is said."""
        try:
            value = toml_of(self._key, self._typed)
        except UsageError as problem:
            self.query_one("#wrong", Panel).show([line(Span(said_of(problem), "bad"))])
            return ""
        self.query_one("#wrong", Panel).show([])
        return value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        self.action_take()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Answer."""
        self.action_take()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        self.action_take() if event.button.id == "yes" else self.action_leave()

    def action_take(self) -> None:
        """Answer, unless something is wrong."""
        value = self._toml()
        if value:
            self.dismiss(value)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss("")
