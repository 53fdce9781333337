from pathlib import Path

import pytest

from yester.engine.places import Places
from yester.plugins.finding import find_plugins
from yester.plugins.found import Found
from yester.plugins.settings import PluginSettings
from yester.plugins.switching import switched, switches_of

HERE = Found("ping", "native", "/n/ping.py", True, is_shared=True)
THERE = Found("ping", "kiwi", "/k/ping", True, is_shared=True)
PACKED = Found("pong", "native", "entry:pong", False)
GONE = Found("gone", "native", "", True, problem="gone")
ALL = [HERE, THERE, PACKED, GONE]


def test_what_is_so_by_itself_is_not_named() -> None:
    assert switched(PluginSettings(), ALL, [HERE, PACKED], []) == ({"pong"}, set())
    assert switched(PluginSettings(("pong",)), ALL, [], [HERE, PACKED]) == (set(), {"native/ping"})


def test_a_shared_name_is_taken_apart() -> None:
    settings = PluginSettings(disabled=("ping",))
    assert switched(settings, ALL, [HERE], []) == (set(), {"kiwi/ping"})
    assert switched(settings, ALL, [HERE, THERE], []) == (set(), set())


def test_a_name_in_the_long_form_is_the_same() -> None:
    assert switched(PluginSettings(("native/pong", "gone")), ALL, [], [PACKED, GONE]) == (set(), set())


@pytest.mark.parametrize("name", ["gone", "native/gone", "nowhere/gone", "/gone", "a/b/gone", "gone\n"])
def test_whatever_is_enabled_and_gone_can_be_switched_off(tmp_path: Path, name: str) -> None:
    settings = PluginSettings((name,))
    [gone] = [each for each in find_plugins(Places.under(tmp_path), settings) if not each.place]
    assert gone.problem == "it is enabled, but not installed"
    assert switched(settings, [gone], [], [gone]) == (set(), set())


def test_switches_of_a_profile() -> None:
    changes = switches_of({"native/pong"}, [PACKED], [HERE])
    assert [(each.path, each.value) for each in changes] == [
        (("plugins", "native/pong", "enabled"), True),
        (("plugins", "native/ping", "enabled"), False),
    ]
