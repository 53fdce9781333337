"""Contract 4.6, sentence by sentence."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from tests.plugins.kolibri.conftest import Import

ABSTRACT = """
from abc import abstractmethod
from kolibri.plugins.hooks import KolibriHook, define_hook

@define_hook
class Greets(KolibriHook):
    @property
    @abstractmethod
    def word(self): ...

@define_hook
class GreetsLoudly(Greets):
    volume = 11

@define_hook(only_one_registered=True)
class Leads(KolibriHook):
    pass
"""

HEAD = """
from kolibri.plugins import KolibriPluginBase
from kolibri.plugins.hooks import register_hook, unregister_hook
from greeting_hooks import *

class Plugin(KolibriPluginBase):
    pass
"""


@pytest.fixture
def greeting(kolibri: Import, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Abstract hooks in a module that plugins may import."""
    module = ModuleType("greeting_hooks")
    monkeypatch.setitem(sys.modules, "greeting_hooks", module)
    exec(ABSTRACT, vars(module))
    return module


def words(hooks: Any) -> list[str]:
    return [hook.word for hook in hooks]


def hello(word: str, base: str = "Greets", name: str = "Hello") -> str:
    return f"{HEAD}\n@register_hook\nclass {name}({base}):\n    word = {word!r}\n"


def test_a_hook_is_registered_with_every_abstract_ancestor_in_order(greeting: Any, put: Callable[..., Any]) -> None:
    put("first", plugin=hello("one", "GreetsLoudly"))
    put("second", plugin=hello("two"))
    put("third", plugin=hello("three", "GreetsLoudly"))
    assert words(greeting.Greets.registered_hooks) == ["one", "two", "three"]
    assert words(greeting.GreetsLoudly.registered_hooks) == ["one", "three"]
    assert not greeting.Leads.is_registered
    assert greeting.Greets.is_registered


def test_the_id_is_the_package_and_the_class(greeting: Any, put: Callable[..., Any]) -> None:
    put("first", plugin=hello("one"))
    (hook,) = greeting.Greets.registered_hooks
    assert hook.unique_id == "first.Hello"
    assert greeting.Greets.get_hook("first.Hello") is hook
    assert greeting.Greets.get_hook("first.Goodbye") is None


def test_hooks_are_singletons(greeting: Any, put: Callable[..., Any]) -> None:
    put("first", plugin=hello("one"))
    (hook,) = greeting.Greets.registered_hooks
    assert type(hook)() is hook


def test_the_same_id_replaces(greeting: Any, put: Callable[..., Any], kolibri: Import) -> None:
    put("first", plugin=hello("one", "Leads"))
    (before,) = greeting.Leads.registered_hooks
    del sys.modules["first.kolibri_plugin"]
    kolibri("kolibri.plugins.registry").registered_plugins.add("first")
    (after,) = greeting.Leads.registered_hooks
    assert after is not before


def test_a_concrete_class_has_no_list(greeting: Any, put: Callable[..., Any]) -> None:
    put("first", plugin=hello("one"))
    (hook,) = greeting.Greets.registered_hooks
    for use in ("registered_hooks", "is_registered"):
        with pytest.raises(TypeError, match="registered_hooks property accessed on a non-abstract hook"):
            getattr(type(hook), use)
    with pytest.raises(TypeError, match="get_hook method used on a non-abstract hook"):
        type(hook).get_hook("first.Hello")


@pytest.mark.parametrize("decorator", ["register_hook", "unregister_hook"])
def test_only_what_inherits_an_abstract_hook_is_registered(
    greeting: Any, kolibri: Import, put: Callable[..., Any], decorator: str
) -> None:
    text = f"{decorator} decorator used on a class that does not inherit from any abstract KolibriHook subclasses"
    with pytest.raises(TypeError, match=text):
        put("stranger", plugin=f"{HEAD}\n@{decorator}\nclass Hello:\n    word = 'x'\n")
    with pytest.raises(TypeError, match=text):  # a registered one is no longer abstract
        put("heir", plugin=hello("x") + f"\n@{decorator}\nclass Heir(Hello):\n    pass\n")
    bare = f"from kolibri.plugins.hooks import KolibriHook\n@{decorator}\nclass Bare(KolibriHook):\n    pass\n"
    with pytest.raises(TypeError, match=text):
        put("bare", plugin=HEAD + bare)


@pytest.mark.parametrize("decorator", ["register_hook", "unregister_hook"])
def test_a_hook_stands_in_kolibri_plugin(greeting: Any, kolibri: Import, decorator: str) -> None:
    class Hello(greeting.Greets):  # type: ignore[misc]
        word = "x"

    with pytest.raises(RuntimeError, match=rf"{decorator} decorator invoked outside of a kolibri_plugin\.py module"):
        getattr(kolibri("kolibri.plugins.hooks"), decorator)(Hello)


def test_registration_happens_when_the_plugin_is_initialised(greeting: Any, kolibri: Import, put: Any) -> None:
    put("first", plugin=HEAD)
    utils = kolibri("kolibri.plugins.utils")
    put("second", plugin=hello("two"))
    kolibri("kolibri.plugins.registry").registered_plugins.drop("second")
    assert words(greeting.Greets.registered_hooks) == []
    utils.initialize_kolibri_plugin("second", initialize_hooks=False)
    assert words(greeting.Greets.registered_hooks) == []
    utils.initialize_kolibri_plugin("second")
    assert words(greeting.Greets.registered_hooks) == ["two"]


def test_imported_hooks_are_not_the_plugins_own(greeting: Any, put: Callable[..., Any]) -> None:
    put("first", plugin=hello("one"))
    put("second", plugin=f"{HEAD}\nfrom first.kolibri_plugin import Hello\n")
    assert [hook.unique_id for hook in greeting.Greets.registered_hooks] == ["first.Hello"]


def test_a_second_hook_where_one_may_be(greeting: Any, kolibri: Import, put: Callable[..., Any]) -> None:
    put("first", plugin=hello("one", "Leads"))
    second = hello("two", "Leads") + "\n@register_hook\nclass Also(Greets):\n    word = 'also'\n"
    with pytest.raises(kolibri("kolibri.plugins.hooks").HookSingleInstanceError, match="more than one instance"):
        put("second", plugin=second)
    assert words(greeting.Leads.registered_hooks) == ["one"]
    assert words(greeting.Greets.registered_hooks) == []
    put("third", plugin=hello("three"))
    assert words(greeting.Greets.registered_hooks) == ["three"]


def test_abstract_members_that_are_not_given(greeting: Any, put: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="abstract class Mute"):
        put("first", plugin=f"{HEAD}\n@register_hook\nclass Mute(Greets):\n    pass\n")


def test_unregistered_hooks_are_on_no_list(greeting: Any, put: Callable[..., Any]) -> None:
    put("first", plugin=hello("one") + "\nunregister_hook(Hello)\n")
    assert words(greeting.Greets.registered_hooks) == []


def test_methods_may_use_super(greeting: Any, put: Callable[..., Any]) -> None:
    put(
        "first",
        plugin=hello("one") + "    def __init__(self):\n        super().__init__()\n        self.word = 'made'\n",
    )
    assert words(greeting.Greets.registered_hooks) == ["made"]


def test_a_class_that_is_no_hook_may_be_made_one(kolibri: Import) -> None:
    hooks = kolibri("kolibri.plugins.hooks")

    @hooks.define_hook
    class Odd:
        pass

    assert vars(Odd)["_registered_hooks"] == {}
