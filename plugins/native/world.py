"""The world of native plugins, inside a worker.

A call is the name of a hook with journal lines, or `action` or `panel` with the name of one.
"""

from collections.abc import Callable, Sequence
from typing import Any

from yester.engine.errors import YesterError
from yester.engine.events import Level, clean, decode
from yester.engine.messages.posted import LEVELS
from yester.plugins.deciding.answers import ON_ENTRY
from yester.plugins.deciding.batch import gone_through
from yester.plugins.deciding.entry import Entry
from yester.plugins.native.checking import HOOKS, hooks_of, problems_of
from yester.plugins.native.interface import Occasion, Offer, Plugin, Row, offers_of
from yester.plugins.native.loading import in_words, loaded_by, plugin_class
from yester.plugins.options.kinds import plain
from yester.plugins.options.reporting import rows, unchecked_rows
from yester.plugins.options.resolving import Resolved, Slot, resolve
from yester.plugins.options.spec import slots_of
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World


def open_world(settings: dict[str, Any], context: Context) -> World:
    """Return the world of native plugins."""
    return NativeWorld(context, Occasion(**settings))


class NativeWorld:
    """Holds one object of each plugin."""

    threads = 1

    def __init__(self, context: Context, occasion: Occasion) -> None:
        self._context, self._occasion = context, occasion
        self._plugins: dict[str, Plugin] = {}
        self._wondered_at: set[tuple[str, str]] = set()

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Load plugins; each that cannot be is told of."""
        return [loaded_by(self._loaded, plugin, announce) for plugin in plugins]

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Call a plugin."""
        self._context, target = context, self._plugins[plugin]
        if method in HOOKS:
            for line in arguments:
                self._look_at(plugin, method, getattr(target, method)(decode(line).event))
            return None
        if method == ON_ENTRY:
            decide: Callable[[Entry], object] = target.on_entry
            return gone_through(arguments[0], Entry, lambda entry: self._look_at(plugin, method, decide(entry)))
        offer = next(each for each in offers_of(type(target)) if each.name == arguments[0])
        try:
            if offer.kind == "action":
                return _text(getattr(target, offer.method)({**offer.options, **arguments[1]}))
            return _rows(getattr(target, offer.method)())
        except YesterError as refusal:
            return {"refused": refusal.what, "hint": refusal.hint, "exit_code": refusal.exit_code}

    def _look_at(self, plugin: str, method: str, returned: object) -> None:
        """Tell of something that a hook returned, once: who wrote it expects something of it."""
        if returned is not None and (plugin, method) not in self._wondered_at:
            self._wondered_at.add((plugin, method))
            text = f"{method} returned a value of type {type(returned).__name__}, and nothing becomes of it"
            self._teller(plugin)(text, "warning", "")

    def _loaded(self, file: PluginFile) -> Loaded:
        kind = plugin_class(file.name, file.path)
        problems = problems_of(kind)
        if problems:
            return Loaded(file.name, "; ".join(problems))
        slots = slots_of(file.name, kind.option_spec)
        resolved = resolve(slots, file.layers)
        facts = {**_facts(kind), **_option_facts(file, slots, resolved)}
        if slots and resolved.problems:
            return Loaded(file.name, "; ".join(map(str, resolved.problems)), facts)
        options = {name: value.meant for name, value in resolved.values.items()} if slots else file.options
        try:
            self._plugins[file.name] = self._made(kind, file.name, options)
        except BaseException as problem:  # noqa: BLE001  as above
            return Loaded(file.name, in_words(problem), facts)
        return Loaded(file.name, "", facts)

    def _made(self, kind: type[Plugin], name: str, options: dict[str, Any]) -> Plugin:
        plugin = kind.__new__(kind)
        plugin.name, plugin.options, plugin.occasion = name, options, self._occasion
        plugin._tell = self._teller(name)
        plugin._wish = self._wisher(name)
        plugin._ask = self._asked
        kind.__init__(plugin)
        return plugin

    def _asked(self, method: str, *arguments: Any) -> Any:
        return self._context.ask(method, *arguments)

    def _teller(self, name: str) -> Any:
        def tell(text: str, level: Level, action: str) -> None:
            self._context.ask("say", name, level, clean(str(text)), action)

        return tell

    def _wisher(self, name: str) -> Any:
        def wish(kind: str, value: object) -> None:
            self._context.ask("wish", name, kind, value)

        return wish


def _facts(kind: type[Plugin]) -> dict[str, Any]:
    return {
        "title": (kind.__doc__ or "").strip().partition("\n")[0] if "__doc__" in vars(kind) else "",
        "hooks": hooks_of(kind),
        "order": kind.order,
        "is_tui": kind.is_tui,
        "deadlines": dict(kind.deadlines),
        "offers": [_offer(offer) for offer in offers_of(kind)],
    }


def _option_facts(file: PluginFile, slots: Sequence[Slot], resolved: Resolved) -> dict[str, Any]:
    if not slots:
        return {"has_spec": False, "options": unchecked_rows(file.name, file.layers), "warnings": []}
    return {"has_spec": True, "options": rows(slots, resolved), "warnings": plain(resolved.warnings)}


def _offer(offer: Offer) -> dict[str, Any]:
    return {name: getattr(offer, name) for name in ("kind", "name", "label", "danger")} | {
        "options": dict(offer.options)
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _rows(returned: object) -> list[dict[str, str]]:
    if not isinstance(returned, list | tuple):
        raise TypeError(f"a panel returns a list of Row, not {type(returned).__name__}")
    return [_row(row) for row in returned]


def _row(row: object) -> dict[str, str]:
    """Return a row; a panel may also return plain text."""
    if not isinstance(row, Row):
        return {"text": str(row), "level": "info", "key": ""}
    if row.level not in LEVELS:
        raise ValueError(f"there is no level {row.level}: it is one of {', '.join(LEVELS)}")
    return {"text": str(row.text), "level": row.level, "key": str(row.key)}
