"""yester's mounts as a person wants to see them: the kernel's table together with the records of their servers."""

import os
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from yester.fs.mounts import SOURCE, ActiveMount, active_mounts, is_dead
from yester.fs.registry import MountRecord, MountRegistry
from yester.fs.tally import Tally
from yester.fs.unmounting import clear_dead_mount

PATIENCE_S = 1.0
"""How long a mount may take to answer, which takes it a thousandth of that, until it passes for one that is busy."""


class MountState(StrEnum):
    """Whether somebody answers."""

    LIVE = "live"
    DEAD = "dead"
    """Its server is gone; whoever looks into it gets an error, until it is cleared away."""


@dataclass(frozen=True, slots=True)
class KnownMount:
    """One mount."""

    path: bytes
    repository: str
    state: MountState
    record: MountRecord | None
    """None for a mount that another user, or another session, has made."""
    tally: Tally
    user: int | None = None
    """The number of the user who mounted it."""


def known_mounts(runtime: Path) -> list[KnownMount]:
    """Return the mounts that this process sees, in the order in which they were made."""
    registry = MountRegistry(runtime)
    return [_known(mount, registry) for mount in active_mounts()]


def clear_dead_mounts(runtime: Path) -> list[KnownMount]:
    """Take dead mounts away, and what is remembered of mounts that are gone; return those that were taken away.

    YesterError when the system refuses.
    """
    cleared = []
    registry = MountRegistry(runtime)
    for mount in known_mounts(runtime):
        if mount.state is MountState.DEAD:
            clear_dead_mount(Path(os.fsdecode(mount.path)))
            cleared.append(mount)
    registry.sweep(active_mounts())
    return cleared


def _known(mount: ActiveMount, registry: MountRegistry) -> KnownMount:
    _, record, tally, lives = registry.remembered(mount)
    if lives and record is not None:
        return KnownMount(mount.path, record.repository, MountState.LIVE, record, tally, mount.user)
    source = mount.source.removeprefix(SOURCE)
    if not _is_surely_dead(Path(os.fsdecode(mount.path))):
        return KnownMount(mount.path, source, MountState.LIVE, None, Tally(), mount.user)
    place = record.repository if record else source
    return KnownMount(mount.path, place, MountState.DEAD, record, tally._replace(open_files=0), mount.user)


def _is_surely_dead(path: Path) -> bool:
    """As `is_dead`; False of one that does not answer: its server was stopped, and nobody else is to wait for it."""
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(is_dead(path)), daemon=True)
    asking.start()
    asking.join(PATIENCE_S)
    return answers == [True]
