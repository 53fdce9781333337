"""The plugins of one world in one command: started when they are first needed, and told of events as journal lines.

A world joins by a line in MANNERS and one in worker/worlds.py, whose module maps the events to what its plugins know.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from yester.engine.decisions import Candidate, Decision, not_below
from yester.engine.events import Event, clean, encode
from yester.engine.hooks import StopRun, method_name
from yester.plugins.asks import Asking, answer
from yester.plugins.backintime import casting as backintime
from yester.plugins.deciding.answers import ON_ENTRY, BatchAnswer, read_answer
from yester.plugins.found import Found
from yester.plugins.kiwi import casting as kiwi
from yester.plugins.kolibri import casting as kolibri
from yester.plugins.layering import LayersOf
from yester.plugins.manner import Manner
from yester.plugins.native import casting as native
from yester.plugins.portal import casting as portal
from yester.plugins.rules import HookRule
from yester.plugins.worker.crew import Crew, Trouble
from yester.plugins.worker.frames import ProtocolError
from yester.plugins.worker.hosting import Told, WorkerProcess
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.problems import AskRefused, PluginError, PluginProblem

ENTRIES_DEADLINE_S = 60.0
"""How long a plugin may take over a batch of entries."""
MOST_FAILURES = 10
"""Failures of one plugin with entries that are told of."""

MANNERS: Mapping[str, Manner] = {
    "native": native.MANNER,
    "backintime": backintime.MANNER,
    "kiwi": kiwi.MANNER,
    "kolibri": kolibri.MANNER,
    "portal": portal.MANNER,
}
"""World → how its plugins are found and told. Its part in the worker stands in worker/worlds.py."""

ANSWER_S = 10.0
"""How long a plugin may take to say what it knows."""


@dataclass(frozen=True, slots=True)
class Member:
    """A plugin that was loaded."""

    name: str
    label: str
    """The name, with the world where another world has a plugin of the name."""
    cast: "Cast"
    hooks: frozenset[str]
    order: int
    is_tui: bool
    deadlines: Mapping[str, float]
    facts: Mapping[str, Any]
    part: int | None = None
    """Which one of the several that a plugin of some worlds holds; they are told one by one."""

    @property
    def rank(self) -> tuple[bool, int, int, str]:
        """Where it stands among the plugins of all worlds."""
        return not self.is_tui, self.cast.manner.rank, self.order, self.name


class Cast:
    """The plugins of one world. For one thread at a time."""

    def __init__(
        self, world: str, plugins: Sequence[Found], layers: LayersOf, asking: Asking, told: Told, trouble: Trouble
    ) -> None:
        """Nothing is started yet."""
        self.world, self.manner = world, MANNERS[world]
        self._tell_trouble, self._asking = trouble, asking
        self._failed: Counter[str] = Counter()
        self.loaded: Sequence[Loaded] = ()
        """What became of each plugin when they were loaded, also of those that could not be."""

        self._labels = {each.name: each.label for each in plugins}

        def answers(plugin: str, method: str, arguments: Sequence[Any]) -> Any:
            if method == "say" and arguments:
                arguments = [self._label(arguments[0]), *arguments[1:]]
            return answer(asking, self.manner.answers, plugin, method, arguments)

        def printed(plugin: str, stream: str, line: str) -> None:
            told(self._label(plugin), stream, line)

        def start() -> WorkerProcess:
            # Where it works nothing can be imported by mistake: Python looks there first.
            return WorkerProcess(world, printed=printed, answers=answers, folder="/")

        files = [PluginFile(each.name, each.place, tuple(layers(each))) for each in plugins]
        self._crew = Crew(files, self.manner.settings(asking.surroundings), start=start, trouble=self._trouble)

    def _label(self, plugin: Any) -> Any:
        return self._labels.get(plugin, plugin) if isinstance(plugin, str) else plugin

    def _trouble(self, plugin: str, text: str) -> None:
        """Tell what is wrong with a plugin. Who wrote the sentence knows it by its name, which others may have too."""
        label = self._labels.get(plugin, plugin)
        self._tell_trouble(label, label + text.removeprefix(plugin) if text.startswith(plugin) else text)

    def start(self) -> None:
        """Start the worker before it is needed; where that fails `load` says so."""
        with suppress(OSError):
            self._crew.start()

    def load(self) -> list[Member]:
        """Start the worker, unless it was; return the plugins that could be loaded."""
        try:
            loaded = self._crew.load()
        except (OSError, ProtocolError) as problem:  # no process, or options that cannot be sent
            self._trouble("", f"The plugins of the {self.world} world cannot be loaded: {problem}")
            return []
        self.loaded = loaded
        for each in loaded:
            for warning in each.facts.get("warnings", ()):
                self._trouble(each.name, f"{self._labels[each.name]}: {warning}")
        return [
            self._member(each.name, {**each.facts, **part})
            for each in loaded
            if each.name in self._crew.names
            for part in each.facts.get("parts", [{}])
        ]

    def _member(self, name: str, facts: Mapping[str, Any]) -> Member:
        return Member(
            name,
            self._labels[name],
            self,
            frozenset(facts.get("hooks", ())),
            facts.get("order", 0),
            facts.get("is_tui", False),
            facts.get("deadlines", {}),
            facts,
            facts.get("part"),
        )

    def tell(self, member: Member, events: Sequence[Event], rule: HookRule, given_up: Callable[[], bool]) -> None:
        """Tell a plugin of events of one type, until that is given up.

        StopRun where the rule allows that; any other failure is told of.
        """
        hook = method_name(type(events[0]))
        if hook not in member.hooks or member.name not in self._crew.names:
            return
        now_ns = time.time_ns()
        arguments: list[Any] = [encode(0, now_ns, event) for event in events]
        if member.part is not None:
            arguments.append(member.part)
        try:
            self._crew.call(member.name, hook, arguments, member.deadlines.get(hook, rule.deadline_s), given_up)
        except PluginError as problem:
            if rule.may_stop and problem.kind == self.manner.stops:
                raise StopRun(f"{member.label} stops the run: {problem.text or 'it gives no reason'}") from None
            self._trouble(member.name, str(problem))
        except PluginProblem as problem:
            if member.name in self._crew.names:  # else its end was told of already
                self._trouble(member.name, str(problem))
        except (OSError, ProtocolError) as problem:
            self._trouble(member.name, f"{member.name}: {hook} could not be called: {problem}")

    def decide(
        self, member: Member, candidates: Sequence[Candidate], given_up: Callable[[], bool]
    ) -> dict[int, Decision]:
        """Ask a plugin what becomes of entries; what goes wrong is told of, and the entries are taken as they are."""
        found: dict[int, Decision] = {}
        places = [*range(len(candidates))]
        while places and member.name in self._crew.names:
            answer = self._answered(member, [candidates[place] for place in places], given_up)
            if answer is None:
                break
            now = {places[place]: said for place, said in answer.said}
            for place, said in now.items():
                found[place] = said.decision()
                for kind, value in said.wishes:
                    self._wish(member, kind, value)
            for place, text in answer.failures:
                self._fail(member, text, candidates[places[place]].path)
            self._failed[member.name] += max(answer.failed - len(answer.failures), 0)
            heard = {*not_below(candidates, found)}
            places = [place for place in places[answer.done :] if place in heard]
        return found

    def _answered(
        self, member: Member, candidates: Sequence[Candidate], given_up: Callable[[], bool]
    ) -> BatchAnswer | None:
        deadline_s = member.deadlines.get(ON_ENTRY, ENTRIES_DEADLINE_S)
        try:
            value = self._crew.call(member.name, ON_ENTRY, [candidates], deadline_s, given_up)
            answer = read_answer(value, len(candidates))
        except PluginProblem as problem:
            if member.name in self._crew.names:  # else its end was told of already
                self._fail(member, str(problem))
        except (OSError, ProtocolError, ValueError) as problem:
            self._fail(member, f"{member.name}: {ON_ENTRY} could not be called: {problem}")
        else:
            return answer if answer.done > 0 else None
        return None

    def _wish(self, member: Member, kind: str, value: Any) -> None:
        try:
            self._asking.wishes.add(member.name, kind, value)
        except AskRefused as refusal:
            self._fail(member, f"{member.name}: {refusal}")

    def _fail(self, member: Member, text: str, path: bytes = b"") -> None:
        """Tell of a failure with an entry; of many only the first."""
        self._failed[member.name] += 1
        if self._failed[member.name] <= MOST_FAILURES:
            about = f"{member.name}: {ON_ENTRY} failed at {os.fsdecode(path)}: {text}" if path else text
            self._trouble(member.name, clean(about))
        elif self._failed[member.name] == MOST_FAILURES + 1:
            self._trouble(member.name, f"{member.name}: what else fails in {ON_ENTRY} is not told any more")

    def ask(self, member: Member, method: str, arguments: Sequence[Any]) -> Any:
        """Call a plugin for what it returns, however long it takes. PluginProblem."""
        return self._crew.call(member.name, method, arguments, None)

    def answer(self, member: Member, question: str) -> Any:
        """Return what a plugin knows; None when it does not, or when asking fails, which is told."""
        try:
            return self._crew.call(member.name, "answer", [question], ANSWER_S)
        except (PluginProblem, OSError, ProtocolError) as problem:
            self._trouble(member.name, f"{member.label} was asked for {question}: {problem}")
            return None

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long each plugin was at work, by label."""
        return {self._labels[name]: seconds for name, seconds in self._crew.seconds.items()}

    def dismiss(self) -> None:
        """Let the worker end; `close` waits for it."""
        self._crew.dismiss()

    def close(self) -> None:
        """End the worker."""
        self._crew.close()
