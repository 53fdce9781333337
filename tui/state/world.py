"""What several places show, and how each thing that happens changes it: `apply(world, event) -> world`; pure.

A place that needs what no other one shows keeps a state of its own, made the same way (docs/decisions/0041).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from yester.engine.events import Line as EventLine
from yester.engine.messages.posted import Posted, ReadMark
from yester.engine.runs.records import RunRecord
from yester.engine.runs.status import ProfileStatus
from yester.tui.state.live import LiveRun, with_event

MESSAGES = 2000
"""Messages that are known at most; the store has all."""


class Message(Posted, frozen=True, omit_defaults=True, kw_only=True):
    """A message in the store, and whether it was read."""

    is_read: bool = False


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """What a profile says."""

    name: str
    sources: tuple[str, ...] = ()
    repository: str = ""
    keeps: str = ""
    """Which snapshots stay, in words."""
    when: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """All that is known of profiles, runs and messages."""

    now_ns: int = 0
    statuses: tuple[ProfileStatus, ...] | None = None
    """None: nobody has told yet."""
    profiles: Mapping[str, ProfileFacts] = field(default_factory=dict)
    has_profiles: bool = False
    """Whether anybody has told what the profiles say."""
    runs: tuple[RunRecord, ...] | None = None
    """Newest first, as they were listed."""
    live: Mapping[str, LiveRun] = field(default_factory=dict)
    """Those that are followed, by id."""
    messages: tuple[Message, ...] | None = None
    """Newest first."""
    problem: str = ""
    """Why nothing can be shown any more; empty while all is well."""

    @property
    def unread(self) -> int:
        """How many messages nobody has read."""
        return sum(not message.is_read for message in self.messages or ())

    @property
    def running(self) -> tuple[LiveRun, ...]:
        """The runs that last, newest first."""
        newest_first = (self.live[run] for run in sorted(self.live, reverse=True))
        return tuple(run for run in newest_first if not run.record.is_over and not run.is_lost)


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time went by."""

    now_ns: int


@dataclass(frozen=True, slots=True)
class StatusesListed:
    """How the profiles stand."""

    statuses: tuple[ProfileStatus, ...]


@dataclass(frozen=True, slots=True)
class ProfilesListed:
    """What the profiles say."""

    profiles: tuple[ProfileFacts, ...]


@dataclass(frozen=True, slots=True)
class RunsListed:
    """The runs that are known, newest first."""

    runs: tuple[RunRecord, ...]


@dataclass(frozen=True, slots=True)
class RunTold:
    """A followed run has a line."""

    run: str
    line: EventLine


@dataclass(frozen=True, slots=True)
class RunLost:
    """The lines of a run ended, and it had no end."""

    run: str


@dataclass(frozen=True, slots=True)
class MessagesListed:
    """Messages, newest first: all, or those that came since."""

    messages: tuple[Message, ...]
    mark: ReadMark | None = None
    """Which of all messages were read; None: each says it for itself."""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The engine is gone, or cannot be talked to."""

    why: str


@dataclass(frozen=True, slots=True)
class EngineFound:
    """Another engine is there."""


Happening = (
    Ticked
    | StatusesListed
    | ProfilesListed
    | RunsListed
    | RunTold
    | RunLost
    | MessagesListed
    | EngineLost
    | EngineFound
)


def apply(world: World, event: Happening) -> World:
    """Return the world after something happened."""
    change: Callable[[World, Any], World] = _CHANGES[type(event)]
    return change(world, event)


def _listed(world: World, event: RunsListed) -> World:
    """Runs that last are followed from the beginning; of those that are followed, the lines know better."""
    live = dict(world.live)
    for record in event.runs:
        if record.run not in live and not record.is_over:
            live[record.run] = LiveRun(record)
    known = {record.run: record for record in event.runs}
    for run, each in live.items():
        if run in known and known[run].is_over and not each.record.is_over:
            live[run] = replace(each, record=known[run])
    return replace(world, runs=event.runs, live=live)


def _told(world: World, event: RunTold) -> World:
    run = world.live.get(event.run)
    return world if run is None else replace(world, live={**world.live, event.run: with_event(run, event.line)})


def _lost(world: World, event: RunLost) -> World:
    run = world.live.get(event.run)
    return world if run is None else replace(world, live={**world.live, event.run: replace(run, is_lost=True)})


def _messages(world: World, event: MessagesListed) -> World:
    """What came since stands before what was known; which of all were read is said anew each time."""
    known = {} if event.is_whole else {message.id: message for message in world.messages or ()}
    known |= {message.id: message for message in event.messages}
    kept = [known[id] for id in sorted(known, reverse=True)[:MESSAGES]]
    mark = event.mark
    if mark is not None:
        kept = [each if each.is_read == mark.has(each.id) else _read(each, mark.has(each.id)) for each in kept]
    return replace(world, messages=tuple(kept))


def _read(message: Message, is_read: bool) -> Message:
    return msgspec.structs.replace(message, is_read=is_read)


_CHANGES: Mapping[type, Callable[[World, Any], World]] = {
    Ticked: lambda world, event: replace(world, now_ns=event.now_ns),
    StatusesListed: lambda world, event: replace(world, statuses=event.statuses),
    ProfilesListed: lambda world, event: replace(
        world, profiles={profile.name: profile for profile in event.profiles}, has_profiles=True
    ),
    RunsListed: _listed,
    RunTold: _told,
    RunLost: _lost,
    MessagesListed: _messages,
    EngineLost: lambda world, event: replace(world, problem=event.why),
    EngineFound: lambda world, event: replace(world, problem=""),
}
