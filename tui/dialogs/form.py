"""Asking for several things at once: a field for each, with what is wrong beside it, and the command that is run."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Select, TextArea

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.form import Field, first_wrong, with_default, with_typed
from yester.tui.state.form import Form as FormState
from yester.tui.state.text import Line, Span, line
from yester.tui.widgets.flag import Flag
from yester.tui.widgets.panel import Panel


class Form(Dialog[FormState | None]):
    """Shows fields; the answer is the form as it was filled in, or nothing."""

    AUTO_FOCUS = ""  # it would bring the first field to the top, and what it is about out of sight
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("ctrl+s", "save", "save", priority=True),
        Binding("ctrl+t", "default", "default again", priority=True),
    ]

    def __init__(
        self,
        form: FormState,
        title: Sequence[Line],
        yes: str,
        command: Callable[[FormState], str],
        at: str = "",
        *,
        may_be_unchanged: bool = False,
    ) -> None:
        """`command` returns what the answer would run; `at` is the field to begin with."""
        super().__init__()
        self._form, self._title, self._yes, self._command, self._at = form, title, yes, command, at
        self._may_be_unchanged = may_be_unchanged

    def compose(self) -> ComposeResult:
        """The words, the fields, the command, two buttons."""
        with Vertical(classes="dialog fill-in"):
            yield Panel(id="question")
            with VerticalScroll(id="fields", can_focus=False):
                for at, field in enumerate(self._form.fields):
                    yield Panel(id=f"about-{at}", classes="about")
                    yield _box(field, self._form.text_of(field), f"field-{at}")
                    yield Panel(id=f"problem-{at}", classes="problem")
            yield Panel(id="command")
            with Horizontal(classes="buttons"):
                yield Button("Leave", id="no", compact=True)
                yield Button(self._yes, id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Stand on the field that is meant, or the first one that is wrong."""
        self.query_one("#question", Panel).show(self._title)
        names = [field.name for field in self._form.fields]
        at = names.index(self._at) if self._at in names and not self._form.refused else first_wrong(self._form, names)
        self._show()
        if names:
            self._go(at)
        else:
            self.query_one("#yes").focus()

    def _go(self, at: int) -> None:
        """Let keys go to a field, which is in sight at once, with what is wrong with it."""
        self.query_one(f"#field-{at}").focus(scroll_visible=False)
        self.call_after_refresh(self._bring, at)

    def _bring(self, at: int) -> None:
        fields, below = self.query_one("#fields", VerticalScroll), self.query_one(f"#problem-{at}", Panel)
        fields.scroll_to_widget(self.query_one(f"#about-{at}"), animate=False)
        fields.scroll_to_widget(self.query_one(f"#field-{at}"), animate=False)
        if below.display:
            fields.scroll_to_widget(below, animate=False)

    def _show(self) -> None:
        for at, field in enumerate(self._form.fields):
            problem = self._form.problem_of(field)
            self.query_one(f"#about-{at}", Panel).show(_about(field, is_given_up=field.name in self._form.given_up))
            below = self.query_one(f"#problem-{at}", Panel)
            below.display = bool(problem)
            below.show([line(Span(problem, "bad"))])
        said = self._form.refused.get("", "")
        words = [line(Span(said, "bad"))] if said else []
        hint = f"Ctrl+s: {self._yes.lower()}   Ctrl+t: the default again   Esc: leave"
        self.query_one("#command", Panel).show(
            [*words, line(Span(f"$ {self._command(self._form)}", "dim")), line(Span(hint, "dim"))]
        )

    def _typed(self, widget: Widget, text: str) -> None:
        number = (widget.id or "").removeprefix("field-")
        if number.isdecimal():
            before, field = self._form, self._form.fields[int(number)]
            self._form = with_typed(before, field.name, text)
            if self._form is not before:
                self._show()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check what is typed."""
        self._typed(event.input, event.value)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Check what is typed."""
        self._typed(event.text_area, event.text_area.text)

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """Take the choice."""
        self._typed(event.checkbox, str(event.value).lower())

    def on_select_changed(self, event: "Select.Changed") -> None:
        """Take the choice."""
        if event.value is not Select.NULL:
            self._typed(event.select, str(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on to the next field."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        if event.button.id == "yes":
            self.action_save()
        else:
            self.action_leave()

    def action_default(self) -> None:
        """Let the field that is meant have its default again."""
        number = (self.focused.id or "" if self.focused is not None else "").removeprefix("field-")
        if number.isdecimal():
            field = self._form.fields[int(number)]
            self._form = with_default(self._form, field.name)
            _fill(self.query_one(f"#field-{number}"), self._form.text_of(field))
            self._show()

    def action_save(self) -> None:
        """Answer, unless something is wrong or nothing has changed."""
        problems = [name for name in self._form.problems if name not in self._form.refused]
        if problems:
            at = [field.name for field in self._form.fields].index(problems[0])
            self._go(at)
        else:
            self.dismiss(self._form if self._form.has_changed or self._may_be_unchanged else None)

    def action_leave(self) -> None:
        """Answer with nothing."""
        self.dismiss(None)


def _box(field: Field, text: str, id: str) -> Widget:
    """Return what a field is filled in with."""
    match field.shape:
        case "flag":
            return Flag(text == "true", id=id)
        case "choice":
            known = text in field.choices
            return Select(
                [(choice, choice) for choice in field.choices],
                value=text if known else Select.NULL,
                allow_blank=not known,
                id=id,
                compact=True,
            )
        case "list":
            return TextArea(text, id=id, compact=True, tab_behavior="focus", soft_wrap=False)
        case "secret":
            return Input(text, id=id, compact=True, password=True)
        case _:
            return Input(text, id=id, compact=True, placeholder=field.default)


def _fill(box: Widget, text: str) -> None:
    match box:
        case Input():
            box.value = text
        case TextArea():
            box.text = text
        case Checkbox():
            box.value = text == "true"
        case Select():
            box.value = text or Select.NULL


def _about(field: Field, *, is_given_up: bool) -> list[Line]:
    """Return what stands above a field."""
    state = "  the default again" if is_given_up else ""
    lines = [
        line(Span(field.name, "strong"), Span(f"  {field.takes}" if field.takes else "", "dim"), Span(state, "warn"))
    ]
    each = " One on each line." if field.shape == "list" else ""
    lines += [line(Span(f"{field.about}{each}".strip(), "dim"))] if field.about or each else []
    return lines + ([line(Span(field.note, "dim"))] if field.note else [])
