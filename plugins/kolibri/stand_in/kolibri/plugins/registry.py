"""The plugins that were initialised, in order."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from kolibri.plugins import KolibriPluginBase, config
from kolibri.plugins.utils import forget_hooks, initialize_kolibri_plugin

logger = logging.getLogger(__name__)


class Registry:
    """Module path → plugin."""

    def __init__(self) -> None:
        self._apps: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Any]:
        return iter([*self._apps.values()])

    def __contains__(self, app: object) -> bool:
        if isinstance(app, type) and issubclass(app, KolibriPluginBase):
            app = app.class_module_path()
        return app in self._apps

    def get(self, app: str) -> Any:
        """Return a plugin by its module path; None when it was not initialised."""
        return self._apps.get(app)

    def add(self, app: str) -> Any:
        """Initialise a plugin and return it. Whatever it raises; none of its hooks is registered then."""
        try:
            self._apps[app] = initialize_kolibri_plugin(app)
        except BaseException:
            self.drop(app)
            raise
        return self._apps[app]

    def drop(self, app: str) -> None:
        """Forget a plugin and its hooks."""
        self._apps.pop(app, None)
        forget_hooks(app)

    def register_plugins(self, apps: Iterable[str]) -> None:
        """Initialise plugins; one that cannot be is logged, and forgotten by the state file too."""
        for app in apps:
            if app not in self._apps:
                try:
                    self.add(app)
                except Exception:
                    logger.exception("Cannot initialize plugin %s", app)
                    logger.error("Disabling plugin %s", app)
                    config.clear_plugin(app)


registered_plugins = Registry()


def is_initialized() -> bool:
    """Whether any plugin was initialised."""
    return any(True for _ in registered_plugins)
