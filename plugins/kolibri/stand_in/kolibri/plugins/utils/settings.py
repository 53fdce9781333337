"""The settings of plugins, put together with those that were there before.

Contract: section 4.5.
"""

import importlib
import sys
import warnings
from types import ModuleType
from typing import Any

from kolibri.plugins.registry import registered_plugins


class _Settings:
    """What Kolibri has here of Django: whether settings are in use already."""

    @property
    def configured(self) -> bool:
        """Whether they are."""
        return bool(getattr(getattr(sys.modules.get("django.conf"), "settings", None), "configured", False))


settings = _Settings()

_TUPLES = ("INSTALLED_APPS", "TEMPLATE_DIRS", "LOCALE_PATHS", "AUTHENTICATION_BACKENDS")
"""Settings that plugins add to; all others are theirs alone, or not to be touched."""


def apply_settings(settings_module: ModuleType | str) -> None:
    """Put the settings of all plugins into a module of settings, given as such or by name.

    RuntimeError: settings are in use already. TypeError: it is no module. ValueError: there is none of that name, or a
    plugin sets what it may not.
    """
    if settings.configured:
        raise RuntimeError("Attempted to apply settings from plugins after Django settings have been configured")
    target = _module(settings_module)
    existing = frozenset(dir(target))
    owners: dict[str, list[str]] = {}
    for plugin in registered_plugins:
        _apply_base_settings(plugin, target)
        module = plugin.settings_module
        for name in dir(module) if module is not None else ():
            if name.isupper():
                value = getattr(module, name)
                _check(name, value, existing, owners, plugin.module_path)
                _set(target, name, value)
        plugin.INSTALLED_APPS += getattr(module, "INSTALLED_APPS", ())


def _apply_base_settings(plugin: Any, target: ModuleType) -> None:
    """Add the plugin itself to the applications."""
    _set(target, "INSTALLED_APPS", (plugin.module_path,))
    plugin.INSTALLED_APPS = [plugin.module_path]


def _module(given: Any) -> ModuleType:
    if isinstance(given, str):
        try:
            return importlib.import_module(given)
        except ImportError:
            raise ValueError(f"Invalid settings module path {given}") from None
    if not isinstance(given, ModuleType):
        raise TypeError("Invalid argument for apply_settings - requires module or module path")
    return given


def _check(name: str, value: Any, existing: frozenset[str], owners: dict[str, list[str]], plugin: str) -> None:
    if name in _TUPLES:
        if not isinstance(value, tuple | list):
            raise ValueError(f"{name} must be a tuple or a list")
    elif name in existing:
        raise ValueError(
            "Plugin settings should not be used to override Kolibri default settings, use the Django settings module "
            "env var"
        )
    before = owners.setdefault(name, [])
    if before:
        warnings.warn(
            f"Plugin {plugin} is modifying the {name} setting, but this was already modified by: {', '.join(before)}",
            stacklevel=3,
        )
    before.append(plugin)


def _set(target: ModuleType, name: str, value: Any) -> None:
    if name in _TUPLES:
        value = tuple(getattr(target, name, ())) + tuple(value)
    setattr(target, name, value)
