"""yester plugin: see what plugins there are, switch them on and off, try them, and start what they offer."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from shlex import quote
from typing import Any

import click

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import clean
from yester.engine.nearest import did_you_mean
from yester.plugins.casts import Member
from yester.plugins.dispatcher import Dispatcher
from yester.plugins.finding import is_told
from yester.plugins.found import Found, folder_of
from yester.plugins.worker.problems import PluginError
from yester.tui.cli.asking import confirm
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.plugin_loading import Screen, Stage, of_profile, with_loaded
from yester.tui.cli.plugin_options import options
from yester.tui.cli.plugin_rows import HEADER, found_as_json, origin, row, shown_value, state
from yester.tui.cli.plugin_switches import apply, disable, enable, names_argument, say_problem
from yester.tui.cli.wording import one_line, table


@click.group("plugin", short_help="See, switch and start plugins.")
def command() -> None:
    """See what plugins there are, switch them on and off, and start what they offer.

    Plugins lie in ~/.local/share/yester/plugins/native/, where they are on, or come with packages, and are off.
    """


command.add_command(options)
command.add_command(enable)
command.add_command(disable)
command.add_command(apply)


@command.command("list", short_help="List plugins.")
@of_profile
@click.option("--order", "in_order", is_flag=True, help="Load those that are on: in which order they are called.")
@as_json
def list_(of_profile: str | None, in_order: bool, as_json: bool) -> None:
    """List plugins, without loading any."""
    stage = Stage.of(of_profile)
    found = _in_order(stage) if in_order else stage.plugins()
    if as_json:
        echo_json([found_as_json(each) for each in found])
    elif found:
        click.echo("\n".join(table([HEADER, *map(row, found)])))
        for each in found:
            say_problem(each)
    elif in_order:
        click.echo("no plugin is called")
    else:
        click.echo(f"no plugins: they go into {folder_of(stage.places, 'native')}")


def _in_order(stage: Stage) -> list[Found]:
    """Return the plugins that are called at a beginning, first one first; what cannot be loaded is complained of."""
    found = [each for each in stage.plugins() if each.is_enabled and is_told(each)]
    screen = Screen(stage.places)
    screen.is_loading = True
    with closing(Dispatcher(found, stage.layers(), stage.surroundings, screen)) as dispatcher:
        by_label = {each.label: each for each in found}
        called = [by_label[member.label] for member in dispatcher.members]
    for complaint in screen.complaints:
        complain(complaint)
    return called


@command.command("info", short_help="Show what a plugin does.")
@click.argument("name", metavar="NAME")
@of_profile
@as_json
def info(name: str, of_profile: str | None, as_json: bool) -> None:
    """Load a plugin and show what it listens to, what it offers and what it wants to know."""
    stage = Stage.of(of_profile)
    found = stage.named(name)
    facts = with_loaded(stage, found, lambda dispatcher, member: member.facts)
    if as_json:
        echo_json({**found_as_json(found), **facts})
        return
    title = facts.get("title")
    lines = [
        one_line(f"{found.label}: {title}") if title else found.label,
        f"  state: {state(found)}, {found.world}" + (f", from {found.package}" if found.package else ""),
        f"  where: {one_line(found.place)}",
        *(_call_lines(facts) if is_told(found) else ()),
        *(one_line(f"  archive: {each['name']}, {each['guid']}") for each in facts.get("archives", ())),
        *(_offer_line(found.label, offer) for offer in facts.get("offers", ())),
        *(_option_line(stage, option) for option in facts.get("options", ())),
    ]
    click.echo("\n".join(lines))


@command.command("run", short_help="Start what a plugin offers.")
@click.argument("name", metavar="NAME")
@click.argument("offer", metavar="ACTION")
@click.argument("options", metavar="[OPTION=VALUE]...", nargs=-1)
@of_profile
@click.option("--yes", is_flag=True, help="Start also what may lose something, without asking.")
@as_json
def run(name: str, offer: str, options: Sequence[str], of_profile: str | None, yes: bool, as_json: bool) -> None:
    """Start an action of a plugin, or show one of its panels; `yester plugin info NAME` lists them."""
    stage = Stage.of(of_profile)
    found = stage.named(name)
    if not found.is_enabled:
        where = f" --profile {quote(of_profile)}" if of_profile is not None else ""
        raise UsageError(
            f"{found.label} is switched off", hint=f"To switch it on: yester plugin enable {quote(found.label)}{where}"
        )

    def start(dispatcher: Dispatcher, member: Member) -> tuple[str, Any]:
        known = {each["name"]: each for each in member.facts.get("offers", ())}
        if offer not in known:
            raise UsageError(
                f"{found.label} offers no {offer}", hint=did_you_mean(offer, known) or "It offers nothing."
            )
        chosen = known[offer]
        arguments = [offer, _given(options, chosen["options"])] if chosen["kind"] == "action" else [offer]
        if chosen.get("danger"):
            confirm(f"{chosen['label']}: {chosen['danger'].removesuffix('.')}. Go on?", yes=yes)
        try:
            return chosen["kind"], member.cast.ask(member, chosen["kind"], arguments)
        except PluginError as problem:
            why = f"{problem.kind.rpartition('.')[2]}: {problem.text}"
            raise YesterError(f"{offer} of {found.label} failed: {why}") from None

    kind, value = with_loaded(stage, found, start)
    if isinstance(value, dict):
        refusal = UsageError if value["exit_code"] == UsageError.exit_code else YesterError
        raise refusal(f"{found.label}: {value['refused']}", hint=value["hint"])
    if as_json:
        echo_json({kind: offer, "rows" if kind == "panel" else "text": value})
    elif kind == "panel":
        click.echo("\n".join(_panel_line(row) for row in value))
    elif value:
        click.echo("\n".join(map(one_line, value.splitlines())))


@command.command("test", short_help="Say whether a plugin can be loaded.")
@names_argument
@of_profile
@as_json
def test(names: Sequence[str], of_profile: str | None, as_json: bool) -> int:
    """Load plugins and check them as at the start of a run, also those that are off. Nothing of a run is done."""
    stage = Stage.of(of_profile)
    tested = [_tested(stage, name) for name in names]
    if as_json:
        echo_json(tested)
    for each in tested if not as_json else ():
        if not each["problem"]:
            what = f"archives: {', '.join(each['archives'])}" if each["archives"] else f"hears {_hooks(each)}"
            click.echo(one_line(f"{each['name']}: can be loaded, {what}"))
    return 1 if any(each["problem"] for each in tested) else 0


def _tested(stage: Stage, name: str) -> dict[str, Any]:
    try:
        facts = with_loaded(stage, stage.named(name), lambda dispatcher, member: member.facts)
    except YesterError as problem:
        complain(problem.what, problem.hint)
        return {"name": clean(name), "problem": clean(problem.what), "hooks": (), "archives": ()}
    archives = [each["name"] for each in facts.get("archives", ())]
    return {"name": clean(name), "problem": "", "hooks": facts.get("hooks", ()), "archives": archives}


def _call_lines(facts: Mapping[str, Any]) -> list[str]:
    """Return when a plugin is called, of one that is told of runs."""
    before = ", before all that is not about the terminal" if facts.get("is_tui") else ""
    return [
        f"  order: {facts.get('order', 0)}{before}",
        f"  hears: {_hooks(facts)}",
    ]


def _hooks(facts: Mapping[str, Any]) -> str:
    return ", ".join(facts.get("hooks", ())) or "nothing"


def _given(options: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the options of an action that were given; UsageError for one that it does not have."""
    given = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or name not in known:
            hint = did_you_mean(name, known) or "It has no options."
            raise UsageError(f"{option} is no option of the action", hint=f"They are given as OPTION=VALUE. {hint}")
        given[name] = value
    return given


def _option_line(stage: Stage, option: Mapping[str, Any]) -> str:
    about = f"   {option['about']}" if option["about"] else ""
    return one_line(f"  option: {option['name']} = {shown_value(option)} ({origin(stage, option)}){about}")


def _offer_line(name: str, offer: Mapping[str, Any]) -> str:
    options = "".join(f" {option}={default}" for option, default in offer["options"].items())
    danger = f" ({offer['danger']})" if offer.get("danger") else ""
    return one_line(f"  {offer['kind']}: yester plugin run {name} {offer['name']}{options}   {offer['label']}{danger}")


def _panel_line(row: Mapping[str, str]) -> str:
    level = f"{row['level']}: " if row["level"] != "info" else ""
    return one_line(level + row["text"])
