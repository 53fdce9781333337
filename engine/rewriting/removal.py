"""Taking paths out of history: which snapshots hold them, and what goes with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yester.engine.blobs import BlobSource
from yester.engine.entries import Entry, Summary
from yester.engine.ids import SnapshotId
from yester.engine.rewriting.edits import dropping
from yester.engine.rewriting.snapshots import Replacement
from yester.engine.sealed.records import Snapshot
from yester.engine.trees.directories import decode_root, resolve


@dataclass(frozen=True, slots=True)
class Removal:
    """What goes from one snapshot. Sizes are bytes as the files had them."""

    sid: SnapshotId
    snapshot: Snapshot
    paths: tuple[bytes, ...]
    """Those of the asked for paths that are in it."""
    entries: int
    files: int
    size: int

    def replacement(self) -> Replacement:
        """Return the snapshot with the edits that take the paths away."""
        return Replacement(self.sid, self.snapshot, dropping(self.paths))


def plan_removal(
    source: BlobSource, snapshots: Iterable[tuple[SnapshotId, Snapshot]], paths: Sequence[bytes]
) -> list[Removal]:
    """Return what goes from each snapshot that holds any of the paths. DamageError where it cannot be told."""
    return [
        removal for sid, snapshot in snapshots if (removal := _of_snapshot(source, sid, snapshot, paths)) is not None
    ]


def _of_snapshot(source: BlobSource, sid: SnapshotId, snapshot: Snapshot, paths: Sequence[bytes]) -> Removal | None:
    root = decode_root(snapshot.root)
    found = {path: entry for path in _outermost(paths) if (entry := resolve(source, root, path)) is not None}
    if not found:
        return None
    sums = [_sums(entry) for entry in found.values()]
    entries, files, size = map(sum, zip(*sums, strict=True))
    return Removal(sid, snapshot, tuple(found), entries, files, size)


def _outermost(paths: Iterable[bytes]) -> list[bytes]:
    """Return the paths without those that lie below another."""
    chosen: list[bytes] = []
    for path in sorted(set(paths)):
        if not chosen or not path.startswith(chosen[-1] + b"/"):
            chosen.append(path)
    return chosen


def _sums(entry: Entry) -> tuple[int, int, int]:
    below = entry.summary or Summary()
    is_file = entry.is_file
    return 1 + below.entries, below.files + is_file, below.size + (entry.size if is_file else 0)
