"""Asking for one or several lines of text: a name, tags, a folder, a share, a passphrase."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Static

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Line, Span, line
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel

Typed = tuple[str, ...]
"""What stands in each field."""


@dataclass(frozen=True, slots=True)
class Field:
    """One line to type."""

    label: str
    value: str = ""
    about: str = ""
    """What stands there while nothing is typed."""
    words: tuple[str, ...] = ()
    """What the word that is being typed may become: Tab takes it."""
    is_secret: bool = False


class Completing(Suggester):
    """Completes the last word of a line by one of those that are known."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._words = tuple(words)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole line with its last word completed; None when no word begins like that."""
        return completed(value, self._words)


def completed(value: str, words: Sequence[str]) -> str | None:
    """Return a line with its last word completed by the first that begins like it and does not stand there yet."""
    *others, last = value.replace(",", " ").split(" ")
    found = next((word for word in words if last and word.startswith(last) and word not in others), None)
    return value[: len(value) - len(last)] + found if found is not None else None


class Asking(Dialog[Typed]):
    """Says what is asked, and the command that will do it; Enter goes on to the next line, and answers on the last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("tab", "complete", "complete", show=False, priority=True),
        Binding("down", "next", "next", show=False),
        Binding("up", "previous", "previous", show=False),
    ]

    def __init__(
        self,
        question: Sequence[Line],
        fields: Sequence[Field],
        command: Callable[[Typed], Sequence[Line]],
        wrong: Callable[[Typed], str] = lambda typed: "",
    ) -> None:
        """`command` says what will be run; `wrong` why what was typed will not do, or nothing."""
        super().__init__()
        self._question, self._fields = question, tuple(fields)
        self._command, self._wrong = command, wrong
        self._problem = ""

    def compose(self) -> ComposeResult:
        """The words, the lines, what will be run."""
        with Vertical(classes="dialog asking"):
            yield Panel(id="question")
            for number, field in enumerate(self._fields):
                if field.label:
                    yield Static(field.label, classes="label", markup=False)
                yield Box(
                    field.value,
                    placeholder=field.about,
                    password=field.is_secret,
                    suggester=Completing(field.words) if field.words else None,
                    id=f"field-{number}",
                    select_on_focus=False,
                    classes="labelled" if field.label else "",
                    compact=True,
                )
            yield Panel(id="will")

    def on_mount(self) -> None:
        """Begin at the first line."""
        self.query_one("#question", Panel).show(self._question)
        self._box(0).focus()
        self._show()

    @property
    def typed(self) -> Typed:
        """What stands in each line by now."""
        return tuple(self._box(number).value for number in range(len(self._fields)))

    def _box(self, number: int) -> Input:
        return self.query_one(f"#field-{number}", Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what would be run."""
        self._problem = ""
        self._show()

    def _show(self) -> None:
        said = [line(Span(self._problem, "bad"))] if self._problem else [*self._command(self.typed)]
        self.query_one("#will", Panel).show(said)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the next line; on the last one answer, if it will do."""
        number = int((event.input.id or "field-0").removeprefix("field-"))
        if number + 1 < len(self._fields):
            self._box(number + 1).focus()
            return
        self._problem = self._wrong(self.typed)
        if self._problem:
            self._show()
        else:
            self.dismiss(self.typed)

    def action_complete(self) -> None:
        """Take the suggestion, where there is one; else go on to the next line."""
        number = next((at for at in range(len(self._fields)) if self._box(at).has_focus), 0)
        box = self._box(number)
        found = completed(box.value, self._fields[number].words)
        if found is None or found == box.value:
            self.action_next()
        else:
            box.value = found
            box.cursor_position = len(found)

    def action_next(self) -> None:
        """The next line."""
        self.focus_next(Input)

    def action_previous(self) -> None:
        """The line before."""
        self.focus_previous(Input)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)
