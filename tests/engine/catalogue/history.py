"""Snapshots in memory, made from plain dictionaries, as the catalogue sees them; and what it should say of them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from blake3 import blake3

from yester.engine.entries import Entry, Owner, Ref, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind, SnapshotId, TreeId
from yester.engine.sealed.config import Config
from yester.engine.sealed.records import Snapshot
from yester.engine.selection import Listed
from yester.engine.trees.directories import TreeWriter, encode_root

Files = Mapping[bytes, bytes]
"""Path without the leading slash → content; a path that ends with a slash is a folder, CLOSED to others or not."""

CLOSED = b"closed"

SECOND_NS = 10**9
ME = Owner(1000, 1000, b"me", b"me")


class History:
    """As much of a repository as the catalogue needs."""

    def __init__(self, cache: Path, repository: bytes = bytes(32)) -> None:
        self.cache = cache
        cache.mkdir(exist_ok=True)
        self.config = Config(repository=repository, created_ns=0, program="test")
        self.blobs: dict[bytes, bytes] = {}
        self.listed: list[Listed] = []
        self.read = 0
        self._made = 0

    def snap(
        self,
        files: Files,
        time_s: int | None = None,
        *,
        host: str = "laptop",
        profile: str = "docs",
        partial: bool = False,
    ) -> SnapshotId:
        """Take a snapshot; times count up unless one is given."""
        self._made += 1
        time_ns = (self._made if time_s is None else time_s) * SECOND_NS
        nested = _nested(files)
        nested.pop(b"", None)
        tree, summary = self.folder(nested)
        root = replace(_folder_entry(b"/"), refs=(Ref(tree, 0),), summary=summary)
        sid = SnapshotId(blake3(b"%d %d" % (self._made, time_ns)).digest())
        snapshot = Snapshot(
            time_ns=time_ns,
            end_ns=time_ns,
            host_id=host.encode().ljust(16, b"\0"),
            host=host,
            user="me",
            profile_id=profile.encode().ljust(16, b"\0"),
            profile=profile,
            sources=(b"/",),
            root=encode_root(root),
            writer=bytes(16),
            sequence=self._made,
            partial=partial,
        )
        self.listed.append((sid, snapshot))
        return sid

    def forget(self, sid: SnapshotId) -> None:
        self.listed = [listed for listed in self.listed if listed[0] != sid]

    def folder(self, nested: "Mapping[bytes, object]") -> tuple[TreeId, Summary]:
        writer = TreeWriter(self._put, bytes(32))
        for name, inside in sorted(nested.items()):
            if isinstance(inside, bytes):
                writer.add(file_entry(name, inside))
            else:
                assert isinstance(inside, Mapping)
                tree, summary = self.folder({name: each for name, each in inside.items() if name})
                mode = 0o40700 if inside.get(b"") == CLOSED else 0o40755
                writer.add(replace(_folder_entry(name), mode=mode, refs=(Ref(tree, 0),), summary=summary))
        return writer.finish()

    def _put(self, kind: BlobKind, data: bytes) -> BlobId:
        id = BlobId(blake3(data + b"%d" % kind).digest())
        self.blobs[id] = data
        return id

    def snapshots(self) -> list[Listed]:
        return sorted(self.listed, key=lambda listed: (listed[1].time_ns, listed[0]))

    def reader(self, cache_size: int = 0) -> "History":
        return self

    def blob(self, kind: BlobKind, id: bytes) -> bytes:
        self.read += 1
        if id not in self.blobs:
            raise DamageError(f"Blob {id.hex()} is gone")
        return self.blobs[id]


def file_entry(name: bytes, content: bytes) -> Entry:
    """A file whose time follows from its content."""
    refs = (Ref(BlobId(blake3(content).digest()), len(content)),) if content else ()
    mtime_ns = (1000 + len(content)) * SECOND_NS
    return Entry(name, 0o100644, ME, len(content), mtime_ns, mtime_ns, refs=refs)


def _folder_entry(name: bytes) -> Entry:
    return Entry(name, 0o40755, ME, 4096, SECOND_NS, SECOND_NS)


def _nested(files: Files) -> dict[bytes, object]:
    top: dict[bytes, object] = {}
    for path, content in files.items():
        *folders, name = path.split(b"/")
        here = top
        for folder in folders:
            inner = here.setdefault(folder, {})
            assert isinstance(inner, dict)
            here = inner
        here[name] = content
    return top


def closed(files: Files) -> set[bytes]:
    """The folders that are closed to others, with a slash before them."""
    return {b"/" + path[:-1] for path, content in files.items() if path.endswith(b"/") and content == CLOSED}


def all_paths(files: Files) -> dict[bytes, bytes | None]:
    """Every path with a slash before it; None for folders."""
    found: dict[bytes, bytes | None] = {}
    for path, content in files.items():
        parts = path.split(b"/")
        for depth in range(1, len(parts)):
            found[b"/" + b"/".join(parts[:depth])] = None
        if parts[-1]:
            found[b"/" + path] = content
    return found
