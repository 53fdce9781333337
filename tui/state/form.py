"""A form: fields with what is typed into them, what is wrong with that, and what has changed; pure.

A field checks what is typed as soon as it is typed, by the kinds that the plugin's world has; whether a plugin takes it
is for the plugin to say, in its worker, when it is saved. What it says then is `refused`, beside the field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from yester.engine.profiles.kinds import Kind, WrongValue
from yester.engine.profiles.toml_text import toml_line

Shape = Literal["text", "number", "flag", "choice", "list", "secret"]
"""How a field is filled in: `list` has an item on each line, `secret` is typed unseen."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in."""

    name: str
    shape: Shape = "text"
    about: str = ""
    takes: str = ""
    """What is right, in words."""
    before: str = ""
    """What it holds before anybody types; of a secret nothing."""
    default: str = ""
    """What it holds when it is given up."""
    is_set: bool = False
    """Whether it can be given up, so that the default holds again."""
    choices: tuple[str, ...] = ()
    note: str = ""
    """What a person should know of it, such as who says what holds."""
    kind: Kind | None = None
    """What checks it; None: nothing does."""

    def typed(self, text: str) -> str:
        """Return what a field holds as one text, as a command is given it."""
        if self.shape != "list":
            return text
        return toml_line([item for each in text.split("\n") if (item := each.strip())])

    def problem(self, text: str) -> str:
        """Return what is wrong with a text; empty when nothing is."""
        if self.kind is None:
            return ""
        try:
            self.kind.read(self.kind.typed(self.typed(text)))
        except WrongValue as problem:
            return f"{problem.what}. {problem.hint}".removesuffix(". ")
        return ""


@dataclass(frozen=True, slots=True)
class Form:
    """Fields, and what was done with them."""

    fields: tuple[Field, ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    """Name → the text, of those that differ from before."""
    given_up: frozenset[str] = frozenset()
    """Those whose defaults are to hold again."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Name → why it was not taken when it was saved; empty name: of none that is known."""

    def text_of(self, field: Field) -> str:
        """Return what stands in a field."""
        if field.name in self.given_up:
            return field.default
        return self.typed.get(field.name, field.before)

    def problem_of(self, field: Field) -> str:
        """Return what is wrong with a field; empty when nothing is."""
        if field.name in self.refused:
            return self.refused[field.name]
        return field.problem(self.typed[field.name]) if field.name in self.typed else ""

    @property
    def problems(self) -> tuple[str, ...]:
        """The names of the fields that hold something wrong."""
        return tuple(each.name for each in self.fields if self.problem_of(each))

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to save."""
        return bool(self.typed or self.given_up)

    @property
    def values(self) -> tuple[str, ...]:
        """What is to be set, each as `NAME=VALUE`; no secret."""
        return tuple(f"{each.name}={each.typed(text)}" for each, text in self._changed() if each.shape != "secret")

    @property
    def secrets(self) -> tuple[tuple[str, str], ...]:
        """The secrets that are to be set: name and text."""
        return tuple((each.name, text) for each, text in self._changed() if each.shape == "secret")

    @property
    def defaults(self) -> tuple[str, ...]:
        """What is to have its default again."""
        return tuple(each.name for each in self.fields if each.name in self.given_up)

    def _changed(self) -> list[tuple[Field, str]]:
        return [(each, self.typed[each.name]) for each in self.fields if each.name in self.typed]


def with_typed(form: Form, name: str, text: str) -> Form:
    """Return the form after a text was typed into a field; one that is as before counts as not typed."""
    [of] = [each for each in form.fields if each.name == name]
    if text == form.text_of(of):
        return form
    typed = {other: each for other, each in form.typed.items() if other != name}
    if text != of.before:
        typed[name] = text
    refused = {other: why for other, why in form.refused.items() if other not in (name, "")}
    return replace(form, typed=typed, given_up=form.given_up - {name}, refused=refused)


def with_default(form: Form, name: str) -> Form:
    """Return the form after a field was given up: what was typed is forgotten, and so is what is set, if it is."""
    [of] = [each for each in form.fields if each.name == name]
    typed = {other: each for other, each in form.typed.items() if other != name}
    refused = {other: why for other, why in form.refused.items() if other != name}
    return replace(form, typed=typed, refused=refused, given_up=form.given_up | ({name} if of.is_set else set()))


def with_refusal(form: Form, message: str, hint: str = "") -> Form:
    """Return the form after it was refused: that stands beside the field with whose name the message begins."""
    words = f"{message}. {hint}".removesuffix(". ")
    name = next((each.name for each in form.fields if message.startswith(f"{each.name} ")), "")
    return replace(form, refused={name: words.removeprefix(f"{name} ") if name else words})


def of_texts(options: Mapping[str, str]) -> Form:
    """Return a form of plain texts with their defaults."""
    return Form(tuple(Field(name, before=text, default=text) for name, text in options.items()))


def first_wrong(form: Form, names: Sequence[str]) -> int:
    """Return the position of the first field that holds something wrong; 0 where none does."""
    return next((at for at, name in enumerate(names) if name in form.problems), 0)
