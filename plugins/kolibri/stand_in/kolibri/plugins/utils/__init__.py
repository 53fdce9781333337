"""Finding a plugin's class, registering its hooks, and switching plugins on and off.

Contract: section 4.2 and 4.3.
"""

import logging
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import kolibri
from kolibri.core.upgrade import run_upgrades
from kolibri.plugins import KolibriPluginBase, config
from kolibri.plugins.hooks import KolibriHook
from yester.engine.errors import YesterError

logger = logging.getLogger(__name__)

GROUP = "kolibri.plugins"
MODULE = "kolibri_plugin"


class PluginDoesNotExist(Exception):
    """There is no such package, or none that defines a plugin."""


class MultiplePlugins(Exception):
    """A module defines more than one plugin."""


class PluginLoadsApp(Exception):
    """A plugin loads Django, which it may not while it is being loaded itself."""


class PluginUpdateException(Exception):
    """A plugin could not be brought up to date."""


def plugin_url(plugin_class: Any, url_name: str) -> str:
    """Return the name of a view; there are none here that it could lead to."""
    return f"kolibri:{plugin_class.class_module_path()}:{url_name}"


def is_external_plugin(module_path: str) -> bool:
    """Whether it did not come with Kolibri."""
    return not module_path.startswith("kolibri.")


def initialize_kolibri_plugin(plugin_name: str, initialize_hooks: bool = True) -> Any:
    """Import a plugin, register its hooks unless told otherwise, and return its one instance.

    PluginDoesNotExist, MultiplePlugins, PluginLoadsApp, HookSingleInstanceError, and what its import raises.
    """
    was_configured = _django_is_configured()
    module = _plugin_module(plugin_name)
    _refuse_django(was_configured, f"Importing plugin module {plugin_name}")
    own = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    plugins = list(dict.fromkeys(kind for kind in own if issubclass(kind, KolibriPluginBase)))
    if not plugins:
        raise PluginDoesNotExist(f"Plugin '{plugin_name}' exists but does not define a KolibriPluginBase derived class")
    if len(plugins) > 1:
        raise MultiplePlugins("More than one plugin defined in kolibri_plugin module")
    plugin = plugins[0]()
    _refuse_django(was_configured, f"Initializing plugin class {plugins[0].__name__} in plugin {plugin_name}")
    for kind in own:
        if initialize_hooks and issubclass(kind, KolibriHook):
            kind.add_hook_to_registries()
            _refuse_django(was_configured, f"Initializing hook class {kind.__name__} in plugin {plugin_name}")
    return plugin


def forget_hooks(plugin_name: str) -> None:
    """Take all hooks of a plugin off the lists: it could not be initialised."""
    module_name = f"{plugin_name}.{MODULE}"
    module = sys.modules.get(module_name)
    for kind in [*vars(module).values()] if module is not None else []:
        if isinstance(kind, type) and kind.__module__ == module_name and issubclass(kind, KolibriHook):
            kind.remove_hook_from_registries()


def _plugin_module(plugin_name: str) -> ModuleType:
    try:
        import_module(plugin_name)
    except ModuleNotFoundError as problem:
        if _is_missing(plugin_name, problem):
            raise PluginDoesNotExist(
                f"Plugin '{plugin_name}' does not seem to exist. Is it on the PYTHONPATH?"
            ) from None
        raise
    name = f"{plugin_name}.{MODULE}"
    try:
        return import_module(name)
    except ModuleNotFoundError as problem:
        if problem.name == name:
            raise PluginDoesNotExist(
                f"Plugin '{plugin_name}' exists but does not have an importable kolibri_plugin module"
            ) from None
        raise
    except Exception as problem:
        if type(problem).__name__ == "AppRegistryNotReady":
            raise PluginLoadsApp(
                f"Plugin '{plugin_name}' loads the Django app registry, which it isn't allowed to do while enabling or "
                "disabling itself."
            ) from None
        raise


def _is_missing(plugin_name: str, problem: ModuleNotFoundError) -> bool:
    """Whether it is the plugin that is missing, or a package that it is in; not something that it imports."""
    return problem.name is not None and f"{plugin_name}.".startswith(f"{problem.name}.")


def _django_is_configured() -> bool:
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    return bool(getattr(settings, "configured", False))


def _refuse_django(was_configured: bool, what: str) -> None:
    if not was_configured and _django_is_configured():
        raise PluginLoadsApp(f"{what} caused Django settings to be configured")


def enable_plugin(plugin_name: str, initialize_hooks: bool = False) -> bool | None:
    """Switch a plugin on; True when that was done."""
    try:
        initialize_kolibri_plugin(plugin_name, initialize_hooks=initialize_hooks).enable()
        return True
    except PluginDoesNotExist:
        logger.exception("Plugin not found: %s", plugin_name)
        return None


def disable_plugin(plugin_name: str, initialize_hooks: bool = False) -> bool | None:
    """Switch a plugin off; True when that was done. One that cannot be imported is forgotten instead."""
    try:
        initialize_kolibri_plugin(plugin_name, initialize_hooks=initialize_hooks).disable()
        return True
    except Exception:
        logger.exception("Error disabling plugin %s", plugin_name)
        logger.warning(f"Removing '{plugin_name}' from configuration in a naive way.")
        config.clear_plugin(plugin_name)
        logger.info(f"Removed '{plugin_name}'")
        return None


def enable_plugins(plugin_names: Iterable[str]) -> bool:
    """Switch plugins on, all that can be; return whether any could not."""
    done = [enable_plugin(name, initialize_hooks=True) for name in plugin_names]
    return not all(done)


def disable_plugins(plugin_names: Iterable[str]) -> bool:
    """Switch plugins off, all that can be; return whether any could not."""
    done = [disable_plugin(name) for name in plugin_names]
    return not all(done)


def disable_all_plugins() -> bool:
    """Switch all plugins off; return whether any could not."""
    return disable_plugins(config.ACTIVE_PLUGINS)


def module_exists(module_path: str) -> bool:
    """Whether there is such a module; it is not imported, but the packages that it is in are."""
    try:
        return find_spec(module_path) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def autoremove_unavailable_plugins() -> list[str]:
    """Forget plugins that are on and not there any more; return them."""
    gone = sorted(name for name in config["INSTALLED_PLUGINS"] if not module_exists(name))
    for name in gone:
        config.clear_plugin(name)
        logger.error(f"Plugin {name} not found and disabled. To re-enable it, run:\n   $ kolibri plugin {name} enable")
    return gone


def version_of(plugin_name: str) -> str:
    """Return a plugin's version: its distribution's, else the one in its package, else Kolibri's."""
    if is_external_plugin(plugin_name):
        top = plugin_name.partition(".")[0]
        try:
            return distribution(top).version
        except (PackageNotFoundError, ValueError):
            for name in (plugin_name, top):
                said = getattr(sys.modules.get(name), "__version__", None)
                if said is not None:
                    return str(said)
    return kolibri.__version__


def is_plugin_updated(plugin_name: str) -> bool:
    """Whether its version is not the one that was seen last."""
    known = config["PLUGIN_VERSIONS"].get(plugin_name)
    return known is None or known != version_of(plugin_name)


def update_plugin(plugin_name: str) -> None:
    """Do what a plugin wants to be done for its version; PluginUpdateException: it failed, and the plugin is off."""
    old, new = config["PLUGIN_VERSIONS"].get(plugin_name, ""), version_of(plugin_name)
    try:
        run_upgrades(old, new, plugin_name)
    except Exception as problem:
        try:
            config.remove_plugin(plugin_name)
        except YesterError as unwritable:
            logger.error(str(unwritable))
        raise PluginUpdateException(
            f"it could not be brought from version {old} to {new}: {type(problem).__name__}: {problem}"
        ) from problem
    config.update_plugin_version(plugin_name, new)


def iterate_plugins() -> Iterator[Any]:
    """Yield the installed plugins that can be imported; their hooks are not registered."""
    for name in dict.fromkeys(point.name for point in entry_points(group=GROUP)):
        try:
            yield initialize_kolibri_plugin(name, initialize_hooks=False)
        except Exception:
            logger.debug("Cannot import plugin %s", name, exc_info=True)
