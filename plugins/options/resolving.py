"""From layers to values: which place says what holds, what is wrong there, and what nobody wants to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yester.engine.nearest import did_you_mean
from yester.engine.profiles.kinds import Kind, WrongValue
from yester.plugins.options.layers import Layer, text_of


@dataclass(frozen=True, slots=True)
class Slot:
    """What a plugin wants to know, whatever its world calls it."""

    name: str
    kind: Kind
    default: Any = None
    """The meant value where no layer says one; None: there is none."""
    variables: tuple[str, ...] = ()
    """Of the environment; the first one that is set counts."""
    old_variables: frozenset[str] = frozenset()
    """Those among them that are no longer the right ones: whoever sets one is told."""
    old_names: tuple[str, ...] = ()
    """What it was called once; where a file still says so, that counts before the name, and is told."""
    is_secret: bool = False
    type: str = ""
    """What its world calls its kind; with the rest for whoever looks at it."""
    choices: tuple[str, ...] = ()
    about: str = ""
    least: int | float | None = None
    most: int | float | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What holds for a slot."""

    meant: Any
    """As the plugin gets it."""
    said: Any = None
    """As TOML writes it; None where the default holds."""
    layer: Layer | None = None
    """Who says so; None: the default."""
    key: str = ""
    """What it is called there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with what a layer says."""

    name: str
    """Of the slot, or the key that there is no slot for."""
    layer: Layer
    key: str
    what: str
    """Goes on after the option's name: `takes a whole number, not "x"`."""
    hint: str = ""

    def __str__(self) -> str:
        """In words: the place, what is wrong, and what is right."""
        hint = f". {self.hint}" if self.hint else ""
        return f"{_named(self.layer, self.key)} {self.what}{hint}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of all layers."""

    values: Mapping[str, Value]
    """For each slot, also for one with a problem: its default."""
    problems: tuple[Problem, ...] = ()
    """A plugin that has any is not to be loaded."""
    warnings: tuple[str, ...] = ()
    """What a person should know, and no more."""


def resolve(slots: Sequence[Slot], layers: Sequence[Layer]) -> Resolved:
    """Return what holds for each slot; the first layer that says something counts."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    warnings: list[str] = []
    for slot in slots:
        values[slot.name] = Value(slot.default)
        found = next(((layer, key) for layer in layers if (key := _key_in(layer, slot))), None)
        if found is None:
            continue
        layer, key = found
        try:
            values[slot.name] = _read(slot, layer, key)
        except WrongValue as problem:
            problems.append(_problem(slot, layer, key, problem))
        if key in slot.old_variables or key in slot.old_names:
            warnings.append(f"{_named(layer, key)} is deprecated: it is called {_right_name(slot, layer)} now")
    warnings += [str(problem) for problem in unknown(slots, layers)]
    return Resolved(values, tuple(problems), tuple(warnings))


def unknown(slots: Sequence[Slot], layers: Sequence[Layer]) -> list[Problem]:
    """Return what files say about options that there are not. The environment is everybody's: nothing is said of it."""
    names = [slot.name for slot in slots]
    known = {*names, *(name for slot in slots for name in slot.old_names)}
    return [
        Problem(key, layer, key, "is none that there is", did_you_mean(key, names))
        for layer in layers
        if layer.source != "environment" and not layer.is_common
        for key in layer.values
        if key not in known
    ]


def _key_in(layer: Layer, slot: Slot) -> str:
    """Return what the layer calls the slot; empty when it says nothing about it."""
    keys = slot.variables if layer.source == "environment" else (*slot.old_names, slot.name)
    return next((key for key in keys if key in layer.values), "")


def _read(slot: Slot, layer: Layer, key: str) -> Value:
    said = layer.values[key]
    if layer.is_text:
        said = slot.kind.typed(text_of(said))
    return Value(slot.kind.read(said), said, layer, key)


def _problem(slot: Slot, layer: Layer, key: str, problem: WrongValue) -> Problem:
    if slot.is_secret:  # the complaint would tell it
        return Problem(slot.name, layer, key, f"takes {slot.kind.name}")
    return Problem(slot.name, layer, key, problem.what, problem.hint)


def _named(layer: Layer, key: str) -> str:
    if layer.source == "environment":
        return f"the variable {key}"
    return f"the option {key}" + (f" in {layer.place}" if layer.place else "")


def _right_name(slot: Slot, layer: Layer) -> str:
    if layer.source != "environment":
        return slot.name
    return next((name for name in slot.variables if name not in slot.old_variables), slot.name)
