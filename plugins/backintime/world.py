"""The world of Back In Time's plugins, inside a worker.

Its plugins import flat modules (`pluginmanager`, `logger`, `config` …), which are files in `flat/` beside this one, and
nobody else's: the folder is put on the path of this process alone. A file may hold several plugins; each is called by
itself, as a part of its file, in the order that Back In Time's own manager would have.

A call is the name of a hook with journal lines, and the part. Whatever a plugin raises is logged in Back In Time's
words; StopException out of `processBegin` goes to the host and stops the run, any other becomes a message.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from yester.engine.events import Message, decode
from yester.engine.hooks import method_name
from yester.plugins.backintime.mapping import WAYS, About, Call, DisplayOf, PathOf, SidOf, calls_of
from yester.plugins.native.loading import in_words
from yester.plugins.options.reporting import rows
from yester.plugins.options.resolving import resolve
from yester.plugins.options.spec import Option, slots_of
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World

FLAT = Path(__file__).parent / "flat"

OPTIONS: Mapping[str, Option] = {
    "stop_on_mount_failure": Option("boolean", False, "A run stops where mount failed."),
    "report_failures": Option("boolean", False, "What fails is reported as an error, a script's exit code too."),
    "no_logging": Option("boolean", False, "What a user-callback prints is put into the journal as it is."),
    "wait": Option("seconds", 30, "How long a run waits for a repository that is not there."),
}
CALLBACK_OPTIONS: Mapping[str, Option] = {
    **OPTIONS,
    "own_folder": Option("boolean", False, "The script works in the folder where it lies."),
    "name_script": Option("boolean", False, "The journal says which script ran, and with what."),
}
_OLD = {
    "is_gui": "isGui",
    "on_process_begins": "processBegin",
    "on_process_ends": "processEnd",
    "on_error": "error",
    "on_new_snapshot": "newSnapshot",
    "on_message": "message",
    "on_app_start": "appStart",
    "on_app_exit": "appExit",
    "do_mount": "mount",
    "do_unmount": "unmount",
}
"""What methods were called before Back In Time 1.2."""
_HOUR = 3600.0
_LONG = ("processBegin", "processEnd", "error", "newSnapshot", "mount", "unmount")
"""Methods that may take as long as plugins may: Back In Time waits for ever."""
_NO_OPTIONS: Mapping[str, Any] = {name: option.default for name, option in CALLBACK_OPTIONS.items()}


def open_world(settings: dict[str, Any], context: Context) -> World:
    """Return the world; the process is Back In Time's from here on."""
    sys.path.insert(0, str(FLAT))
    with suppress(OSError):  # it is gone: then plugins work in /
        os.chdir(settings["folder"])
    return BackInTimeWorld(settings, context)


class BackInTimeWorld:
    """Holds the manager, and which of its plugins came from which file."""

    threads = 1

    def __init__(self, settings: dict[str, Any], context: Context) -> None:
        import config
        import logger
        import snapshots
        import tools

        logger.openlog()
        tools.set_root(settings["plugins"])
        config.Config.GIVEN.update(settings["config"])
        config.Config.SCRIPTS.extend(settings["scripts"])
        if settings["current"]:
            config.Config.CURRENT[:] = [settings["current"]]
        self._settings, self._context = settings, context
        self._manager = config.Config.PLUGIN_MANAGER
        self._manager.loaded = True
        self._snapshots = snapshots.Snapshots(config.Config())
        self._config = self._snapshots.config
        self._parts: dict[str, list[Any]] = {}
        self._options: dict[str, Mapping[str, Any]] = {}
        self._paths: dict[str, str] = {}
        self._unmounted = ""
        """Why the run must not begin: a plugin could not mount."""

    # Loading

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Load plugins; what is wrong with one is told of it alone."""
        loaded = []
        for plugin in plugins:
            announce(plugin.name)
            loaded.append(self._loaded(plugin))
        announce("")
        return [self._placed(each) for each in loaded]

    def _loaded(self, file: PluginFile) -> Loaded:
        is_script = not file.path.endswith(".py")
        slots = slots_of(file.name, CALLBACK_OPTIONS if is_script else OPTIONS)
        resolved = resolve(slots, file.layers)
        facts: dict[str, Any] = {"has_spec": True, "options": rows(slots, resolved)}
        if resolved.problems:
            return Loaded(file.name, "; ".join(map(str, resolved.problems)), facts)
        options = self._options[file.name] = {name: value.meant for name, value in resolved.values.items()}
        if options["no_logging"]:
            for number in self._config.profiles():
                self._config.setProfileBoolValue("user_callback.no_logging", True, number)
        before = [*self._manager.plugins]
        problem = self._take_script(file.path, options) if is_script else self._take_file(file.path)
        parts = [each for each in self._manager.plugins if not any(each is other for other in before)]
        self._parts[file.name] = parts
        if problem and not any(_gives(each, way[0]) for each in parts for way in WAYS.values()):
            return Loaded(file.name, problem, facts)
        warnings = [*resolved.warnings, *([problem] if problem else [])]
        if self._settings["problem"]:
            warnings.append(self._settings.pop("problem"))
            self._settings["problem"] = ""
        return Loaded(file.name, "", {**facts, "warnings": warnings})

    def _take_script(self, path: str, options: Mapping[str, Any]) -> str:
        from yester.plugins.backintime.callback import UserCallback, Wishes

        self._manager.add(UserCallback(path, Wishes(options["own_folder"], options["name_script"])), self._snapshots)
        return ""

    def _take_file(self, path: str) -> str:
        """Load a file; return what is wrong with it."""
        folder, name = os.path.split(path)
        self._manager.look_in(folder)
        problems: list[BaseException] = []
        self._manager.load_file(name, self._snapshots, problems.append)
        if problems:
            return in_words(problems[0])
        return _old_names(sys.modules[name.removesuffix(".py")])

    def _placed(self, loaded: Loaded) -> Loaded:
        """Say what each part of a file hears of, and where it stands among all."""
        if loaded.problem:
            return loaded
        parts = [self._part(loaded.name, number, each) for number, each in enumerate(self._parts[loaded.name])]
        nothing = {"part": 0, "hooks": [], "order": 0, "is_tui": False, "deadlines": {}}
        parts = [part for part in parts if part["hooks"]] or [nothing]
        hooks = list(dict.fromkeys(hook for part in parts for hook in part["hooks"]))
        title = _title(self._parts[loaded.name]) + self._known_by(hooks)
        facts = {**loaded.facts, **parts[0], "hooks": hooks, "title": title, "offers": [], "parts": parts}
        return Loaded(loaded.name, "", facts)

    def _known_by(self, hooks: Sequence[str]) -> str:
        """Say by which numbers a plugin knows the profiles; who writes a script has to know them."""
        known = [f"{number} {self._config.profileName(number)}" for number in self._config.profiles()]
        return f" (profiles: {', '.join(known)})" if hooks and self._settings["numbers"] else ""

    def _part(self, name: str, number: int, plugin: Any) -> dict[str, Any]:
        place = next(place for place, each in enumerate(self._manager.plugins) if each is plugin)
        heard = {method_name(kind): way[0] for kind, way in WAYS.items() if _gives(plugin, way[0])}
        wait, notify = self._options[name]["wait"], self._config.profileBoolValue("snapshots.notify.enabled", True)
        return {
            "part": number,
            "hooks": list(heard),
            "order": place,
            "is_tui": any(each is plugin for each in self._manager.on_desktop),
            "deadlines": {hook: _HOUR for hook, method in heard.items() if method in _LONG},
            "wait": {"seconds": wait, "is_announced": self._manager.hasGuiPlugins and notify},
        }

    # Calling

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Call a part of a plugin."""
        self._context = context
        *lines, part = arguments
        target = self._parts[plugin][part]
        for line in lines:
            event: Any = decode(line).event
            about = self._about(event)
            for call in calls_of(event, about):
                self._hear(event, call)
                self._call(plugin, target, call)

    def _about(self, event: Any) -> About:
        name, id = getattr(event, "profile", ""), getattr(event, "profile_id", "")
        number = self._settings["numbers"].get(id) or self._by_name(name) or self._settings["current"]
        if number:
            self._config.setCurrentProfile(number)
        return About(number, name or (self._config.profileName(number) if number else ""))

    def _by_name(self, name: str) -> str:
        numbers = self._config.profiles() if name else ()
        return next((number for number in numbers if self._config.profileName(number) == name), "")

    def _hear(self, event: Any, call: Call) -> None:
        if isinstance(event, Message):
            self._snapshots.heard(*call.arguments[2:4])

    def _call(self, plugin: str, target: Any, call: Call) -> None:
        """Call one method; log what it raises, and pass on what the host or the person should know."""
        import exceptions

        options = self._options.get(plugin, _NO_OPTIONS)
        try:
            if call.method == "processBegin" and self._unmounted:
                raise exceptions.StopException(self._unmounted)
            with self._naming(plugin, call.method):
                getattr(target, call.method)(*map(self._value, call.arguments))
        except BaseException as problem:
            self._manager.log_failure(target, call.method, problem)
            is_stop = isinstance(problem, exceptions.StopException)
            text = f"{call.method}: {str(problem) or type(problem).__name__}"
            if call.method == "mount" and options["stop_on_mount_failure"]:
                self._unmounted = self._unmounted or f"{plugin}: {text}"
            if call.method == "processBegin" and is_stop:
                raise
            if options["report_failures"]:
                self._context.ask("say", plugin, "error", f"{plugin}: {text}", "")
            elif not is_stop:
                raise

    @contextmanager
    def _naming(self, plugin: str, method: str) -> Iterator[None]:
        """While a plugin hears of the new snapshot it may give it a name."""
        import snapshots

        before = snapshots.wish_name
        if method == "newSnapshot":
            snapshots.wish_name = lambda name: self._context.ask("wish", plugin, "name", name)
        try:
            yield
        finally:
            snapshots.wish_name = before

    def _value(self, value: Any) -> Any:
        match value:
            case SidOf(time_ns) | DisplayOf(time_ns) | PathOf(_, time_ns):
                sid = self._sid(time_ns)
        match value:
            case SidOf():
                return sid
            case DisplayOf():
                return sid.displayID
            case PathOf(snapshot):
                return self._path(snapshot, str(sid))
        return value

    def _sid(self, time_ns: int) -> Any:
        import snapshots

        return snapshots.SID(datetime.fromtimestamp(time_ns // 10**9), self._config)

    def _path(self, snapshot: str, sid: str) -> str:
        if snapshot not in self._paths:
            self._paths[snapshot] = self._context.ask("snapshot_path", snapshot, sid)
        return self._paths[snapshot]


def _gives(plugin: Any, method: str) -> bool:
    """Whether a plugin has a method of its own."""
    import pluginmanager

    return method in vars(plugin) or getattr(type(plugin), method) is not getattr(pluginmanager.Plugin, method)


def _old_names(module: Any) -> str:
    """Say that a file was written for another Back In Time, if no plugin of it has a method of today's."""
    import pluginmanager

    kinds = [kind for kind in pluginmanager.classes_of(module) if kind is not pluginmanager.Plugin]
    old = [name for kind in kinds for name in _OLD if hasattr(kind, name)]
    today = [
        name
        for kind in kinds
        for name in _OLD.values()
        if getattr(kind, name) is not getattr(pluginmanager.Plugin, name)
    ]
    if not old or today:
        return ""
    return f"it was written for Back In Time before 1.2, which called {_OLD[old[0]]} {old[0]}"


def _title(parts: Sequence[Any]) -> str:
    if not parts:
        return "it declines to work here, or holds no plugin"
    kind = type(parts[0])
    return (kind.__doc__ or "").strip().partition("\n")[0] if "__doc__" in vars(kind) else ""
