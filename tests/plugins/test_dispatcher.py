"""The order of all worlds, and what is made of a stop; with casts that start no process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from yester.engine.events import (
    EVENT_TYPES,
    AppStart,
    Event,
    File,
    Message,
    MountBefore,
    Phase,
    RunBegin,
    RunEnd,
    RunPhase,
    Unmount,
)
from yester.engine.hooks import StopRun, method_name
from yester.plugins import casts, dispatcher
from yester.plugins.casts import CASTS, Manner, Member
from yester.plugins.dispatcher import Dispatcher
from yester.plugins.finding import Found
from yester.plugins.rules import FILES_AT_ONCE, RULES, HookRule
from yester.plugins.worker.problems import AskRefused

BEGIN = RunBegin("r1", "docs", "00")
END = RunEnd("r1", "complete")


@dataclass
class Ears:
    heard: list[Message] = field(default_factory=list)
    lines: list[Message] = field(default_factory=list)

    def said(self, message: Message) -> None:
        self.heard.append(message)

    def printed(self, message: Message) -> None:
        self.lines.append(message)


Told = list[tuple[str, str]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Two worlds whose plugins write down what they are told; `stops…` stops, `late…` comes late in its world."""
    told: Told = []

    class Pretended:
        def __init__(self, world: str, plugins: Sequence[Found], *rest: Any) -> None:
            self.manner, self._plugins, self.seconds = CASTS[world], plugins, {"spent": 1.5}

        def load(self) -> list[Member]:
            hooks = frozenset(method_name(kind) for kind in RULES)
            return [self._member(each.name, hooks) for each in self._plugins]

        def _member(self, name: str, hooks: frozenset[str]) -> Member:
            order = 5 if name.startswith("late") else 0
            cast: Any = self
            return Member(name, cast, hooks, order, name.startswith("tui"), {}, {})

        def tell(self, member: Member, events: Sequence[Event], rule: HookRule) -> None:
            told.append((member.name, f"{events[0].type_name()}{'' if len(events) == 1 else f' x{len(events)}'}"))
            if member.name.startswith("stops") and rule.may_stop:
                raise StopRun(f"{member.name} stops the run")

        def close(self) -> None:
            told.append(("", "closed"))

    worlds = {"native": CASTS["native"], "other": Manner(2, CASTS["native"].call, "")}
    monkeypatch.setattr(casts, "CASTS", worlds)
    monkeypatch.setattr(dispatcher, "CASTS", worlds)
    monkeypatch.setattr(dispatcher, "Cast", Pretended)
    monkeypatch.setitem(globals(), "CASTS", worlds)
    return told


def of(*names: str, ears: Ears | None = None) -> Dispatcher:
    plugins = [Found(name.partition(":")[2] or name, name.partition(":")[0], "/x", True) for name in names]
    return Dispatcher(plugins, {}, ears or Ears())


NAMES = ("other:a", "native:late", "native:z", "native:b", "other:tui")
FORWARD = ["tui", "b", "z", "late", "a"]


@pytest.mark.parametrize(
    ("event", "order"),
    [
        (BEGIN, FORWARD),
        (MountBefore(), FORWARD),
        (Message(text="x"), FORWARD),
        (END, FORWARD[::-1]),
        (Unmount(), FORWARD[::-1]),
        (AppStart(), FORWARD[::-1]),
    ],
)
def test_order_over_all_worlds(told: Told, event: Event, order: list[str]) -> None:
    of(*NAMES).event(event)
    assert [name for name, _ in told] == order


def test_every_event_of_hooks_has_a_rule() -> None:
    followers = {"run.phase", "run.pause", "run.resume", "run.progress"}
    assert {kind.type_name() for kind in RULES} == set(EVENT_TYPES) - followers


def test_followers_events_start_nothing(told: Told) -> None:
    dispatcher = of("native:a")
    dispatcher.event(RunPhase(Phase.READ))
    dispatcher.close()
    assert told == []


def test_a_stop_is_kept_until_all_were_called_and_all_hear_the_end(told: Told) -> None:
    with pytest.raises(StopRun, match="stops1 stops the run; stops2 stops the run") as stopped:
        of("native:stops1", "native:stops2", "other:z").event(BEGIN)
    assert stopped.value.hint == "To run without: yester plugin disable stops1 stops2"
    assert told == [
        ("stops1", "run.begin"),
        ("stops2", "run.begin"),
        ("z", "run.begin"),
        ("z", "run.end"),
        ("stops2", "run.end"),
        ("stops1", "run.end"),
    ]


def test_files_come_in_batches_and_before_what_follows(told: Told) -> None:
    dispatcher = of("native:a")
    for _ in range(FILES_AT_ONCE + 2):
        dispatcher.event(File(path="/a", change="new"))
    assert told == [("a", f"file x{FILES_AT_ONCE}")]
    dispatcher.event(END)
    assert told[1:] == [("a", "file x2"), ("a", "run.end")]


def test_what_is_wrong_with_a_plugin_is_told_and_it_is_left_out(told: Told) -> None:
    ears = Ears()
    plugins = [
        Found("bad", "native", "/x", True, problem="refused: /x can be written by others"),
        Found("ping", "native", "/y", True, twin="/z"),
    ]
    Dispatcher(plugins, {}, ears).event(END)
    assert [(each.source, each.level, each.text) for each in ears.heard] == [
        ("bad", "warning", "bad: refused: /x can be written by others"),
        ("ping", "warning", "Two plugins are called ping; /z is left out"),
    ]
    assert told == [("ping", "run.end")]


def test_what_a_plugin_says_is_no_event_for_plugins(told: Told) -> None:
    ears = Ears()
    dispatcher = of("native:a", ears=ears)
    answer: Callable[..., Any] = dispatcher._answer
    answer("a", "say", ["a", "error", "no drive", "again"])
    assert ears.heard == [Message(level="error", text="no drive", source="a", action="again")]
    assert told == []


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("shout", []), ("say", ["a", "info", "x"]), ("say", ["a", "loud", "x", ""]), ("say", ["a", "info", 5, ""])],
)
def test_nonsense_is_refused(method: str, arguments: list[Any]) -> None:
    with pytest.raises(AskRefused):
        of("native:a")._answer("a", method, arguments)


def test_a_plugin_that_never_ends_talking_is_cut_short() -> None:
    ears = Ears()
    dispatcher = of("native:a", ears=ears)
    with pytest.raises(AskRefused, match="has said 1,000 things"):
        for _ in range(2000):
            dispatcher._answer("a", "say", ["a", "info", "x", ""])
    assert len(ears.heard) == 1000


def test_time_is_told(told: Told) -> None:
    dispatcher = of("native:a")
    assert dispatcher.times() == ()
    dispatcher.event(END)
    assert [(each.plugin, each.time_ns) for each in dispatcher.times()] == [("spent", 1_500_000_000)]
