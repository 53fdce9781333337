"""Plugins of Kolibri on the command line: runs with them, switching, options."""

import json
import os
from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import stand_in
from tests.plugins.kolibri.packing import pack
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, is_one_complaint

from yester.engine.places import Places

SCHOOL = """
import os
from kolibri.core.auth.hooks import FacilityDataSyncHook
from kolibri.core.device.hooks import CheckIsMeteredHook
from kolibri.plugins import KolibriPluginBase
from kolibri.plugins.hooks import register_hook
from kolibri.utils.conf import OPTIONS

class School(KolibriPluginBase):
    "Tells the school."
    kolibri_options = "options"

@register_hook
class Tells(FacilityDataSyncHook):
    def pre_transfer(self, dataset_id, local_is_single_user, remote_is_single_user, single_user_id, context):
        print("before", OPTIONS["School"]["NAME"], dataset_id)
    def post_transfer(self, **named):
        print("after", named["context"].profile)

@register_hook
class Metered(CheckIsMeteredHook):
    def check_is_metered(self):
        return {"yes": True, "no": False}.get(os.environ["PAID"])
"""

OPTIONS = """
option_spec = {
    "School": {
        "NAME": {"type": "string", "default": "the school", "description": "What it is called"},
        "PORT": {"type": "port", "default": 99},
    },
}
"""


@pytest.fixture
def school(yester: Yester, plain: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile `docs`, and a plugin `school_plugin` in the folder."""
    for variable in [name for name in os.environ if name.startswith("KOLIBRI_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    monkeypatch.setenv("PAID", "no")
    assert yester("profile", "add", "docs", docs).code == 0
    return pack(Places.default().data / "plugins" / "kolibri" / "school_plugin", plugin=SCHOOL, options=OPTIONS)


def home() -> Path:
    return Places.default().data / "kolibri"


def printed(yester: Yester) -> list[str]:
    lines = yester("log", "docs").out.splitlines()
    return [line.partition("school_plugin: stdout: ")[2] for line in lines if "stdout: " in line]


def profile_id(yester: Yester) -> str:
    found: str = json.loads(yester("profile", "show", "docs", "--json").out)["id"]
    return found


def nmcli(folder: Path, monkeypatch: pytest.MonkeyPatch, metered: str) -> None:
    """Put a NetworkManager on the path that says whether the network is metered."""
    said = f"GENERAL.STATE:100 (connected)\\nGENERAL.METERED:{metered}\\nIP4.GATEWAY:10.0.0.1\\n"
    path = stand_in(folder / "machine", nmcli=f"#!/bin/sh\nprintf '{said}'\n")
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")


def test_a_snapshot_is_a_transfer(yester: Yester, school: Path) -> None:
    done = yester("snap", "docs")
    assert (done.code, done.err) == (0, "")
    assert printed(yester) == [f"before the school {profile_id(yester)}", "after docs"]


def test_a_dry_run_is_none(yester: Yester, school: Path) -> None:
    assert yester("snap", "docs", "--dry-run").code == 0
    assert printed(yester) == []


@pytest.mark.parametrize(
    ("paid", "manager", "is_skipped"),
    [("yes", "no", True), ("no", "yes", False), ("unknown", "yes", True), ("unknown", "no", False)],
)
def test_a_plugin_that_knows_is_believed_before_the_network_manager(
    yester: Yester,
    school: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    paid: str,
    manager: str,
    is_skipped: bool,
) -> None:
    nmcli(tmp_path, monkeypatch, manager)
    monkeypatch.setenv("PAID", paid)
    assert yester("profile", "edit", "docs", "--set", "limits.metered=skip").code == 0
    done = yester("snap", "docs")
    assert done.code == 0
    assert ("paid by volume" in done.err) == is_skipped


def test_it_is_asked_only_where_the_profile_wants_to_know(
    yester: Yester, school: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAID")
    assert yester("snap", "docs").err == ""
    assert yester("profile", "edit", "docs", "--set", "limits.metered=skip").code == 0
    assert "school_plugin was asked for metered: school_plugin: answer failed: KeyError" in yester("snap", "docs").err


def test_switching(yester: Yester, school: Path) -> None:
    assert yester("plugin", "disable", "school_plugin").err == ""
    assert json.loads((home() / "plugins.json").read_text())["DISABLED_PLUGINS"] == ["school_plugin"]
    assert not (Places.default().config / "plugins.toml").exists()
    assert json.loads(yester("plugin", "list", "--json").out)[0]["is_enabled"] is False
    assert yester("snap", "docs").code == 0
    assert printed(yester) == []
    again = yester("plugin", "disable", "school_plugin")
    assert (again.code, again.err) == (0, "yester: school_plugin already disabled\n")
    assert yester("plugin", "apply", "school_plugin").code == 0
    assert yester("snap", "docs").code == 0
    assert len(printed(yester)) == 2
    assert "school_plugin already enabled" in yester("plugin", "enable", "school_plugin").err


HOOKS = """
from kolibri.plugins.hooks import KolibriHook, define_hook

@define_hook
class Greets(KolibriHook):
    pass
"""

GREETER = """
from kolibri.plugins import KolibriPluginBase
from kolibri.plugins.hooks import register_hook
from other_plugin.hooks import Greets

class Greeter(KolibriPluginBase):
    pass

@register_hook
class Greeting(Greets):
    pass
"""


def test_a_plugin_may_import_another_one_that_is_off(yester: Yester, school: Path) -> None:
    other = pack(
        school.parent / "other_plugin", plugin=SCHOOL.replace("Tells the", "Tells no"), hooks=HOOKS, options=""
    )
    pack(school.parent / "greeter_plugin", plugin=GREETER)
    assert yester("plugin", "disable", "school_plugin", "other_plugin").err == ""
    assert yester("plugin", "disable", "greeter_plugin").err == ""
    assert yester("plugin", "enable", "greeter_plugin").err == ""
    assert yester("snap", "docs").err == ""
    other.chmod(0o777)
    assert "No module named 'other_plugin'" in yester("snap", "docs").err


def test_all_are_tried_when_one_cannot_be_switched(yester: Yester, school: Path) -> None:
    folder = school.parent / "broken_plugin"
    pack(folder, plugin="import nothing_of_that_name")
    assert yester("plugin", "disable", "school_plugin").code == 0
    done = yester("plugin", "enable", "broken_plugin", "school_plugin")
    assert done.code == 2
    assert is_one_complaint(done.err)
    assert done.err.startswith("yester: One or more plugins could not be enabled\n")
    assert "nothing_of_that_name" in done.err
    assert json.loads((home() / "plugins.json").read_text())["DISABLED_PLUGINS"] == []


def test_one_that_is_gone_is_switched_off_naively(yester: Yester, school: Path) -> None:
    home().mkdir()
    (home() / "plugins.json").write_text('{"INSTALLED_PLUGINS": ["gone_plugin"]}')
    assert "gone_plugin: enabled, but not installed" in yester("plugin", "list").err
    assert "Install it" in yester("plugin", "enable", "gone_plugin").err
    done = yester("plugin", "disable", "gone_plugin")
    assert (done.code, "One or more plugins could not be disabled" in done.err) == (2, True)
    assert "in a naive way" in done.err
    assert json.loads((home() / "plugins.json").read_text())["INSTALLED_PLUGINS"] == []


def test_a_kolibris_home_is_asked_about(
    yester: Yester, school: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "db.sqlite3").touch()
    monkeypatch.setenv("KOLIBRI_HOME", str(theirs))
    refused = yester("plugin", "disable", "school_plugin")
    assert refused.code == 2
    assert f"{theirs} belongs to a Kolibri, as db.sqlite3 in it shows" in refused.err
    assert "add --yes" in refused.err
    assert [path.name for path in theirs.iterdir()] == ["db.sqlite3"]
    assert yester("plugin", "disable", "school_plugin", "--yes").code == 0
    assert json.loads((theirs / "plugins.json").read_text())["DISABLED_PLUGINS"] == ["school_plugin"]


def test_plugins_in_the_folder_are_not_told_to_a_kolibri(
    yester: Yester, school: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(school.parent / "other_plugin", plugin=SCHOOL, options=OPTIONS)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "plugins.json").write_text('{"INSTALLED_PLUGINS": ["kolibri.plugins.learn"], "EXTRA": 1}')
    monkeypatch.setenv("KOLIBRI_HOME", str(theirs))
    assert yester("plugin", "disable", "school_plugin", "--yes").code == 0
    said = json.loads((theirs / "plugins.json").read_text())
    assert (said["INSTALLED_PLUGINS"], said["DISABLED_PLUGINS"]) == (["kolibri.plugins.learn"], ["school_plugin"])
    assert said["EXTRA"] == 1


def test_options(yester: Yester, school: Path) -> None:
    assert yester("plugin", "options", "school_plugin", "--set", "School.NAME=Hill").code == 0
    rows = json.loads(yester("plugin", "options", "school_plugin", "--json").out)["options"]
    assert [(row["name"], row["value"]) for row in rows] == [("School.NAME", "Hill"), ("School.PORT", 99)]
    assert yester("plugin", "options", "school_plugin", "--profile", "docs", "--set", "School.NAME=Dale").code == 0
    assert yester("snap", "docs").code == 0
    assert printed(yester)[0].startswith("before Dale ")


def test_what_options_ini_says_is_said_to_be_from_there(yester: Yester, school: Path) -> None:
    home().mkdir()
    (home() / "options.ini").write_text("[School]\nNAME = Mill\n")
    shown = yester("plugin", "options", "school_plugin").out.splitlines()
    assert shown[1].split() == ["School.NAME", '"Mill"', "options.ini", "string"]
    assert yester("plugin", "options", "school_plugin", "--set", "School.NAME=Hill").code == 0
    assert "plugins.toml" in yester("plugin", "options", "school_plugin").out.splitlines()[1]


def test_a_wrong_option_is_not_set_and_said(yester: Yester, school: Path) -> None:
    done = yester("plugin", "options", "school_plugin", "--set", "School.PORT=abba")
    assert done.code == 2
    assert 'School.PORT the value "abba" is of the wrong type.' in done.err
    home().mkdir()
    (home() / "options.ini").write_text("[School]\nPORT = abba\n")
    done = yester("snap", "docs")
    assert done.code == 0
    assert (
        f"school_plugin cannot be loaded: Error processing {home() / 'options.ini'} under section [School] for option "
        'PORT: the value "abba" is of the wrong type.'
    ) in done.err


def test_what_it_knows(yester: Yester, school: Path) -> None:
    info = yester("plugin", "info", "school_plugin").out
    assert info.startswith("school_plugin: Tells the school.\n")
    assert "hears: on_run_begin, on_run_end" in info
    assert yester("plugin", "run", "school_plugin", "metered").out == "no\n"
