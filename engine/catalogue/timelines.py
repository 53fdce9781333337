"""From states and snapshots to versions: when a path was what, told along the snapshots that are still there.

A state counts from its ordinal to before the next state's; the catalogue's ordinals are in the order in which it met
the snapshots, what people see is in the order in which they were taken. So states are laid out over the snapshots
first, and runs of equal ones joined after sorting by time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from yester.engine.catalogue.states import ABSENT, State
from yester.engine.selection import Listed


@dataclass(frozen=True, slots=True)
class Place:
    """A snapshot, and its number in its series."""

    ordinal: int
    listed: Listed


@dataclass(frozen=True, slots=True)
class Run:
    """What a path was in neighbouring snapshots of one series; `state` is None where it was not there."""

    state: State | None
    first: Listed
    last: Listed
    count: int


def runs(states: Sequence[tuple[int, State]], places: Sequence[Place]) -> list[Run]:
    """Return what a path was in the snapshots `places` of a series, by time; `states` rise by ordinal."""
    shown = sorted(_laid_out(states, places), key=lambda each: (each[1][1].time_ns, each[1][0]))
    found = []
    for state, group in groupby(shown, key=lambda each: each[0]):
        snapshots = [listed for _, listed in group]
        found.append(Run(state, snapshots[0], snapshots[-1], len(snapshots)))
    return found


def _laid_out(states: Sequence[tuple[int, State]], places: Sequence[Place]) -> Iterator[tuple[State | None, Listed]]:
    at, current = 0, None
    for place in sorted(places, key=lambda place: place.ordinal):
        while at < len(states) and states[at][0] <= place.ordinal:
            state = states[at][1]
            current = None if state.mode == ABSENT else state
            at += 1
        yield current, place.listed
