"""The witness: remembers how far each writer had come, and notices when the repository goes back behind that.

Whoever can write to the store can delete objects, or put back an older copy of everything, and every object that is
left is still true. Two things give it away: a writer's snapshots count up and each names the one before, so a gap in
the list shows; and this client remembers the newest that it saw of every writer, so a missing end shows. A snapshot
with a tombstone was forgotten on purpose and is not missed, nor is one before the last that its writer had forgotten:
its tombstone may have gone when that later one was there (docs/format.md, section 8.4).
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from yester.engine.errors import YesterError
from yester.engine.ids import SnapshotId
from yester.engine.places import ensured, remember
from yester.engine.sealed.records import Snapshot
from yester.engine.turns import turn


class Seen(msgspec.Struct, frozen=True):
    """The newest snapshot that was ever seen of a writer."""

    sequence: int
    snapshot: str


Memory = Mapping[str, Seen]
"""By writer, in hexadecimal, as ids are: the file is JSON that a person can read."""


def compare(
    memory: Memory,
    snapshots: Sequence[tuple[SnapshotId, Snapshot]],
    tombstoned: Collection[bytes],
    forgotten: Mapping[str, int] | None = None,
) -> tuple[list[str], dict[str, Seen]]:
    """Return what is to be said about the list, and what to remember from now on. Pure.

    `forgotten` is, of each writer, the highest number of a snapshot that was forgotten on purpose.
    """
    listed = {sid for sid, _ in snapshots}
    newest: dict[str, Seen] = {}
    gaps: list[bytes] = []
    for sid, snapshot in snapshots:
        writer = snapshot.writer.hex()
        if writer not in newest or newest[writer].sequence < snapshot.sequence:
            newest[writer] = Seen(snapshot.sequence, sid.hex())
        before = snapshot.previous
        if before is not None and before not in listed and before not in tombstoned:
            gaps.append(before)
    last = dict(forgotten or {})
    for writer, seen in newest.items():
        last[writer] = max(seen.sequence, last.get(writer, 0))
    lost = [
        seen.snapshot
        for writer, seen in memory.items()
        if bytes.fromhex(seen.snapshot) not in listed
        and bytes.fromhex(seen.snapshot) not in tombstoned
        and last.get(writer, 0) < seen.sequence
    ]
    return _sentences(gaps, lost), merged(memory, newest)


def merged(memory: Memory, other: Memory) -> dict[str, Seen]:
    """Return of each writer the newest that either remembers; `memory` where they are equal."""
    newer = {writer: seen for writer, seen in other.items() if _is_newer(seen, memory.get(writer))}
    return {**memory, **newer}


def _is_newer(seen: Seen, known: Seen | None) -> bool:
    return known is None or known.sequence < seen.sequence


def _sentences(gaps: Sequence[bytes], lost: Sequence[str]) -> list[str]:
    warnings = []
    if lost:
        warnings.append(
            f"The repository is older than when this machine last saw it: snapshot {lost[0][:8]}"
            f"{_and_more(len(lost))} is gone and was not forgotten on purpose. Was an old copy of it put back?"
        )
    if gaps:
        warnings.append(
            f"Snapshot {gaps[0].hex()[:8]}{_and_more(len(gaps))} is gone from the repository and was not forgotten "
            "on purpose. Who else can write to it?"
        )
    return warnings


def _and_more(count: int) -> str:
    return f" (and {count - 1} more)" if count > 1 else ""


class Witness:
    """The memory, kept in a file of the client's state folder. Processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def observe(
        self,
        snapshots: Sequence[tuple[SnapshotId, Snapshot]],
        tombstoned: Collection[bytes],
        memory: Memory | None = None,
        forgotten: Mapping[str, int] | None = None,
    ) -> list[str]:
        """Compare the list with what is remembered, remember it, and return sentences to warn with.

        `memory` is what was recalled before the snapshots were listed: another process may commit and remember between,
        and what it committed would then be missed in the list.
        """
        known = self.recall() if memory is None else memory
        warnings, kept = compare(known, snapshots, tombstoned, forgotten)
        if kept != known:
            try:
                with turn(ensured(self._path.parent)):
                    self.add(kept)
            except YesterError as error:
                warnings.append(f"{error}, so a rollback of the repository would go unnoticed")
        return warnings

    def add(self, newest: Memory) -> None:
        """Remember these as well. The caller holds the turn of the state folder. YesterError: it cannot be written."""
        known = self.recall()
        kept = merged(known, newest)
        if kept != known:
            remember(self._path, msgspec.json.encode(kept))

    def recall(self) -> Memory:
        """Return what is remembered: nothing, when the file is not there or not readable."""
        try:
            memory = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Seen])
            return {writer: seen for writer, seen in memory.items() if len(bytes.fromhex(seen.snapshot)) == 32}
        except (OSError, ValueError):
            return {}
