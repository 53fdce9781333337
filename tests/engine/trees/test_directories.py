import random
from collections.abc import Iterator
from dataclasses import replace
from stat import S_IFDIR

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.metadata import PAGE_KEY, MemoryBlobs, as_kept, directories, entries, file_entry, names

from yester.engine.entries import Entry, Owner, Ref, Summary
from yester.engine.errors import DamageError
from yester.engine.ids import BlobId, BlobKind, TreeId
from yester.engine.trees.directories import (
    Directory,
    TreeWriter,
    decode_root,
    encode_root,
    open_directory,
    resolve,
    walk,
)
from yester.engine.trees.page_builder import Child, encode_inner
from yester.engine.trees.page_columns import MAX_ROWS, MIN_ROWS, cuts
from yester.engine.trees.pages import Page

ROOT = Entry(b"/", S_IFDIR | 0o755, Owner(0, 0, b"root", b"root"), 4096, -5, 7, nlink=3)

Model = dict[bytes, "Model | int"]
"""A directory: a name is a directory, or a file of so many bytes."""


def write(blobs: MemoryBlobs, model: Model) -> tuple[TreeId, Summary]:
    writer = TreeWriter(blobs.put, PAGE_KEY)
    for name in sorted(model):
        below = model[name]
        if isinstance(below, int):
            writer.add(file_entry(name, below))
        else:
            tree, summary = write(blobs, below)
            writer.add(replace(ROOT, name=name, refs=(Ref(tree, 0),), summary=summary))
    return writer.finish()


def write_root(blobs: MemoryBlobs, model: Model) -> Entry:
    tree, summary = write(blobs, model)
    return replace(ROOT, refs=(Ref(tree, 0),), summary=summary)


def preorder(model: Model, path: bytes = b"") -> Iterator[tuple[bytes, "Model | int"]]:
    for name in sorted(model):
        below = model[name]
        yield path + b"/" + name, below
        if not isinstance(below, int):
            yield from preorder(below, path + b"/" + name)


def path_at(blobs: MemoryBlobs, root: Entry, ordinal: int) -> bytes:
    """Go down to the entry with this ordinal, the root's being 0."""
    path, tree = b"", root.tree
    while ordinal:
        page, row, ordinal = Directory(blobs, tree).at_ordinal(ordinal - 1)
        path += b"/" + page.name(row)
        if ordinal:
            tree = page.entry(row).tree
    return path


def many(count: int, seed: int = 1) -> list[bytes]:
    """Names without a pattern; 100,000 of them with seed 2 make three inner nodes below the root."""
    generator = random.Random(seed)
    return sorted(b"%012d" % number for number in generator.sample(range(10**12), count))


def write_names(blobs: MemoryBlobs, found: list[bytes]) -> TreeId:
    writer = TreeWriter(blobs.put, PAGE_KEY)
    owner = writer.owner_row(Owner(0, 0))
    for name in found:
        writer.add_row(name, 0o100644, owner, 1, 2, 3, 4, 8, 1, 0, (), ())
    return writer.finish()[0]


models = st.recursive(
    st.dictionaries(names, st.integers(0, 9), max_size=5),
    lambda below: st.dictionaries(names, st.integers(0, 9) | below, max_size=5),
    max_leaves=12,
)


def check_against_model(model: Model) -> None:
    blobs = MemoryBlobs()
    root = write_root(blobs, model)
    expected = list(preorder(model))
    assert root.summary is not None
    assert root.summary.entries == len(expected)
    assert root.summary.files == sum(isinstance(below, int) for _, below in expected)
    assert root.summary.size == sum(below for _, below in expected if isinstance(below, int))
    walked = list(walk(blobs, root))
    assert [path for path, _, _ in walked] == [b"/", *(path for path, _ in expected)]
    assert [ordinal for _, _, ordinal in walked] == list(range(len(expected) + 1))
    assert [entry.size for _, entry, _ in walked[1:] if entry.is_file] == [
        below for _, below in expected if isinstance(below, int)
    ]
    for path, entry, ordinal in random.Random(1).sample(walked[1:], min(len(expected), 200)):
        assert path_at(blobs, root, ordinal) == path
        assert resolve(blobs, root, path) == entry


@given(models)
def test_small_trees_agree_with_a_plain_recursion(model: Model) -> None:
    check_against_model(model)


def test_trees_of_many_nodes_agree_with_a_plain_recursion() -> None:
    inner: Model = dict.fromkeys(many(1500), 3)
    outer: Model = {**dict.fromkeys(many(3000, seed=2), 1), b"0": inner, b"5": {b"x": inner, b"y": {}}, b"9": inner}
    check_against_model(outer)


@given(directories(12))
def test_every_kind_of_entry_comes_back_from_a_directory(rows: list[Entry]) -> None:
    blobs = MemoryBlobs()
    writer = TreeWriter(blobs.put, PAGE_KEY)
    for entry in rows:
        writer.add(entry)
    tree, summary = writer.finish()
    directory = Directory(blobs, tree)
    assert directory.root.total() == summary
    assert directory.entries == summary.entries
    for index, entry in enumerate(rows):
        found = directory.find(entry.name)
        assert found is not None
        assert found == directory.at(index)
        assert found[0].entry(found[1]) == as_kept(entry)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000, 30_000])
def test_directories_of_any_size(count: int) -> None:
    blobs = MemoryBlobs()
    found = many(count)
    directory = Directory(blobs, write_names(blobs, found))
    assert len(directory) == count
    assert directory.root.height == 0 or count > MIN_ROWS
    assert [name for page, _, _ in directory.leaves() for name in page.names()] == found
    for index in {0, count // 2, count - 1} & set(range(count)):
        page, row, ordinal = directory.at(index)
        assert (page.name(row), ordinal) == (found[index], index)
        assert directory.find(found[index]) == (page, row, index)
        assert directory.at_ordinal(index) == (page, row, 0)
        assert directory.find(found[index] + b"x") is None
        first, start, _ = next(directory.leaves(index))
        assert first.name(index - start) == found[index]
    assert directory.find(b"") is None
    for beyond in (-1, count):
        with pytest.raises(IndexError):
            directory.at(beyond)
        with pytest.raises(IndexError):
            directory.at_ordinal(beyond)


def test_nodes_end_where_the_format_says() -> None:
    blobs = MemoryBlobs()
    found = many(20_000)
    directory = Directory(blobs, write_names(blobs, found))
    sizes = [page.count for page, _, _ in directory.leaves()]
    assert min(sizes[:-1]) >= MIN_ROWS
    expected, count = [], 0
    for name in found[:-1]:
        count += 1
        if count >= MIN_ROWS and (count == MAX_ROWS or cuts(name, PAGE_KEY, 0)):
            expected.append(count)
            count = 0
    assert sizes == [*expected, count + 1]


def test_one_more_name_in_a_hundred_thousand_rewrites_a_few_nodes() -> None:
    blobs = MemoryBlobs()
    found = many(100_000, seed=2)
    write_names(blobs, found)
    for name in (b"0", b"3", b"500000000000x", b"999999999999x"):
        before = set(blobs)
        write_names(blobs, sorted([*found, name]))
        assert len(set(blobs) - before) <= 5
    before = set(blobs)
    write_names(blobs, found)
    assert set(blobs) == before


def test_a_writer_holds_only_open_nodes() -> None:
    writer = TreeWriter(lambda kind, data: BlobId(bytes(32)), PAGE_KEY)
    largest = 0
    for name in many(30_000):
        writer.add(file_entry(name))
        largest = max(largest, len(writer._rows), *(len(level) for level in writer._levels))
    assert largest <= MAX_ROWS


def test_names_must_rise_across_nodes() -> None:
    writer = TreeWriter(MemoryBlobs().put, PAGE_KEY)
    with pytest.raises(ValueError, match="not sorted"):
        for name in [*many(3000), b"0"]:
            writer.add(file_entry(name))
        writer.finish()


class Counting(MemoryBlobs):
    reads = 0

    def blob(self, kind: BlobKind, id: bytes) -> bytes:
        self.reads += 1
        return super().blob(kind, id)


def test_finding_reads_one_node_a_level() -> None:
    blobs = Counting()
    found = many(100_000, seed=2)
    tree = write_names(blobs, found)
    for name in found[:: len(found) // 20]:
        directory = Directory(blobs, tree)
        blobs.reads = 0
        directory.find(name)
        assert blobs.reads == directory.root.height


def test_inner_nodes_are_kept_within_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.engine.trees.directories._KEPT_INNER_NODES", 1)
    blobs = MemoryBlobs()
    found = many(100_000, seed=2)
    directory = Directory(blobs, write_names(blobs, found))
    assert directory.root.height > 1
    for index in (0, 99_999, 1, 99_998, 50_000):
        assert directory.find(found[index]) == directory.at(index)
        assert len(directory._inner) == 1


@given(entries)
def test_the_root_survives(entry: Entry) -> None:
    entry = replace(entry, name=b"/")
    assert decode_root(encode_root(entry)) == as_kept(entry)


def test_only_a_root_may_be_named_slash() -> None:
    node = encode_root(ROOT)
    with pytest.raises(DamageError):
        Page(node).names()
    with pytest.raises(DamageError):
        Page(node).name(0)
    blobs = MemoryBlobs()
    with pytest.raises(DamageError):
        decode_root(blobs[BlobKind.TREE, write_names(blobs, [b"a"])])
    with pytest.raises(DamageError):
        decode_root(blobs[BlobKind.TREE, write_names(blobs, [])])


def test_resolve_knows_only_what_is_there() -> None:
    blobs = MemoryBlobs()
    root = write_root(blobs, {b"a": {b"b": 1}, b"f": 2})
    assert resolve(blobs, root, b"/") is root
    assert resolve(blobs, root, b"//a///b/") is not None
    for path in (b"/x", b"/a/x", b"/f/x", b"/a/.", b"/a/..", b"/a/b/c"):
        assert resolve(blobs, root, path) is None


def test_a_directory_that_could_not_be_read_is_walked_past() -> None:
    blobs = MemoryBlobs()
    writer = TreeWriter(blobs.put, PAGE_KEY)
    writer.add(replace(ROOT, name=b"closed"))
    writer.add(file_entry(b"open"))
    tree, summary = writer.finish()
    root = replace(ROOT, refs=(Ref(tree, 0),), summary=summary)
    assert [path for path, _, _ in walk(blobs, root)] == [b"/", b"/closed", b"/open"]
    assert resolve(blobs, root, b"/closed/x") is None


# Hostile trees: what a parent says of a node and what the node is do not agree.


def leaf(blobs: MemoryBlobs, found: list[bytes]) -> tuple[BlobId, Summary]:
    writer = TreeWriter(blobs.put, PAGE_KEY)
    for name in found:
        writer.add(file_entry(name))
    tree, summary = writer.finish()
    return blobs.put(BlobKind.PAGE, blobs[BlobKind.TREE, tree]), summary


@pytest.mark.parametrize("lie", ["name", "rows", "entries", "height", "loop", "missing", "empty"])
def test_a_child_that_is_not_what_its_parent_says_is_damage(lie: str) -> None:
    blobs = MemoryBlobs()
    blob, summary = leaf(blobs, [b"c", b"d"])
    good = Child(b"c", blob, summary, 2)
    empty, nothing = leaf(blobs, [])
    bad = {
        "name": good._replace(first=b"b"),
        "rows": good._replace(rows=3),
        "entries": good._replace(summary=Summary(3)),
        "height": good,
        "loop": good._replace(blob=BlobId(b"loop" * 8)),
        "missing": good._replace(blob=BlobId(bytes(32))),
        "empty": good._replace(blob=empty, summary=nothing, rows=0),
    }[lie]
    node = encode_inner(2 if lie in ("height", "loop") else 1, [bad, good._replace(first=b"e")])[0]
    blobs[BlobKind.PAGE, b"loop" * 8] = node
    directory = Directory(blobs, TreeId(blobs.put(BlobKind.TREE, node)))
    with pytest.raises(DamageError):
        directory.find(b"c")
    with pytest.raises(DamageError):
        list(directory.leaves())


def test_names_that_fall_from_leaf_to_leaf_are_damage() -> None:
    blobs = MemoryBlobs()
    first, first_summary = leaf(blobs, [b"a", b"z"])
    second, second_summary = leaf(blobs, [b"b", b"c"])
    node = encode_inner(1, [Child(b"a", first, first_summary, 2), Child(b"b", second, second_summary, 2)])[0]
    directory = Directory(blobs, TreeId(blobs.put(BlobKind.TREE, node)))
    with pytest.raises(DamageError):
        list(directory.leaves())
    met: list[DamageError] = []
    assert [page.names() for page, _, _ in directory.sound_leaves(met.append)] == [[b"a", b"z"]]
    assert len(met) == 1


@pytest.mark.parametrize("lost", [1, 3, 20])
def test_sound_leaves_pass_over_what_is_lost_and_keep_their_ordinals(lost: int) -> None:
    blobs = MemoryBlobs()
    tree = write_names(blobs, many(70_000))
    whole = {page.blob: (page.names(), first, base) for page, first, base in Directory(blobs, tree).leaves()}
    for blob in random.Random(lost).sample(sorted(key for key in blobs if key[0] is BlobKind.PAGE), lost):
        del blobs[blob]
    met: list[DamageError] = []
    found = {
        page.blob: (page.names(), first, base) for page, first, base in Directory(blobs, tree).sound_leaves(met.append)
    }
    assert found.items() <= whole.items()
    gone = whole.keys() - found.keys()
    assert {(BlobKind.PAGE, blob) for blob in gone}.isdisjoint(blobs) or len(met) < lost
    assert 0 < len(met) <= lost


def test_a_directory_inside_itself_is_damage() -> None:
    """Ids that are hashes cannot do this; a store that lies about them could."""
    blobs = MemoryBlobs()
    name = TreeId(BlobId(b"self" * 8))
    writer = TreeWriter(blobs.put, PAGE_KEY)
    writer.add(replace(ROOT, name=b"again", refs=(Ref(name, 0),), summary=Summary(5)))
    tree, _ = writer.finish()
    blobs[BlobKind.TREE, name] = blobs[BlobKind.TREE, tree]
    root = replace(ROOT, refs=(Ref(name, 0),), summary=Summary(6))
    with pytest.raises(DamageError):
        list(walk(blobs, root))


def test_a_directory_is_checked_against_its_entry() -> None:
    blobs = MemoryBlobs()
    root = write_root(blobs, {b"a": 1})
    assert len(open_directory(blobs, root)) == 1
    with pytest.raises(DamageError):
        open_directory(blobs, replace(root, summary=Summary(2)))


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(0, 7))
def test_a_flipped_bit_in_a_large_directory_is_survived(place: int, bit: int) -> None:
    blobs = MemoryBlobs(LARGE)
    kind, blob = sorted(blobs)[place % len(blobs)]
    data = bytearray(blobs[kind, blob])
    data[place % len(data)] ^= 1 << bit
    blobs[kind, blob] = bytes(data)
    try:
        directory = Directory(blobs, LARGE_TREE)
        for page, _, _ in directory.leaves():
            page.check()
        for index in range(0, len(directory), 50):
            directory.at(index)
            directory.at_ordinal(index)
    except DamageError:
        return
    assert len(directory) == 2000


LARGE = MemoryBlobs()
LARGE_TREE = write_names(LARGE, many(2000))
