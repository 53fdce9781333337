"""What the tests of trees and lists share: blobs in memory, and strategies for names and entries."""

from dataclasses import replace
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK

from blake3 import blake3
from hypothesis import strategies as st

from yester.engine.entries import Entry, Mark, Owner, Ref, Span, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind, ListId

PAGE_KEY = bytes(range(32))


class MemoryBlobs(dict[tuple[BlobKind, bytes], bytes]):
    """Blobs in a dictionary, by kind and a keyed hash as in a repository."""

    def put(self, kind: BlobKind, data: bytes) -> BlobId:
        blob = BlobId(blake3(data, key=bytes([kind]) * 32).digest())
        self[kind, blob] = data
        return blob

    def blob(self, kind: BlobKind, id: bytes) -> bytes:
        if (kind, id) not in self:
            raise DamageError("no such blob")
        return self[kind, id]


def file_entry(name: bytes, size: int = 4, **more: object) -> Entry:
    """A plain file whose content is one blob."""
    refs = (Ref(BlobId(blake3(name).digest()), size),)
    entry = Entry(name, S_IFREG | 0o644, Owner(1000, 100, b"me", b"us"), size, 10**18, 10**18 + 5, refs=refs)
    return replace(entry, **more)  # type: ignore[arg-type]


names = st.binary(min_size=1, max_size=40).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)
odd_names = names | st.sampled_from(
    [b"\xff\xfe", b"...", b" ", b"\n", b"-rf", b"x" * 1024, "é".encode(), b"..a", b".a"]
)

owners = st.builds(
    Owner,
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=8),
    st.binary(max_size=8),
)
times = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, -1, -(2**63), -(2**63) - 1, 2**63 - 1, 2**63, 2**70, -(2**72), 5 * 10**18]),
)
ids = st.binary(min_size=32, max_size=32).map(BlobId)
u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
permissions = st.integers(0, 0o7777)
summaries = st.builds(
    Summary, st.integers(0, 2**40), st.integers(0, 2**40), u64, st.integers(-(2**63), 2**63 - 1), u32, u32
)
spans = st.builds(Span, u64, u64)
refs = st.builds(Ref, ids, u32)


def _kind(kind: int, **more: st.SearchStrategy[object]) -> st.SearchStrategy[Entry]:
    """Entries of one file type, with what all may have and what only these have."""
    return st.builds(
        Entry,
        name=odd_names,
        mode=permissions.map(lambda bits: kind | bits),
        owner=owners,
        size=u64,
        mtime_ns=times,
        ctime_ns=times,
        birth_ns=st.none() | times,
        atime_ns=st.none() | times,
        blocks=u64,
        nlink=u32,
        marks=st.integers(0, 31).map(Mark),
        xattrs=st.just(b"") | st.binary(min_size=1, max_size=60),
        flags=u32,
        link_group=u64,
        **more,
    )


def _stored_xattrs(entry: Entry) -> Entry:
    return replace(entry, xattrs=BlobId(bytes(32)), xattrs_stored=True) if entry.flags & 1 else entry


entries = st.one_of(
    _kind(
        S_IFREG,
        refs=st.lists(refs, max_size=32).map(tuple),
        extents=st.none() | st.lists(spans, max_size=32).map(tuple) | ids.map(ListId),
    ),
    _kind(S_IFDIR, refs=st.just(()) | ids.map(lambda tree: (Ref(tree, 0),)), summary=summaries),
    _kind(S_IFLNK, target=st.binary(min_size=1, max_size=4096)),
    _kind(S_IFCHR, device=st.tuples(u32, u32)),
    _kind(S_IFBLK, device=st.tuples(u32, u32)),
    _kind(S_IFIFO),
    _kind(S_IFSOCK),
).map(_stored_xattrs)


def as_kept(entry: Entry) -> Entry:
    """The entry as a node keeps it: the newest time below a directory counts the directory's own."""
    if entry.summary is None:
        return entry
    mtime = min(max(entry.mtime_ns, -(2**63)), 2**63 - 1)
    return replace(entry, summary=replace(entry.summary, newest_ns=max(mtime, entry.summary.newest_ns)))


def directories(max_size: int = 12) -> st.SearchStrategy[list[Entry]]:
    """Entries as they stand in one directory: sorted, no name twice."""
    return st.lists(entries, max_size=max_size, unique_by=lambda entry: entry.name).map(
        lambda found: sorted(found, key=lambda entry: entry.name)
    )
