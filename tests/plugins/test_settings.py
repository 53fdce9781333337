from pathlib import Path

import pytest

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.settings import PluginSettings, read_settings, settings_path, write_switches


@pytest.fixture
def places(tmp_path: Path) -> Places:
    places = Places.under(tmp_path)
    places.config.mkdir()
    return places


def test_nothing_is_said_at_first(places: Places) -> None:
    assert read_settings(places) == PluginSettings()


def test_switches_leave_all_else_as_it_was(places: Places) -> None:
    settings_path(places).write_text('# mine\ndisabled = ["a"]\n\n[options.ping]\nurl = "x"  # there\n')
    write_switches(places, {"b", "c"}, set())
    assert read_settings(places) == PluginSettings(("b", "c"), (), {"ping": {"url": "x"}})
    text = settings_path(places).read_text()
    assert "# mine" in text and 'url = "x"  # there' in text and "disabled" not in text


def test_the_first_switch_makes_the_file(places: Places) -> None:
    write_switches(places, set(), {"a"})
    assert read_settings(places) == PluginSettings((), ("a",))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("enabled = [", "is no TOML"),
        ("\xff", "is no TOML"),
        ('enabled = "ping"', "enabled must be a list of names"),
        ("disabled = [1]", "disabled must be a list of names"),
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
        write_switches(places, {"a"}, set())
    assert settings_path(places).read_bytes() == text.encode("latin-1")
