"""Settings that a plugin keeps in a table of Django's, as options. In workers only."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yester.plugins.options.spec import Option, spec_problems

_SECRET = ("password", "passphrase", "secret", "token", "api_key")


def options_of(pages: Sequence[Any]) -> dict[str, Option]:
    """Return what the pages ask for, by name; of two fields of one name the first."""
    found: dict[str, Option] = {}
    for page in pages:
        for name, field in page.fields().items():
            found.setdefault(name, _option(name, field))
    return found


def fill(pages: Sequence[Any], values: Mapping[str, Any]) -> None:
    """Let the pages say what holds."""
    for page in pages:
        page.values = {name: values[name] for name in page.fields()}


def _option(name: str, field: Any) -> Option:
    choices = tuple(str(value) for value, _ in _pairs(field.choices))
    kind = "option" if choices else field.kind
    about = str(field.help_text or field.verbose_name or "")
    is_secret = any(each in name for each in _SECRET)
    option = Option(kind, field.get_default(), about, choices, is_secret)
    return Option(kind, None, about, choices, is_secret) if [*spec_problems({name: option})] else option


def _pairs(choices: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the choices of a field; such as are in groups too."""
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _pairs(label)
        else:
            yield value, label
