"""yester's events in the words of Back In Time's plugins; pure.

An event is a list of calls, made of one plugin one after the other. Values that only the worker can make stand for
themselves: `SidOf` a SID, `PathOf` the folder in which a snapshot is seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from yester.engine.events import (
    AppExit,
    AppStart,
    Error,
    ErrorCode,
    Event,
    Message,
    MountBefore,
    RunBegin,
    RunEnd,
    SnapshotNew,
    Unmount,
)


class Call(NamedTuple):
    """A method of a plugin, and its arguments."""

    method: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class SidOf:
    """The SID of a snapshot of that time."""

    time_ns: int


@dataclass(frozen=True, slots=True)
class DisplayOf:
    """The SID of that time as people read it."""

    time_ns: int


@dataclass(frozen=True, slots=True)
class PathOf:
    """The folder of a snapshot."""

    snapshot: str
    time_ns: int


class About(NamedTuple):
    """The profile that an event is about."""

    number: str
    name: str


REASONS: Mapping[str, str] = {
    "processBegin": "1",
    "processEnd": "2",
    "newSnapshot": "3",
    "error": "4",
    "appStart": "5",
    "appExit": "6",
    "mount": "7",
    "unmount": "8",
}
"""Method → the number by which a script knows it."""

LEVELS: Mapping[str, int] = MappingProxyType({"info": 0, "warning": 1, "error": 1})


def _mount(event: Any, about: About) -> list[Call]:
    # A repository that is no profile's has no number by which it could be asked for.
    return [Call("mount", (about.number,))] if about.number else []


def _unmount(event: Any, about: About) -> list[Call]:
    return [Call("unmount", (about.number,))] if about.number else []


def _message(event: Any, about: About) -> list[Call]:
    text = f"{event.path}: {event.text}" if event.path else event.text
    return [Call("message", (about.number, about.name, LEVELS[event.level], text, event.timeout))]


def _error(event: Any, about: About) -> list[Call]:
    code = ErrorCode(event.code)
    match code:
        case ErrorCode.NOT_CONFIGURED | ErrorCode.ALREADY_RUNNING | ErrorCode.TARGET_MISSING:
            return [Call("error", (int(code), ""))]
        case ErrorCode.SNAPSHOT_EXISTS if event.time_ns:
            return [Call("error", (int(code), SidOf(event.time_ns)))]
        case ErrorCode.WITH_ERRORS if event.time_ns:
            return [Call("error", (int(code), DisplayOf(event.time_ns)))]
    return [Call("error", (int(ErrorCode.FAILED), event.text))]


def _snapshot(event: Any, about: About) -> list[Call]:
    if event.partial:  # there a run in progress is no snapshot
        return []
    return [Call("newSnapshot", (SidOf(event.time_ns), PathOf(event.snapshot, event.time_ns)))]


def _plain(method: str) -> Callable[[Any, About], list[Call]]:
    return lambda event, about: [Call(method)]


_Way = tuple[str, bool, Callable[[Any, About], list[Call]]]

WAYS: Mapping[type[Event], _Way] = MappingProxyType(
    {
        AppStart: ("appStart", True, _plain("appStart")),
        AppExit: ("appExit", True, _plain("appExit")),
        MountBefore: ("mount", True, _mount),
        RunBegin: ("processBegin", False, _plain("processBegin")),
        Message: ("message", False, _message),
        Error: ("error", False, _error),
        SnapshotNew: ("newSnapshot", False, _snapshot),
        RunEnd: ("processEnd", True, _plain("processEnd")),
        Unmount: ("unmount", True, _unmount),
    }
)
"""Event → the method that hears of it, whether the last plugin is called first, and how the call is made."""


def calls_of(event: Event, about: About) -> list[Call]:
    """Return what a plugin is called for; nothing for an event that Back In Time does not know."""
    way = WAYS.get(type(event))
    return way[2](event, about) if way is not None else []


def is_reversed(kind: type[Event]) -> bool | None:
    """Return Back In Time's own direction; None for an event that it does not know."""
    way = WAYS.get(kind)
    return way[1] if way is not None else None


def herald(event: Event) -> Message | None:
    """Return the message that comes before an event there: of a run that failed, why."""
    if not isinstance(event, Error) or calls_of(event, About("", ""))[0].arguments[0] != ErrorCode.FAILED:
        return None
    return Message(level="error", text=event.text, profile=event.profile, profile_id=event.profile_id)


_SIGNATURES = {
    "mount": "mount(profile_id)",
    "unmount": "unmount(profile_id)",
    "newSnapshot": "newSnapshot(sid, path)",
    "error": "error(code, message)",
    "message": "message(profile_id, profile_name, level, text, timeout)",
}


def shown(method: str) -> str:
    """Return how a method is called, as it stands in tables."""
    return _SIGNATURES.get(method, f"{method}()")
