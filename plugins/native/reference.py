"""The table of hooks in docs/plugins.md, made from rules.py: `python -m yester.plugins.native.reference`."""

import sys

import msgspec

from yester.engine.events import Event
from yester.engine.hooks import method_name
from yester.plugins.rules import RULES, HookRule

_HEAD = """\
| event | method | carries | may change | may cancel | seconds | order | when it fails |
|---|---|---|---|---|---|---|---|
"""


def reference() -> str:
    """Return the table."""
    return _HEAD + "".join(_row(kind, rule) for kind, rule in RULES.items())


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
    sys.stdout.write(reference())
