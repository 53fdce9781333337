from stat import S_IFDIR, S_ISDIR

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.golden_nodes import INNER as GOLDEN_INNER
from tests.engine.golden_nodes import LEAF as GOLDEN_LEAF
from tests.engine.metadata import as_kept, directories, entries, file_entry

from yester.engine.entries import Entry, Owner, Ref, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId
from yester.engine.trees.page_builder import Child, Owners, PageBuilder, encode_inner
from yester.engine.trees.page_columns import HEADER, Column, assemble, pack, unpack_ends
from yester.engine.trees.pages import Page


def encode(rows: list[Entry], owners: Owners | None = None) -> bytes:
    builder = PageBuilder(owners)
    for entry in rows:
        builder.add(entry)
    return builder.encode()[0]


def columns_of(node: bytes) -> dict[int, bytes]:
    """The columns of a well-formed node, to be changed and assembled again."""
    mask = HEADER.unpack_from(node)[-1]
    present = [column for column in Column.ALL if mask >> column & 1]
    ends = unpack_ends(memoryview(node), len(present))
    starts = [HEADER.size + 4 * len(present), *ends]
    return {column: node[start:end] for column, start, end in zip(present, starts, ends, strict=False)}


def forge(node: bytes, **changed: bytes) -> bytes:
    """The node with some columns replaced by others."""
    _, height, _, count, total, _ = HEADER.unpack_from(node)
    replaced = {getattr(Column, name): value for name, value in changed.items()}
    return assemble(height, count, total, columns_of(node) | replaced)


SIMPLE = [file_entry(b"a", 1), file_entry(b"bb", 2), file_entry(b"ccc", 3)]


@given(directories())
def test_every_entry_survives(rows: list[Entry]) -> None:
    page = Page(encode(rows))
    page.check()
    assert [page.entry(row) for row in range(page.count)] == [as_kept(entry) for entry in rows]
    assert page.names() == [entry.name for entry in rows]


@given(directories())
def test_sums_of_rows_are_kept_and_read(rows: list[Entry]) -> None:
    builder = PageBuilder()
    for entry in rows:
        builder.add(entry)
    node, summary = builder.encode()
    assert Page(node).total() == summary
    below = [as_kept(entry).summary for entry in rows if entry.summary is not None]
    assert summary.entries == len(rows) + sum(each.entries for each in below if each)
    assert summary.entries == Page(node).entries


@given(directories(), st.lists(st.builds(Owner, st.integers(0, 9), st.integers(0, 9)), max_size=5))
def test_bytes_do_not_depend_on_how_rows_came(rows: list[Entry], others: list[Owner]) -> None:
    shared = Owners()
    for owner in [*others, *(entry.owner for entry in reversed(rows))]:
        shared.row(owner)
    assert encode(rows, shared) == encode(rows)


def test_plain_rows_and_entries_give_the_same_bytes() -> None:
    builder = PageBuilder()
    for entry in SIMPLE:
        ref = entry.refs[0]
        owner = builder.owner_row(entry.owner)
        times = (entry.mtime_ns, entry.ctime_ns, None)
        builder.add_row(entry.name, entry.mode, owner, *times, entry.size, 0, 1, 0, [ref.blob], [ref.size])
    assert builder.encode()[0] == encode(SIMPLE)


def test_encoding_twice_gives_the_same_bytes() -> None:
    builder = PageBuilder()
    builder.add(file_entry(b"old", mtime_ns=-(2**80), birth_ns=2**90, atime_ns=-(2**63)))
    assert builder.encode() == builder.encode()


@given(directories(30), st.binary(max_size=5))
def test_find_agrees_with_a_plain_search(rows: list[Entry], absent: bytes) -> None:
    page = Page(encode(rows))
    names = [entry.name for entry in rows]
    for name in [*names, absent]:
        assert page.find(name) == (names.index(name) if name in names else -1)
        assert page.bisect(name) == sum(other < name for other in names)
        assert page.after(name) == sum(other <= name for other in names)


@given(st.lists(st.none() | st.integers(0, 4), max_size=12))
def test_ordinals_agree_with_counting(below: list[int | None]) -> None:
    """None is a file, a number a directory with so many entries below it."""
    rows, expected = [], []
    for place, count in enumerate(below):
        entry = file_entry(b"%03d" % place)
        if count is not None:
            entry = Entry(entry.name, S_IFDIR, entry.owner, 0, 0, 0, summary=Summary(count))
        rows.append(entry)
        expected += [(place, rest) for rest in range((count or 0) + 1)]
    page = Page(encode(rows))
    assert page.entries == len(expected)
    assert [page.at_ordinal(ordinal) for ordinal in range(len(expected))] == expected
    assert list(page.ordinals()) == [expected.index((row, 0)) for row in range(len(rows))]
    assert [page.ordinal(row) for row in range(len(rows))] == list(page.ordinals())
    with pytest.raises(IndexError):
        page.at_ordinal(len(expected))


def test_sums_of_sizes_stop_at_64_bits() -> None:
    builder = PageBuilder()
    for name in (b"a", b"b", b"c"):
        builder.add(file_entry(name, 2**63 - 1, refs=()))
    assert builder.encode()[1].size == 2**64 - 1


def test_a_time_beyond_64_bits_is_exact_and_announced() -> None:
    odd = file_entry(b"odd", mtime_ns=2**64 + 1, ctime_ns=-(2**66), birth_ns=3)
    page = Page(encode([file_entry(b"even"), odd]))
    assert (page.mtime_ns(1), page.ctime_ns(1), page.birth_ns(1)) == (2**64 + 1, -(2**66), 3)
    assert page.mtimes[1] == 2**63 - 1
    assert page.extras is not None
    assert Page(encode(SIMPLE)).extras is None


@pytest.mark.parametrize("name", [b"", b".", b"..", b"a/b", b"/", b"a\0b", b"x" * 1025])
def test_impossible_names_are_not_written(name: bytes) -> None:
    with pytest.raises(ValueError, match="names of a directory"):
        encode([file_entry(name)])


@pytest.mark.parametrize("rows", [[b"b", b"a"], [b"a", b"a"]])
def test_unsorted_names_are_not_written(rows: list[bytes]) -> None:
    with pytest.raises(ValueError, match="names of a directory"):
        encode([file_entry(name) for name in rows])


@pytest.mark.parametrize(
    "names",
    [
        [b"..", b"a", b"b"],
        [b".", b"a", b"b"],
        [b"../x", b"a", b"b"],
        [b"", b"a", b"b"],
        [b"b", b"a", b"c"],
        [b"a", b"a", b"b"],
        [b"a", b"b\0", b"c"],
        [b"a", b"b", b"y" * 1025],
    ],
)
def test_hostile_names_are_damage(names: list[bytes]) -> None:
    ends = [sum(map(len, names[: row + 1])) for row in range(3)]
    page = Page(forge(encode(SIMPLE), NAME_ENDS=pack("I", ends), NAMES=b"".join(names)))
    with pytest.raises(DamageError):
        page.names()
    with pytest.raises(DamageError):
        page.check()


def test_a_hostile_name_is_damage_one_at_a_time() -> None:
    node = forge(encode(SIMPLE), NAME_ENDS=pack("I", [2, 3, 4]), NAMES=b"..ab")
    with pytest.raises(DamageError):
        Page(node).name(0)
    with pytest.raises(DamageError):
        Page(node).find(b"..")
    with pytest.raises(DamageError):
        Page(node).entry(0)


@pytest.mark.parametrize(
    "changed",
    [
        {"NAME_ENDS": pack("I", [1, 2**32 - 1, 6])},
        {"NAME_ENDS": pack("I", [1, 3, 7])},
        {"REF_ENDS": pack("I", [1, 4, 3])},
        {"REF_ENDS": pack("I", [2, 1, 3])},
        {"OWNERS": b"\x90"},
        {"OWNERS": b"\xc1"},
        {"OWNERS": b"\x91\x94\xff\x00\xc4\x00\xc4\x00"},
        {"OWNER": pack("H", [0, 1, 0])},
        {"MODE": pack("H", [S_IFDIR, 0, 0])},
        {"DEVICE": pack("I", [1]) + pack("H", [3]) + bytes(8)},
        {"DEVICE": pack("I", [0])},
        {"DEVICE": pack("I", [2]) + pack("H", [1, 1]) + bytes(16)},
        {"DEVICE": pack("I", [2**32 - 1])},
        {"XATTRS": pack("I", [1]) + pack("H", [0]) + pack("I", [1]) + b"\2"},
        {"XATTRS": pack("I", [1]) + pack("H", [0]) + pack("I", [2]) + b"\1a"},
        {"XATTRS": pack("I", [1]) + pack("H", [0]) + pack("I", [9]) + b"\0a"},
        {"EXTENTS": pack("I", [1]) + pack("H", [0]) + pack("I", [2]) + b"\0a"},
        {"EXTRAS": pack("I", [1]) + pack("H", [0]) + pack("I", [1]) + b"\xc1"},
        {"EXTRAS": pack("I", [1]) + pack("H", [0]) + pack("I", [8]) + b"\x81\xa1m\x92\x00\xce\xff\xff"},
        {"EXTRAS": pack("I", [1]) + pack("H", [0]) + pack("I", [10_003]) + b"\x81\xa1z" + b"\x91" * 10_000},
        {"OWNERS": b"\x91\x94\x00\x00\xc4\x00\xc6" + (2**20).to_bytes(4, "big") + bytes(2**20)},
        {"TARGETS": pack("I", [1]) + pack("H", [0]) + pack("I", [5000]) + bytes(5000)},
    ],
)
def test_hostile_columns_are_damage(changed: dict[str, bytes]) -> None:
    with pytest.raises(DamageError):
        Page(forge(encode(SIMPLE), **changed)).check()


@pytest.mark.parametrize("sums", [[2**63, 2**64 - 1], [9, 8], [4, 9], [8, 7]])
def test_hostile_sums_are_damage(sums: list[int]) -> None:
    node = encode([Entry(name, S_IFDIR, Owner(0, 0), 0, 0, 0, summary=Summary(4)) for name in (b"a", b"b")])
    with pytest.raises(DamageError):
        Page(forge(node, ENTRIES_BELOW=pack("Q", sums))).check()


SAMPLE = encode(
    [
        Entry(
            b"dir",
            S_IFDIR | 0o755,
            Owner(0, 0, b"root"),
            4096,
            5,
            6,
            refs=(Ref(BlobId(bytes(32)), 0),),
            summary=Summary(7),
        ),
        file_entry(b"file", mtime_ns=2**65, xattrs=b"12345678", flags=16, link_group=7, extents=()),
        Entry(b"link", 0o120777, Owner(1, 1), 3, 1, 1, target=b"abc", birth_ns=4, atime_ns=5),
        Entry(b"null", 0o020666, Owner(0, 0), 0, 1, 1, device=(1, 3)),
    ]
)
INNER = encode_inner(
    1, [Child(b"a", BlobId(bytes(32)), Summary(5, 4, 3, 2, 1, 0), 5), Child(b"b", BlobId(bytes(32)), Summary(9), 7)]
)[0]


def survives(data: bytes) -> None:
    """A node gives DamageError, or all that it has: nothing else, and not for long."""
    try:
        page = Page(data)
        page.check()
        for ordinal in range(min(page.entries, 50) if not page.height else 0):
            page.at_ordinal(ordinal)
        page.find(b"file")
    except DamageError:
        return
    assert len(page.names()) == page.count


@pytest.mark.parametrize("node", [SAMPLE, INNER])
def test_every_flipped_bit_and_every_cut_is_survived(node: bytes) -> None:
    for place in range(len(node)):
        survives(node[:place])
        for bit in range(8):
            survives(node[:place] + bytes([node[place] ^ 1 << bit]) + node[place + 1 :])


@given(directories(6), st.data())
def test_random_damage_is_survived(rows: list[Entry], data: st.DataObject) -> None:
    node = bytearray(encode(rows))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(node) - 1))
        node[place] = data.draw(st.sampled_from([0, 1, 2, 127, 128, 255]))
    survives(bytes(node))


@given(st.binary(max_size=200), st.integers(0, 2), st.integers(0, 2**31 - 1))
def test_random_bytes_after_a_sound_header_are_survived(data: bytes, height: int, mask: int) -> None:
    survives(HEADER.pack(1, height, 0, 3, 3, mask) + data)


@given(entries)
def test_one_row_alone_survives(entry: Entry) -> None:
    page = Page(encode([entry]))
    assert page.entry(0) == as_kept(entry)
    assert (page.tree(0) is not None) == (S_ISDIR(entry.mode) and entry.refs != ())


def test_golden_leaf() -> None:
    assert SAMPLE.hex() == GOLDEN_LEAF


def test_golden_inner_node() -> None:
    assert INNER.hex() == GOLDEN_INNER


def test_a_view_into_other_bytes_is_read() -> None:
    page = Page(memoryview(b"x" + SAMPLE)[1:])
    assert page.name(3) == b"null"
    page.check()


@given(directories(), st.data())
def test_blobs_of_many_rows_are_those_of_each(rows: list[Entry], data: st.DataObject) -> None:
    page = Page(encode(rows))
    start = data.draw(st.integers(0, len(rows)))
    stop = data.draw(st.integers(start, len(rows)))
    ids, ends = page.blobs(start, stop)
    each = [[ref.blob for ref in page.refs(row)] for row in range(start, stop)]
    assert [ids[first:end] for first, end in zip([0, *ends], ends, strict=False)] == each
    assert len(ids) == sum(map(len, each))
