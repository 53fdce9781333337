"""How a world of plugins is found and told, on the host's side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.events import Event
from yester.engine.places import Places
from yester.plugins.asks import Handler
from yester.plugins.found import Found
from yester.plugins.settings import PluginSettings
from yester.plugins.surroundings import Surroundings

Find = Callable[[Places, PluginSettings, bool], Iterator[Found]]
"""Finds a world's plugins by name; those that are off too, but without the third only such as are quickly found."""


Switch = Callable[[Places, Sequence[Found], Sequence[Found]], Sequence[str]]
"""Writes down that the first are on and the others off; returns what the person should know. YesterError."""


class NeedsConsent(UsageError):
    """What is asked for changes something that is not yester's alone; `allow` it once a person was asked."""

    def __init__(self, what: str, *, hint: str, allow: Callable[[], None]) -> None:
        super().__init__(what, hint=hint)
        self.allow = allow


def _nothing(surroundings: Surroundings) -> dict[str, Any]:
    return {}


def _alone(event: Event) -> Event | None:
    return None


def _as_the_rules_say(kind: type[Event]) -> bool | None:
    return None


@dataclass(frozen=True, slots=True)
class Manner:
    """What is particular to a world. Its module in the worker maps events to what its plugins know."""

    rank: int
    """Worlds with a smaller number come first."""
    find: Find
    stops: str = ""
    """The exception by which a plugin stops a run out of `on_run_begin`, with its module."""
    settings: Callable[[Surroundings], dict[str, Any]] = _nothing
    """What `open_world` is told in the worker; values that msgpack holds."""
    is_reversed: Callable[[type[Event]], bool | None] = _as_the_rules_say
    """The world's own direction for an event; None: as the rules of all worlds say.

    With a direction of its own the world's plugins take turns by their order alone, at the places that they have among
    the plugins of all worlds.
    """
    switch: Switch | None = None
    """Where the world has a file of its own for what is on and off; None: plugins.toml says it."""
    hears: Mapping[type[Event], str] = field(default_factory=dict)
    """Event → what its plugins are called for then, in words, for the table of all worlds (reference.py)."""
    answers: Mapping[str, Handler] = field(default_factory=dict)
    """What its plugins may ask besides what all may (asks.py)."""
    herald: Callable[[Event], Event | None] = _alone
    """What all plugins of the world are told right before an event."""
    hears_after_stop: bool = True
    """Whether its plugins hear of the error and the end of a run that a plugin stopped at its begin."""
    is_told: bool = True
    """Whether its plugins are told of runs; archives are called for what they do, and by nothing else."""
