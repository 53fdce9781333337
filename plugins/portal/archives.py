"""The archives that a command works with: found by name, loaded when they are needed (port.py, Archives)."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from yester.engine.archive.port import Archive, Readiness
from yester.engine.errors import UsageError
from yester.engine.events import Message
from yester.engine.messages.posted import shortened
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.plugins.finding import find_plugins
from yester.plugins.found import Found, folder_of
from yester.plugins.layering import LayersOf, layers_in
from yester.plugins.portal.casting import SHIPPED, WORLD
from yester.plugins.portal.hosted import HostedArchive
from yester.plugins.portal.hosting import Workplace
from yester.plugins.portal.readiness import KeptReadiness
from yester.plugins.settings import read_settings
from yester.plugins.surroundings import Surroundings

if TYPE_CHECKING:
    from yester.engine.profiles.profile import Profile
    from yester.plugins.asks import Audience


def open_archives(
    places: Places,
    audience: "Audience",
    *,
    profile: "Profile | None" = None,
    stopping: Callable[[], bool] = lambda: False,
) -> "PortalArchives":
    """Return the archives of this machine, as a profile sets them; none is loaded yet. UsageError.

    What is wrong with one, and what it prints, is said to `audience`; calls are broken off when it is `stopping`.
    """
    settings = read_settings(places)
    if profile is not None:
        settings = settings.in_profile(profile.name, profile.plugins)
    found = [each for each in find_plugins(places, settings, installed=False) if each.world == WORLD]
    surroundings = Surroundings(places, "archive", profile=profile)
    layers, kept = layers_in(settings, surroundings), KeptReadiness(places)
    return PortalArchives(folder_of(places, WORLD), found, layers, audience, kept, stopping)


class PortalArchives:
    """Archive plugins, each in a worker of its own. For one thread at a time."""

    def __init__(
        self,
        folder: Path,
        found: list[Found],
        layers: LayersOf,
        audience: "Audience",
        kept: KeptReadiness,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Nothing is started. `folder` is where plugins go."""
        self._folder, self._kept = folder, kept
        self._found = {each.name: each for each in found}
        self._layers, self._audience, self._stopping = layers, audience, stopping
        self._workplaces: dict[str, Workplace] = {}
        self._loaded: dict[str, tuple[HostedArchive, ...] | UsageError] = {}

    def named(self, name: str) -> Archive:
        """Return the archive of a plugin's name, of a guid, or of its own name. UsageError."""
        plugin = name.removeprefix(f"{WORLD}/")
        plugin = next((each for each, shipped in SHIPPED.items() if shipped.guid == name), plugin)
        if plugin in self._found:
            archives = self._of(self._found[plugin])
            if len(archives) == 1:
                return archives[0]
            raise UsageError(
                f"The plugin {plugin} has {len(archives)} archives",
                hint=f"Say which is meant: {' or '.join(quote(each.guid) for each in archives)}.",
            )
        archives = tuple(self._each())
        matches = [each for each in archives if each.guid == name] or [each for each in archives if each.name == name]
        if len(matches) > 1:
            raise UsageError(
                f"{len(matches)} archives are called {name}",
                hint=f"Say which is meant: {' or '.join(quote(each.guid) for each in matches)}.",
            )
        return matches[0] if matches else self._absent(name)

    def all(self) -> Mapping[str, Archive]:
        """Return each archive that is on and can be loaded, by guid; what cannot be is told. Of one guid the first."""
        found: dict[str, Archive] = {}
        for archive in self._each():
            first = found.setdefault(archive.guid, archive)
            if isinstance(first, HostedArchive) and first is not archive:
                text = f"{archive.label} has the guid of {first.label}, and is left out"
                self._remark(archive.label, text)
        return found

    def readiness(self, archive: Archive) -> Readiness:
        """Whether an archive is ready, as it says now or said within its option `ready_for`."""
        if not isinstance(archive, HostedArchive):
            raise TypeError(f"{archive.name} is an archive of another kind")
        return self._kept.ask(archive, archive.key, archive.ready_for_s)

    @property
    def seconds(self) -> Mapping[str, float]:
        """How long each plugin was at work, by label."""
        return {each.label: each.seconds for each in self._workplaces.values()}

    def close(self) -> None:
        """End the workers."""
        for workplace in self._workplaces.values():
            workplace.close()

    def _each(self) -> Iterator[HostedArchive]:
        """Yield the archives of all plugins that are on; one that cannot be loaded is told of once, and passed over."""
        for found in self._found.values():
            if not found.is_enabled:
                continue
            is_known = found.name in self._loaded
            try:
                yield from self._of(found)
            except UsageError as problem:
                if not is_known:
                    self._remark(found.label, str(problem))

    def _of(self, found: Found) -> tuple[HostedArchive, ...]:
        """Return the archives of a plugin. UsageError: it is off, refused, or cannot be loaded."""
        if found.name not in self._loaded:
            try:
                self._loaded[found.name] = self._load(found)
            except UsageError as problem:
                self._loaded[found.name] = problem
        loaded = self._loaded[found.name]
        if isinstance(loaded, UsageError):
            raise loaded.with_traceback(None)
        return loaded

    def _load(self, found: Found) -> tuple[HostedArchive, ...]:
        if found.problem:
            raise UsageError(f"{found.label}: {found.problem}", hint=found.hint)
        if not found.is_enabled:
            hint = f"To switch it on: yester plugin enable {quote(found.label)}"
            raise UsageError(f"{found.label} is switched off", hint=hint)
        workplace = Workplace(found, self._layers(found), printed=self._print, stopping=self._stopping)
        self._workplaces[found.name] = workplace
        facts = workplace.loaded().facts
        for warning in facts["warnings"]:
            self._remark(found.label, f"{found.label}: {warning}")
        return tuple(HostedArchive(workplace, about, facts["common"], self._remark) for about in facts["archives"])

    def _absent(self, name: str) -> Archive:
        known = [each.label for each in self._found.values()]
        hint = did_you_mean(name, known)
        if not hint.startswith("Did"):
            hint = f"Put its plugin back into {self._folder}, or switch it on; yester plugin list shows what there is."
        raise UsageError(f"There is no archive {name} here", hint=hint)

    def _remark(self, label: str, text: str) -> None:
        self._audience.said(Message(level="warning", text=shortened(text), source=label))

    def _print(self, label: str, stream: str, line: str) -> None:
        self._audience.printed(Message(text=f"{stream}: {line}", source=label or "plugins"))
