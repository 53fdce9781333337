import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from yester.engine.events import EVENT_TYPES, RunBegin
from yester.engine.hooks import Hooks, method_name
from yester.plugins.native import Plugin, Row, action, panel
from yester.plugins.native.checking import HOOKS, hooks_of, problems_of
from yester.plugins.native.interface import offers_of


class Good(Plugin):
    """As it should be."""

    deadlines: ClassVar[Mapping[str, float]] = {"on_run_begin": 5}

    def on_run_begin(self, event: RunBegin) -> None: ...

    def on_unmount(self, event: Any, more: int = 0) -> None: ...

    @action("again", "Again", url="x")
    def again(self, options: dict[str, str]) -> str:
        return ""

    @panel("state", "State")
    def state(self) -> list[Row]:
        return []


def test_a_good_plugin_has_no_problems() -> None:
    assert problems_of(Good) == []
    assert hooks_of(Good) == ["on_unmount", "on_run_begin"]
    assert [(each.kind, each.name, each.method) for each in offers_of(Good)] == [
        ("action", "again", "again"),
        ("panel", "state", "state"),
    ]
    assert problems_of(Plugin) == []
    assert hooks_of(Plugin) == []


def test_every_hook_of_the_engine_is_one_of_plugins() -> None:
    assert set(HOOKS) == {method_name(kind) for kind in EVENT_TYPES.values() if hasattr(Hooks, method_name(kind))}


def test_the_class_has_every_hook() -> None:
    for name, event in HOOKS.items():
        assert inspect.signature(getattr(Plugin, name)) == inspect.signature(getattr(Hooks, name)), event


def made(**members: Any) -> type[Plugin]:
    return type("Bad", (Plugin,), members)


async def later(self: Any, event: Any) -> None: ...


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (made(on_run_begun=lambda self, event: None), "there is no event for on_run_begun. Did you mean on_run_begin"),
        (made(on_run_begin=lambda self: None), "on_run_begin(self) must be: def on_run_begin(self, event: RunBegin)"),
        (made(on_run_end=lambda self, event, why: None), "on_run_end(self, event, why) must be: def on_run_end(self"),
        (made(on_run_end=5), "on_run_end must be a method: def on_run_end(self, event: RunEnd) -> None"),
        (made(on_run_end=staticmethod(print)), "on_run_end must be a method"),
        (made(on_error=later), "on_error must be a plain function: def on_error(self, event: Error) -> None"),
        (
            made(go=action("go", "Go")(lambda self: "")),
            "go(self) must be: def go(self, options: dict[str, str]) -> str",
        ),
        (made(look=panel("look", "Look")(lambda self, x: [])), "look(self, x) must be: def look(self) -> list[Row]"),
        (
            made(
                one=panel("look", "Look")(lambda self: []),
                two=panel("look", "Look")(lambda self: []),
            ),
            "two actions or panels are called look",
        ),
        (made(order="first"), "order must be a whole number and is_tui True or False, not 'first' and False"),
        (made(go=action("go", "Go", n=5)(lambda self, options: "")), "the options of go must be text"),  # type: ignore[arg-type]
        (made(deadlines={"on_run_begin": 99999}), "deadlines: on_run_begin may take up to 86400 seconds, not 99999"),
        (made(deadlines={"on_run_begun": 1}), "deadlines: there is no event for on_run_begun"),
    ],
)
def test_what_is_wrong_is_named_with_the_right_form(kind: type[Plugin], problem: str) -> None:
    [found] = problems_of(kind)
    assert problem in found.replace("<lambda>", "")
