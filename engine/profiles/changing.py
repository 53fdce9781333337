"""Changing a profile's text, so that all that was not meant stays: comments, order, blanks, the person's own way.

A change is tried in the gentlest way first: a key that stands commented out, as in the template, is written in that
line. Else tomlkit changes it. After each try the text is read again, and counts only if it now says exactly what it
said before and the change; so what a line looks like may mislead without harm.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.profiles.keys import KEYS, OPEN_TABLES, Key
from yester.engine.profiles.kinds import LISTS, WrongValue
from yester.engine.profiles.toml_text import bare_key, toml_line, toml_text


@dataclass(frozen=True, slots=True)
class Change:
    """A key, by the tables it stands in and its name, and its new raw value; None takes it away.

    With `add` or `drop` the value is a list of items that come to, or go from, what the key says.
    """

    path: tuple[str, ...]
    value: Any = None
    how: Literal["set", "add", "drop"] = "set"
    leaves_comment: bool = True
    """Whether a key that is taken away stays as a comment, where it is a line of its own: not when it is a secret."""

    @property
    def table(self) -> str:
        """The tables, dotted."""
        return ".".join(self.path[:-1])

    @property
    def name(self) -> str:
        """The key within its table."""
        return self.path[-1]


def parse_setting(text: str) -> Change:
    """Return what `key=value` asks for, typed as the key is; UsageError when there is no such key, or no value."""
    dotted, equals, typed = text.partition("=")
    if not equals:
        raise UsageError(f"{text} sets nothing", hint="Write KEY=VALUE, for example: schedule.when=daily")
    path = _known_path(dotted.strip())
    key = _key_at(path)
    if key is None:
        return Change(path, any_value(typed))
    raw = key.kind.typed(typed if key.kind in LISTS else _unquoted(typed))
    try:
        key.kind.read(raw)
    except WrongValue as problem:
        example = f"For example: {key.path}=" + toml_line(key.kind.raw(key.shown)).strip('"')
        raise UsageError(f"{key.path} {problem.what}", hint=problem.hint or example) from None
    return Change(path, raw)


def _unquoted(typed: str) -> str:
    """Return what stands between quotes: a text may be written as in a profile, and as the shell takes it."""
    value = any_value(typed) if typed[:1] in ('"', "'") else typed
    return value if isinstance(value, str) else typed


def parse_removal(dotted: str) -> Change:
    """Return what takes a key away. It need not be a valid one: that may be why it is to go."""
    return Change(tuple(dotted.strip().split(".")))


def parse_items(text: str, how: Literal["add", "drop"]) -> Change:
    """Return what `key=item` asks for when items come to a list or go from it; UsageError when it is no list."""
    change = parse_setting(text)
    key = _key_at(change.path)
    if key is not None and key.kind not in LISTS:
        raise UsageError(f"{key.path} is no list: it takes {key.kind.name}", hint=f"Set it: --set {text}")
    items = change.value if isinstance(change.value, list) else [change.value]
    return Change(change.path, items, how)


def _key_at(path: tuple[str, ...]) -> Key | None:
    return KEYS.get((".".join(path[:-1]), path[-1]))


def _known_path(dotted: str) -> tuple[str, ...]:
    path = tuple(dotted.split("."))
    if _key_at(path) or (path[0] in OPEN_TABLES and len(path) > 2 and all(path)):
        return path
    raise UsageError(f"There is no key {dotted}", hint=_nearest_path(dotted) or "All keys: yester profile keys")


def _nearest_path(dotted: str) -> str:
    """Return a hint: the keys of that name in other tables, else the nearest."""
    name = dotted.rpartition(".")[2]
    same = [key.path for key in KEYS.values() if key.name == name]
    return f"Did you mean {' or '.join(same)}?" if same else did_you_mean(dotted, (key.path for key in KEYS.values()))


def any_value(typed: str) -> Any:
    """Return what an option that nobody here knows is set to: a value as TOML writes one, else text."""
    try:
        return tomllib.loads(f"value = {typed}")["value"]
    except (ValueError, RecursionError):
        return typed


def changed(text: str, changes: Sequence[Change]) -> str:
    """Return the text with the changes made. UsageError when it is not TOML, or cannot be changed so."""
    for change in changes:
        text = _made(text, change)
    return text


def _made(text: str, change: Change) -> str:
    before = _said(text)
    change = _settled(before, change)
    wanted = _with(before, change)
    if wanted == before:
        return text
    for way in (_by_line, _by_table_and_line, _by_parser):
        for candidate in way(text, change):
            if _means(candidate, wanted):
                return candidate
    raise UsageError(
        f"{'.'.join(change.path)} cannot be changed without disturbing the rest of the file",
        hint="Change it in an editor: yester profile edit NAME",
    )


def _settled(said: dict[str, Any], change: Change) -> Change:
    """Return the change as one that sets the key or takes it away; UsageError when there is nothing to drop."""
    if change.how == "set":
        return change
    table: Any = said
    for name in change.path[:-1]:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    known = table.get(change.name, []) if isinstance(table, dict) else []
    if not isinstance(known, list):
        raise UsageError(f"{'.'.join(change.path)} is no list", hint="Set it: --set KEY=VALUE")
    for item in change.value if change.how == "drop" else ():
        if item not in known:
            raise UsageError(
                f"{toml_line(item)} is not in {'.'.join(change.path)}",
                hint=f"There is: {', '.join(map(toml_line, known))}" if known else "It is empty.",
            )
    if change.how == "add":
        return Change(change.path, known + [item for item in change.value if item not in known])
    return Change(change.path, [item for item in known if item not in change.value])


def _said(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise UsageError(
            f"The profile is not valid TOML: {problem}", hint="Mend it in an editor: yester profile edit NAME"
        ) from None


def _means(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except (ValueError, RecursionError):
        return False


def _with(said: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return what the file should say: `said` itself when the change changes nothing."""
    wanted = deepcopy(said)
    table: Any = wanted
    for name in change.path[:-1]:
        table = table.setdefault(name, {}) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise UsageError(
            f"{change.table} is no table in this file", hint="Mend it in an editor: yester profile edit NAME"
        )
    if change.value is not None:
        table[change.name] = change.value
    elif table.pop(change.name, None) is None:
        return said
    return wanted


# Line by line

_HEADER = re.compile(r"(#\s*)?\[([^\[\]]+)\]\s*(#.*)?")


def _sections(lines: Sequence[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield each line's number with the table it seems to be in, and whether that table's header is commented out."""
    table, is_comment = "", False
    for number, line in enumerate(lines):
        if header := _HEADER.fullmatch(line.strip()):
            table, is_comment = header[2].replace(" ", ""), header[1] is not None
        yield number, table, is_comment


def _by_line(text: str, change: Change) -> Iterator[str]:
    """Yield the text with the key's own line, or the one where it is commented out, written anew."""
    lines = text.split("\n")
    name = re.escape(change.name)
    own, comment = re.compile(rf"\s*{name}\s*=.*"), re.compile(rf"#\s*({name}\s*=[^#]*)")
    for number, table, is_comment in _sections(lines):
        if table != change.table or is_comment:
            continue
        if change.value is None and change.leaves_comment and own.fullmatch(lines[number]):
            yield _with_line(lines, number, _unset_line(lines[number], change))
        elif change.value is not None and (found := comment.fullmatch(lines[number])) and _is_entry(found[1]):
            yield _with_line(lines, number, f"{bare_key(change.name)} = {toml_text(change.value)}")


def _with_line(lines: Sequence[str], number: int, line: str) -> str:
    return "\n".join([*lines[:number], line, *lines[number + 1 :]])


def _is_entry(line: str) -> bool:
    """Whether a line is TOML, and not a sentence that looks a little like it."""
    try:
        return len(tomllib.loads(line)) == 1
    except ValueError:
        return False


def _unset_line(line: str, change: Change) -> str:
    """Return what a line becomes whose key is taken away: the default in a comment, as in the template.

    A line with words of the person's own only becomes a comment.
    """
    key = _key_at(change.path)
    if key is None or key.shown is None or "#" in line:
        return f"# {line.lstrip()}"
    return f"# {key.name} = {toml_line(key.kind.raw(key.shown))}"


def _by_table_and_line(text: str, change: Change) -> Iterator[str]:
    """Yield the text with the table's commented header made real, and then the key's line written."""
    lines = text.split("\n")
    if change.value is None:
        return
    for number, table, is_comment in _sections(lines):
        if table == change.table and is_comment and _HEADER.fullmatch(lines[number].strip()):
            yield from _by_line(_with_line(lines, number, f"[{table}]"), change)


# By the parser that keeps comments


def _by_parser(text: str, change: Change) -> Iterator[str]:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        table: Any = document
        for name in change.path[:-1]:
            if name not in table:
                table[name] = tomlkit.table()
            table = table[name]
        if change.value is None:
            del table[change.name]
        else:
            table[change.name] = tomlkit.value(toml_text(change.value))
        yield tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, RecursionError):
        return
