from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from yester.engine.errors import UsageError, YesterError
from yester.engine.places import Places
from yester.engine.profiles.changing import Change
from yester.plugins.settings import PluginSettings, read_settings, settings_path, write_options, write_switches


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places.under(tmp_path)
    places.config.mkdir()
    return places


def test_nothing_is_said_at_first(places: Places) -> None:
    assert read_settings(places) == PluginSettings()


def test_switches_leave_all_else_as_it_was(places: Places) -> None:
    settings_path(places).write_text('# mine\ndisabled = ["a"]\n\n[options.ping]\nurl = "x"  # there\n')
    write_switches(places, lambda settings: ({"b", "c"}, set()))
    assert read_settings(places) == PluginSettings(("b", "c"), (), {"ping": {"url": "x"}})
    text = settings_path(places).read_text()
    assert "# mine" in text and 'url = "x"  # there' in text and "disabled" not in text


def test_the_first_switch_makes_the_file(places: Places) -> None:
    write_switches(places, lambda settings: (set(), {"a"}))
    assert read_settings(places) == PluginSettings((), ("a",))


def test_a_link_to_the_file_stays(places: Places, tmp_path: Path) -> None:
    own = tmp_path / "dotfiles.toml"
    own.write_text("# mine\n")
    settings_path(places).symlink_to(own)
    write_switches(places, lambda settings: ({"a"}, set()))
    write_options(places, [Change(("options", "a", "b"), 5)])
    assert settings_path(places).is_symlink()
    assert own.read_text() == '# mine\nenabled = ["a"]\n\n[options.a]\nb = 5\n'


def test_who_writes_at_the_same_time_loses_nothing(places: Places) -> None:
    def add(number: int) -> None:
        write_switches(places, lambda settings: ({*settings.enabled, f"p{number}"}, set()))
        write_options(places, [Change(("options", f"p{number}", "n"), number)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    settings = read_settings(places)
    assert {*settings.enabled} == settings.options.keys() == {f"p{number}" for number in range(12)}


PROFILE: Mapping[str, Mapping[str, object]] = {
    "a": {"enabled": True, "x": 1},
    "b": {"enabled": False},
    "c": {"enabled": "yes"},
    "kiwi/d": {"enabled": False},
    "e": {"x": 1},
}


@pytest.mark.parametrize(
    ("world", "name", "switch"),
    [
        ("native", "a", True),
        ("native", "b", False),
        ("native", "c", None),
        ("native", "d", True),
        ("kiwi", "d", False),
        ("native", "e", False),
        ("kiwi", "f", True),
        ("native", "f", None),
    ],
)
def test_a_profile_counts_before_the_lists(world: str, name: str, switch: bool | None) -> None:
    settings = PluginSettings(("b", "d", "kiwi/f"), ("a", "e")).in_profile("docs", PROFILE)
    assert settings.switch(world, name) is switch
    assert settings.wanted() == ["d", "kiwi/f", "a"]
    assert settings.mistaken == {"c": 'enabled in [plugins.c] of the profile docs takes true or false, not "yes"'}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("enabled = [", "is no TOML"),
        ("\xff", "is no TOML"),
        ('enabled = "ping"', "enabled must be a list of names"),
        ("disabled = [1]", "disabled must be a list of names"),
        ('disabled = [""]', "disabled must be a list of names"),
        ("ping = 1", "ping is not known"),
        ("options = 1", "options of a plugin stand in a table"),
        ("[options]\nping = 1", "options of a plugin stand in a table"),
    ],
)
def test_what_makes_no_sense_is_refused(places: Places, text: str, problem: str) -> None:
    settings_path(places).write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=problem):
        read_settings(places)
    with pytest.raises(UsageError, match=problem):
        write_switches(places, lambda settings: ({"a"}, set()))
    assert settings_path(places).read_bytes() == text.encode("latin-1")


def test_a_file_that_cannot_be_written(places: Places) -> None:
    settings_path(places).symlink_to("/proc/plugins.toml")  # where nobody makes a file, root neither
    with pytest.raises(YesterError, match="cannot be written") as refused:
        write_switches(places, lambda settings: ({"b"}, set()))
    assert refused.value.hint == "yester keeps its settings there; XDG_CONFIG_HOME moves them elsewhere."
