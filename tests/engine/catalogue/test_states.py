"""States out of nodes: what each kind of entry becomes, and hostile nodes."""

import stat
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from yester.engine.catalogue.states import Chunks, State, states
from yester.engine.entries import Entry, Mark, Owner, Ref, Span, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId
from yester.engine.trees.page_builder import PageBuilder
from yester.engine.trees.pages import Page

ME = Owner(1000, 1000, b"me", b"me")


def blob(number: int) -> BlobId:
    return BlobId(bytes([number]) * 32)


FILE = Entry(b"f", stat.S_IFREG | 0o644, ME, 10, 5, 5, refs=(Ref(blob(1), 10),))
ENTRIES = [
    FILE,
    replace(FILE, refs=(Ref(blob(1), 4), Ref(blob(2), 6))),
    replace(FILE, refs=(Ref(blob(3), 0),), marks=Mark.LIST),
    replace(FILE, extents=(Span(3, 7),), refs=(Ref(blob(1), 7),)),
    replace(FILE, size=0, refs=()),
    replace(FILE, refs=(), marks=Mark.UNREADABLE),
    replace(FILE, xattrs=b"\1\0\1\0\0\0ab", flags=16),
    Entry(b"f", stat.S_IFDIR | 0o755, ME, 4096, 5, 5, refs=(Ref(blob(4), 0),), summary=Summary(3, 2, 99)),
    Entry(b"f", stat.S_IFLNK | 0o777, ME, 3, 5, 5, target=b"abc"),
    Entry(b"f", stat.S_IFCHR | 0o600, ME, 0, 5, 5, device=(1, 3)),
    Entry(b"f", stat.S_IFIFO | 0o600, ME, 0, 2**70, 5),
]


def encoded(*entries: Entry) -> bytes:
    builder = PageBuilder()
    for number, entry in enumerate(entries):
        builder.add(replace(entry, name=b"%03d" % number))
    return builder.encode()[0]


def read(data: bytes) -> tuple[list[State], list[Chunks]]:
    chunks: list[Chunks] = []
    return states(Page(data), lambda owner: owner.uid, chunks.append), chunks


def test_each_kind() -> None:
    found, chunks = read(encoded(*ENTRIES))
    assert found[0] == State(stat.S_IFREG | 0o644, 1000, 10, 5, b"\1" * 16, None)
    assert [chunk for chunk in chunks if chunk.content == found[1].content] == [
        Chunks(found[1].content, b"\1" * 16 + b"\2" * 16)
    ]
    assert Chunks(b"\3" * 16, b"") in chunks and found[2].content == b"\3" * 16
    assert Chunks(found[3].content, b"\1" * 16) in chunks and found[3].content != found[0].content
    assert found[4].content == found[5].content == b""
    assert found[5].marks == Mark.UNREADABLE and found[2].marks == Mark(0)
    assert found[6].extra is not None and found[6].content == found[0].content
    assert (found[7].size, found[7].content, found[7].is_directory) == (99, b"\4" * 16, True)
    assert found[8].content == b"abc" and found[9].content == bytes([1, 0, 0, 0, 3, 0, 0, 0])
    assert found[10].mtime_ns == 2**63 - 1


def test_the_same_row_gives_the_same_state_wherever_it_stands() -> None:
    together, _ = read(encoded(*ENTRIES))
    assert together == [read(encoded(entry))[0][0] for entry in ENTRIES]


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=12))
def test_hostile_nodes_are_damage(at: int, junk: bytes) -> None:
    data = bytearray(encoded(*ENTRIES))
    at %= len(data)
    data[at : at + len(junk)] = junk[: len(data) - at]
    try:
        found, _ = read(bytes(data))
    except DamageError:
        return
    assert all(0 <= state.size < 2**63 and -(2**63) <= state.mtime_ns < 2**63 for state in found)
