"""The base class of plugins, and the state file that says which are on.

Contract: section 4.2 and 4.3. The names of the class attributes that Kolibri's documentation has are taken as well.
"""

import logging
import os
from abc import ABCMeta
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, ClassVar

from kolibri.utils import conf
from kolibri.utils.conf import KOLIBRI_HOME
from yester.plugins.kolibri import state

logger = logging.getLogger(__name__)

conf_file = os.path.join(KOLIBRI_HOME, state.NAME)


class ConfigDict(dict[str, Any]):
    """The content of plugins.json; saved when somebody switches a plugin, never when it is read."""

    SET_KEYS = state.SETS

    def __init__(self) -> None:
        """What cannot be read counts as empty, with a warning."""
        super().__init__()
        said, problem = state.read(conf.home().path)
        super().update(state.with_folder(said, conf.in_folder))
        self._by_folder = self["INSTALLED_PLUGINS"] - said["INSTALLED_PLUGINS"]
        """Plugins that are on because they lie in yester's folder; no Kolibri could import them, so none is told."""
        if problem:
            logger.warning(problem)

    @property
    def ENV_VAR_APPLIED_PLUGINS(self) -> list[str]:
        """The plugins that are on instead of all others."""
        return state.names_in(os.environ, "KOLIBRI_PLUGIN_APPLY")

    @property
    def ENV_VAR_ENABLED_PLUGINS(self) -> set[str]:
        """The plugins that are on besides."""
        return {*state.names_in(os.environ, "KOLIBRI_PLUGIN_ENABLE")}

    @property
    def ENV_VAR_DISABLED_PLUGINS(self) -> set[str]:
        """The plugins that are off."""
        return {*state.names_in(os.environ, "KOLIBRI_PLUGIN_DISABLE")}

    @property
    def ACTIVE_PLUGINS(self) -> list[str]:
        """The plugins that are on."""
        return state.active(self, os.environ)

    def update(self, *tables: Any, **more: Any) -> None:
        """Take other values, which stand in lists or sets; nothing is saved."""
        said = dict(*tables, **more)
        super().update({key: set(value) if key in self.SET_KEYS else value for key, value in said.items()})

    def save(self) -> None:
        """Write the file. HomeInUse when a Kolibri uses the home and nobody allowed it."""
        conf.home().write(state.NAME, state.written(state.without(self, self._by_folder)))

    def add_plugin(self, module_path: str) -> None:
        """Switch a plugin on."""
        if module_path in self.ACTIVE_PLUGINS:
            logger.warning(f"{module_path} already enabled")
            return
        super().update(state.enabled(self, module_path))
        self.save()

    def remove_plugin(self, module_path: str) -> None:
        """Switch a plugin off."""
        if module_path not in self.ACTIVE_PLUGINS:
            logger.warning(f"{module_path} already disabled")
            return
        self._by_folder.discard(module_path)
        super().update(state.disabled(self, module_path))
        self.save()

    def clear_plugin(self, module_path: str) -> None:
        """Forget a plugin that is gone or cannot be imported."""
        super().update(state.cleared(self, module_path))
        self.save()

    def update_plugin_version(self, module_path: str, new_version: str) -> None:
        """Remember which version of a plugin was updated to."""
        super().update(state.updated(self, module_path, new_version))
        self.save()


config = ConfigDict()


class SingletonMeta(ABCMeta):
    """Makes each class have one instance."""

    _instances: ClassVar[dict[type, Any]] = {}

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the one instance; it is made at the first call."""
        if cls not in SingletonMeta._instances:
            SingletonMeta._instances[cls] = super().__call__(*args, **kwargs)
        return SingletonMeta._instances[cls]


class KolibriPluginBase(metaclass=SingletonMeta):
    """What every plugin derives from, in the module `kolibri_plugin` of its package.

    The attributes name modules of the package, or are None. What cannot be imported is warned of, and left out.
    """

    untranslated_view_urls: str | None = None
    translated_view_urls: str | None = None
    root_view_urls: str | None = None
    django_settings: str | None = None
    kolibri_options: str | None = None
    kolibri_option_defaults: str | None = None
    can_manage_while_running = False

    settings: Any = None
    """What the documentation calls `django_settings`."""
    options: Any = None
    """What the documentation calls `kolibri_options`."""

    def __init__(self) -> None:
        self.INSTALLED_APPS: list[Any] = []

    @classmethod
    def class_module_path(cls) -> str:
        """Return the package's name."""
        return cls.__module__.rpartition(".")[0]

    @property
    def module_path(self) -> str:
        """The package's name."""
        return self.class_module_path()

    def name(self, lang: str) -> str:
        """Return what the plugin is called in a language."""
        return type(self).__name__

    def enable(self) -> None:
        """Switch it on."""
        self._installed_apps_add()

    def disable(self) -> None:
        """Switch it off."""
        self._installed_apps_remove()

    @property
    def enabled(self) -> bool:
        """Whether it is on."""
        return self.module_path in config.ACTIVE_PLUGINS

    def _installed_apps_add(self) -> None:
        config.add_plugin(self.module_path)

    def _installed_apps_remove(self) -> None:
        config.remove_plugin(self.module_path)

    @property
    def url_module(self) -> ModuleType | None:
        """The URLs of translated views."""
        return self._named(self.translated_view_urls, "translated view urls")

    @property
    def api_url_module(self) -> ModuleType | None:
        """The URLs of untranslated views."""
        return self._named(self.untranslated_view_urls, "untranslated view urls")

    @property
    def root_url_module(self) -> ModuleType | None:
        """The URLs of views at the root."""
        return self._named(self.root_view_urls, "root view urls")

    @property
    def settings_module(self) -> ModuleType | None:
        """The settings."""
        return self._named(self.django_settings or _text(self.settings), "django settings")

    @property
    def options_module(self) -> ModuleType | None:
        """The module with `option_spec`."""
        return self._named(self.kolibri_options or _text(self.options), "kolibri options")

    @property
    def option_defaults_module(self) -> ModuleType | None:
        """The module with `option_defaults`."""
        return self._named(self.kolibri_option_defaults, "kolibri option defaults")

    @property
    def url_slug(self) -> str:
        """Where its URLs would begin."""
        return self.module_path.rpartition(".")[2].lower() + "/"

    def _named(self, name: str | None, what: str) -> ModuleType | None:
        """Return a module of the package that an attribute names."""
        if not name:
            return None
        module = self._return_module(name)
        if module is None:
            logger.warning(f"{self.module_path} defined {name} {what} but the module was not found")
        return module

    def _return_module(self, module_name: str) -> ModuleType | None:
        full_name = f"{self.module_path}.{module_name}"
        try:
            return import_module(full_name) if find_spec(full_name) is not None else None
        except Exception as problem:
            logger.warning(
                f"Tried to import module {module_name} from {self.module_path} but an error was raised",
                exc_info=problem,
            )
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
