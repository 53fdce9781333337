"""The table of all worlds in docs/plugins.md, made from their manners: `python -m yester.plugins.reference`."""

import sys

from yester.engine.events import Event
from yester.plugins.casts import MANNERS
from yester.plugins.finding import worlds
from yester.plugins.rules import RULES

_NOTHING = "–"


def reference() -> str:
    """Return the table: for each event what the plugins of each world are called for."""
    head = ["event", *_told()]
    return f"| {' | '.join(head)} |\n{'|---' * len(head)}|\n" + "".join(map(_row, RULES))


def _told() -> list[str]:
    """Return the worlds whose plugins are told of runs."""
    return [world for world in worlds() if MANNERS[world].is_told]


def _row(kind: type[Event]) -> str:
    cells = [f"`{kind.type_name()}`", *(MANNERS[world].hears.get(kind, _NOTHING) for world in _told())]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
