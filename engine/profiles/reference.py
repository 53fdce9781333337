"""The reference of profiles, docs/profiles.md, made from the keys: `python -m yester.engine.profiles.reference`."""

import sys
from collections.abc import Iterator

from yester.engine.profiles.contradictions import RULES
from yester.engine.profiles.keys import TABLES, Key, keys_of
from yester.engine.profiles.toml_text import toml_line

_HEAD = """\
# Profiles: every key

A profile is a TOML file, `NAME.toml`, in `$XDG_CONFIG_HOME/yester/profiles` (`~/.config/yester/profiles` on most
machines). `yester profile add` writes one with all of these keys and a comment at each; `yester profile edit NAME`
opens it in an editor, with `--set KEY=VALUE`, `--unset KEY`, `--add KEY=ITEM` and `--drop KEY=ITEM` it changes single
keys and keeps all else as it is. `yester profile check` looks for mistakes. On the command line a key is written with
its table: `schedule.when`.

This page is made from `engine/profiles/keys.py` by `python -m yester.engine.profiles.reference > docs/profiles.md`.

- A *size* is a number of bytes or a text such as `"500K"`, `"20M"`, `"1.5G"`; the units are powers of 1024.
- A *span of time* is a text such as `"36h"`, `"10d"`, `"4w"`, `"6m"` (months), `"2y"` or `"1y6m"`; `"30min"` and
  `"90s"` too. A month before the 31st is the last day of the month before.
- A path begins with `/` or `~`. One that is not UTF-8 is written `{ path_b64 = "…" }`: its bytes in base64.
"""

_PLUGINS = """
## [plugins.NAME]

Options of the plugin NAME in runs of this profile: they count before those of plugins.toml. `enabled = true` or
`false` switches the plugin for this profile. The other keys are the plugin's own, and it checks them when a run
begins: `yester plugin options NAME --profile PROFILE` shows them, and `--set OPTION=VALUE` sets them. A copy of the
profile goes into every snapshot, so secrets do not belong here.

## [backends.NAME]

Options of the backend NAME (`s3`, `webdav`, `par2`, …) where this profile's repository is reached through it.
Variables of the environment come before them: `YESTER_NAME_OPTION`. `yester backend list` shows what there is.
"""

_CONTRADICTIONS = """
## What is refused

A key that there is not, and a value of the wrong kind, are named with file and line, the nearest valid key and an
example. So is what contradicts itself:

"""


def reference() -> str:
    """Return the whole page."""
    tables = "".join(_section(table) for table in TABLES)
    rules = "".join(f"- {rule.what}\n" for rule in RULES)
    return _HEAD + tables + _PLUGINS + _CONTRADICTIONS + rules


def _section(table: str) -> str:
    title = f"[{table}]" if table else "At the top"
    about = TABLES[table].about.format(name="NAME")
    rows = "".join(_rows(table))
    return (
        f"\n## {title}\n\n{about + chr(10) * 2 if about else ''}| key | takes | default | |\n|---|---|---|---|\n{rows}"
    )


def _rows(table: str) -> Iterator[str]:
    for key in keys_of(table):
        default = default_text(key)
        shown = f"`{default}`" if default and not key.is_required else default
        yield f"| `{key.name}` | {_cell(key.kind.name)} | {shown} | {_cell(key.about)} |\n"


def default_text(key: Key) -> str:
    """Return what counts where the file does not have the key; empty for nothing."""
    if key.is_required:
        return "must be there"
    return "" if key.default in (None, "", ()) else toml_line(key.kind.raw(key.default))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
