"""yester plugin enable, disable, apply: which plugins are on."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from yester.engine.errors import UsageError
from yester.engine.profiles.editing import change_profile
from yester.plugins.found import Found
from yester.plugins.manner import NeedsConsent
from yester.plugins.switching import switch, switches_of
from yester.tui.cli.asking import confirm, is_attended
from yester.tui.cli.failures import complain
from yester.tui.cli.plugin_loading import Stage, chosen

T = TypeVar("T")

names_argument = click.argument("names", metavar="NAME...", nargs=-1, required=True)
in_profile = click.option("--profile", "of_profile", metavar="NAME", help="In runs of this profile alone.")
without_asking = click.option("--yes", is_flag=True, help="Write what a Kolibri uses as well, without asking.")


@click.command("enable", short_help="Switch plugins on.")
@names_argument
@in_profile
@without_asking
def enable(names: Sequence[str], of_profile: str | None, yes: bool) -> None:
    """Switch plugins on: from the next run on they are called."""
    stage = Stage.of(of_profile)
    found = stage.plugins()
    _switch(stage, found, [chosen(name, found) for name in names], [], yes=yes)


@click.command("disable", short_help="Switch plugins off.")
@names_argument
@in_profile
@without_asking
def disable(names: Sequence[str], of_profile: str | None, yes: bool) -> None:
    """Switch plugins off; they stay where they are."""
    stage = Stage.of(of_profile)
    found = stage.plugins()
    _switch(stage, found, [], [chosen(name, found) for name in names], yes=yes)


@click.command("apply", short_help="Switch these plugins on, and all others off.")
@names_argument
@in_profile
@without_asking
def apply(names: Sequence[str], of_profile: str | None, yes: bool) -> None:
    """Switch these plugins on, and all others off."""
    stage = Stage.of(of_profile)
    found = stage.plugins()
    on = [chosen(name, found) for name in names]
    off = [each for each in found if each.is_enabled and each not in on]
    _switch(stage, found, on, off, yes=yes)


def _switch(stage: Stage, found: Sequence[Found], on: Sequence[Found], off: Sequence[Found], *, yes: bool) -> None:
    for each in on:
        if not each.place:
            raise UsageError(f"{each.label}: {each.problem}", hint=each.hint)
    profile = stage.surroundings.profile
    if profile is None:
        for remark in _with_consent(lambda: switch(stage.places, found, on, off), yes=yes):
            complain(remark)
    else:
        change_profile(stage.places.config / "profiles", profile.name, switches_of(profile.plugins, on, off))
    names = {each.label for each in on}
    for each in Stage.of(profile.name if profile is not None else None).plugins():
        if each.label in names:
            say_problem(each)


def _with_consent(work: Callable[[], T], *, yes: bool) -> T:
    """Do what may have to be asked about first; NeedsConsent where nobody is there to ask, CancelledError."""
    try:
        return work()
    except NeedsConsent as asked:
        if not yes and not is_attended():
            raise
        confirm(f"{asked.what}. Go on?", yes=yes)
        asked.allow()
    return work()


def say_problem(found: Found) -> None:
    """Say what is wrong with a plugin, if anything is."""
    if found.problem:
        complain(f"{found.label}: {found.problem}", found.hint)
    if found.is_twin_on:
        complain(f"Two plugins are called {found.label}; {found.twin} is left out", "Rename one of them.")
