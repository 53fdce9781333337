"""Setting options of a plugin: checked by the plugin itself, in its worker, and written where they are said."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.profiles.changing import Change, any_value
from yester.engine.profiles.editing import change_profile
from yester.engine.profiles.reading import profile_path
from yester.engine.profiles.toml_text import toml_line
from yester.plugins.found import Found
from yester.plugins.layering import LayersOf
from yester.plugins.options.layers import SWITCH, Layer
from yester.plugins.settings import settings_path, write_options
from yester.tui.cli.failures import complain
from yester.tui.cli.plugin_loading import Stage, looked_at
from yester.tui.cli.plugin_rows import Row
from yester.tui.cli.wording import one_line


@dataclass(frozen=True, slots=True)
class _Target:
    """The table that is changed."""

    path: tuple[str, str]
    """Of the table, within the file."""
    file: str
    values: Mapping[str, Any]
    """What the table says."""
    common: Mapping[str, Any]
    """What the table says that is for the plugins of this name in all worlds; empty when it is the one to change."""
    is_profile: bool


def parse_option(text: str) -> tuple[str, str]:
    """Return the option and the text that `option=value` gives it; UsageError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"{text} sets nothing", hint="Write OPTION=VALUE, for example: tries=3")
    return name.strip(), value


def change_options(
    stage: Stage, found: Found, typed: Mapping[str, str], removals: Sequence[str], unseen: Collection[str] = ()
) -> list[str]:
    """Check what was typed, with the plugin, and write it; UsageError. Return a sentence for each change.

    The values of those that are `unseen` are in none of them. What is to be thought of is complained of.
    """
    target = _target(stage, found)
    for name, value in typed.items():
        _refuse_what_no_file_holds(name, value)
    for name in removals:
        if name not in target.values or name == SWITCH:
            known = [key for key in target.values if key != SWITCH]
            hint = did_you_mean(name, known) or "Nothing is set there."
            if name in target.common:
                hint = (
                    f"It is set for the plugins of this name in all worlds, in [{target.path[0]}.{found.name}] there."
                )
            raise UsageError(f"{name} is not set for {found.label} in {target.file}", hint=hint)
    loaded = looked_at(stage, found, _with_typed(stage.layers(), typed))
    rows = {row["name"]: row for row in loaded.facts.get("options", ())}
    if loaded.facts.get("has_spec"):
        values = {name: _checked(found, name, rows) for name in typed}
    else:
        values = {name: any_value(value) for name, value in typed.items()}
    _write(stage, [*_changes(target, values, removals, rows)])
    changes = [*_in_words(found, target, values, removals, rows, unseen)]
    if not loaded.facts.get("has_spec") and values:
        complain(f"{found.label} does not say which options it has: nothing checks what is set")
    elif loaded.problem:
        complain(f"{found.label} cannot be loaded: {loaded.problem}")
    return changes


def _with_typed(layers: LayersOf, typed: Mapping[str, str]) -> LayersOf:
    def with_typed(found: Found) -> list[Layer]:
        return [Layer("typed", "", dict(typed)), *layers(found)]

    return with_typed


def _target(stage: Stage, found: Found) -> _Target:
    """Return the table to change: the one for this world's plugin alone, where there is one or has to be."""
    profile = stage.surroundings.profile
    tables: Mapping[str, Mapping[str, Any]] = stage.settings.options if profile is None else profile.plugins
    exact = f"{found.world}/{found.name}"
    key = exact if exact in tables else found.label
    common = tables.get(found.name, {}) if key != found.name else {}
    if profile is None:
        return _Target(("options", key), str(settings_path(stage.places)), tables.get(key, {}), common, False)
    file = profile_path(stage.places.config / "profiles", profile.name)
    return _Target(("plugins", key), str(file), tables.get(key, {}), common, True)


def _refuse_what_no_file_holds(name: str, value: str) -> None:
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        hint = "A variable of the environment may say it."
        raise UsageError(f"{name} is no UTF-8, and a file of options holds nothing else", hint=hint) from None


def _checked(found: Found, name: str, rows: Mapping[str, Row]) -> Any:
    """Return what the file shall say; UsageError for an option that there is not, or a value that it cannot have."""
    row = rows.get(name)
    if row is None:
        raise UsageError(f"{found.label} has no option {name}", hint=did_you_mean(name, rows))
    if row["problem"]:
        default = row["default"]
        example = "" if default in (None, "", []) else f"For example: {name}={_as_typed(default)}"
        raise UsageError(f"{name} {row['problem']}", hint=row["hint"] or example)
    return row["said"]


def _as_typed(value: object) -> str:
    return value if isinstance(value, str) else toml_line(value)


def _changes(
    target: _Target, values: Mapping[str, Any], removals: Sequence[str], rows: Mapping[str, Row]
) -> Iterator[Change]:
    for name, value in values.items():
        yield Change((*target.path, name), value)
    for name in removals:
        yield Change((*target.path, name), leaves_comment=name in rows and not rows[name]["is_secret"])


def _write(stage: Stage, changes: Sequence[Change]) -> None:
    profile = stage.surroundings.profile
    if profile is None:
        write_options(stage.places, changes)
    else:
        change_profile(stage.places.config / "profiles", profile.name, changes)


def _in_words(
    found: Found,
    target: _Target,
    values: Mapping[str, Any],
    removals: Sequence[str],
    rows: Mapping[str, Row],
    unseen: Collection[str],
) -> Iterator[str]:
    for name, value in values.items():
        is_secret = name in rows and rows[name]["is_secret"]
        now = "is set" if is_secret or name in unseen else f"= {toml_line(value)}"
        yield one_line(f"{found.label}: {name} {now} in {target.file}")
        if is_secret and target.is_profile:
            complain(
                f"{name} is a secret, and a copy of the profile goes into every snapshot",
                f"To have it in plugins.toml alone: yester plugin options {quote(found.label)} --ask {name}",
            )
        variable = rows[name]["variable"] if name in rows else ""
        if variable and os.environ.get(variable):
            complain(f"{variable} is set, and counts before it")
    for name in dict.fromkeys(removals):
        yield one_line(f"{found.label}: {name} is no longer set in {target.file}")
