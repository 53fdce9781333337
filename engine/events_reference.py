"""The reference of events, docs/events.md, made from engine/events.py: `python -m yester.engine.events_reference`.

Types and defaults come from the classes; what a field means comes from the text below it in the source, where Python
itself keeps nothing.
"""

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Iterator

import msgspec

from yester.engine import events
from yester.engine.events import EVENT_TYPES, ErrorCode, Event, Phase, PluginTime, Shown, StoreCalls
from yester.engine.hooks import Hooks, method_name

_HEAD = """\
# Events

{theory}

This page is made from `engine/events.py` by `python -m yester.engine.events_reference > docs/events.md`.

## The line

```json
{example}
```

`error` lines carry one of these codes: {codes}. `run.phase` names one of: {phases}.

Plugins get the same events through one method each (`engine/hooks.py`); an event without a method is for followers
only.
"""

_EXAMPLE = events.encode(
    7, 1_795_190_592_250_000_000, events.File(*events.path_fields(b"/home/me/caf\xe9"), change="new")
)


def reference() -> str:
    """Return the whole page."""
    theory = inspect.cleandoc(events.__doc__ or "").split("\n\n", 1)
    head = _HEAD.format(
        theory="\n\n".join(theory),
        example=_EXAMPLE.decode().strip(),
        codes=", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ErrorCode),
        phases=", ".join(f"`{phase.value}`" for phase in Phase),
    )
    return head + "".join(f"\n{_section(name, kind)}" for name, kind in EVENT_TYPES.items())


def _section(name: str, kind: type[Event]) -> str:
    method = method_name(kind)
    told = f"Method: `{method}`." if hasattr(Hooks, method) else "For followers only."
    rows = "".join(_rows(kind))
    table = f"\n| field | type | default | |\n|---|---|---|---|\n{rows}" if rows else ""
    return f"## {name}\n\n{inspect.cleandoc(kind.__doc__ or '')} {told}\n{table}"


def _rows(kind: type[Event]) -> Iterator[str]:
    meanings = {**meanings_of(Shown), **meanings_of(events.RunProgress), **meanings_of(kind)}
    for field in msgspec.structs.fields(kind):
        default = "" if field.required else f"`{msgspec.json.encode(field.default).decode()}`"
        yield f"| `{field.name}` | {type_words(field.type)} | {default} | {meanings.get(field.name, '')} |\n"


def type_words(kind: object) -> str:
    """Return a type as a reader of JSON knows it."""
    names = {int: "integer", str: "string", bool: "true or false", Shown: "path"}
    if kind in (int | None, bytes | None):
        return "integer or null" if kind == int | None else "base64"
    if kind == tuple[Shown, ...]:
        return "list of paths"
    if kind == tuple[str, ...]:
        return "list of strings"
    parts = getattr(kind, "__args__", ())
    if parts and parts[0] in (PluginTime, StoreCalls):
        return f"list of {', '.join(f'`{field.name}`' for field in msgspec.structs.fields(parts[0]))}"
    if kind in (Phase, ErrorCode):
        return "string" if kind is Phase else "integer"
    choices = getattr(kind, "__args__", None)
    if choices and all(isinstance(choice, str) for choice in choices):
        return " ".join(f"`{choice}`" for choice in choices)
    assert isinstance(kind, type)
    return names[kind]


def meanings_of(kind: type) -> dict[str, str]:
    """Return what the source says below each field of a class."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for field, text in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            words = text.value.value if isinstance(text.value, ast.Constant) else ""
            found[field.target.id] = " ".join(str(words).split())
    return found


if __name__ == "__main__":
    sys.stdout.write(reference())
