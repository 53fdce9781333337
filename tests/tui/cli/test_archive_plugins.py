"""Archives among plugins: listed, switched, set and looked at like any, and called by no run."""

import json
from pathlib import Path

import pytest
from tests.plugins.portal.generations import PACKAGE
from tests.tui.cli.conftest import SOURCE_ROOT, Yester

from yester.engine.places import Places
from yester.plugins.worker import hosting
from yester.tui.cli.plugging import enabled_plugins


@pytest.fixture(autouse=True)
def _at_hand(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    monkeypatch.setattr(hosting, "GRACE_S", 0.3)


def test_one_that_ships_is_switched_on_set_and_looked_at(yester: Yester, tmp_path: Path) -> None:
    listed = {each["name"]: each for each in json.loads(yester("plugin", "list", "--json").out)}
    shipped = ("command", "filesys", "s3-tier", "duplicity-cold")
    assert [(listed[name]["world"], listed[name]["state"]) for name in shipped] == [("portal", "off")] * 4
    assert yester("plugin", "enable", "filesys").code == 0
    (tmp_path / "vault").mkdir()
    not_ready = yester("plugin", "run", "filesys", "ready").out
    assert not_ready.startswith("warning: Folder is not ready: It has no folder; to say which: yester plugin options")
    assert yester("plugin", "options", "filesys", "--set", f"folder={tmp_path / 'vault'}").code == 0
    assert yester("plugin", "run", "filesys", "ready").out == "Folder is ready\n"
    assert "Folder: filesys, name = Folder" in yester("plugin", "run", "filesys", "policies").out
    info = yester("plugin", "info", "filesys").out
    assert "  archive: Folder, 7c1b0a52-5a0e-4f0e-9d86-2f0c8a3b6b1d\n" in info
    assert (
        f'option: folder = "{tmp_path / "vault"}" (plugins.toml)' in info
        and "option: time_limit = 86400 (default)" in info
    )
    assert yester("plugin", "test", "filesys").out == "filesys: can be loaded, archives: Folder\n"


def test_settings_of_a_package_are_options(yester: Yester) -> None:
    folder = Places.default().data / "plugins" / "portal" / "shelf"
    folder.mkdir(parents=True)
    for name, text in PACKAGE.items():
        (folder / name).write_text(text)
    options = {each["name"]: each for each in json.loads(yester("plugin", "options", "shelf", "--json").out)["options"]}
    assert (options["storage_path"]["value"], options["storage_path"]["about"]) == ("/nowhere", "A folder")
    assert options["password"]["is_secret"] and options["speed"]["choices"] == ["fast", "slow"]
    assert yester("plugin", "options", "shelf", "--set", "speed=slow").code == 0
    wrong = yester("plugin", "options", "shelf", "--set", "tries=often")
    assert (wrong.code, wrong.err.splitlines()[0]) == (2, 'yester: tries takes a whole number, not "often"')


def test_a_template_that_makes_no_sense_is_said(yester: Yester) -> None:
    assert "archive asks for {path}" in yester("plugin", "options", "command", "--set", "archive=cp {path} x").err


def test_no_run_calls_an_archive(yester: Yester) -> None:
    assert yester("plugin", "enable", "filesys", "command").code == 0
    assert yester("plugin", "list", "--order").out == "no plugin is called\n"

    class Deaf:
        said = printed = None

    assert enabled_plugins(Places.default(), Deaf()) is None  # type: ignore[arg-type]
