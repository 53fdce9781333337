"""What holds for each event that plugins hear of, whatever their world: deadline, order, what may stop a run; pure.

The table of docs/plugins.md is made from this one (native/reference.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yester.engine.events import (
    AppExit,
    AppStart,
    ArchiveBegin,
    ArchiveEnd,
    CheckBegin,
    CheckEnd,
    Error,
    Event,
    File,
    Message,
    MountAfter,
    MountBefore,
    PruneBegin,
    PruneEnd,
    RestoreBegin,
    RestoreEnd,
    RunBegin,
    RunEnd,
    SnapshotNew,
    Unmount,
)

LONGEST_S = 86400.0
"""What a plugin may ask for at most: a large database takes its time to be dumped."""
FILES_AT_ONCE = 256
"""Files are told of in batches: one way through the pipe for so many."""


@dataclass(frozen=True, slots=True)
class HookRule:
    """How plugins are told of one event."""

    deadline_s: float
    is_reversed: bool = False
    """The last plugin first: who began last ends first."""
    may_stop: bool = False
    """Whether StopRun out of it means something."""
    may_change: str = "nothing"
    """What a plugin may bring about that the run then goes by."""


_LABEL = "`tag`, `name_snapshot`, `note`, `pin`"
_PLAN = "`add_source`, `remove_source`, `read_from`, `exclude`, `drop_exclude`, `exclude_if_present`, `exclude_larger`"
"""What plugins may wish (wishing.py), by the methods of native ones."""

RULES: Mapping[type[Event], HookRule] = MappingProxyType(
    {
        AppStart: HookRule(10, is_reversed=True),
        AppExit: HookRule(10, is_reversed=True),
        MountBefore: HookRule(
            120,
            may_change=(
                "whether the repository is there: it may connect a drive or a server; before a snapshot also what "
                "`run.begin` may"
            ),
        ),
        MountAfter: HookRule(30),
        Unmount: HookRule(120, is_reversed=True),
        RunBegin: HookRule(
            120, may_stop=True, may_change=f"the files, which are read after it; {_PLAN}; `abort`; {_LABEL}"
        ),
        File: HookRule(60, may_change=f"`abort`; {_LABEL}"),
        SnapshotNew: HookRule(60, may_change=_LABEL),
        Message: HookRule(10),
        Error: HookRule(30),
        RunEnd: HookRule(120, is_reversed=True, may_change=_LABEL),
        RestoreBegin: HookRule(60),
        RestoreEnd: HookRule(60, is_reversed=True),
        CheckBegin: HookRule(60),
        CheckEnd: HookRule(60, is_reversed=True),
        PruneBegin: HookRule(60),
        PruneEnd: HookRule(60, is_reversed=True),
        ArchiveBegin: HookRule(60),
        ArchiveEnd: HookRule(60, is_reversed=True),
    }
)
"""The events that plugins hear of. One that is not here is for followers of a run only."""
