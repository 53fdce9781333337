"""Contract 4.2: the class of a plugin, and how it is found."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from tests.plugins.kolibri.conftest import Import
from tests.plugins.kolibri.packing import pack

HEAD = "from kolibri.plugins import KolibriPluginBase\n"

SKELETON = """
import logging
from kolibri.plugins import KolibriPluginBase
# from kolibri.plugins.hooks import register_hook

class UsbBackupPlugin(KolibriPluginBase):
    pass
"""


def test_a_skeleton_without_anything(kolibri: Import, put: Callable[..., Any]) -> None:
    plugin = put("kolibri_usb_backup_plugin", plugin=SKELETON)
    kind = type(plugin)
    assert kind() is plugin
    assert kind.class_module_path() == plugin.module_path == "kolibri_usb_backup_plugin"
    assert plugin.name("en") == "UsbBackupPlugin"
    assert plugin.url_slug == "kolibri_usb_backup_plugin/"
    assert plugin.INSTALLED_APPS == []
    assert plugin.can_manage_while_running is False
    assert not plugin.enabled
    for member in ("url", "api_url", "root_url", "settings", "options", "option_defaults"):
        assert getattr(plugin, f"{member}_module") is None
    for attribute in ("untranslated_view_urls", "translated_view_urls", "root_view_urls", "django_settings"):
        assert getattr(plugin, attribute) is None
    assert (plugin.kolibri_options, plugin.kolibri_option_defaults) == (None, None)


def test_each_class_has_its_own_instance(kolibri: Import) -> None:
    base = kolibri("kolibri.plugins").KolibriPluginBase
    one, two = type("One", (base,), {}), type("Two", (base,), {})
    assert one() is one()
    assert one() is not two()


NAMES = {
    "untranslated_view_urls": "api_url_module",
    "translated_view_urls": "url_module",
    "root_view_urls": "root_url_module",
    "django_settings": "settings_module",
    "settings": "settings_module",
    "kolibri_options": "options_module",
    "options": "options_module",
    "kolibri_option_defaults": "option_defaults_module",
}


@pytest.mark.parametrize(("attribute", "member"), NAMES.items())
def test_attributes_name_modules_of_the_package(
    put: Callable[..., Any], logged: Callable[[], list[str]], attribute: str, member: str
) -> None:
    plugin = put("named", plugin=f"{HEAD}class P(KolibriPluginBase):\n    {attribute} = 'some'\n", some="X = 1")
    assert getattr(plugin, member).__name__ == "named.some"
    assert logged() == []


@pytest.mark.parametrize(("attribute", "member"), NAMES.items())
def test_a_named_module_that_is_missing_is_warned_of(
    put: Callable[..., Any], logged: Callable[[], list[str]], attribute: str, member: str
) -> None:
    plugin = put("named", plugin=f"{HEAD}class P(KolibriPluginBase):\n    {attribute} = 'nowhere'\n")
    assert getattr(plugin, member) is None
    (text,) = logged()
    assert "named defined nowhere" in text
    assert "but the module was not found" in text


def test_a_named_module_that_fails_is_logged_and_left_out(put: Any, caplog: pytest.LogCaptureFixture) -> None:
    plugin = put("named", settings="raise RuntimeError('no settings today')")
    assert plugin.settings_module is None
    failed = [record for record in caplog.records if record.exc_info]
    assert "Tried to import module settings from named but an error was raised" in failed[0].getMessage()
    assert str(failed[0].exc_info and failed[0].exc_info[1]) == "no settings today"


def test_the_base_class_is_also_where_it_once_was(kolibri: Import) -> None:
    assert kolibri("kolibri.plugins.base").KolibriPluginBase is kolibri("kolibri.plugins").KolibriPluginBase


# Discovery


def refused(kolibri: Import, name: str, kind: str) -> str:
    utils = kolibri("kolibri.plugins.utils")
    with pytest.raises(getattr(utils, kind)) as problem:
        utils.initialize_kolibri_plugin(name)
    return str(problem.value)


@pytest.mark.parametrize("name", ["nobody", "nobody.here"])
def test_no_package(kolibri: Import, name: str) -> None:
    assert refused(kolibri, name, "PluginDoesNotExist") == (
        f"Plugin '{name}' does not seem to exist. Is it on the PYTHONPATH?"
    )


def test_no_kolibri_plugin_in_it(kolibri: Import, tmp_path: Path) -> None:
    (pack(tmp_path / "packages" / "bare") / "kolibri_plugin.py").unlink()
    text = refused(kolibri, "bare", "PluginDoesNotExist")
    assert text == "Plugin 'bare' exists but does not have an importable kolibri_plugin module"


@pytest.mark.parametrize("text", ["x = 1", HEAD, "from first.kolibri_plugin import First"])
def test_no_plugin_of_its_own(kolibri: Import, put: Callable[..., Any], tmp_path: Path, text: str) -> None:
    put("first")
    pack(tmp_path / "packages" / "second", plugin=text)
    assert refused(kolibri, "second", "PluginDoesNotExist") == (
        "Plugin 'second' exists but does not define a KolibriPluginBase derived class"
    )


def test_more_than_one_plugin(kolibri: Import, tmp_path: Path) -> None:
    two = f"{HEAD}class A(KolibriPluginBase): pass\nclass B(KolibriPluginBase): pass\n"
    pack(tmp_path / "packages" / "both", plugin=two)
    assert refused(kolibri, "both", "MultiplePlugins") == "More than one plugin defined in kolibri_plugin module"


@pytest.fixture
def django(kolibri: Import, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Something that passes for Django's settings, and for what is raised when apps are not ready."""
    settings = SimpleNamespace(configured=False)
    conf = ModuleType("django.conf")
    conf.settings = settings  # type: ignore[attr-defined]
    exceptions = ModuleType("django.core.exceptions")
    exceptions.AppRegistryNotReady = type("AppRegistryNotReady", (Exception,), {})  # type: ignore[attr-defined]
    for name in ("django", "django.core"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "django.conf", conf)
    monkeypatch.setitem(sys.modules, "django.core.exceptions", exceptions)
    return settings


CONFIGURE = "import sys; sys.modules['django.conf'].settings.configured = True"


@pytest.mark.parametrize(
    ("plugin", "text"),
    [
        (f"{CONFIGURE}\n{HEAD}class P(KolibriPluginBase): pass\n", "Importing plugin module loads"),
        (
            f"{HEAD}class P(KolibriPluginBase):\n    def __init__(self):\n        {CONFIGURE}\n",
            "Initializing plugin class P",
        ),
        (
            f"{HEAD}from kolibri.core.auth.hooks import FacilityDataSyncHook\n"
            "from kolibri.plugins.hooks import register_hook\n"
            "class P(KolibriPluginBase): pass\n"
            f"@register_hook\nclass H(FacilityDataSyncHook):\n    def __init__(self):\n        {CONFIGURE}\n",
            "Initializing hook class H",
        ),
    ],
)
def test_importing_it_configures_django(kolibri: Import, django: Any, tmp_path: Path, plugin: str, text: str) -> None:
    pack(tmp_path / "packages" / "loads", plugin=plugin)
    problem = refused(kolibri, "loads", "PluginLoadsApp")
    assert problem.startswith(text)
    assert problem.endswith("caused Django settings to be configured")


def test_loading_the_app_registry(kolibri: Import, django: Any, tmp_path: Path) -> None:
    raising = "from django.core.exceptions import AppRegistryNotReady\nraise AppRegistryNotReady('apps')"
    pack(tmp_path / "packages" / "loads", plugin=raising)
    assert "loads the Django app registry" in refused(kolibri, "loads", "PluginLoadsApp")


def test_what_its_import_raises_is_passed_on(kolibri: Import, tmp_path: Path) -> None:
    pack(tmp_path / "packages" / "needy", plugin="import something_that_is_not_here")
    with pytest.raises(ModuleNotFoundError, match="something_that_is_not_here"):
        kolibri("kolibri.plugins.utils").initialize_kolibri_plugin("needy")


def test_a_plugin_that_loops_in_imports(kolibri: Import, tmp_path: Path) -> None:
    pack(
        tmp_path / "packages" / "round", plugin="from round.other import x", other="from round.kolibri_plugin import y"
    )
    with pytest.raises(ImportError, match="circular import"):
        kolibri("kolibri.plugins.utils").initialize_kolibri_plugin("round")


def test_installed_plugins_are_listed_by_entry_point(kolibri: Import, put: Any, tmp_path: Path) -> None:
    pack(tmp_path / "packages" / "one")
    pack(tmp_path / "packages" / "two", plugin="raise ValueError")
    info = tmp_path / "packages" / "things-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: things\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kolibri.plugins]\none = one\ntwo = two\n")
    plugins = [*kolibri("kolibri.plugins.utils").iterate_plugins()]
    assert [plugin.module_path for plugin in plugins] == ["one"]


def test_what_else_plugins_import(kolibri: Import, tmp_path: Path) -> None:
    assert str(tmp_path / "kolibri" / "logs") == kolibri("kolibri.utils.conf").LOG_ROOT
    assert kolibri("kolibri.utils.translation").get_language() == "en"
    data = kolibri("kolibri.utils.data")
    assert [data.bytes_from_humans(size) for size in (7, "7", "1.5kb", "2GB")] == [7, 7, 1500, 2_000_000_000]
    assert [data.bytes_for_humans(size) for size in (7, 1500, 2_000_000_000)] == ["7B", "1.50KB", "2.00GB"]
    with pytest.raises(ValueError, match="many"):
        data.bytes_from_humans("many")
