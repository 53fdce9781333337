"""How plugins and their options stand in lists, for people and for programs."""

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from yester.engine.events import clean
from yester.engine.profiles.toml_text import toml_line
from yester.plugins.found import Found
from yester.plugins.settings import settings_path
from yester.tui.cli.plugin_loading import Stage

HEADER = ("NAME", "WORLD", "STATE", "WHERE")
_NOTHING = "-"

Row = Mapping[str, Any]
"""An option, as its worker tells of it (plugins/options/reporting.py)."""


def row(found: Found) -> tuple[str, ...]:
    """Return a row of `yester plugin list`."""
    return found.label, found.world, state(found), found.package or found.place or "-"


def state(found: Found) -> str:
    """Return how it stands in a word."""
    if found.problem:
        return "refused" if found.problem.startswith("refused") else "broken"
    return "on" if found.is_enabled else "off"


def found_as_json(found: Found) -> dict[str, object]:
    """Return what is known of a plugin before it is loaded."""
    said = msgspec.to_builtins(found).items()
    known = {name: clean(value) if isinstance(value, str) else value for name, value in said if name != "hint"}
    return {**known, "label": clean(found.label), "state": state(found)}


def facts_as_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plugin tells of itself, without what was typed for its options."""
    options = [{key: value for key, value in row.items() if key != "said"} for row in facts.get("options", ())]
    return {**facts, "options": options}


def shown_value(row: Row) -> str:
    """Return the value of an option in words; that of a secret is not told."""
    if row["problem"]:
        return "(wrong)"
    if row["is_secret"]:
        return "(secret)" if row["is_set"] else _NOTHING
    return _NOTHING if row["value"] is None else toml_line(row["value"])


def origin(stage: Stage, row: Row) -> str:
    """Return where the value of an option is said."""
    profile = stage.surroundings.profile
    places: Mapping[str, str] = {
        "environment": row["key"],
        "profile": f"profile {profile.name}" if profile is not None else "",
        "file": os.path.basename(row["place"]) or settings_path(stage.places).name,
    }
    return places.get(row["source"], "default")
