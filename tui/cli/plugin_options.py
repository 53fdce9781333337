"""yester plugin options: what a plugin wants to know, where that is said, and a way to say it."""

from collections.abc import Sequence
from typing import Any

import click

from yester.plugins.found import Found
from yester.plugins.worker.messages import Loaded
from yester.tui.cli.asking import typed_secret
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.options import as_json
from yester.tui.cli.plugin_loading import Stage, looked_at
from yester.tui.cli.plugin_rows import Row, facts_as_json, found_as_json, origin, shown_value
from yester.tui.cli.plugin_setting import change_options, parse_option
from yester.tui.cli.wording import one_line, table

_HEADER = ("OPTION", "VALUE", "FROM", "TAKES")


@click.command("options", short_help="Show and set what a plugin wants to know.")
@click.argument("name", metavar="NAME")
@click.option("--profile", "of_profile", metavar="NAME", help="As in runs of this profile; set there what is set.")
@click.option("--set", "settings", metavar="OPTION=VALUE", multiple=True, help="Set an option.")
@click.option("--ask", "asked", metavar="OPTION", multiple=True, help="Set an option to what is typed unseen.")
@click.option("--unset", "removals", metavar="OPTION", multiple=True, help="Let an option have its default again.")
@as_json
def options(
    name: str,
    of_profile: str | None,
    settings: Sequence[str],
    asked: Sequence[str],
    removals: Sequence[str],
    as_json: bool,
) -> None:
    """Show the options of a plugin: their values, and where each is said.

    What counts is said by a variable of the environment, else by the profile, else by plugins.toml, else by the
    plugin. With --set an option is checked by the plugin and written into plugins.toml, or into the profile. --ask
    is for secrets: without a terminal it takes a line of standard input.
    """
    stage = Stage.of(of_profile)
    found = stage.named(name)
    if settings or asked or removals:
        typed = dict(map(parse_option, settings))
        unseen = {option: typed_secret(option) for option in asked}
        changes = change_options(stage, found, {**typed, **unseen}, removals, unseen)
        if not as_json:
            click.echo("\n".join(changes))
            return
        stage = Stage.of(of_profile)
    loaded = looked_at(stage, found, stage.layers())
    if as_json:
        echo_json({**found_as_json(found), "profile": of_profile or "", **_as_json(loaded)})
    else:
        _show(stage, found, loaded)


def _as_json(loaded: Loaded) -> dict[str, Any]:
    facts = loaded.facts
    return {
        "has_spec": facts.get("has_spec", False),
        "options": facts_as_json(facts)["options"],
        "warnings": facts.get("warnings", ()),
        "problem": loaded.problem,
    }


def _show(stage: Stage, found: Found, loaded: Loaded) -> None:
    rows: Sequence[Row] = loaded.facts.get("options", ())
    if rows:
        header, *lines = table([_HEADER, *(_cells(stage, row) for row in rows)])
        click.echo(header)
        for row, line in zip(rows, lines, strict=True):
            click.echo(line + (f"\n    {one_line(row['about'])}" if row["about"] else ""))
    if not loaded.facts.get("has_spec"):
        click.echo(f"{found.label} does not say which options it has: any is taken, and nothing checks them")
    for warning in loaded.facts.get("warnings", ()):
        complain(f"{found.label}: {warning}")
    if loaded.problem:
        complain(f"{found.label} cannot be loaded: {loaded.problem}")


def _cells(stage: Stage, row: Row) -> tuple[str, ...]:
    choices = f"one of {', '.join(row['choices'])}" if row["choices"] else row["takes"]
    return row["name"], shown_value(row), origin(stage, row), choices
