"""What became of the sources since an earlier snapshot: all as it was, or suspiciously little left.

Only the sources are compared, not the folders above them: those are in a snapshot so that it is rooted as it was, and
their times change with whatever else is in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from yester.engine.blobs import BlobSource
from yester.engine.capture.roots import Root
from yester.engine.entries import Entry
from yester.engine.ids import BlobKind, SnapshotId
from yester.engine.sealed.records import Snapshot
from yester.engine.selection import time_name
from yester.engine.store import Buffer
from yester.engine.trees.directories import decode_root, resolve, walk_directory

Sources = dict[bytes, Entry]
"""Entries by their paths."""


@dataclass(frozen=True, slots=True)
class Way:
    """A source of blobs that has also those which are not stored yet: the folders above the sources."""

    nodes: Mapping[bytes, bytes]
    behind: BlobSource

    def blob(self, kind: BlobKind, id: bytes) -> Buffer:
        """Return a node of the way, or what is behind."""
        node = self.nodes.get(id)
        return self.behind.blob(kind, id) if node is None else node


def sources_of(source: BlobSource, root: bytes, top: Root) -> Sources:
    """Return the entries that a snapshot's encoded root has of the sources in `top`.

    And of anything else that is in the folders above them: what is no source now was one then.
    """
    found: Sources = {}
    _add(source, decode_root(root), b"/", top, found)
    return found


def _add(source: BlobSource, entry: Entry, path: bytes, node: Root | None, found: Sources) -> None:
    if node is None or node.whole or not entry.is_directory or not entry.refs:
        # Where the file system keeps it is no change.
        found[path] = replace(entry, blocks=0)
        return
    for child in walk_directory(source, entry):
        _add(source, child, path.rstrip(b"/") + b"/" + child.name, node.children.get(child.name), found)


def suspicions(
    source: BlobSource,
    earlier: tuple[SnapshotId, Snapshot],
    then: Sources,
    now: Sources,
    gone: Sequence[bytes],
    percent: int,
) -> list[str]:
    """Return in words which sources vanished, or lost more than `percent` of their files or bytes since `earlier`.

    `gone` are sources of the profile that do not exist; 0 percent asks about these alone.
    """
    sid, snapshot = earlier
    since = f"snapshot {sid.hex()[:8]} of {time_name(snapshot.time_ns)}"
    root = decode_root(snapshot.root)
    said = []
    for path in gone:
        entry = resolve(source, root, path)
        if entry is not None:
            said.append(f"The source {_shown(path)} is gone: {since} has {_words(*_sums(entry))} of it")
    for path, entry in then.items():
        if path in now and percent:
            before, after = _sums(entry), _sums(now[path])
            if any(new * 100 < old * (100 - percent) for old, new in zip(before, after, strict=True)):
                said.append(f"The source {_shown(path)} has shrunk to {_words(*after)}: {since} has {_words(*before)}")
    return said


def _sums(entry: Entry) -> tuple[int, int]:
    """Return the files and bytes of an entry and of all below it."""
    if entry.summary is not None:
        return entry.summary.files, entry.summary.size
    return (1, entry.size) if entry.is_file else (0, 0)


def _words(files: int, size: int) -> str:
    return f"{files:,} file{'' if files == 1 else 's'} of {size:,} bytes"


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
