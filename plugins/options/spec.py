"""Option: what a native plugin says of one that it wants to know."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yester.engine.nearest import did_you_mean
from yester.engine.profiles.kinds import Kind, WrongValue
from yester.plugins.options.kinds import KINDS, NUMBERS, within
from yester.plugins.options.layers import SWITCH, variable_of
from yester.plugins.options.resolving import Slot

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a plugin."""

    kind: str = "string"
    """One of string, integer, float, boolean, option (of `choices`), path, path_list, list, bytes, seconds, port."""
    default: Any = None
    """As plugins.toml would say it, such as "500M"; None: nothing, which is what `self.options` holds then."""
    about: str = ""
    """One sentence for the person who sets it."""
    choices: Sequence[str] = ()
    is_secret: bool = False
    """Whether it is never shown."""
    least: int | float | None = None
    """Of a number, bytes or seconds: what is less is wrong."""
    most: int | float | None = None


def slots_of(plugin: str, spec: Mapping[str, Option]) -> list[Slot]:
    """Return what a plugin wants to know. Its spec has no problems."""
    return [
        Slot(
            name,
            kind,
            _default(option, kind),
            (variable_of(plugin, name),),
            is_secret=option.is_secret,
            type=option.kind,
            choices=tuple(option.choices),
            about=option.about,
            least=option.least,
            most=option.most,
        )
        for name, option in spec.items()
        for kind in [_kind(option)]
    ]


def spec_problems(spec: object) -> Iterator[str]:
    """Yield what is wrong with what a plugin says of its options."""
    if not isinstance(spec, Mapping):
        yield 'option_spec must be a table, such as {"url": Option("string", "")}'
        return
    variables: dict[str, str] = {}
    for name, option in spec.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name == SWITCH:
            yield f"option_spec: {name!r} cannot be the name of an option: small letters, digits, - and _"
            continue
        twin = variables.setdefault(variable_of("", name), name)
        if twin != name:
            yield f"option_spec: {twin} and {name} have one variable"
        yield from (f"option_spec: {name}: {problem}" for problem in _option_problems(option))


def _option_problems(option: object) -> Iterator[str]:
    kind: object = option.kind if isinstance(option, Option) else ""
    if not isinstance(option, Option):
        yield "it must be an Option"
    elif not isinstance(kind, str) or kind not in KINDS:
        yield f"there is no kind {kind!s:.40}. {did_you_mean(f'{kind!s:.40}', KINDS)}".rstrip()
    elif not isinstance(option.choices, list | tuple) or not all(isinstance(each, str) for each in option.choices):
        yield "choices must be a list of texts"
    elif (option.kind == "option") != bool(option.choices):
        yield 'choices are for the kind "option", which must have some'
    elif not isinstance(option.about, str):
        yield "about must be text"
    elif (option.least, option.most) != (None, None) and option.kind not in NUMBERS:
        yield f"least and most are for the kinds {', '.join(NUMBERS)}"
    elif any(isinstance(end, bool) or not isinstance(end, int | float | None) for end in (option.least, option.most)):
        yield "least and most must be numbers"
    else:
        try:
            _default(option, _kind(option))
        except WrongValue as problem:
            yield f"the default {problem.what}"


def _kind(option: Option) -> Kind:
    return within(KINDS[option.kind](option.choices), option.least, option.most)


def _default(option: Option, kind: Kind) -> Any:
    return None if option.default is None else kind.read(option.default)
