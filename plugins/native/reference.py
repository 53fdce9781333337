"""The tables of hooks in docs/plugins.md, made from rules.py and what worlds say.

`python -m yester.plugins.native.reference` prints them.
"""

import sys
from collections.abc import Callable, Mapping

import msgspec

from yester.engine.events import Event
from yester.engine.hooks import method_name
from yester.plugins.kolibri import mapping as kolibri
from yester.plugins.rules import RULES, HookRule

WORLDS: Mapping[str, Callable[[type[Event]], str]] = {"Kolibri": kolibri.words}
"""World → what is called there at an event; empty for nothing."""

_HEAD = """\
| event | method | carries | may change | may cancel | seconds | order | when it fails |
|---|---|---|---|---|---|---|---|
"""


def reference() -> str:
    """Return the table."""
    return _HEAD + "".join(_row(kind, rule) for kind, rule in RULES.items())


def side_by_side() -> str:
    """Return what each world makes of the events; those of which none makes anything are left out."""
    rows = [(kind, [words(kind) or "-" for words in WORLDS.values()]) for kind in RULES]
    head = f"| event | {' | '.join(WORLDS)} |\n|---{'|---' * len(WORLDS)}|\n"
    return head + "".join(
        f"| `{kind.type_name()}` | {' | '.join(cells)} |\n" for kind, cells in rows if {*cells} != {"-"}
    )


def _row(kind: type[Event], rule: HookRule) -> str:
    carries = ", ".join(f"`{field.name}`" for field in msgspec.structs.fields(kind))
    stop = "yes: `StopRun`" if rule.may_stop else "no"
    fails = "a message; the run goes on" + (", unless it raised `StopRun`" if rule.may_stop else "")
    order = "backward" if rule.is_reversed else "forward"
    cells = (
        f"`{kind.type_name()}`",
        f"`{method_name(kind)}`",
        carries,
        rule.may_change,
        stop,
        f"{rule.deadline_s:g}",
        order,
        fails,
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(f"{reference()}\n{side_by_side()}")
