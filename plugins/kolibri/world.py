"""The world of Kolibri, inside a worker.

What plugins import of Kolibri lies in `stand_in/`, a folder that is on the path in this process alone. A plugin is
initialised as Kolibri does it: package, class, hooks, then its options, then its settings; what fails takes the plugin
out again, whole. A call is the name of a hook with journal lines, `panel` with a question that a hook answers, `answer`
with one that yester asks, or `enable` and `disable`, which are the plugin's own methods.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from yester.engine.errors import YesterError
from yester.engine.events import Event, RunBegin, RunEnd, Unknown, decode
from yester.engine.hooks import method_name
from yester.plugins.kolibri.home import VARIABLE, HomeInUse
from yester.plugins.kolibri.mapping import EVENTS, GOOD, QUESTIONS, SYNC, UPLOADS, Step
from yester.plugins.kolibri.packages import Packages
from yester.plugins.kolibri.remarks import Remarks
from yester.plugins.native.loading import in_words
from yester.plugins.options.layers import Layer
from yester.plugins.options.reporting import rows
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World

STAND_IN = Path(__file__).parent / "stand_in"

_URLS = ("translated_view_urls", "untranslated_view_urls", "root_view_urls")
_METHODS = {method_name(kind): kind for kind in EVENTS}
_SETTINGS_OF_KOLIBRI = [
    "ALLOWED_HOSTS", "AUTH_USER_MODEL", "CACHES", "DATABASES", "DATABASE_ROUTERS", "DATA_UPLOAD_MAX_MEMORY_SIZE",
    "DEBUG", "DEFAULT_AUTO_FIELD", "EMAIL_BACKEND", "FILE_UPLOAD_PERMISSIONS", "LANGUAGES", "LANGUAGE_CODE",
    "LANGUAGE_COOKIE_NAME", "LOGGING", "LOGIN_URL", "MEDIA_ROOT", "MEDIA_URL", "MESSAGE_STORAGE", "MIDDLEWARE",
    "MORANGO_TEST_POSTGRESQL", "REST_FRAMEWORK", "ROOT_URLCONF", "SECRET_KEY", "SESSION_COOKIE_NAME", "SESSION_ENGINE",
    "SESSION_EXPIRE_AT_BROWSER_CLOSE", "SESSION_FILE_PATH", "SESSION_SERIALIZER", "STATICFILES_STORAGE", "STATIC_ROOT",
    "STATIC_URL", "SWAGGER_SETTINGS", "TEMPLATES", "TIME_ZONE", "USE_I18N", "USE_L10N", "USE_TZ", "WSGI_APPLICATION",
]  # fmt: skip


class OperationFailed(Exception):
    """A vital operation of a transfer failed, and so the transfer does."""


def open_world(settings: dict[str, Any], context: Context) -> World:
    """Return the world of Kolibri. `settings` are what casting.py says."""
    return KolibriWorld(settings, context)


class KolibriWorld:
    """The plugins that were initialised."""

    threads = 1

    def __init__(self, settings: Mapping[str, Any], context: Context) -> None:
        self._settings = settings
        self._remarks = Remarks(context)
        self._is_dry = False

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Initialise plugins in the order given; none is where they are only to be switched."""
        self._remarks.listen()
        self._open(plugins)
        loaded = []
        turns = {name: turn for turn, name in enumerate(self._settings["order"])}
        for place, plugin in enumerate(sorted(plugins, key=lambda each: turns.get(each.name, len(turns)))):
            announce(plugin.name)
            self._remarks.about(plugin.name)
            try:
                facts = {} if self._settings["switching"] else {**self._initialised(plugin), "order": place}
                problem = ""
            except BaseException as error:  # noqa: BLE001  whatever a plugin's code raises is about this plugin alone
                facts, problem = dict(getattr(error, "facts", {})), self._dropped(plugin.name, error)
            loaded.append(Loaded(plugin.name, problem, {**facts, "warnings": self._remarks.taken()}))
        self._remarks.about("")
        return loaded

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Call a plugin's hooks."""
        self._remarks.about(plugin, context)
        if method in _METHODS:
            for line in arguments:
                self._tell(plugin, decode(line).event)
            return None
        match method:
            case "panel":
                return [{"text": self._asked(plugin, arguments[0]), "level": "info", "key": arguments[0]}]
            case "answer":
                return self._answer(plugin, arguments[0])
            case "enable" | "disable":
                return self._switch(plugin, method)
            case _:
                raise ValueError(f"plugins of Kolibri have no {method}")

    # Loading

    def _open(self, plugins: Sequence[PluginFile]) -> None:
        """Make the modules of Kolibri and the plugins importable."""
        os.environ[VARIABLE] = self._settings["home"]
        sys.path.insert(0, str(STAND_IN))
        given = {each.name: each.path for each in plugins if each.path.startswith("/")}
        sys.meta_path.insert(0, Packages({**self._settings["packages"], **given}))
        from kolibri.utils import conf

        conf.is_own = self._settings["is_own"]
        if self._settings["may_write"]:
            conf.home().allow()
        conf.in_folder = tuple(self._settings["in_folder"])
        conf.typed = [layer for each in plugins for layer in _layers(each, "typed")]
        conf.said = [layer for each in plugins for layer in _layers(each, "profile", "file")]
        import_module("kolibri.plugins")
        self._remarks.taken()  # about plugins.json, of which the host has told

    def _initialised(self, file: PluginFile) -> dict[str, Any]:
        """Initialise a plugin and return what is to be known of it; whatever goes wrong is raised."""
        from kolibri.plugins.registry import registered_plugins

        plugin = registered_plugins.add(file.name)
        options = self._options_of(plugin)
        self._apply_settings()
        is_new = self._is_updated(plugin)
        if is_new or self._settings["action"] == "plugin":
            self._say_ignored(plugin)
        return {
            "title": (type(plugin).__doc__ or "").strip().partition("\n")[0] or str(plugin.name("en")),
            "hooks": [method_name(kind) for kind in EVENTS] if self._hooks(file.name, SYNC) else [],
            "answers": [name for name, asked in QUESTIONS.items() if self._hooks(file.name, asked.hook)],
            "offers": [
                {"kind": "panel", "name": name, "label": asked.label, "options": {}, "method": asked.method}
                for name, asked in QUESTIONS.items()
                if self._hooks(file.name, asked.hook)
            ],
            "is_tui": False,
            "deadlines": {},
            "has_spec": bool(options),
            "options": options,
        }

    def _say_ignored(self, plugin: Any) -> None:
        from kolibri.core.inert import inert_hooks_of

        ignored = [name for name in _URLS if getattr(plugin, name)] + inert_hooks_of(plugin.module_path)
        if ignored:
            self._remarks.add(f"its views are ignored, since yester has no web pages ({', '.join(ignored)})")

    def _options_of(self, plugin: Any) -> list[dict[str, Any]]:
        """Check all options with those of this plugin, and return its own."""
        from kolibri.plugins.utils.options import spec_of
        from kolibri.utils import conf, options

        conf.OPTIONS.forget()
        options.option_spec.forget()
        slots, resolved = options.examined()
        names = {f"{section}.{name}" for section, those in spec_of(plugin).items() for name in those}
        own = rows([slot for slot in slots if slot.name in names], resolved)
        if resolved.problems:
            raise WrongOptions("; ".join(map(options.in_words, resolved.problems)), own)
        return own

    def _apply_settings(self) -> None:
        from kolibri.plugins.utils.settings import apply_settings

        module = ModuleType("kolibri_settings")
        vars(module).update(dict.fromkeys(_SETTINGS_OF_KOLIBRI), INSTALLED_APPS=(), LOCALE_PATHS=())
        apply_settings(module)

    def _is_updated(self, plugin: Any) -> bool:
        """Bring a plugin up to date; return whether its version is another one than the last time."""
        from kolibri.plugins.utils import is_plugin_updated, update_plugin

        if not self._settings["records"] or not is_plugin_updated(plugin.module_path):
            return False
        self._saved(lambda: update_plugin(plugin.module_path))
        return True

    def _saved(self, work: Callable[[], None]) -> None:
        """Do what writes plugins.json; that it cannot be written is told, and stops nothing."""
        try:
            work()
        except (YesterError, HomeInUse) as problem:
            self._remarks.add(str(problem))

    def _dropped(self, name: str, error: BaseException) -> str:
        """Take back what a plugin has registered, and return what went wrong."""
        from kolibri.plugins import config
        from kolibri.plugins.registry import registered_plugins
        from kolibri.plugins.utils import PluginUpdateException
        from kolibri.utils import conf, options

        registered_plugins.drop(name)
        conf.OPTIONS.forget()
        options.option_spec.forget()
        is_off = isinstance(error, PluginUpdateException)
        if self._settings["records"] and _is_kolibris(error):
            self._saved(lambda: config.clear_plugin(name))
            is_off = name not in conf.in_folder
        way_back = f"; it was switched off. To switch it on again: yester plugin enable {name}" if is_off else ""
        return _words(error) + way_back

    # Calls

    def _tell(self, plugin: str, event: Event | Unknown) -> None:
        if isinstance(event, RunBegin):
            self._is_dry = event.dry_run
        is_good = not isinstance(event, RunEnd) or event.result in GOOD
        if isinstance(event, Unknown) or self._is_dry or not is_good or self._settings["action"] not in UPLOADS:
            return
        for step in EVENTS[type(event)]:
            for hook in self._hooks(plugin, SYNC):
                self._take_step(hook, step)

    def _take_step(self, hook: Any, step: Step) -> None:
        context = self._transfer(step.stage)
        if step.method == "operations":
            for operation in hook.get_sync_operations(context):
                _operate(operation, context)
            return
        try:
            getattr(hook, step.method)(
                dataset_id=self._settings["profile_id"],
                local_is_single_user=False,
                remote_is_single_user=False,
                single_user_id=None,
                context=context,
            )
        except Exception as problem:  # noqa: BLE001  these never fail a transfer
            self._remarks.add(f"{type(hook).__name__}.{step.method} hook failed: {in_words(problem)}", level="error")

    def _transfer(self, stage: str) -> SimpleNamespace:
        """Return what a hook is told of the transfer: this side sends, and the other is no Kolibri."""
        return SimpleNamespace(
            stage=stage,
            is_push=True,
            is_pull=False,
            is_producer=True,
            is_receiver=False,
            is_server=False,
            filter=None,
            capabilities=set(),
            error=None,
            sync_session=None,
            transfer_session=None,
            profile=self._settings["profile"],
            repository=self._settings["repository"],
            run=self._settings["run"],
        )

    def _answer(self, plugin: str, question: str) -> Any:
        asked = QUESTIONS[question]
        for hook in self._hooks(plugin, asked.hook):
            member = getattr(hook, asked.method)
            return member(None) if question == "user" else member() if callable(member) else member
        return None

    def _asked(self, plugin: str, question: str) -> str:
        found = self._answer(plugin, question)
        match found:
            case bool():
                return "yes" if found else "no"
            case tuple() | list():
                return ", ".join(map(str, found))
            case _:
                return "not known" if found is None else str(found)

    def _hooks(self, plugin: str, name: str) -> Iterator[Any] | list[Any]:
        """Return the hooks that a plugin gives of one kind, in the order in which they were registered."""
        from kolibri.core.auth import hooks as auth
        from kolibri.core.device import hooks as device

        kind = getattr(auth, name, None) or getattr(device, name)
        return [hook for hook in kind.registered_hooks if hook.unique_id.rpartition(".")[0] == plugin]

    def _switch(self, plugin: str, method: str) -> bool:
        from kolibri.plugins.utils import disable_plugin, enable_plugin

        return bool(enable_plugin(plugin) if method == "enable" else disable_plugin(plugin))


class WrongOptions(Exception):
    """What is said about options is not right."""

    def __init__(self, text: str, options: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(text)
        self.facts = {"has_spec": bool(options), "options": options}


def _operate(operation: Any, context: Any) -> None:
    """Carry out an operation: something with a `handle`, or a function. What it is not meant for it need not do."""
    handle = getattr(operation, "handle", None)
    try:
        handle(context) if handle is not None else operation(context)
    except AssertionError as problem:
        if handle is None:
            raise OperationFailed(_failed(operation, context, problem)) from problem
    except Exception as problem:
        raise OperationFailed(_failed(operation, context, problem)) from problem


def _failed(operation: Any, context: Any, problem: BaseException) -> str:
    name = getattr(operation, "__name__", type(operation).__name__)
    return f"{name}, an operation of the stage {context.stage}, failed: {in_words(problem)}"


def _is_kolibris(error: BaseException) -> bool:
    """Whether Kolibri forgets a plugin that fails like this: it cannot be imported, or not be registered."""
    from kolibri.plugins.hooks import HookSingleInstanceError
    from kolibri.plugins.utils import MultiplePlugins, PluginDoesNotExist, PluginLoadsApp

    return isinstance(
        error, ImportError | HookSingleInstanceError | MultiplePlugins | PluginDoesNotExist | PluginLoadsApp
    )


def _words(error: BaseException) -> str:
    """Return what went wrong; what Kolibri itself raises says all there is to say."""
    from kolibri.plugins.utils import PluginUpdateException

    is_own = isinstance(error, WrongOptions | PluginUpdateException)
    is_own = is_own or (_is_kolibris(error) and not isinstance(error, ImportError))
    return str(error) if is_own else in_words(error)


def _layers(plugin: PluginFile, *sources: str) -> Iterator[Layer]:
    """Return what is said about a plugin's options; a table in the table is a section."""
    for layer in plugin.layers:
        if layer.source in sources:
            values: dict[str, Any] = {}
            for key, value in layer.values.items():
                values |= (
                    {f"{key}.{name}": each for name, each in value.items()} if isinstance(value, dict) else {key: value}
                )
            yield Layer(layer.source, layer.place, values)
