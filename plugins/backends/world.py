"""The world of backends that derive from yester's own Backend, inside a worker: one file or package, one backend."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from yester.plugins.backends.checking import methods_of
from yester.plugins.backends.codes import failure_of
from yester.plugins.backends.common_options import COMMON
from yester.plugins.backends.contract import Backend
from yester.plugins.backends.foreign import OPEN, SECRETS
from yester.plugins.backends.options import resolved_options
from yester.plugins.backends.performing import Ways, perform
from yester.plugins.backends.registering import REGISTRY, Factory, made, register_backend
from yester.plugins.native.loading import ENTRY, NoPlugin, imported, in_words
from yester.plugins.options.layers import Layer
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World


def open_world(settings: dict[str, Any], context: Context) -> World:
    """Return the world; `url` of the settings is what is to be opened."""
    return BackendWorld(settings["url"])


class BackendWorld:
    """Holds one backend."""

    def __init__(self, url: str) -> None:
        self.threads = 1
        self._url = url
        self._layers: tuple[Layer, ...] = ()
        self._backend: Backend | None = None
        self._options: dict[str, Any] = {}
        self._secrets: list[str] = []

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Import the one plugin that there is, and look whether it serves the URL."""
        (plugin,) = plugins
        announce(plugin.name)
        self._layers = plugin.layers
        try:
            _import(plugin)
            self.threads = getattr(REGISTRY.choose(self._url).factory, "threads", 1)
        except BaseException as problem:  # noqa: BLE001  whatever a plugin's code raises is about this plugin
            return [Loaded(plugin.name, in_words(problem))]
        return [Loaded(plugin.name)]

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Make the backend, or call it."""
        if method not in (SECRETS, OPEN):
            return perform(self._backend, method, arguments, Ways())
        try:
            return {"value": self._resolve(plugin) if method == SECRETS else self._open()}
        except Exception as problem:  # noqa: BLE001  the backend's own affair, told as what it is
            return failure_of(None, method, problem).sent()

    def _resolve(self, name: str) -> list[str]:
        """Find out what the options are, and return the secrets among them."""
        spec = {**COMMON, **getattr(REGISTRY.choose(self._url).factory, "option_spec", {})}
        self._options = resolved_options(name, spec, self._layers)
        self._secrets = [self._options[key] for key, each in spec.items() if each.is_secret and self._options[key]]
        return self._secrets

    def _open(self) -> dict[str, Any]:
        factory, url = REGISTRY.choose(self._url)
        self._backend = made(factory, url, self._options)
        return {"methods": sorted(methods_of(self._backend)), "threads": self.threads, "secrets": self._secrets}


def _import(plugin: PluginFile) -> None:
    """Import a plugin, which registers what it serves; its only backend serves its own name."""
    before = {*REGISTRY.schemes, *REGISTRY.prefixes}
    factory: Factory | None = None
    if plugin.path.startswith(ENTRY):
        module_name, _, attribute = plugin.path.removeprefix(ENTRY).partition(":")
        module = import_module(module_name)
        factory = getattr(module, attribute) if attribute else None
    else:
        module = imported(plugin.name, Path(plugin.path))
    if {*REGISTRY.schemes, *REGISTRY.prefixes} == before:
        register_backend(plugin.name, factory or _only_backend(vars(module), module.__name__))


def _only_backend(names: dict[str, Any], module: str) -> type[Backend]:
    """Return the one backend that a module defines; those that it imports are not its own. NoPlugin."""
    classes = [
        kind
        for kind in names.values()
        if isinstance(kind, type) and issubclass(kind, Backend) and kind.__module__ == module
    ]
    if len(classes) != 1:
        found = ", ".join(sorted(kind.__name__ for kind in classes)) or "none"
        raise NoPlugin(f"it registers no backend, and of classes that derive from Backend it defines: {found}")
    return classes[0]
