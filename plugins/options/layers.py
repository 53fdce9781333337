"""Layers: what one place says about the options of a plugin, in the order in which they count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from yester.plugins.options.kinds import plain

Source = Literal["typed", "environment", "profile", "file"]
"""A person at work, variables of the environment, a profile's [plugins.NAME], plugins.toml's [options.NAME]."""

SWITCH = "enabled"
"""The key of a profile's table that switches the plugin, and is no option of it."""


class Layer(msgspec.Struct, frozen=True):
    """What one place says. What it says is sent to a worker, which cannot be sent everything: see `plain`."""

    source: Source
    place: str
    """The file; empty where there is none."""
    values: dict[str, Any]
    """By the option's name; by the variable's in the environment. Text that is no UTF-8 is bytes."""
    is_common: bool = False
    """Whether plugins of other worlds read it too: then what this one does not know may be for them."""

    @property
    def is_text(self) -> bool:
        """Whether all values are text that has to be read as somebody typed it."""
        return self.source in ("typed", "environment")


def prefix_of(plugin: str) -> str:
    """Return how the variables of a plugin begin: `YESTER_MY_PLUGIN_`."""
    return f"YESTER_{plugin}_".upper().replace("-", "_")


def variable_of(plugin: str, option: str) -> str:
    """Return the variable of an option."""
    return prefix_of(plugin) + option.upper().replace("-", "_")


def from_environment(plugin: str, environment: Mapping[str, str]) -> Layer:
    """Return what the environment says. An empty variable says nothing."""
    prefix = prefix_of(plugin)
    values = {name: _sendable(text) for name, text in environment.items() if text and name.startswith(prefix)}
    return Layer("environment", "", values)


def from_table(source: Source, place: str, table: Mapping[str, Any], *, is_common: bool = False) -> Layer:
    """Return what a table of a file says."""
    return Layer(source, place, {name: plain(value) for name, value in table.items() if name != SWITCH}, is_common)


def _sendable(text: str) -> str | bytes:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    return text


def text_of(value: str | bytes) -> str:
    """Return the text of a value of the environment, as the operating system's interfaces take it."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


def unchecked(plugin: str, layers: Sequence[Layer]) -> Iterator[tuple[str, Any, Layer]]:
    """Yield what is said to a plugin that does not say what it wants: each name once, with its value and layer.

    A variable sets the option whose variable it would be, or else one of its name in small letters.
    """
    names = {variable_of(plugin, name): name for layer in layers if not layer.is_text for name in layer.values}
    seen = set()
    for layer in layers:
        for key, value in layer.values.items():
            name = key
            if layer.source == "environment":
                name, value = names.get(key, key.removeprefix(prefix_of(plugin)).lower()), text_of(value)
            if name not in seen:
                seen.add(name)
                yield name, value, layer
