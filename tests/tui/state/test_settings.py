from datetime import UTC, datetime

import msgspec
import pytest
from tests.tui.stage import SETTINGS

from yester.engine.errors import UsageError
from yester.engine.profiles.changing import changed as changed_text
from yester.engine.profiles.changing import parse_setting
from yester.engine.profiles.keys import KEYS
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import parse_profile
from yester.engine.profiles.reporting import effects
from yester.engine.profiles.toml_text import toml_line
from yester.engine.profiles.writing import render
from yester.tui.serve.methods.profiles import EditProfile
from yester.tui.state import settings
from yester.tui.state.keeping import Retention, kept_in_words
from yester.tui.state.settings import Setting, Settings
from yester.tui.state.text import ASCII, plain

DOCUMENTS = settings.told(Settings("documents"), msgspec.convert(SETTINGS, list[Setting]))
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)

VALUES = {
    "sources": "/srv/x",
    "repository": "sftp://nas/x",
    "passphrase_file": "/p",
    "filters.exclude_larger_than": "20M",
    "retention.keep_within": "10d",
    "schedule.hours": "8,12",
    "schedule.drive": "1b2c3d4e-0000-4000-8000-123456789abc",
    "limits.ionice": "idle",
    "retention.min_free_inodes": "2.5",
}


@pytest.mark.parametrize("key", [key.path for key in KEYS.values() if key.name != "id"])
def test_every_key_of_the_table_can_be_changed_and_comes_back_as_it_was_typed(key: str) -> None:
    known = settings.BY_PATH[key]
    example = known.shown if known.shown is not None else ()
    typed = VALUES.get(key) or settings.typed_of(key, toml_line(known.kind.raw(example)))
    value = settings.toml_of(key, settings.list_of(typed) if settings.is_list(key) else typed)
    assert settings.typed_of(key, value) == typed
    state = settings.changed(DOCUMENTS, key, value)
    if key not in state.changes:
        return  # it says so already
    meant = settings.understood(state)
    assert isinstance(meant, Profile | str)
    asked = msgspec.convert(settings.command(state), EditProfile)
    assert [toml_line(parse_setting(said).value) for said in asked.settings] == [value]


def test_what_is_understood_is_what_the_file_would_say() -> None:
    profile = Profile("documents", bytes(16), (b"/home/me/caf\xe9",), repository="/srv/x")
    told = [Setting(each.path, each.value, each.is_default) for each in effects(profile)]
    state = settings.told(Settings("documents"), told)
    state = settings.changed(state, "retention.smart.per_day", "3")
    state = settings.changed(state, "schedule.when", '"daily"')
    meant = settings.understood(state)
    changes = list(map(parse_setting, msgspec.convert(settings.command(state), EditProfile).settings))
    edited = parse_profile("documents", changed_text(render(profile), changes), "")
    assert isinstance(meant, Profile)
    assert (meant.schedule, meant.retention, meant.sources) == (edited.schedule, edited.retention, edited.sources)


def test_a_change_that_is_none_is_forgotten() -> None:
    state = settings.changed(DOCUMENTS, "schedule.at", '"13:00"')
    assert state.value("schedule.at") == '"13:00"'
    assert settings.changed(state, "schedule.at", '"12:00"').changes == {}
    assert settings.changed(DOCUMENTS, "compression", None).changes == {}
    state = settings.changed(DOCUMENTS, "schedule.at", None)
    assert (state.value("schedule.at"), settings.command(state)) == (
        '"00:00"',
        {"profile": "documents", "removals": ["schedule.at"]},
    )


def test_what_makes_no_sense_is_said() -> None:
    state = settings.changed(DOCUMENTS, "schedule.when", '"drive"')
    assert "needs drive" in str(settings.understood(state))
    assert "needs drive" in "\n".join(
        map(plain, settings.panel(state, "schedule.when", NOW, UTC, ASCII, 60)),
    )
    with pytest.raises(UsageError):
        settings.toml_of("compression", "many")


def test_options_of_others_are_changed_too() -> None:
    told = [*DOCUMENTS.settings, Setting("plugins.usb.speed", "3")]
    state = settings.changed(
        settings.told(DOCUMENTS, told), "plugins.usb.speed", settings.toml_of("plugins.usb.speed", "4")
    )
    assert settings.command(state)["settings"] == ["plugins.usb.speed=4"]
    assert isinstance(settings.understood(state), Profile)


@pytest.mark.parametrize("key", [each.key for each in DOCUMENTS.settings])
def test_each_key_has_its_panel(key: str) -> None:
    words = "\n".join(map(plain, settings.panel(DOCUMENTS, key, NOW, UTC, ASCII, 60)))
    assert settings.BY_PATH[key].kind.name in words


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "every snapshot"),
        ({"keep_daily": 7, "keep_weekly": 4}, "7 daily, 4 weekly"),
        ({"keep_last": 3, "keep_within": "10d"}, "the newest 3, all within 10d"),
        ({"smart": {}}, "fewer with age (smart)"),
        ({"older_than": "2y", "keep_tags": ("x",)}, "tags x; removes what is older than 2y"),
        ({"min_free_size": 1 << 30}, "every snapshot; until 1.0 GiB are free"),
    ],
)
def test_a_retention_in_words(rules: dict[str, object], words: str) -> None:
    found = msgspec.convert(rules, Retention)
    assert kept_in_words(found) == words
    if rules:
        assert kept_in_words(found, is_applied=False).endswith("applied only by yester forget")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("repository", "then     the snapshots so far stay where they are; the next run"),
        ("filters.exclude", "then     what is left out from now on stays"),
        ("schedule.at", "then     ctrl+s lets the system know"),
        ("keyring", "changed by K on Storage"),
        ("when_unchanged", ""),
    ],
)
def test_what_comes_of_a_change_is_said_before(key: str, words: str) -> None:
    text = "\n".join(map(plain, settings.panel(DOCUMENTS, key, NOW, UTC, ASCII, 0)))
    assert words in text if words else "then" not in text


def test_all_that_a_consequence_is_said_of_are_keys() -> None:
    told = {key for key in settings.BY_PATH if settings.consequences(key)}
    tables = {key.partition(".")[0] for key in told}
    assert {"sources", "repository", "compression", "keyring", "filters", "schedule", "retention"} <= tables
    assert settings.consequences("archive.roles") == []


def test_whose_keys_they_are_and_how_many_are_changed() -> None:
    assert plain(settings.headline(DOCUMENTS)) == "documents  what it says, key by key"
    changed = settings.changed(DOCUMENTS, "compression", "9")
    assert plain(settings.headline(changed)) == "documents  1 key changed and not saved: ctrl+s saves"
