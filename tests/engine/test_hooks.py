import pytest

from yester.engine.events import EVENT_TYPES, AppExit, Event, RunBegin, RunPhase
from yester.engine.hooks import AllEvents, Hooks, NoHooks, StopRun, method_name, tell

FOLLOWERS_ONLY = {"run.phase", "run.progress", "run.pause", "run.resume"}


class Deaf(AllEvents):
    def __init__(self) -> None:
        self.heard: list[Event] = []

    def event(self, event: Event) -> None:
        self.heard.append(event)


def test_every_event_has_a_method_but_those_for_followers() -> None:
    without = {name for name, kind in EVENT_TYPES.items() if not hasattr(Hooks, method_name(kind))}
    assert without == FOLLOWERS_ONLY
    methods = {name for name in vars(Hooks) if name.startswith("on_")}
    assert methods == {method_name(kind) for name, kind in EVENT_TYPES.items() if name not in FOLLOWERS_ONLY}


def test_methods_are_named_after_events() -> None:
    assert method_name(RunBegin) == "on_run_begin"


def test_tell_calls_the_method_of_the_event() -> None:
    hooks = Deaf()
    tell(hooks, AppExit(2))
    assert hooks.heard == [AppExit(2)]


def test_all_events_takes_each_kind() -> None:
    hooks = Deaf()
    for name, kind in EVENT_TYPES.items():
        if name not in FOLLOWERS_ONLY:
            getattr(hooks, method_name(kind))(AppExit(1))
    assert len(hooks.heard) == len(EVENT_TYPES) - len(FOLLOWERS_ONLY)


def test_what_is_for_followers_is_not_told_to_hooks() -> None:
    with pytest.raises(AttributeError):
        tell(NoHooks(), RunPhase("read"))  # type: ignore[arg-type]


def test_nobody_wants_files_unless_asked() -> None:
    assert not NoHooks().wants_files


def test_a_stopped_run_is_a_failure_not_a_defect() -> None:
    assert StopRun("not on battery").exit_code == 1
