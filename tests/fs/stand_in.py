"""A repository's part in the tests of the mount: a real folder turned into trees, with all blobs in memory."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from blake3 import blake3

from yester.engine.entries import Entry, Mark, Owner, Ref, Summary
from yester.engine.ids import BlobId, BlobKind, SnapshotId
from yester.engine.sealed.records import Label, Snapshot, Statistics
from yester.engine.trees.directories import TreeWriter, encode_root
from yester.engine.trees.links import write_links
from yester.engine.trees.lists import write_blob_list
from yester.engine.trees.xattrs import encode_set

KEY = bytes(32)
PIECE = 64 << 10


class Memory:
    """Blobs by id, and what a reader does with them; `broken` ones raise what is said there."""

    def __init__(self) -> None:
        self.blobs: dict[bytes, bytes] = {}
        self.broken: dict[bytes, Exception] = {}
        self.cached_ids: set[bytes] | None = None
        self.fetched: list[bytes] = []

    def put(self, kind: BlobKind, data: bytes) -> BlobId:
        """Keep a blob."""
        blob = BlobId(blake3(bytes([kind]) + data).digest())
        self.blobs[blob] = data
        return blob

    def blob(self, kind: BlobKind, id: bytes) -> bytes:
        """Read a blob."""
        self.fetched.append(id)
        if id in self.broken:
            raise self.broken[id]
        return self.blobs[id]

    def cached(self, id: bytes) -> bytes | None:
        """Read a blob that memory holds: all but broken ones, or those named."""
        if id in self.broken or (self.cached_ids is not None and id not in self.cached_ids):
            return None
        return self.blobs[id]


class Snapshots:
    """The list of snapshots of a repository."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.listed: list[tuple[SnapshotId, Snapshot]] = []
        self.tags: dict[SnapshotId, tuple[str, ...]] = {}

    def snapshot_ids(self) -> set[SnapshotId]:
        """As Repository."""
        return {sid for sid, _ in self.listed}

    def snapshots(self) -> list[tuple[SnapshotId, Snapshot]]:
        """As Repository."""
        return sorted(self.listed, key=lambda item: (item[1].time_ns, item[0]))

    def labels(self) -> dict[SnapshotId, Label]:
        """As Repository."""
        return {sid: Label(snapshot=sid, counter=1, writer=bytes(16), tags=tags) for sid, tags in self.tags.items()}

    def take(
        self, source: Path, *, time_ns: int = 10**18, profile: str = "docs", host: str = "here", partial: bool = False
    ) -> SnapshotId:
        """Take a snapshot of a real folder, which becomes the snapshot's root."""
        capture = _Capture(self.memory)
        root = capture.entry(source, b"/")
        size = root.summary.size if root.summary else 0
        snapshot = Snapshot(
            time_ns=time_ns,
            end_ns=time_ns,
            host_id=bytes(16),
            host=host,
            user="me",
            profile_id=bytes(16),
            profile=profile,
            sources=(bytes(source),),
            root=encode_root(root),
            writer=bytes(16),
            sequence=len(self.listed) + 1,
            links=capture.links(),
            partial=partial,
            statistics=Statistics(size=size, entries=capture.ordinal),
        )
        sid = SnapshotId(blake3(repr((time_ns, profile, host, len(self.listed))).encode()).digest())
        self.listed.append((sid, snapshot))
        return sid

    def forget(self, sid: SnapshotId) -> None:
        """Take a snapshot out of the list."""
        self.listed = [item for item in self.listed if item[0] != sid]


class _Capture:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.ordinal = -1
        self._first: dict[int, int] = {}
        self._members: list[tuple[int, int]] = []

    def links(self) -> bytes | None:
        return write_links(self._memory.put, KEY, self._members) if self._members else None

    def entry(self, path: Path, name: bytes) -> Entry:
        self.ordinal += 1
        status = path.lstat()
        refs: tuple[Ref, ...] = ()
        marks = Mark(0)
        summary: Summary | None = None
        device: tuple[int, int] | None = None
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            tree, summary = self._directory(path)
            refs = (Ref(tree, 0),)
        elif kind == stat.S_IFREG:
            refs = tuple(self._content(path))
            if len(refs) > 32:
                refs, marks = (Ref(write_blob_list(self._memory.put, KEY, refs), 0),), Mark.LIST
        elif kind in (stat.S_IFCHR, stat.S_IFBLK):
            device = os.major(status.st_rdev), os.minor(status.st_rdev)
        if status.st_nlink > 1 and kind != stat.S_IFDIR:
            self._link(status.st_ino)
        return Entry(
            name=name,
            mode=status.st_mode,
            owner=Owner(status.st_uid, status.st_gid, b"root", b"root"),
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            ctime_ns=status.st_ctime_ns,
            birth_ns=status.st_ctime_ns - 5,
            blocks=status.st_blocks,
            nlink=status.st_nlink,
            marks=marks,
            refs=refs,
            summary=summary,
            target=os.fsencode(path.readlink()) if kind == stat.S_IFLNK else b"",
            device=device,
            xattrs=_xattrs(path),
        )

    def _link(self, inode: int) -> None:
        first = self._first.setdefault(inode, self.ordinal)
        if first != self.ordinal:
            self._members.append((self.ordinal, first))

    def _directory(self, path: Path) -> tuple[BlobId, Summary]:
        writer = TreeWriter(self._memory.put, KEY)
        for name in sorted(os.listdir(os.fsencode(path))):
            writer.add(self.entry(path / os.fsdecode(name), name))
        return writer.finish()

    def _content(self, path: Path) -> Iterable[Ref]:
        data = path.read_bytes()
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            yield Ref(self._memory.put(BlobKind.DATA, piece), len(piece))


def _xattrs(path: Path) -> bytes:
    names = os.listxattr(path, follow_symlinks=False)
    return encode_set({os.fsencode(name): os.getxattr(path, name, follow_symlinks=False) for name in names})
