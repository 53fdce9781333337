"""Whether a plugin's class can be called as it will be, found out when it is loaded and not in the middle of a run."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from yester.engine.events import EVENT_TYPES
from yester.engine.hooks import method_name
from yester.engine.nearest import did_you_mean
from yester.plugins.deciding.answers import ON_ENTRY
from yester.plugins.native.interface import Plugin, offers_of
from yester.plugins.options.spec import spec_problems
from yester.plugins.rules import LONGEST_S, RULES

HOOKS = {method_name(kind): kind for kind in EVENT_TYPES.values() if kind in RULES}
"""Method → the event that it takes."""


_FORMS = {**{name: f"self, event: {kind.__name__}" for name, kind in HOOKS.items()}, ON_ENTRY: "self, entry: Entry"}
"""Every hook → its arguments."""


def hooks_of(kind: type[Plugin]) -> list[str]:
    """Return the names of the hooks that a plugin gives."""
    return [name for name in _FORMS if getattr(kind, name) is not getattr(Plugin, name)]


def problems_of(kind: type[Plugin]) -> list[str]:
    """Return what is wrong with a plugin's class, each naming the method and the right form."""
    return [
        *_unknown(kind),
        *_misshapen(kind),
        *_bad_offers(kind),
        *_bad_deadlines(kind),
        *_bad_order(kind),
        *spec_problems(kind.option_spec),
    ]


def _unknown(kind: type[Plugin]) -> Iterator[str]:
    for name in dir(kind):
        if name.startswith("on_") and name not in _FORMS:
            yield f"there is no event for {name}. {did_you_mean(name, _FORMS)}".rstrip()


def _misshapen(kind: type[Plugin]) -> Iterator[str]:
    for name in hooks_of(kind):
        yield from _shape(kind, name, f"def {name}({_FORMS[name]}) -> None", 1)


def _bad_offers(kind: type[Plugin]) -> Iterator[str]:
    names = set()
    for offer in offers_of(kind):
        if offer.kind == "action":
            yield from _shape(kind, offer.method, f"def {offer.method}(self, options: dict[str, str]) -> str", 1)
        else:
            yield from _shape(kind, offer.method, f"def {offer.method}(self) -> list[Row]", 0)
        if offer.name in names:
            yield f"two actions or panels are called {offer.name}"
        names.add(offer.name)
        texts: list[Any] = [offer.name, offer.label, offer.danger, *offer.options.values()]
        if not all(isinstance(text, str) for text in texts):
            yield f"the name, the label, the danger and the options of {offer.method} must be text"


def _bad_order(kind: type[Plugin]) -> Iterator[str]:
    order: Any = kind.order
    if type(order) is not int or type(kind.is_tui) is not bool:
        yield f"order must be a whole number and is_tui True or False, not {order!r} and {kind.is_tui!r}"


def _shape(kind: type[Plugin], name: str, form: str, arguments: int) -> Iterator[str]:
    """Tell of a method that cannot be called with so many arguments."""
    method: Any = inspect.getattr_static(kind, name)
    if not inspect.isfunction(method):
        yield f"{name} must be a method: {form}"
        return
    if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
        yield f"{name} must be a plain function: {form}"
        return
    signature = inspect.signature(method)
    try:
        signature.bind(None, *([None] * arguments))
    except TypeError:
        yield f"{name}{signature} must be: {form}"


def _bad_deadlines(kind: type[Plugin]) -> Iterator[str]:
    deadlines: Mapping[str, Any] = kind.deadlines
    for name, seconds in deadlines.items():
        if name not in _FORMS:
            yield f"deadlines: there is no event for {name}. {did_you_mean(name, _FORMS)}".rstrip()
        elif not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_S:
            yield f"deadlines: {name} may take up to {LONGEST_S:g} seconds, not {seconds!r}"
