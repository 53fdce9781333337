"""What a profile says in effect, key by key: for `profile show`, and for saying what an edit changed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yester.engine.events import shown
from yester.engine.profiles.keys import KEYS, OPEN_TABLES, TABLES, Key, keys_of
from yester.engine.profiles.kinds import MARKS
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.sizes import Span
from yester.engine.profiles.toml_text import toml_line


@dataclass(frozen=True, slots=True)
class Effect:
    """A key and what counts for it, as TOML writes it; empty when nothing is set and there is no default."""

    path: str
    value: str
    is_default: bool


def effects(profile: Profile) -> list[Effect]:
    """Return every key with its value, in the order of the table, and then the options of plugins and backends."""
    return [*_known(profile), *(effect for table in OPEN_TABLES for effect in _open(profile, table))]


def _known(profile: Profile) -> Iterator[Effect]:
    for key in KEYS.values():
        value = value_of(profile, key)
        written = "" if value in (None, "") else toml_line(key.kind.raw(value))
        yield Effect(key.path, written, not key.is_required and value in (None, key.default))


def _open(profile: Profile, table: str) -> Iterator[Effect]:
    for name, options in getattr(profile, table).items():
        yield from (Effect(f"{table}.{name}.{key}", toml_line(value), False) for key, value in options.items())


def value_of(profile: Profile, key: Key) -> Any:
    """Return the meant value of a key; None too when its table is not there."""
    spec = spec_of(profile, key.table)
    return None if spec is None else getattr(spec, key.attribute)


def spec_of(profile: Profile, table: str) -> Any:
    """Return the value of a table: the profile itself for the top, None for one that is not there."""
    spec: Any = profile
    for name in filter(None, table.split(".")):
        spec = getattr(spec, name)
    return spec


def differences(before: Profile, after: Profile) -> list[tuple[str, str, str]]:
    """Return each key whose value an edit changed, with what it was and what it is; empty for nothing."""
    old = {effect.path: effect.value for effect in effects(before)}
    new = {effect.path: effect.value for effect in effects(after)}
    paths = dict.fromkeys([*old, *new])
    return [(path, old.get(path, ""), new.get(path, "")) for path in paths if old.get(path, "") != new.get(path, "")]


def as_json(profile: Profile) -> dict[str, Any]:
    """Return all keys by table, for msgspec to encode: sizes and counts as numbers, spans as text, paths as Shown."""
    tables: dict[str, Any] = {"": {}}
    for table in TABLES:
        outer, _, name = table.rpartition(".")
        if table and spec_of(profile, table) is None:
            tables[outer][name] = None
        elif table:
            tables[table] = tables[outer][name] = {}
        if table in tables:
            tables[table].update({key.name: _json_value(key, value_of(profile, key)) for key in keys_of(table)})
    return {**tables[""], **{table: getattr(profile, table) for table in OPEN_TABLES}}


def _json_value(key: Key, value: Any) -> Any:
    match value:
        case bytes() if key.name == "id":
            return value.hex()
        case Span():
            return str(value)
        case tuple():
            return [_json_item(key, item) for item in value]
        case _:
            return value


def _json_item(key: Key, item: Any) -> Any:
    match item:
        case bytes():
            return shown(item)
        case Path():
            return shown(os.fsencode(item))
        case str() if key.kind is MARKS:
            return shown(os.fsencode(item))
        case _:
            return item
