"""Contract 4.3 as plugins see it: enable and disable, versions, what is logged."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.kolibri.conftest import Import
from tests.plugins.kolibri.packing import pack

Logged = Callable[[], list[str]]


def saved(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "kolibri" / "plugins.json").read_text())
    return found


def test_importing_writes_nothing(kolibri: Import, tmp_path: Path) -> None:
    assert kolibri("kolibri.plugins").config.ACTIVE_PLUGINS == []
    assert not (tmp_path / "kolibri").exists()


def test_on_and_off(kolibri: Import, tmp_path: Path, logged: Logged) -> None:
    pack(tmp_path / "packages" / "some")
    utils = kolibri("kolibri.plugins.utils")
    assert utils.enable_plugin("some") is True
    assert saved(tmp_path) == {
        "DISABLED_PLUGINS": [], "INSTALLED_PLUGINS": ["some"], "PLUGIN_VERSIONS": {}, "UPDATED_PLUGINS": ["some"],
    }  # fmt: skip
    assert utils.initialize_kolibri_plugin("some").enabled
    assert utils.enable_plugin("some") is True
    assert logged() == ["some already enabled"]
    assert utils.disable_plugin("some") is True
    assert saved(tmp_path) == {
        "DISABLED_PLUGINS": ["some"], "INSTALLED_PLUGINS": [], "PLUGIN_VERSIONS": {}, "UPDATED_PLUGINS": [],
    }  # fmt: skip
    assert utils.disable_plugin("some") is True
    assert logged()[1:] == ["some already disabled"]


def test_one_that_is_not_there_is_not_enabled(kolibri: Import, tmp_path: Path) -> None:
    assert not kolibri("kolibri.plugins.utils").enable_plugin("nobody")
    assert not (tmp_path / "kolibri").exists()


@pytest.mark.parametrize("text", ["raise ValueError('broken')", "import nothing_of_that_name", "x = 1"])
def test_one_that_cannot_be_imported_is_removed_naively(
    kolibri: Import, tmp_path: Path, logged: Logged, text: str
) -> None:
    pack(tmp_path / "packages" / "broken", plugin=text)
    config, utils = kolibri("kolibri.plugins").config, kolibri("kolibri.plugins.utils")
    config.add_plugin("broken")
    assert not utils.disable_plugin("broken")
    assert [saved(tmp_path)[key] for key in config.SET_KEYS] == [[], [], []]
    assert "Removing 'broken' from configuration in a naive way." in logged()


def test_all_are_tried(kolibri: Import, tmp_path: Path) -> None:
    pack(tmp_path / "packages" / "some")
    utils = kolibri("kolibri.plugins.utils")
    assert utils.enable_plugins(["nobody", "some"]) is True
    assert saved(tmp_path)["INSTALLED_PLUGINS"] == ["some"]
    assert utils.disable_all_plugins() is False
    assert saved(tmp_path)["DISABLED_PLUGINS"] == ["some"]


def test_a_plugin_may_do_more(kolibri: Import, tmp_path: Path) -> None:
    more = "    def enable(self):\n        super().enable()\n        open({!r}, 'w').close()\n"
    head = "from kolibri.plugins import KolibriPluginBase\nclass P(KolibriPluginBase):\n"
    pack(tmp_path / "packages" / "some", plugin=head + more.format(str(tmp_path / "enabled")))
    kolibri("kolibri.plugins.utils").enable_plugin("some")
    assert (tmp_path / "enabled").exists()


def test_a_file_that_cannot_be_read_is_warned_of(kolibri: Import, tmp_path: Path, logged: Logged) -> None:
    (tmp_path / "kolibri").mkdir()
    (tmp_path / "kolibri" / "plugins.json").write_text("{")
    assert kolibri("kolibri.plugins").config["INSTALLED_PLUGINS"] == set()
    assert "is no JSON" in logged()[0]


def test_plugins_that_are_gone_are_forgotten(kolibri: Import, tmp_path: Path, logged: Logged) -> None:
    pack(tmp_path / "packages" / "some")
    config, utils = kolibri("kolibri.plugins").config, kolibri("kolibri.plugins.utils")
    for name in ("some", "gone", "gone.below"):
        config.add_plugin(name)
    assert utils.autoremove_unavailable_plugins() == ["gone", "gone.below"]
    assert saved(tmp_path)["INSTALLED_PLUGINS"] == ["some"]
    assert "To re-enable it, run:\n   $ kolibri plugin gone enable" in logged()[0]


@pytest.mark.parametrize(
    ("files", "version"),
    [({"init": "__version__ = '1.2'"}, "1.2"), ({}, "0.19.5")],
)
def test_versions(kolibri: Import, put: Callable[..., Any], files: dict[str, str], version: str) -> None:
    put("some", **files)
    utils = kolibri("kolibri.plugins.utils")
    assert utils.version_of("some") == version
    assert utils.is_plugin_updated("some")
    kolibri("kolibri.plugins").config.update_plugin_version("some", version)
    assert not utils.is_plugin_updated("some")


def test_the_version_of_the_distribution_comes_first(kolibri: Import, put: Any, tmp_path: Path) -> None:
    info = tmp_path / "packages" / "some-3.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some\nVersion: 3.0\n")
    put("some", init="__version__ = '1.2'")
    assert kolibri("kolibri.plugins.utils").version_of("some") == "3.0"
    assert kolibri("kolibri.plugins.utils").version_of("kolibri.plugins.some") == kolibri("kolibri").__version__


def test_the_registry_forgets_what_cannot_be_initialised(kolibri: Import, tmp_path: Path, logged: Logged) -> None:
    pack(tmp_path / "packages" / "some")
    pack(tmp_path / "packages" / "broken", plugin="import nothing_of_that_name")
    config = kolibri("kolibri.plugins").config
    config.update({"INSTALLED_PLUGINS": ["some", "broken"]})
    registry = kolibri("kolibri.plugins.registry").registered_plugins
    registry.register_plugins(["broken", "some"])
    assert [plugin.module_path for plugin in registry] == ["some"]
    assert type(registry.get("some")) in registry
    assert config["INSTALLED_PLUGINS"] == {"some"}
    assert "Disabling plugin broken" in logged()
    assert kolibri("kolibri.plugins.registry").is_initialized()


def test_the_host_does_not_know_kolibri() -> None:
    assert "kolibri" not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        __import__("kolibri")
