"""Where the entries of a folder stand in the order, and with the filter, that a person wants; kept for the next page.

A folder's entries lie in order of the bytes of their names. For any other order, and for a filter, all of them are read
once; what is kept is four bytes an entry. A folder is known by the id of its content, so nothing kept is ever stale.
"""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from yester.engine.entries import Entry
from yester.engine.trees.directories import Directory
from yester.tui.serve.call import Call
from yester.tui.serve.methods.files import Folder, Sort

_KEPT = 8
"""Orders that are kept; the one that was not used for longest goes first."""

BY: Mapping[Sort, Callable[[Entry], int]] = MappingProxyType(
    {
        "size": lambda entry: entry.summary.size if entry.summary else entry.size,
        "modified": lambda entry: entry.mtime_ns,
    }
)
"""What an order other than by name goes by."""

Positions = Sequence[int]
"""Places in the folder by the bytes of names, in the order wanted."""


class Orders:
    """The orders of folders that were looked at last. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[bytes, str, str, bool, bool], Positions] = OrderedDict()

    def of(self, inside: Directory, asked: Folder, call: Call) -> Positions:
        """Return where the entries stand that are wanted. CancelledError: nobody wants it any more."""
        if not asked.grep and asked.hidden and asked.sort == "name":
            every = range(len(inside))
            return every[::-1] if asked.falling else every
        key = (bytes(inside.root.blob), asked.grep, asked.sort, asked.falling, asked.hidden)
        with self._lock:
            found = self._kept.pop(key, None)
        if found is None:
            found = _read(inside, asked, call)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def _read(inside: Directory, asked: Folder, call: Call) -> Positions:
    value_of, wanted = BY.get(asked.sort), asked.grep.casefold()
    found: list[int] = []
    values: dict[int, int] = {}
    for leaf, first, _ in inside.leaves():
        call.check()
        for row, name in enumerate(leaf.names()):
            is_seen = asked.hidden or not name.startswith(b".")
            if is_seen and (not wanted or wanted in name.decode("utf-8", "replace").casefold()):
                found.append(first + row)
                if value_of is not None:
                    values[first + row] = value_of(leaf.entry(row))
    if value_of is not None:
        found.sort(key=values.__getitem__, reverse=asked.falling)
    elif asked.falling:
        found.reverse()
    return array("I", found)


def entries_at(inside: Directory, positions: Positions) -> list[Entry]:
    """Return the entries at these positions, in their order; each node is read once."""
    found = {}
    for position in sorted(positions):
        leaf, row, _ = inside.at(position)
        found[position] = leaf.entry(row)
    return [found[position] for position in positions]


def next_of(shown: Positions, wanted: Positions, start: int, step: int) -> int | None:
    """Return the place of the next one that is wanted, after the place `start`, round the end; None: there is none."""
    matches = frozenset(wanted)
    for distance in range(1, len(shown) + 1):
        place = (start + distance * step) % len(shown)
        if shown[place] in matches:
            return place
    return None
