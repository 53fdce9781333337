"""Plugins for the commands that look at one: found by name or WORLD/NAME, and loaded in a worker while it is used."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from shlex import quote
from typing import Any

import click

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import Message
from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile
from yester.plugins.backends.finding import WORLD as BACKENDS
from yester.plugins.casts import Member
from yester.plugins.dispatcher import Dispatcher
from yester.plugins.finding import find_plugins
from yester.plugins.found import Found
from yester.plugins.layering import LayersOf, layers_in
from yester.plugins.settings import PluginSettings, read_settings
from yester.plugins.surroundings import Surroundings
from yester.plugins.worker.messages import Loaded
from yester.plugins.worker.problems import PluginProblem
from yester.tui.cli.failures import complain
from yester.tui.cli.plugging import put_right
from yester.tui.cli.run_words import with_source
from yester.tui.cli.wording import one_line

of_profile = click.option("--profile", "of_profile", metavar="NAME", help="As in runs of this profile.")
"""`--profile`, for commands about plugins."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What plugins are found and loaded in."""

    places: Places
    settings: PluginSettings
    surroundings: Surroundings

    @classmethod
    def of(cls, profile_name: str | None) -> "Stage":
        """Return what holds in a profile, or outside of any; UsageError."""
        places = Places.default()
        if profile_name is not None:
            return cls.in_profile(places, load_profile(places.config / "profiles", profile_name))
        return cls(places, read_settings(places), Surroundings(places, "plugin"))

    @classmethod
    def in_profile(cls, places: Places, profile: Profile) -> "Stage":
        """Return what holds in a profile; UsageError."""
        settings = read_settings(places).in_profile(profile.name, profile.plugins)
        return cls(places, settings, Surroundings(places, "plugin", profile=profile))

    def plugins(self) -> list[Found]:
        """Return all plugins."""
        return find_plugins(self.places, self.settings)

    def named(self, name: str) -> Found:
        """Return the plugin that is meant; UsageError."""
        return chosen(name, self.plugins())

    def layers(self) -> LayersOf:
        """Return what is said about options."""
        return layers_in(self.settings, self.surroundings)


def chosen(name: str, found: Sequence[Found]) -> Found:
    """Return the plugin of a name or WORLD/NAME; UsageError when there is none, or several."""
    matches = [each for each in found if name in (each.name, f"{each.world}/{each.name}")]
    if not matches:
        labels = {label for each in found for label in (each.name, each.label)}
        raise UsageError(f"There is no plugin {name}", hint=did_you_mean(name, labels) or "See yester plugin list.")
    if len(matches) > 1:
        hint = f"Say which is meant: {' or '.join(each.label for each in matches)}."
        raise UsageError(f"{len(matches)} plugins are called {name}", hint=hint)
    return matches[0]


class Screen:
    """Shows what a plugin says and prints while a person waits for it; what it says at work is kept as in a run."""

    def __init__(self, places: Places) -> None:
        self._store = MessageStore(places.state)
        self.complaints: list[str] = []
        self.is_loading = False
        """Whether what is said is why the command fails."""

    def said(self, message: Message) -> None:
        """Show and keep a message; one about loading is shown when that is over, and nobody has to hear of it later."""
        if self.is_loading:
            self.complaints.append(message.text)
            return
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


def with_loaded(stage: Stage, found: Found, work: Callable[[Dispatcher, Member], Any]) -> Any:
    """Load one plugin in a worker and do something with it; YesterError when either fails."""
    _refuse(found)
    screen = Screen(stage.places)
    put_right(stage.places, screen)
    screen.is_loading = True
    with closing(Dispatcher([found], stage.layers(), stage.surroundings, screen)) as dispatcher:
        if not dispatcher.members:
            raise UsageError("; ".join(screen.complaints), hint=_way_out(found, dispatcher.load()))
        screen.is_loading = False
        for complaint in screen.complaints:
            complain(complaint)
        try:
            return work(dispatcher, dispatcher.members[0])
        except PluginProblem as problem:
            raise YesterError(str(problem)) from None


def looked_at(stage: Stage, found: Found, layers: LayersOf, screen: Screen | None = None) -> Loaded:
    """Load a plugin with what is said about its options, and return what can be told of it, also when it is broken.

    UsageError when nothing can.
    """
    _refuse(found)
    screen = screen or Screen(stage.places)
    screen.is_loading = True
    with closing(Dispatcher([found], layers, stage.surroundings, screen)) as dispatcher:
        loaded = dispatcher.load()
    known = next((each for each in loaded if each.facts), None)
    if known is None:
        raise UsageError("; ".join(screen.complaints), hint=_way_out(found, loaded))
    return known


def _refuse(found: Found) -> None:
    """UsageError for a plugin that cannot be loaded, or is none that is."""
    if found.problem:
        raise UsageError(f"{found.label}: {found.problem}", hint=found.hint)
    if found.world == BACKENDS:
        raise UsageError(
            f"{found.label} is a backend, which no run calls",
            hint=f"Its options stand under [backends.{found.name}] in a profile, or under [{found.name}] in "
            f"backends.toml. To try it: yester backend test {found.name}://…",
        )


def _way_out(found: Found, loaded: Sequence[Loaded]) -> str:
    if any(option["problem"] for each in loaded for option in each.facts.get("options", ())):
        return f"To see and set its options: yester plugin options {quote(found.label)}"
    return "Correct the plugin: docs/plugins.md has the rules."
