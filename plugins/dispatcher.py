"""Tells the plugins of all worlds what happens, in one order, and turns what goes wrong with them into messages.

Order over everything: those about the terminal program first, then by world, by the plugin's own order and by name;
reversed for ends, unmount, app start and exit (rules.py). Workers are started at the first event, so that a command
that tells of nothing starts none. What plugins say is a message to the person and never an event for plugins: two of
them could talk for ever.

A plugin that fails is named in a message; those after it are called all the same. StopRun at the begin of a run is kept
until all were called; then they hear that the run ended, since some may have to undo what they did.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from yester.engine.events import Event, File, Level, Message, PluginTime, RunBegin, RunEnd
from yester.engine.hooks import AllEvents, StopRun, method_name
from yester.engine.messages.posted import LEVELS
from yester.plugins.casts import CASTS, Cast, Member
from yester.plugins.finding import Found
from yester.plugins.rules import FILES_AT_ONCE, RULES, HookRule
from yester.plugins.worker.problems import AskRefused

MOST_SAID = 1000
"""Messages of one plugin in one run."""


class Audience(Protocol):
    """Hears what plugins have to say. Any thread may call; never raises."""

    def said(self, message: Message) -> None:
        """A plugin says something to the person, or yester says something about it."""
        ...

    def printed(self, message: Message) -> None:
        """A plugin wrote a line to its output."""
        ...


class Dispatcher(AllEvents):
    """Hooks that are plugins. StopRun comes out of run.begin, and nothing else out of any event."""

    def __init__(self, plugins: Sequence[Found], options: Mapping[str, dict[str, Any]], audience: Audience) -> None:
        """Nothing is started. `plugins` are those that are enabled; what is wrong with them is told at the start."""
        self._plugins, self._options, self._audience = plugins, options, audience
        self._casts: list[Cast] = []
        self._members: list[Member] | None = None
        self._files: list[File] = []
        self._said: Counter[str] = Counter()
        self._lock = threading.RLock()

    @property
    def members(self) -> list[Member]:
        """The plugins that could be loaded, in their order; loads them."""
        with self._lock:
            if self._members is None:
                self._members = sorted(self._load(), key=lambda member: member.rank)
            return self._members

    def hears_files(self) -> bool:
        """Whether any plugin wants to hear of single files."""
        return any(method_name(File) in member.hooks for member in self.members)

    def event(self, event: Event) -> None:
        """Tell all plugins."""
        with self._lock:
            if isinstance(event, File):
                self._files.append(event)
                if len(self._files) < FILES_AT_ONCE:
                    return
            files, self._files = self._files, []
            if files:
                self._tell(files, RULES[File])
            rule = RULES.get(type(event))
            if rule is not None and not isinstance(event, File):
                stops = self._tell([event], rule)
                if stops and isinstance(event, RunBegin):
                    self._take_back(event)
                    hint = f"To run without: yester plugin disable {' '.join(stops)}"
                    raise StopRun("; ".join(stops.values()), hint=hint)

    def times(self) -> tuple[PluginTime, ...]:
        """Return how long each plugin was at work."""
        spent = {name: seconds for cast in self._casts for name, seconds in cast.seconds.items()}
        return tuple(PluginTime(name, round(spent[name] * 1e9)) for name in sorted(spent))

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            for cast in self._casts:
                cast.close()

    def _load(self) -> list[Member]:
        for each in self._plugins:
            if each.problem:
                self._trouble(each.name, f"{each.name}: {each.problem}")
            elif each.twin:
                self._trouble(each.name, f"Two plugins are called {each.name}; {each.twin} is left out")
        members = []
        for world in sorted(CASTS, key=lambda world: CASTS[world].rank):
            usable = [each for each in self._plugins if each.world == world and not each.problem]
            if usable:
                cast = Cast(world, usable, self._options, self._answer, self._hear, self._trouble)
                self._casts.append(cast)
                members += cast.load()
        return members

    def _tell(self, events: Sequence[Event], rule: HookRule) -> dict[str, str]:
        """Tell each plugin; return which want to stop the run, and why."""
        stops = {}
        for member in reversed(self.members) if rule.is_reversed else self.members:
            try:
                member.cast.tell(member, events, rule)
            except StopRun as stop:
                stops[member.name] = str(stop)
        return stops

    def _take_back(self, event: RunBegin) -> None:
        end = RunEnd(run=event.run, result="failed", exit_code=1, profile=event.profile, profile_id=event.profile_id)
        self._tell([end], RULES[RunEnd])

    # Called by the threads that read what workers say

    def _trouble(self, plugin: str, text: str) -> None:
        self._audience.said(Message(level="warning", text=text, source=plugin or "yester"))

    def _hear(self, plugin: str, stream: str, line: str) -> None:
        self._audience.printed(Message(text=f"{stream}: {line}", source=plugin or "plugins"))

    def _answer(self, plugin: str, method: str, arguments: Sequence[Any]) -> Any:
        if method != "say" or len(arguments) != 4 or not all(isinstance(each, str) for each in arguments):
            raise AskRefused("a plugin may say(text, level, action), and these are text")
        name, level, text, action = arguments
        if level not in LEVELS:
            raise AskRefused(f"there is no level {level}: it is one of {', '.join(LEVELS)}")
        self._said[name] += 1
        if self._said[name] > MOST_SAID:
            raise AskRefused(f"{name} has said {MOST_SAID:,} things in this run")
        checked: Level = level
        self._audience.said(Message(level=checked, text=text, source=name, action=action))
