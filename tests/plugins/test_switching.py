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


def test_switches_of_a_profile() -> None:
    changes = switches_of({"native/pong"}, [PACKED], [HERE])
    assert [(each.path, each.value) for each in changes] == [
        (("plugins", "native/pong", "enabled"), True),
        (("plugins", "native/ping", "enabled"), False),
    ]
