"""Tells the plugins of all worlds what happens, in one order, and turns what goes wrong with them into messages.

Order over everything: those about the terminal program first, then by world, by the plugin's own order and by name;
reversed for ends, unmount, app start and exit (rules.py). Workers are started at the first event, so that a command
that tells of nothing starts none. What plugins say is a message to the person and never an event for plugins: two of
them could talk for ever.

A plugin that fails is named in a message; those after it are called all the same. StopRun at the begin of a run is kept
until all were called; then they hear that the run ended, since some may have to undo what they did.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from yester.engine.capture.wishes import Wishes
from yester.engine.decisions import Candidate, Decision, Decisions, agreed, not_below
from yester.engine.events import Error, Event, File, Message, PluginTime, RunBegin, RunEnd, SnapshotNew
from yester.engine.hooks import AllEvents, StopRun, method_name
from yester.engine.messages.posted import shortened
from yester.plugins.asks import Asking, Audience
from yester.plugins.casts import MANNERS, Cast, Member
from yester.plugins.deciding.answers import ON_ENTRY
from yester.plugins.found import Found
from yester.plugins.layering import LayersOf
from yester.plugins.rules import FILES_AT_ONCE, RULES, HookRule
from yester.plugins.surroundings import Surroundings
from yester.plugins.undoing.asking import undo_the_rest
from yester.plugins.wishing import Stage
from yester.plugins.worker.hosting import GRACE_S
from yester.plugins.worker.messages import Loaded


class Wait(NamedTuple):
    """How long to wait."""

    seconds: float = 0.0
    is_announced: bool = False
    """Whether somebody is there to read that it is waited for."""


class Dispatcher(AllEvents):
    """Hooks that are plugins. StopRun comes out of run.begin, and nothing else out of any event."""

    def __init__(
        self,
        plugins: Sequence[Found],
        layers: LayersOf,
        surroundings: Surroundings,
        audience: Audience,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Nothing is started. `plugins` are those that are enabled; what is wrong with them is told at the start.

        `stopping` says whether the run is to stop: what a plugin does then is broken off, unless it is called for an
        end, in which it may have to undo something.
        """
        self._plugins, self._layers, self._audience = plugins, layers, audience
        self._stopping = stopping
        self._asking = Asking(surroundings, audience)
        self._casts: list[Cast] = []
        self._members: list[Member] = []
        self._is_loaded = False
        self._files: list[File] = []
        self._has_ended = self._is_stopped = False
        self._lock = threading.RLock()

    @property
    def members(self) -> list[Member]:
        """The plugins that could be loaded, in their order; loads them."""
        self.load()
        return self._members

    def load(self) -> list[Loaded]:
        """Load the plugins, unless they are; return what became of each, also of those that cannot be."""
        with self._lock:
            if not self._is_loaded:
                self._is_loaded = True
                self._members = sorted(self._load(), key=lambda member: member.rank)
            return [each for cast in self._casts for each in cast.loaded]

    def hears_files(self) -> bool:
        """Whether any plugin wants to hear of single files."""
        return any(method_name(File) in member.hooks for member in self.members)

    def decides(self) -> bool:
        """Whether any plugin wants to decide about entries."""
        return any(ON_ENTRY in member.hooks for member in self.members)

    def decide(self, candidates: Sequence[Candidate]) -> Decisions:
        """Ask plugins what becomes of entries. One does not hear of what an earlier one leaves out."""
        found: dict[int, Decision] = {}
        with self._lock:
            for member in self.members:
                if ON_ENTRY in member.hooks:
                    self._ask_about(member, candidates, found)
                    reason = self._asking.wishes.reason_to_abort
                    if reason:
                        raise StopRun(reason, hint=f"To run without: yester plugin disable {member.name}")
        return found

    def _ask_about(self, member: Member, candidates: Sequence[Candidate], found: dict[int, Decision]) -> None:
        places = [place for place in not_below(candidates, found) if place not in found or not found[place].skip]
        shown = candidates if len(places) == len(candidates) else [candidates[place] for place in places]
        decided = member.cast.decide(member, shown, self._patience(RULES[File]))
        for place, decision in decided.items():
            earlier = found.get(places[place])
            found[places[place]] = decision if earlier is None else agreed(earlier, decision)

    def wishes(self) -> Wishes:
        """Return what plugins wish of the run since this was asked last; what they wished too late was refused."""
        with self._lock:
            if self._has_ended:
                self._asking.wishes.turn(Stage.OVER)
            return self._asking.wishes.take()

    def answer(self, question: str) -> Any:
        """Return what the first plugin says that knows; None when none does. What goes wrong with one is told."""
        with self._lock:
            asked = (member for member in self.members if question in member.facts.get("answers", ()))
            answers = (member.cast.answer(member, question) for member in asked)
            return next((answer for answer in answers if answer is not None), None)

    def event(self, event: Event) -> None:
        """Tell all plugins."""
        with self._lock:
            if isinstance(event, SnapshotNew) and not event.partial:
                self._asking.wishes.turn(Stage.TAKEN)
            self._has_ended |= isinstance(event, RunEnd)
            if isinstance(event, File):
                self._files.append(event)
                if len(self._files) < FILES_AT_ONCE:
                    return
            files, self._files = self._files, []
            if files:
                self._tell(files, RULES[File])
            rule = RULES.get(type(event))
            if rule is not None and not isinstance(event, File):
                self._herald(event)
                stops = self._tell([event], rule)
                if stops and isinstance(event, RunBegin):
                    self._is_stopped = True
                    self._take_back(event)
                    hint = f"To run without: yester plugin disable {' '.join(stops)}"
                    raise StopRun("; ".join(stops.values()), hint=hint)

    def waits(self) -> Wait:
        """Return how long plugins want a run to wait for a repository that is not there."""
        said = [Wait(**each.facts["wait"]) for each in self.members if "wait" in each.facts]
        return Wait(max((each.seconds for each in said), default=0), any(each.is_announced for each in said))

    def times(self) -> tuple[PluginTime, ...]:
        """Return how long each plugin was at work."""
        spent = {name: seconds for cast in self._casts for name, seconds in cast.seconds.items()}
        return tuple(PluginTime(name, round(spent[name] * 1e9)) for name in sorted(spent))

    def rest_until(self, kind: type[Event]) -> None:
        """End the workers of worlds in which nobody hears of `kind`, which is the next to come; perhaps in days."""
        with self._lock:
            for cast in self._casts:
                if not any(method_name(kind) in each.hooks for each in self.members if each.cast is cast):
                    cast.close()

    def close(self) -> None:
        """End the workers, and undo what their plugins left."""
        with self._lock:
            try:
                for cast in self._casts:
                    cast.dismiss()
                for cast in self._casts:
                    cast.close()
            finally:
                undo_the_rest(self._asking)

    def _load(self) -> list[Member]:
        for each in self._plugins:
            if each.problem:
                self._trouble(each.label, f"{each.label}: {each.problem}")
            elif each.is_twin_on:
                self._trouble(each.label, f"Two plugins are called {each.label}; {each.twin} is left out")
        for world in sorted(MANNERS, key=lambda world: MANNERS[world].rank):
            usable = [each for each in self._plugins if each.world == world and not each.problem]
            if usable:
                cast = Cast(world, usable, self._layers, self._asking, self._hear, self._trouble)
                self._casts.append(cast)
                cast.start()  # while the others are
        return [member for cast in self._casts for member in cast.load()]

    def _herald(self, event: Event) -> None:
        """Tell the plugins of a world what comes before an event there."""
        for cast in self._casts:
            before = cast.manner.herald(event) if cast.manner.hears_after_stop or not self._is_stopped else None
            if before is not None:
                self._tell([before], RULES[type(before)], only=cast)

    def _tell(self, events: Sequence[Event], rule: HookRule, only: Cast | None = None) -> dict[str, str]:
        """Tell each plugin, or those of one world; return which want to stop the run, and why."""
        stops = {}
        for member in self._in_turn(type(events[0]), rule):
            if only not in (None, member.cast) or self._is_spared(member, events[0]):
                continue
            try:
                member.cast.tell(member, events, rule, self._patience(rule))
            except StopRun as stop:
                stops[member.label] = shortened(str(stop))
        return stops

    def _is_spared(self, member: Member, event: Event) -> bool:
        """Whether a plugin's world does not go on once the run was stopped at its begin."""
        return self._is_stopped and isinstance(event, Error | RunEnd) and not member.cast.manner.hears_after_stop

    def _in_turn(self, kind: type[Event], rule: HookRule) -> list[Member]:
        """Return the plugins in the order in which they hear of an event.

        A world with a direction of its own keeps it: its plugins change places among themselves.
        """
        turns = self.members[::-1] if rule.is_reversed else [*self.members]
        for cast in self._casts:
            own = cast.manner.is_reversed(kind)
            if own is not None:
                places = [place for place, member in enumerate(turns) if member.cast is cast]
                members = sorted((turns[place] for place in places), key=lambda each: each.order, reverse=own)
                for place, member in zip(places, members, strict=True):
                    turns[place] = member
        return turns

    def _patience(self, rule: HookRule) -> Callable[[], bool]:
        """Return what says when a call is to be broken off."""
        if rule.is_reversed:
            return lambda: False
        if not self._stopping():
            return self._stopping
        end = time.monotonic() + GRACE_S
        return lambda: time.monotonic() > end

    def _take_back(self, event: RunBegin) -> None:
        end = RunEnd(run=event.run, result="failed", exit_code=1, profile=event.profile, profile_id=event.profile_id)
        self._tell([end], RULES[RunEnd])

    # Called by the threads that read what workers say

    def _trouble(self, plugin: str, text: str) -> None:
        self._audience.said(Message(level="warning", text=shortened(text), source=plugin or "yester"))

    def _hear(self, plugin: str, stream: str, line: str) -> None:
        self._audience.printed(Message(text=f"{stream}: {line}", source=plugin or "plugins"))
