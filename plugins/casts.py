"""The plugins of one world in one run: started when they are first needed, and told of events in their world's way.

A world joins by a line in CASTS: how an event is put to its plugins, and which exception of theirs stops a run.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yester.engine.events import Event, encode
from yester.engine.hooks import StopRun, method_name
from yester.plugins.finding import Found
from yester.plugins.rules import HookRule
from yester.plugins.worker.crew import Crew, Trouble
from yester.plugins.worker.frames import ProtocolError
from yester.plugins.worker.hosting import Answers, Told, WorkerProcess
from yester.plugins.worker.messages import PluginFile
from yester.plugins.worker.problems import PluginError, PluginProblem


@dataclass(frozen=True, slots=True)
class Manner:
    """How plugins of a world are told."""

    rank: int
    """Worlds with a smaller number come first."""
    call: Callable[[Sequence[Event]], tuple[str, list[Any]]]
    """Events of one type → the method and its arguments."""
    stops: str
    """The exception by which a plugin stops a run, with its module."""


def _natively(events: Sequence[Event]) -> tuple[str, list[Any]]:
    now_ns = time.time_ns()
    return method_name(type(events[0])), [encode(0, now_ns, event) for event in events]


CASTS: Mapping[str, Manner] = {
    "native": Manner(1, _natively, f"{StopRun.__module__}.{StopRun.__qualname__}"),
}
"""World → how its plugins are told."""


@dataclass(frozen=True, slots=True)
class Member:
    """A plugin that was loaded."""

    name: str
    cast: "Cast"
    hooks: frozenset[str]
    order: int
    is_tui: bool
    deadlines: Mapping[str, float]
    facts: Mapping[str, Any]

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Where it stands among the plugins of all worlds."""
        return not self.is_tui, self.cast.manner.rank, self.order, self.name


class Cast:
    """The plugins of one world. For one thread at a time."""

    def __init__(
        self, world: str, plugins: Sequence[Found], options: Mapping[str, dict[str, Any]], answers: Answers, told: Told,
        trouble: Trouble,
    ) -> None:  # fmt: skip
        """Nothing is started yet."""
        self.manner = CASTS[world]
        self._world, self._trouble = world, trouble

        def start() -> WorkerProcess:
            # Where it works nothing can be imported by mistake: Python looks there first.
            return WorkerProcess(world, printed=told, answers=answers, folder="/")

        files = [PluginFile(each.name, each.place, options.get(each.name, {})) for each in plugins]
        self._crew = Crew(files, {}, start=start, trouble=trouble)

    def load(self) -> list[Member]:
        """Start the worker; return the plugins that could be loaded."""
        try:
            loaded = self._crew.load()
        except (OSError, ProtocolError) as problem:  # no process, or options that cannot be sent
            self._trouble("", f"The plugins of the {self._world} world cannot be loaded: {problem}")
            return []
        return [
            Member(
                each.name,
                self,
                frozenset(each.facts.get("hooks", ())),
                each.facts.get("order", 0),
                each.facts.get("is_tui", False),
                each.facts.get("deadlines", {}),
                each.facts,
            )
            for each in loaded
            if each.name in self._crew.names
        ]

    def tell(self, member: Member, events: Sequence[Event], rule: HookRule) -> None:
        """Tell a plugin of events of one type. StopRun where the rule allows that; any other failure is told of."""
        method, arguments = self.manner.call(events)
        hook = method_name(type(events[0]))
        if hook not in member.hooks or member.name not in self._crew.names:
            return
        try:
            self._crew.call(member.name, method, arguments, member.deadlines.get(hook, rule.deadline_s))
        except PluginError as problem:
            if rule.may_stop and problem.kind == self.manner.stops:
                raise StopRun(f"{member.name} stops the run: {problem.text or 'it gives no reason'}") from None
            self._trouble(member.name, str(problem))
        except PluginProblem as problem:
            if member.name in self._crew.names:  # else its end was told of already
                self._trouble(member.name, str(problem))
        except (OSError, ProtocolError) as problem:
            self._trouble(member.name, f"{member.name}: {method} could not be called: {problem}")

    def ask(self, member: Member, method: str, arguments: Sequence[Any]) -> Any:
        """Call a plugin for what it returns, however long it takes. PluginProblem."""
        return self._crew.call(member.name, method, arguments, None)

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long each plugin was at work."""
        return self._crew.seconds

    def close(self) -> None:
        """End the worker."""
        self._crew.close()
