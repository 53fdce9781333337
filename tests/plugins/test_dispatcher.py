"""The order of all worlds, and what is made of a stop; with casts that start no process."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
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
from yester.engine.places import Places
from yester.plugins import casts, dispatcher
from yester.plugins.casts import MANNERS, Member
from yester.plugins.dispatcher import Dispatcher
from yester.plugins.found import Found
from yester.plugins.manner import Manner
from yester.plugins.rules import FILES_AT_ONCE, RULES, HookRule
from yester.plugins.surroundings import Surroundings

SURROUNDINGS = Surroundings(Places.under(Path("/nowhere")))
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
def steps() -> list[str]:
    """What becomes of the workers."""
    return []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, steps: list[str]) -> Told:
    """Two worlds whose plugins write down what they are told; `stops…` stops, `late…` comes late in its world."""
    told: Told = []

    class Pretended:
        def __init__(self, world: str, plugins: Sequence[Found], *rest: Any) -> None:
            self.manner, self._plugins, self.seconds = MANNERS[world], plugins, {"spent": 1.5}
            self._world, self.loaded = world, ()

        def start(self) -> None:
            steps.append(f"start {self._world}")

        def dismiss(self) -> None:
            steps.append(f"dismiss {self._world}")

        def load(self) -> list[Member]:
            steps.append(f"load {self._world}")
            hooks = frozenset(method_name(kind) for kind in RULES)
            return [self._member(each.name, hooks) for each in self._plugins]

        def _member(self, name: str, hooks: frozenset[str]) -> Member:
            order = 5 if name.startswith("late") else 0 if self._world == "native" else ord(name[-1])
            cast: Any = self
            return Member(name, name, cast, hooks, order, name.startswith("tui"), {}, {})

        def tell(self, member: Member, events: Sequence[Event], rule: HookRule, given_up: object) -> None:
            told.append((member.name, f"{events[0].type_name()}{'' if len(events) == 1 else f' x{len(events)}'}"))
            if member.name.startswith("stops") and rule.may_stop:
                raise StopRun(f"{member.name} stops the run")

        def close(self) -> None:
            told.append(("", "closed"))
            steps.append(f"close {self._world}")

    native = MANNERS["native"]
    worlds = {"native": native, "other": Manner(2, native.find), "own": Manner(3, native.find, is_reversed=_own)}
    monkeypatch.setattr(casts, "MANNERS", worlds)
    monkeypatch.setattr(dispatcher, "MANNERS", worlds)
    monkeypatch.setattr(dispatcher, "Cast", Pretended)
    monkeypatch.setitem(globals(), "MANNERS", worlds)
    return told


def of(*names: str, ears: Ears | None = None) -> Dispatcher:
    plugins = [Found(name.partition(":")[2] or name, name.partition(":")[0], "/x", True) for name in names]
    return Dispatcher(plugins, lambda found: (), SURROUNDINGS, ears or Ears())


def _own(kind: type[Event]) -> bool:
    return kind is MountBefore


def test_workers_start_and_end_side_by_side(told: Told, steps: list[str]) -> None:
    """Each takes a tenth of a second for itself."""
    dispatcher = of("other:a", "native:b")
    dispatcher.load()
    dispatcher.close()
    ways = ("start", "load", "dismiss", "close")
    assert steps == [f"{step} {world}" for step in ways for world in ("native", "other")]


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


@pytest.mark.parametrize(
    ("event", "order"),
    [
        (MountBefore(), ["c", "native", "b", "tui-a"]),
        (END, ["tui-a", "b", "native", "c"]),
        (BEGIN, ["tui-a", "native", "b", "c"]),
    ],
)
def test_a_world_keeps_its_own_direction_at_the_places_that_it_has(told: Told, event: Event, order: list[str]) -> None:
    of("own:b", "native:native", "own:c", "own:tui-a").event(event)
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
        Found("ping", "native", "/y", True, twin="/z", is_twin_on=True),
    ]
    Dispatcher(plugins, lambda found: (), SURROUNDINGS, ears).event(END)
    assert [(each.source, each.level, each.text) for each in ears.heard] == [
        ("bad", "warning", "bad: refused: /x can be written by others"),
        ("ping", "warning", "Two plugins are called ping; /z is left out"),
    ]
    assert told == [("ping", "run.end")]


def test_time_is_told(told: Told) -> None:
    dispatcher = of("native:a")
    assert dispatcher.times() == ()
    dispatcher.event(END)
    assert [(each.plugin, each.time_ns) for each in dispatcher.times()] == [("spent", 1_500_000_000)]
