"""yester plugin enable, disable, apply: which plugins are on."""

from collections.abc import Sequence

import click

from yester.engine.errors import UsageError
from yester.plugins.found import Found
from yester.plugins.switching import switch
from yester.tui.cli.failures import complain
from yester.tui.cli.plugin_loading import Stage, chosen

names_argument = click.argument("names", metavar="NAME...", nargs=-1, required=True)


@click.command("enable", short_help="Switch plugins on.")
@names_argument
def enable(names: Sequence[str]) -> None:
    """Switch plugins on: from the next run on they are called."""
    stage = Stage.of(None)
    found = stage.plugins()
    _switch(stage, found, [chosen(name, found) for name in names], [])


@click.command("disable", short_help="Switch plugins off.")
@names_argument
def disable(names: Sequence[str]) -> None:
    """Switch plugins off; they stay where they are."""
    stage = Stage.of(None)
    found = stage.plugins()
    _switch(stage, found, [], [chosen(name, found) for name in names])


@click.command("apply", short_help="Switch these plugins on, and all others off.")
@names_argument
def apply(names: Sequence[str]) -> None:
    """Switch these plugins on, and all others off."""
    stage = Stage.of(None)
    found = stage.plugins()
    on = [chosen(name, found) for name in names]
    _switch(stage, found, on, [each for each in found if each.is_enabled and each not in on])


def _switch(stage: Stage, found: Sequence[Found], on: Sequence[Found], off: Sequence[Found]) -> None:
    for each in on:
        if not each.place:
            raise UsageError(f"{each.label}: {each.problem}", hint=each.hint)
    switch(stage.places, stage.settings, found, on, off)
    names = {each.label for each in on}
    for each in Stage.of(None).plugins():
        if each.label in names:
            say_problem(each)


def say_problem(found: Found) -> None:
    """Say what is wrong with a plugin, if anything is."""
    if found.problem:
        complain(f"{found.label}: {found.problem}", found.hint)
    if found.twin:
        complain(f"Two plugins are called {found.label}; {found.twin} is left out", "Rename one of them.")
