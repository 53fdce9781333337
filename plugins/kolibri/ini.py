"""options.ini: sections, options and their values, as Kolibri writes them; pure.

A value is text or, where commas stand in it, a list. `#` begins a comment, quotes keep both out of a value, and three
of them let it go over several lines. A section within a section, `[[B]]` after `[A]`, is `A/B`. Changing one value
leaves all other lines as they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Raw = str | list[str]
"""A value as the file says it."""

TOP = ""
"""The section of what stands before the first one."""

_SECTION = re.compile(r"(?P<depth>\[+)(?P<name>[^\[\]]+)\]+\s*(?:#.*)?")
_OPTION = re.compile(r"""(?P<name>"[^"]*"|'[^']*'|[^'"=\s][^=]*?)\s*=\s*(?P<value>.*)""", re.DOTALL)
_ITEM = r"""(?:"[^"]*"|'[^']*'|[^'",\#\s][^,\#]*?)"""
_LIST = re.compile(rf"(?P<list>{_ITEM}\s*,\s*(?:{_ITEM}\s*,\s*)*(?:{_ITEM})?|,)\s*(?:\#.*)?")
_ONE = re.compile(rf"(?P<one>{_ITEM})?\s*(?:\#.*)?")
_LONG = re.compile(r"""(?P<quotes>'''|\"\"\")(?P<text>.*?)(?P=quotes)\s*(?:#.*)?""", re.DOTALL)


class NoIni(ValueError):
    """The text is none that options can be read from."""


@dataclass(frozen=True, slots=True)
class Line:
    """An option, and the lines that it stands in."""

    section: str
    name: str
    value: Raw
    first: int
    """Counted from 0."""
    after: int


def parse(text: str) -> dict[str, dict[str, Raw]]:
    """Return section → option → value; NoIni."""
    found: dict[str, dict[str, Raw]] = {}
    for section, line in _parts(text.splitlines()):
        options = found.setdefault(section, {})
        if line is not None:
            if line.name in options:
                raise NoIni(f"line {line.first + 1}: {line.name} was set before in [{section}]")
            options[line.name] = line.value
    return found


def changed(text: str, section: str, name: str, value: Raw) -> str:
    """Return the text with one option set; NoIni."""
    lines = text.splitlines()
    parts = list(_parts(lines))
    said = f"{name} = {quoted(value) if isinstance(value, str) else _list(value)}"
    for _, line in parts:
        if line is not None and (line.section, line.name) == (section, name):
            lines[line.first : line.after] = [said]
            break
    else:
        ends = [line.after if line is not None else _heading(lines, section) + 1 for at, line in parts if at == section]
        if ends:
            lines.insert(ends[-1], said)
        else:
            lines += [*([""] if lines else []), f"[{section}]", said]
    return "\n".join(lines) + "\n"


def quoted(value: str) -> str:
    """Return a value as the file says it, so that it is one text whatever it holds."""
    if value and "\n" not in value and not re.search(r"""[#,'"]|^\s|\s$""", value):
        return value
    quotes = '"' if '"' not in value else "'"
    if "\n" in value or quotes in value:
        quotes = '"""' if '"""' not in value and not value.endswith('"') else "'''"
    return f"{quotes}{value}{quotes}"


def _list(items: list[str]) -> str:
    return ", ".join(map(quoted, items)) + ("," if len(items) < 2 else "")


def _parts(lines: list[str]) -> Iterator[tuple[str, Line | None]]:
    """Yield each section, and then what stands in it."""
    section, at = TOP, 0
    while at < len(lines):
        line = lines[at].strip()
        heading = _SECTION.fullmatch(line)
        if heading is not None:
            above = section.split("/")[: len(heading["depth"]) - 1]
            section = "/".join([*above, _named(heading)])
            yield section, None
        elif line and not line.startswith("#"):
            option = _option(lines, section, at)
            yield section, option
            at = option.after - 1
        at += 1


def _option(lines: list[str], section: str, first: int) -> Line:
    match = _OPTION.fullmatch(lines[first].strip())
    if match is None:
        raise NoIni(f"line {first + 1}: neither a section nor an option")
    said, after = match["value"], first + 1
    if said.startswith(("'''", '"""')):
        while _LONG.fullmatch(said) is None and after < len(lines):
            said, after = f"{said}\n{lines[after]}", after + 1
    return Line(section, _bare(match["name"]), _value(said, first), first, after)


def _value(said: str, at: int) -> Raw:
    long = _LONG.fullmatch(said)
    if long is not None:
        return long["text"]
    many = _LIST.fullmatch(said)
    if many is not None:
        return [_bare(item) for item in re.findall(_ITEM + r"(?=\s*,|$)", many["list"])]
    one = _ONE.fullmatch(said)
    if one is None:
        raise NoIni(f"line {at + 1}: the value cannot be read, {said}")
    return _bare(one["one"] or "")


def _bare(item: str) -> str:
    return item[1:-1] if len(item) > 1 and item[0] == item[-1] and item[0] in "'\"" else item


def _named(heading: re.Match[str]) -> str:
    return _bare(heading["name"].strip())


def _heading(lines: list[str], section: str) -> int:
    """Return where a section begins that has nothing in it."""
    return max(
        at
        for at, line in enumerate(lines)
        if (match := _SECTION.fullmatch(line.strip())) is not None
        and len(match["depth"]) == 1
        and _named(match) == section
    )
