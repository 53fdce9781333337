"""The table of docs/plugins.md for users of Back In Time: `python -m yester.plugins.backintime.reference`."""

import sys

from yester.plugins.backintime.mapping import REASONS, WAYS, shown

_HEAD = "| event of yester | call | order | reason for a script |\n|---|---|---|---|\n"


def reference() -> str:
    """Return the table."""
    rows = []
    for kind, (method, backward, _) in WAYS.items():
        order = "last first" if backward else "first first"
        rows.append(f"| `{kind.type_name()}` | `{shown(method)}` | {order} | {REASONS.get(method, '-')} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(reference())
