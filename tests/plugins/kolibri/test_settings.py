"""Contract 4.5: the settings of plugins."""

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from tests.plugins.kolibri.conftest import Import

OVERRIDES = (
    r"^Plugin settings should not be used to override Kolibri default settings, use the Django settings module env var$"
)


@pytest.fixture
def base() -> ModuleType:
    module = ModuleType("base_settings")
    vars(module).update(INSTALLED_APPS=["core"], DEBUG=False, LOCALE_PATHS=())
    return module


def apply(kolibri: Import, module: Any) -> None:
    kolibri("kolibri.plugins.utils.settings").apply_settings(module)


def test_settings_in_use_are_refused(kolibri: Import, base: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = ModuleType("django.conf")
    conf.settings = SimpleNamespace(configured=True)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "django.conf", conf)
    with pytest.raises(RuntimeError, match="after Django settings have been configured"):
        apply(kolibri, base)


def test_what_kolibris_own_tests_put_other_things_in_the_place_of(
    kolibri: Import, put: Callable[..., Any], base: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = kolibri("kolibri.plugins.utils.settings")
    put("sets", settings="INSTALLED_APPS = ['x']")
    with monkeypatch.context() as patched:
        patched.setattr(module, "settings", SimpleNamespace(configured=True))
        with pytest.raises(RuntimeError, match="after Django settings have been configured"):
            apply(kolibri, base)
    monkeypatch.setattr(module, "_apply_base_settings", lambda plugin, target: None)
    apply(kolibri, base)
    assert base.INSTALLED_APPS == ("core", "x")


@pytest.mark.parametrize("given", [1, None, {}])
def test_no_module(kolibri: Import, given: Any) -> None:
    with pytest.raises(TypeError, match="requires module or module path"):
        apply(kolibri, given)


def test_a_name_that_cannot_be_imported(kolibri: Import) -> None:
    with pytest.raises(ValueError, match=r"Invalid settings module path no\.such"):
        apply(kolibri, "no.such")


def test_a_module_by_name(kolibri: Import, base: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "base_settings", base)
    apply(kolibri, "base_settings")
    assert base.INSTALLED_APPS == ["core"]


def test_capitals_are_taken_and_lists_added_to(kolibri: Import, put: Callable[..., Any], base: ModuleType) -> None:
    lists = 'INSTALLED_APPS = ["x"]\nAUTHENTICATION_BACKENDS = ("y",)\n'
    plugin = put("sets", settings=f"{lists}NEW = 1\nSmall = 2\nlow = 3")
    apply(kolibri, base)
    assert base.INSTALLED_APPS == ("core", "sets", "x")
    assert base.AUTHENTICATION_BACKENDS == ("y",)
    assert base.NEW == 1
    assert not hasattr(base, "Small")
    assert not hasattr(base, "low")
    assert plugin.INSTALLED_APPS == ["sets", "x"]


@pytest.mark.parametrize("name", ["INSTALLED_APPS", "TEMPLATE_DIRS", "LOCALE_PATHS", "AUTHENTICATION_BACKENDS"])
def test_lists_must_be_lists(kolibri: Import, put: Callable[..., Any], base: ModuleType, name: str) -> None:
    put("sets", settings=f"{name} = 'x'")
    with pytest.raises(ValueError, match=f"{name} must be a tuple or a list"):
        apply(kolibri, base)


def test_what_was_there_before_is_not_to_be_set(kolibri: Import, put: Callable[..., Any], base: ModuleType) -> None:
    put("sets", settings="DEBUG = True")
    with pytest.raises(ValueError, match=OVERRIDES):
        apply(kolibri, base)


def test_two_plugins_with_one_new_name(kolibri: Import, put: Callable[..., Any], base: ModuleType) -> None:
    put("first", settings="NEW = 1")
    put("second", settings="NEW = 2")
    with pytest.warns(UserWarning, match="Plugin second is modifying the NEW setting.* modified by: first"):
        apply(kolibri, base)
    assert base.NEW == 2


def test_settings_may_read_options(kolibri: Import, put: Callable[..., Any], base: ModuleType) -> None:
    reading = "from kolibri.utils.conf import OPTIONS\nPORT = OPTIONS['Own']['PORT']"
    put("reads", options='option_spec = {"Own": {"PORT": {"type": "port", "default": 81}}}', settings=reading)
    apply(kolibri, base)
    assert base.PORT == 81
