"""The keys of a profile, and what a person wants to be otherwise; pure.

What is changed is kept here until it is saved, all of it by one command; so two keys that need each other are changed
together. All along the whole profile is understood as the engine will, and what is wrong with it is said.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from types import MappingProxyType

import msgspec

from yester.engine.errors import UsageError
from yester.engine.profiles.changing import any_value, parse_setting
from yester.engine.profiles.keys import KEYS, OPEN_TABLES, Key
from yester.engine.profiles.kinds import LISTS
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import parse_profile, profile_mistakes
from yester.engine.profiles.reference import default_text
from yester.engine.profiles.toml_text import bare_key, toml_line
from yester.tui.cli.wording import count
from yester.tui.serve.methods.profiles import EditProfile, edit_profile
from yester.tui.serve.methods.words import as_typed
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, labelled, line
from yester.tui.state.wizard.foreseeing import Taken, kept_lines, made_up, time_lines

COLUMNS = (Column("KEY", 28), Column("VALUE"), Column("", 9))
BY_PATH: Mapping[str, Key] = {key.path: key for key in KEYS.values()}
_HIDDEN = frozenset({"id"})
"""Keys that nobody should change here: another id is another series of snapshots."""


class Setting(msgspec.Struct, frozen=True):
    """A key of a profile and what counts for it, as `profiles.settings` tells of it."""

    key: str
    value: str = ""
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of one profile."""

    profile: str
    settings: tuple[Setting, ...] = ()
    changes: Mapping[str, str | None] = field(default_factory=dict)
    """Key → its new value as TOML writes it; None: its default."""
    taken: tuple[Taken, ...] = ()
    """Its snapshots, as far as they are known."""

    def value(self, key: str) -> str:
        """Return what counts for a key, changes included, as TOML writes it; empty for nothing."""
        if key in self.changes:
            new = self.changes[key]
            return new if new is not None else default_text(BY_PATH[key]) if key in BY_PATH else ""
        return next((each.value for each in self.settings if each.key == key), "")


def told(state: Settings, settings: Sequence[Setting]) -> Settings:
    """Return the state with what the profile says; what is changed already stays."""
    return replace(state, settings=tuple(each for each in settings if each.key not in _HIDDEN))


def changed(state: Settings, key: str, value: str | None) -> Settings:
    """Return the state in which a key has another value, as TOML writes it; None: its default."""
    old = next((each for each in state.settings if each.key == key), Setting(key))
    is_as_before = value == old.value if value is not None else old.is_default
    changes = {name: new for name, new in state.changes.items() if name != key}
    return replace(state, changes=changes if is_as_before else {**changes, key: value})


def headline(state: Settings) -> Line:
    """Return whose keys these are, and how many are changed."""
    name = Span(state.profile, "strong")
    if not state.changes:
        return line(name, Span("  what it says, key by key", "dim"))
    return line(name, Span(f"  {count(len(state.changes), 'key')} changed and not saved: ctrl+s saves", "warn"))


def shown(state: Settings, text: str) -> list[str]:
    """Return the keys in whose name or value a text occurs."""
    return [each.key for each in state.settings if text in each.key or text in state.value(each.key)]


def row_of(state: Settings, key: str, glyphs: Glyphs) -> Row:
    """Return a key as a row."""
    setting = next(each for each in state.settings if each.key == key)
    is_changed = key in state.changes
    mark = (
        Span(f"{glyphs.unread} new", "accent") if is_changed else Span("default" if setting.is_default else "", "dim")
    )
    tone = "accent" if is_changed else "dim" if setting.is_default else "plain"
    return Row((Span(key, "strong" if is_changed else "plain"), Span(state.value(key) or "-", tone), mark))  # type: ignore[arg-type]


# From text that is typed to TOML, and back


def toml_of(key: str, typed: str) -> str:
    """Return what was typed for a key as TOML writes it. UsageError: the key does not take it."""
    return toml_line(parse_setting(f"{key}={typed}").value)


def typed_of(key: str, value: str) -> str:
    """Return a value as a person types it: a list has a line for each item."""
    raw = any_value(value) if value else ""
    if is_list(key):
        items = raw if isinstance(raw, list) else []
        return "\n".join(each if isinstance(each, str) else toml_line(each) for each in items)
    return raw if isinstance(raw, str) else toml_line(raw)


def list_of(text: str) -> str:
    """Return lines as a list that TOML reads; a line that is a table is one."""
    items = [each for each in text.splitlines() if each.strip()]
    return toml_line([any_value(each) if each.startswith("{") else each for each in items])


def is_list(key: str) -> bool:
    """Whether a key takes a list."""
    return key in BY_PATH and BY_PATH[key].kind in LISTS


def choices_of(key: str) -> tuple[str, ...]:
    """Return the only words that a key takes, if it is a choice."""
    return BY_PATH[key].kind.choices if key in BY_PATH else ()


def is_flag(key: str) -> bool:
    """Whether a key is true or false."""
    return key in BY_PATH and BY_PATH[key].kind.name == "true or false"


# The whole


def text_of(state: Settings) -> str:
    """Return a profile that says all of this, as TOML, for reading alone."""
    tables: dict[str, list[str]] = {"": ['id = "00000000000000000000000000000000"']}
    for setting in state.settings:
        new = state.changes.get(setting.key, "")
        is_said = new is not None if setting.key in state.changes else not setting.is_default
        value = state.value(setting.key)
        if is_said and value:
            table, _, name = setting.key.rpartition(".")
            tables.setdefault(table, []).append(f"{bare_key(name)} = {value}")
    return "\n".join(
        "\n".join([*([f"[{'.'.join(map(bare_key, table.split('.')))}]"] if table else []), *lines])
        for table, lines in tables.items()
    )


def understood(state: Settings) -> Profile | str:
    """Return the profile that is meant, or why it makes no sense."""
    text = text_of(state)
    mistakes = profile_mistakes(state.profile, text, "")
    if not mistakes:
        return parse_profile(state.profile, text, "")
    return mistakes[0].what.partition(": ")[2].lstrip(", :")


def command(state: Settings) -> dict[str, object]:
    """Return the parameters of `profiles.edit` that make it so."""
    said = [f"{key}={_option(key, value)}" for key, value in state.changes.items() if value is not None]
    gone = [key for key, value in state.changes.items() if value is None]
    found: dict[str, object] = {"profile": state.profile}
    return found | ({"settings": said} if said else {}) | ({"removals": gone} if gone else {})


def _option(key: str, value: str) -> str:
    if is_list(key) or key not in BY_PATH:
        return value
    raw = tomllib.loads(f"value = {value}")["value"]
    return raw if isinstance(raw, str) else value


def panel(state: Settings, key: str, now: datetime, zone: tzinfo | None, glyphs: Glyphs, width: int) -> list[Line]:
    """Return what a key is for, what it takes, and what comes of what is said by now."""
    known = BY_PATH.get(key)
    lines = [line(Span(key, "strong"))]
    if state.changes:
        words = as_typed(edit_profile(msgspec.convert(command(state), EditProfile)))
        lines = [line(Span(f"$ {words}", "dim")), line(Span("ctrl+s saves, u takes back", "accent")), *lines]
    if known is not None:
        lines += [line(known.about), line(Span("takes    ", "dim"), known.kind.name)]
        lines.append(line(Span("default  ", "dim"), default_text(known) or "nothing"))
        lines += [each for words in consequences(key) for each in labelled("then     ", words, width)]
    elif key.partition(".")[0] in OPEN_TABLES:
        lines.append(line(OPEN_TABLES[key.partition(".")[0]]))
    meant = understood(state)
    if isinstance(meant, str):
        lines += [line(""), line(Span(f"{glyphs.bad} {meant}", "bad"))]
    elif key.startswith("schedule."):
        lines += [line(""), *time_lines(meant.schedule, now)]
    elif key.startswith("retention."):
        taken = state.taken or made_up(meant.schedule, now)
        now_ns = int(now.timestamp()) * 10**9
        lines += [
            line(""),
            *kept_lines(taken, meant.retention, now_ns, glyphs, width, zone, are_real=bool(state.taken)),
        ]
    return lines


_ELSEWHERE = "it is where runs look; the passphrase itself is changed by K on Storage"
_CONSEQUENCES: Mapping[str, str] = MappingProxyType(
    {
        "sources": "what is no source any more stays in the snapshots that there are",
        "repository": "the snapshots so far stay where they are; the next run stores all of it anew in the other place",
        "compression": "what is stored already stays as it is",
        "passphrase_file": _ELSEWHERE,
        "passphrase_command": _ELSEWHERE,
        "keyring": _ELSEWHERE,
        "filters": "what is left out from now on stays in the snapshots that there are",
        "schedule": "ctrl+s lets the system know as well: runs start at the new times, or by hand only",
        "retention": "what no rule keeps goes when rules are applied: by runs (maintenance.forget), or T on Snapshots",
    }
)
"""Key, or its table → what comes of changing it."""


def consequences(key: str) -> list[str]:
    """Return what comes of changing a key, where that is more than what it says."""
    words = _CONSEQUENCES.get(key) or _CONSEQUENCES.get(key.partition(".")[0] if "." in key else "")
    return [words] if words else []


def said_of(problem: UsageError) -> str:
    """Return a complaint in a line."""
    return f"{problem.what}. {problem.hint}" if problem.hint else problem.what
