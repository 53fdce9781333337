"""plugins.json: which plugins of Kolibri's world are on; pure but for the one file that it reads.

Three sets of module paths, lists on disk, and the versions that were seen last. What holds is worked out from them and
from three variables of the environment (`active`).
"""

import json
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

NAME = "plugins.json"
SETS = ("INSTALLED_PLUGINS", "DISABLED_PLUGINS", "UPDATED_PLUGINS")
VERSIONS = "PLUGIN_VERSIONS"

State = dict[str, Any]
"""The file's content; what it holds besides stays in it."""


def empty() -> State:
    """Return the state of a home that has none."""
    return {**{key: set() for key in SETS}, VERSIONS: {}}


def read(home: Path) -> tuple[State, str]:
    """Return the state, and what is wrong with the file: then it counts as empty."""
    path = home / NAME
    try:
        said = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return empty(), ""
    except OSError as problem:
        return empty(), f"{path} cannot be read: {problem.strerror}"
    except (ValueError, RecursionError):
        return empty(), f"{path} is no JSON, and counts as empty"
    wrong = _problem(said)
    return (empty(), f"{path}: {wrong}, and counts as empty") if wrong else (_taken(said), "")


def _problem(said: Any) -> str:
    if not isinstance(said, dict):
        return "it is no table"
    for key in SETS:
        names = said.get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return f"{key} is no list of names"
    return "" if isinstance(said.get(VERSIONS, {}), dict) else f"{VERSIONS} is no table"


def _taken(said: Mapping[str, Any]) -> State:
    return {**empty(), **said, **{key: set(said.get(key, ())) for key in SETS}}


def written(state: Mapping[str, Any]) -> str:
    """Return the file's content."""
    sets = {key: sorted(state[key]) for key in SETS if key in state}
    return json.dumps({**state, **sets}, indent=2, sort_keys=True) + "\n"


def with_folder(state: State, names: Iterable[str]) -> State:
    """Return the state with the plugins of the folder, which are on unless they were switched off."""
    installed = state["INSTALLED_PLUGINS"] | ({*names} - state["DISABLED_PLUGINS"])
    return {**state, "INSTALLED_PLUGINS": installed}


def without(state: Mapping[str, Any], names: Set[str]) -> State:
    """Return the state without these among the installed."""
    return {**state, "INSTALLED_PLUGINS": state["INSTALLED_PLUGINS"] - names}


def names_in(environment: Mapping[str, str], variable: str) -> list[str]:
    """Return the names that a variable holds, with commas between them; each once."""
    return list(dict.fromkeys(name for part in environment.get(variable, "").split(",") if (name := part.strip())))


def active(state: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """Return which plugins are on: those that KOLIBRI_PLUGIN_APPLY names, in its order; else by name."""
    applied = names_in(environment, "KOLIBRI_PLUGIN_APPLY")
    if applied:
        return applied
    on = (state["INSTALLED_PLUGINS"] - state["DISABLED_PLUGINS"]).union(names_in(environment, "KOLIBRI_PLUGIN_ENABLE"))
    return sorted(on.difference(names_in(environment, "KOLIBRI_PLUGIN_DISABLE")))


def enabled(state: State, name: str) -> State:
    """Return the state with a plugin switched on."""
    return _moved(state, name, {"INSTALLED_PLUGINS", "UPDATED_PLUGINS"}, {"DISABLED_PLUGINS"})


def disabled(state: State, name: str) -> State:
    """Return the state with a plugin switched off."""
    return _moved(state, name, {"DISABLED_PLUGINS"}, {"INSTALLED_PLUGINS", "UPDATED_PLUGINS"})


def cleared(state: State, name: str) -> State:
    """Return the state with a plugin gone from all sets."""
    return _moved(state, name, set(), {*SETS})


def updated(state: State, name: str, version: str) -> State:
    """Return the state with a plugin's version known, and its update done."""
    after = _moved(state, name, set(), {"UPDATED_PLUGINS"})
    return {**after, VERSIONS: {**state[VERSIONS], name: version}}


def _moved(state: State, name: str, into: set[str], out_of: set[str]) -> State:
    return {
        **state,
        **{key: state[key] | {name} for key in into},
        **{key: state[key] - {name} for key in out_of},
    }
