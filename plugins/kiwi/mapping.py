"""yester's events in the words of Kiwi's plugins; pure."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from yester.engine.events import AppStart, Error, Event, Message, MountBefore, RunBegin, RunEnd, SnapshotNew
from yester.engine.hooks import method_name
from yester.engine.nearest import did_you_mean
from yester.plugins.deciding.answers import ON_ENTRY

SERVER_START = "on_server_start"
BACKUP_START = "on_backup_start"
BACKUP_STOP = "on_backup_stop"
ON_FILE = "on_file"

FORMS: Mapping[str, Sequence[str]] = MappingProxyType(
    {SERVER_START: (), BACKUP_START: ("context",), ON_FILE: ("kfile", "context"), BACKUP_STOP: ("context",)}
)
"""Function → its arguments (contract 3.1)."""
SPELLINGS: Mapping[str, str] = MappingProxyType({"on_start_backup": BACKUP_START, "on_stop_backup": BACKUP_STOP})
"""What the example of Kiwi's documentation calls a function → what its reference does, which counts where both are."""

HOOKS: Mapping[str, str] = MappingProxyType(
    {method_name(RunBegin): BACKUP_START, ON_ENTRY: ON_FILE, method_name(RunEnd): BACKUP_STOP}
)
"""yester's hook → the function that it calls."""
STARTERS = (method_name(AppStart), method_name(MountBefore))
"""The hooks before which the server starts, when nothing else has been called: the first of every command."""
NOTED = (method_name(Error), method_name(Message), method_name(SnapshotNew))
"""The hooks that only change the context; one plugin of the world hears them for all."""

HEARS: Mapping[type[Event], str] = MappingProxyType(
    {
        AppStart: "`on_server_start`",
        MountBefore: "`on_server_start`, if it was not called yet",
        RunBegin: "`on_backup_start`",
        RunEnd: "`on_backup_stop`",
    }
)
"""Event → what is called, for the documentation."""

Functions = Mapping[str, Callable[..., object]]


def functions_of(names: Mapping[str, Any]) -> dict[str, Callable[..., object]]:
    """Return a module's functions by the names of the reference."""
    found = {known: names[spelt] for spelt, known in SPELLINGS.items() if spelt in names}
    return {**found, **{name: names[name] for name in FORMS if name in names}}


def problems_of(functions: Mapping[str, Any]) -> Iterator[str]:
    """Tell of functions that cannot be called as they will be."""
    for name, function in functions.items():
        form = f"def {name}({', '.join(FORMS[name])})"
        if not callable(function) or inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            yield f"{name} must be a function: {form}"
            continue
        try:
            inspect.signature(function).bind(*FORMS[name])
        except TypeError:
            yield f"{name}{inspect.signature(function)} must be: {form}"
        except ValueError:
            continue  # something made in C that does not say


def unknown_in(names: Mapping[str, Any]) -> Iterator[str]:
    """Tell of functions that look like hooks and are none."""
    known = [*FORMS, *SPELLINGS]
    for name, value in names.items():
        if name.startswith("on_") and name not in known and inspect.isfunction(value):
            yield f"nothing calls {name}. {did_you_mean(name, known)}".rstrip()


def hooks_of(functions: Functions, *, keeps_notes: bool) -> list[str]:
    """Return the hooks that a plugin with these functions has to be called for."""
    hooks = [hook for hook, function in HOOKS.items() if function in functions]
    starters = STARTERS if SERVER_START in functions else ()
    return [*starters, *hooks, *(NOTED if keeps_notes else ())]


def has_context(functions: Functions) -> bool:
    """Whether any of these is given the context."""
    return any("context" in FORMS[name] for name in functions)
