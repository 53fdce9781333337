"""yester plugin: see what plugins there are, switch them on and off, try them, and start what they offer."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import click
import msgspec

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import Message, clean
from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.plugins.casts import Member
from yester.plugins.dispatcher import Dispatcher
from yester.plugins.finding import find_plugins
from yester.plugins.found import Found, folder_of
from yester.plugins.layering import layers_in
from yester.plugins.settings import PluginSettings, read_settings, write_switches
from yester.plugins.surroundings import Surroundings
from yester.plugins.worker.problems import PluginError, PluginProblem
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.plugging import put_right
from yester.tui.cli.run_words import with_source
from yester.tui.cli.wording import one_line, table

_HEADER = ("NAME", "WORLD", "STATE", "WHERE")


@click.group("plugin", short_help="See, switch and start plugins.")
def command() -> None:
    """See what plugins there are, switch them on and off, and start what they offer.

    Plugins lie in ~/.local/share/yester/plugins/native/, where they are on, or come with packages, and are off.
    """


names_argument = click.argument("names", metavar="NAME...", nargs=-1, required=True)


class _Screen:
    """Shows what a plugin says and prints while a person waits for it; what it says is kept as in a run."""

    def __init__(self, places: Places) -> None:
        self._store = MessageStore(places.state)
        self.complaints: list[str] = []
        self.is_loading = False
        """Whether what is said is why the command fails."""

    def said(self, message: Message) -> None:
        """Show and keep a message; one about loading is why the command fails, and shown then."""
        if self.is_loading:
            self.complaints.append(message.text)
        else:
            complain(with_source(message))
        try:
            self._store.post(
                Posted(level=message.level, text=message.text, source=message.source, action=message.action)
            )
        except YesterError as problem:
            complain(problem.what, problem.hint)

    def printed(self, message: Message) -> None:
        """Show a line of output."""
        click.echo(f"{one_line(message.source)}: {one_line(message.text)}", err=True)


@command.command("list", short_help="List plugins.")
@as_json
def list_(as_json: bool) -> None:
    """List plugins, without loading any."""
    places = Places.default()
    found = find_plugins(places, read_settings(places))
    if as_json:
        echo_json([_found_as_json(each) for each in found])
    elif found:
        click.echo("\n".join(table([_HEADER, *map(_row, found)])))
        for each in found:
            _say_problem(each)
    else:
        click.echo(f"no plugins: they go into {folder_of(places, 'native')}")


@command.command("info", short_help="Show what a plugin does.")
@click.argument("name", metavar="NAME")
@as_json
def info(name: str, as_json: bool) -> None:
    """Load a plugin and show what it listens to and what it offers."""
    places = Places.default()
    found = _named(name, places)
    facts = _loaded(found, places, lambda dispatcher, member: member.facts)
    if as_json:
        echo_json({**_found_as_json(found), **facts})
        return
    lines = [
        one_line(f"{name}: {facts['title']}") if facts["title"] else name,
        f"  state: {_state(found)}, {found.world}" + (f", from {found.package}" if found.package else ""),
        f"  where: {one_line(found.place)}",
        f"  order: {facts['order']}" + (", before all that is not about the terminal" if facts["is_tui"] else ""),
        f"  hears: {', '.join(facts['hooks']) or 'nothing'}",
        *(_offer_line(name, offer) for offer in facts["offers"]),
    ]
    click.echo("\n".join(lines))


@command.command("enable", short_help="Switch plugins on.")
@names_argument
def enable(names: Sequence[str]) -> None:
    """Switch plugins on: from the next run on they are called."""
    _switch({*names}, set())


@command.command("disable", short_help="Switch plugins off.")
@names_argument
def disable(names: Sequence[str]) -> None:
    """Switch plugins off; they stay where they are."""
    _switch(set(), {*names})


@command.command("apply", short_help="Switch these plugins on, and all others off.")
@names_argument
def apply(names: Sequence[str]) -> None:
    """Switch these plugins on, and all others off."""
    places = Places.default()
    others = {each.name for each in find_plugins(places, read_settings(places)) if each.is_enabled}
    _switch({*names}, others - {*names})


@command.command("run", short_help="Start what a plugin offers.")
@click.argument("name", metavar="NAME")
@click.argument("offer", metavar="ACTION")
@click.argument("options", metavar="[OPTION=VALUE]...", nargs=-1)
@as_json
def run(name: str, offer: str, options: Sequence[str], as_json: bool) -> None:
    """Start an action of a plugin, or show one of its panels; `yester plugin info NAME` lists them."""
    places = Places.default()
    found = _named(name, places)
    if not found.is_enabled:
        raise UsageError(f"{name} is switched off", hint=f"To switch it on: yester plugin enable {name}")

    def start(dispatcher: Dispatcher, member: Member) -> tuple[str, Any]:
        known = {each["name"]: each for each in member.facts["offers"]}
        if offer not in known:
            raise UsageError(f"{name} offers no {offer}", hint=did_you_mean(offer, known) or "It offers nothing.")
        chosen = known[offer]
        arguments = [offer, _given(options, chosen["options"])] if chosen["kind"] == "action" else [offer]
        try:
            return chosen["kind"], member.cast.ask(member, chosen["kind"], arguments)
        except PluginError as problem:
            why = f"{problem.kind.rpartition('.')[2]}: {problem.text}"
            raise YesterError(f"{offer} of {name} failed: {why}") from None

    kind, value = _loaded(found, places, start)
    if as_json:
        echo_json({kind: offer, "rows" if kind == "panel" else "text": value})
    elif kind == "panel":
        click.echo("\n".join(_panel_line(row) for row in value))
    elif value:
        click.echo("\n".join(map(one_line, value.splitlines())))


@command.command("test", short_help="Say whether a plugin can be loaded.")
@names_argument
def test(names: Sequence[str]) -> int:
    """Load plugins and check them as at the start of a run, also those that are off. Nothing of a run is done."""
    places, code = Places.default(), 0
    for name in names:
        try:
            facts = _loaded(_named(name, places), places, lambda dispatcher, member: member.facts)
            click.echo(f"{name}: can be loaded, hears {', '.join(facts['hooks']) or 'nothing'}")
        except YesterError as problem:
            complain(problem.what, problem.hint)
            code = 1
    return code


def _named(name: str, places: Places) -> Found:
    """Return the plugin of a name; UsageError when there is none."""
    found = {each.name: each for each in find_plugins(places, read_settings(places))}
    if name not in found:
        raise UsageError(f"There is no plugin {name}", hint=did_you_mean(name, found) or "See yester plugin list.")
    return found[name]


def _loaded(found: Found, places: Places, work: Callable[[Dispatcher, Member], Any]) -> Any:
    """Load one plugin in a worker and do something with it; YesterError when either fails."""
    if found.problem:
        raise UsageError(f"{found.name}: {found.problem}", hint=found.hint)
    screen = _Screen(places)
    put_right(places, screen)
    screen.is_loading = True
    surroundings = Surroundings(places, "plugin")
    with closing(
        Dispatcher([found], layers_in(read_settings(places), surroundings), surroundings, screen)
    ) as dispatcher:
        if not dispatcher.members:
            raise UsageError("; ".join(screen.complaints), hint="Correct the plugin: docs/plugins.md has the rules.")
        screen.is_loading = False
        try:
            return work(dispatcher, dispatcher.members[0])
        except PluginProblem as problem:
            raise YesterError(str(problem)) from None


def _switch(on: set[str], off: set[str]) -> None:
    """Say in plugins.toml what is on and off; UsageError for names that are nobody's."""
    places = Places.default()
    settings = read_settings(places)
    found = {each.name: each for each in find_plugins(places, settings)}
    for name in sorted(on | off):
        _refuse_unknown(name, found, gone=name in off)
    packaged = {name for name, each in found.items() if not _is_in_folder(each)}
    enabled = ({*settings.enabled} | (on & packaged)) - off
    disabled = ({*settings.disabled} | (off - packaged)) - on
    write_switches(places, enabled, disabled)
    after = PluginSettings(tuple(enabled), tuple(disabled))
    for each in find_plugins(places, after):
        if each.name in on:
            _say_problem(each)


def _refuse_unknown(name: str, found: Mapping[str, Found], *, gone: bool) -> None:
    each = found.get(name)
    if each is None:
        raise UsageError(f"There is no plugin {name}", hint=did_you_mean(name, found) or "See yester plugin list.")
    if not each.place and not gone:
        raise UsageError(each.problem, hint=each.hint)


def _is_in_folder(found: Found) -> bool:
    return found.place.startswith("/")


def _given(options: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the options of an action that were given; UsageError for one that it does not have."""
    given = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or name not in known:
            hint = did_you_mean(name, known) or "It has no options."
            raise UsageError(f"{option} is no option of the action", hint=f"{hint} They are given as OPTION=VALUE.")
        given[name] = value
    return given


def _found_as_json(found: Found) -> dict[str, object]:
    said = msgspec.to_builtins(found).items()
    return {name: clean(value) if isinstance(value, str) else value for name, value in said if name != "hint"}


def _state(found: Found) -> str:
    if found.problem:
        return "refused" if found.problem.startswith("refused") else "broken"
    return "on" if found.is_enabled else "off"


def _row(found: Found) -> tuple[str, ...]:
    where = found.package or found.place or "-"
    return found.name, found.world, _state(found), where


def _say_problem(found: Found) -> None:
    """Say what is wrong with a plugin, if anything is."""
    if found.problem:
        complain(f"{found.name}: {found.problem}", found.hint)
    if found.twin:
        complain(f"Two plugins are called {found.name}; {found.twin} is left out", "Rename one of them.")


def _offer_line(name: str, offer: Mapping[str, Any]) -> str:
    options = "".join(f" {option}={default}" for option, default in offer["options"].items())
    return one_line(f"  {offer['kind']}: yester plugin run {name} {offer['name']}{options}   {offer['label']}")


def _panel_line(row: Mapping[str, str]) -> str:
    level = f"{row['level']}: " if row["level"] != "info" else ""
    return one_line(level + row["text"])
