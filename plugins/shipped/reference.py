"""The tables of options in docs/shipped-plugins.md, made from the plugins: standard input with new tables."""

import sys
from collections.abc import Mapping

from yester.plugins.native import Option
from yester.plugins.native.loading import ENTRY, plugin_class
from yester.plugins.shipped import SHIPPED

_HEAD = "| option | takes | default | |\n|---|---|---|---|\n"
_KINDS: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "list": "a list of texts",
    "path_list": "a list of paths",
    "path": "a path",
    "port": "a port",
    "seconds": "a time: `10s`, `5m`",
    "bytes": "a size: `500M`",
}
_BEGIN, _END = "<!-- options of {} -->\n", "<!-- end -->\n"


def table_of(spec: Mapping[str, Option]) -> str:
    """Return the table of some options."""
    return _HEAD + "".join(_row(name, option) for name, option in spec.items())


def with_tables(page: str) -> str:
    """Return the page with the table of each plugin between its marks."""
    for name, place in SHIPPED.items():
        before, mark, rest = page.partition(_BEGIN.format(name))
        if mark:
            after = rest.partition(_END)[2]
            page = before + mark + table_of(plugin_class(name, ENTRY + place).option_spec) + _END + after
    return page


def _row(name: str, option: Option) -> str:
    takes = " or ".join(f"`{each}`" for each in option.choices) or _KINDS[option.kind]
    secret = " Never shown." if option.is_secret else ""
    return f"| `{name}` | {takes} | {_default(option.default)} | {option.about}{secret} |\n"


def _default(value: object) -> str:
    match value:
        case "" | None | [] | ():
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case list() | tuple():
            return ", ".join(f"`{each}`" for each in value)
        case _:
            return f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(with_tables(sys.stdin.read()))
