"""The world of Kiwi, inside a worker.

A plugin is a folder with `__init__.py` and functions in it (mapping.py). What it imports of Kiwi's client lies in
`stand_in/`, a folder that is on the path in this process alone. Before the first hook of any plugin all hear that the
server has started: that is once in each worker.
"""

import importlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from yester.engine.events import decode
from yester.plugins.deciding.answers import ON_ENTRY
from yester.plugins.deciding.batch import gone_through
from yester.plugins.kiwi.context import Keeper
from yester.plugins.kiwi.importing import Plugins
from yester.plugins.kiwi.kfile import KFile
from yester.plugins.kiwi.mapping import (
    BACKUP_START,
    BACKUP_STOP,
    HOOKS,
    NOTED,
    ON_FILE,
    SERVER_START,
    functions_of,
    has_context,
    hooks_of,
    problems_of,
    unknown_in,
)
from yester.plugins.native.loading import in_words, loaded_by
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World

STAND_IN = Path(__file__).parent / "stand_in"
LOGGER = "kclient.runner"

_AROUND_S = 3600.0
"""What start and stop may take."""
FILES_S = 600.0
"""How long a plugin may take over a batch of files; Kiwi knows no limit, and a plugin may look into each."""


def open_world(settings: dict[str, Any], context: Context) -> World:
    """Return the world of Kiwi. `settings` are those of casting.py."""
    return KiwiWorld(settings, context)


class KiwiWorld:
    """Holds the functions of each plugin, and the context that they share."""

    threads = 1

    def __init__(self, settings: Mapping[str, Any], context: Context) -> None:
        self._context = context
        self._keeper = Keeper(settings)
        self._functions: dict[str, dict[str, Callable[..., object]]] = {}
        self._folders: dict[str, str] = {}
        self._at_work = ""
        self._notes_of = ""
        """The plugin that hears for all what only changes the context."""
        self._announce: Announce | None = None
        self._has_started = False
        self._plugins = Plugins({})

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Load plugins; each that cannot be is told of."""
        self._announce = announce
        self._stand_in()
        self._plugins = Plugins({each.name: Path(each.path) for each in plugins})
        sys.meta_path.append(self._plugins)
        loaded = []
        for plugin in plugins:
            self._at_work = plugin.name
            self._folders[plugin.name] = os.path.dirname(plugin.path)
            loaded.append(loaded_by(self._loaded, plugin, announce))
        return loaded

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Call a plugin."""
        self._context = context
        self._start_server(plugin)
        if method == ON_ENTRY:
            return self._files(plugin, arguments[0])
        for line in arguments:
            self._hear(plugin, method, decode(line).event)
        return None

    def _hear(self, plugin: str, method: str, event: Any) -> None:
        if method in NOTED:
            self._keeper.note(event)
            return
        function = HOOKS.get(method)
        if function is None:
            return
        self._keeper.note(event)
        try:
            self._run(plugin, function, self._keeper.context)
        finally:
            self._settle(plugin)

    def _files(self, plugin: str, rows: Sequence[Sequence[Any]]) -> Any:
        self._at_work = plugin
        function, keeper = self._functions[plugin][ON_FILE], self._keeper
        context = keeper.context

        def on_file(kfile: KFile) -> None:
            function(kfile, context)
            if "abort" in context:
                kfile.abort(context["abort"])

        answer = gone_through(rows, KFile, on_file)
        context.pop("abort", None)
        keeper.take()
        self._settle(plugin)
        if plugin == self._first_of(ON_FILE):
            sizes = [row[2] for row in rows[: answer["done"]] if KFile(row).kind == "file"]
            keeper.count(len(sizes), sum(sizes))
        return answer

    def _first_of(self, function: str) -> str:
        return next((name for name, known in self._functions.items() if function in known), "")

    def _run(self, plugin: str, function: str, *arguments: object) -> None:
        self._at_work = plugin
        self._functions[plugin][function](*arguments)

    def _settle(self, plugin: str) -> None:
        def wish(kind: str, value: object) -> None:
            self._context.ask("wish", plugin, kind, value)

        self._keeper.settle(wish, lambda text: self._say(plugin, "warning", text))

    def _say(self, plugin: str, level: str, text: str) -> None:
        self._context.ask("say", plugin, level, text.encode("utf-8", "backslashreplace").decode(), "")

    def _start_server(self, caller: str) -> None:
        """Before the first hook in this worker: let all plugins hear that the server has started."""
        if self._has_started:
            return
        self._has_started = True
        assert self._announce is not None
        for name, functions in self._functions.items():
            if SERVER_START in functions:
                self._announce(name)
                try:
                    self._run(name, SERVER_START)
                except BaseException as problem:  # noqa: BLE001  it is about this plugin alone, and the others start
                    self._say(name, "warning", f"{name}: {SERVER_START} failed: {in_words(problem)}")
        self._announce(caller)
        self._at_work = caller

    # Loading

    def _loaded(self, file: PluginFile) -> Loaded:
        names = vars(self._plugins.imported(file.name))
        functions = functions_of(names)
        problems = [*problems_of(functions)]
        if problems:
            return Loaded(file.name, "; ".join(problems))
        keeps_notes = has_context(functions) and not self._notes_of
        if keeps_notes:
            self._notes_of = file.name
        self._functions[file.name] = functions
        facts = {
            "title": (names.get("__doc__") or "").strip().partition("\n")[0],
            "hooks": hooks_of(functions, keeps_notes=keeps_notes),
            "order": 0,
            "is_tui": False,
            "deadlines": {**{hook: _AROUND_S for hook, name in HOOKS.items() if name in (BACKUP_START, BACKUP_STOP)}}
            | {ON_ENTRY: FILES_S},
            "offers": [],
            "warnings": [*unknown_in(names)],
        }
        return Loaded(file.name, "", facts)

    def _stand_in(self) -> None:
        """Let plugins import what they know of Kiwi's client, and hear what they log."""
        sys.path.insert(0, str(STAND_IN))
        bos: Any = importlib.import_module("kclient.bos")
        bos.place = lambda: self._folders.get(self._at_work, "")
        logger = logging.getLogger("kclient")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(_ToHost(self))

    def logged(self, record: logging.LogRecord, text: str) -> None:
        """Pass on what a plugin logs: a warning to the person, the rest to the journal."""
        if record.levelno >= logging.WARNING and self._has_started:
            self._say(self._at_work, "error" if record.levelno >= logging.ERROR else "warning", text)
        else:
            sys.stderr.write(f"{record.levelname}: {text}\n")


class _ToHost(logging.Handler):
    """Gives the world what is logged."""

    def __init__(self, world: KiwiWorld) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """Pass it on."""
        try:
            self._world.logged(record, self.format(record))
        except Exception:  # noqa: BLE001  logging's own way: it prints what went wrong
            self.handleError(record)
