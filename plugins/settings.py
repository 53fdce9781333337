"""What plugins.toml in the configuration folder says: which plugins are on, and their options."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.places import Places, remember

NAME = "plugins.toml"


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """Plugins of the folder are on unless they are `disabled`; installed ones only when they are `enabled`."""

    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    options: Mapping[str, dict[str, Any]] = field(default_factory=dict)


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


def write_switches(places: Places, enabled: set[str], disabled: set[str]) -> None:
    """Say in the file which plugins are on and off; all else in it stays, comments too."""
    import tomlkit

    read_settings(places)
    path = settings_path(places)
    document = tomlkit.parse(path.read_text()) if path.exists() else tomlkit.document()
    for key, names in (("enabled", enabled), ("disabled", disabled)):
        if names:
            document[key] = sorted(names)
        elif key in document:
            del document[key]
    remember(path, tomlkit.dumps(document).encode())


def _names(path: Path, said: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names = said.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{path}: {key} must be a list of names", hint=f'Such as {key} = ["ping"].')
    return tuple(names)
