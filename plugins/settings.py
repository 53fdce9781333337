"""What plugins.toml in the configuration folder says: which plugins are on, and their options."""

import fcntl
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yester.engine.errors import UsageError, YesterError
from yester.engine.places import Places, ensured, remember
from yester.engine.profiles.changing import Change, changed
from yester.engine.profiles.kinds import spelled
from yester.engine.profiles.toml_text import bare_key
from yester.plugins.options.layers import SWITCH

NAME = "plugins.toml"


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """Plugins of a folder are on unless they are `disabled`; those of packages only when they are `enabled`.

    Names are those of plugins, or WORLD/NAME where several worlds have one of that name.
    """

    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    options: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    profile: str = ""
    """The profile whose switches count; empty without one."""
    switches: Mapping[str, bool] = field(default_factory=dict)
    """What that profile says, which counts before the lists."""
    mistaken: Mapping[str, str] = field(default_factory=dict)
    """Plugins whose switch in the profile is none, and what is wrong with it."""

    def in_profile(self, name: str, tables: Mapping[str, Mapping[str, object]]) -> "PluginSettings":
        """Return what holds in a profile; `tables` are its [plugins.NAME]."""
        said = {plugin: table[SWITCH] for plugin, table in tables.items() if SWITCH in table}
        switches = {plugin: value for plugin, value in said.items() if isinstance(value, bool)}
        mistaken = {
            plugin: f"{SWITCH} in [plugins.{bare_key(plugin)}] of the profile {name} takes true or false, "
            f"not {spelled(value)}"
            for plugin, value in said.items()
            if not isinstance(value, bool)
        }
        return replace(self, profile=name, switches=switches, mistaken=mistaken)

    def switch(self, world: str, name: str) -> bool | None:
        """Return how a plugin is switched; None where nobody says."""
        exact = f"{world}/{name}"
        for key in (exact, name):
            if key in self.switches:
                return self.switches[key]
        for key in (exact, name):
            if key in self.disabled or key in self.enabled:
                return key not in self.disabled
        return None

    def wanted(self) -> list[str]:
        """Return the names that are switched on by name."""
        names = dict.fromkeys([*self.enabled, *self.switches])
        return [name for name in names if self.switches.get(name, True)]


def settings_path(places: Places) -> Path:
    """Return where the file is."""
    return places.config / NAME


def read_settings(places: Places) -> PluginSettings:
    """Return what the file says; UsageError when it cannot be understood."""
    path = settings_path(places)
    try:
        said = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return PluginSettings()
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path} is no TOML: {problem}", hint="Correct it by hand.") from None
    unknown = said.keys() - {"enabled", "disabled", "options"}
    if unknown:
        raise UsageError(
            f"{path}: {min(unknown)} is not known", hint="Known are enabled, disabled and [options.PLUGIN]."
        )
    options = said.get("options", {})
    if not isinstance(options, dict) or not all(isinstance(each, dict) for each in options.values()):
        raise UsageError(f"{path}: options of a plugin stand in a table of their own", hint="Such as [options.ping].")
    return PluginSettings(_names(path, said, "enabled"), _names(path, said, "disabled"), options)


Switches = tuple[set[str], set[str]]
"""The names of what is enabled and of what is disabled."""


def write_switches(places: Places, change: Callable[[PluginSettings], Switches]) -> None:
    """Say in the file which plugins are on and off then; all else in it stays, comments too. UsageError, YesterError.

    `change` makes it from what the file says while nobody else writes it.
    """
    import tomlkit

    with _alone_with(places) as path:
        enabled, disabled = change(read_settings(places))
        document = tomlkit.parse(path.read_text()) if path.exists() else tomlkit.document()
        for key, names in (("enabled", enabled), ("disabled", disabled)):
            if names:
                document[key] = sorted(names)
            elif key in document:
                del document[key]
        _keep(path, tomlkit.dumps(document))


def write_options(places: Places, changes: Sequence[Change]) -> None:
    """Change options in the file; all else in it stays, comments too. UsageError, YesterError."""
    with _alone_with(places) as path:
        read_settings(places)
        before = path.read_text() if path.exists() else ""
        try:
            after = changed(before, changes)
        except UsageError as problem:
            raise UsageError(f"{path}: {problem.what}", hint="Change it in an editor.") from None
        _keep(path, after)


def _keep(path: Path, text: str) -> None:
    try:
        remember(path, text.encode())
    except YesterError as problem:
        hint = "yester keeps its settings there; XDG_CONFIG_HOME moves them elsewhere."
        raise YesterError(problem.what, hint=hint) from None


@contextmanager
def _alone_with(places: Places) -> Iterator[Path]:
    """Keep other commands from writing the file meanwhile; it is given as it is beyond any link to it."""
    folder = os.open(ensured(places.config), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield Path(os.path.realpath(settings_path(places)))
    finally:
        os.close(folder)


def _names(path: Path, said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = said.get(key, [])
    if not isinstance(names, list) or not all(name and isinstance(name, str) for name in names):
        raise UsageError(f"{path}: {key} must be a list of names", hint=f'Such as {key} = ["ping"].')
    return tuple(names)
