"""Where a restore begins, and the names that it makes up."""

from dataclasses import replace
from stat import S_IFDIR, S_IFLNK

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.metadata import PAGE_KEY, MemoryBlobs, file_entry, names

from yester.engine.entries import Entry, Ref
from yester.engine.errors import UsageError
from yester.engine.restore.plan import MAX_NAME_SIZE, aside_name, starts
from yester.engine.trees.directories import TreeWriter, walk


def folder(blobs: MemoryBlobs, name: bytes, *entries: Entry) -> Entry:
    """A directory of these entries, put."""
    writer = TreeWriter(blobs.put, PAGE_KEY)
    for entry in sorted(entries, key=lambda entry: entry.name):
        writer.add(entry)
    tree, summary = writer.finish()
    return replace(file_entry(name), mode=S_IFDIR | 0o755, refs=(Ref(tree, 0),), summary=summary)


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def root(blobs: MemoryBlobs) -> Entry:
    me = folder(blobs, b"me", file_entry(b"a"), folder(blobs, b"docs", file_entry(b"x")), file_entry(b"z"))
    link = replace(file_entry(b"old"), mode=S_IFLNK | 0o777, refs=(), target=b"/home/me")
    return folder(blobs, b"/", folder(blobs, b"etc", file_entry(b"conf")), folder(blobs, b"home", me, link))


def test_no_path_is_the_whole_snapshot(blobs: MemoryBlobs, root: Entry) -> None:
    for paths in ([], [b"/"], [b"///"], [b"/", b"/./"]):
        (start,) = starts(blobs, root, paths)
        assert (start.entry, start.ordinal, start.path, start.name) == (root, 0, b"/", b"")


def test_ordinals_are_those_of_the_walk(blobs: MemoryBlobs, root: Entry) -> None:
    for path, entry, ordinal in walk(blobs, root):
        (start,) = starts(blobs, root, [path])
        assert (start.path, start.ordinal, start.entry) == (path, ordinal, entry)
        assert start.name == (b"" if path == b"/" else entry.name)


def test_a_path_is_understood_with_too_many_slashes(blobs: MemoryBlobs, root: Entry) -> None:
    (start,) = starts(blobs, root, [b"//home/./me//docs/"])
    assert (start.path, start.name) == (b"/home/me/docs", b"docs")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (b"/home/you", "/home is the last folder of that path"),
        (b"/home/old/docs", "/home/old is a link to /home/me"),
        (b"/etc/conf/x", "/etc/conf is no folder"),
        (b"/home/../etc", "/home is the last folder"),
        (b"/\xff", "/ is the last folder"),
    ],
)
def test_a_path_that_is_not_there(blobs: MemoryBlobs, root: Entry, path: bytes, hint: str) -> None:
    with pytest.raises(UsageError, match="The snapshot has no ") as raised:
        starts(blobs, root, [path])
    assert raised.value.hint.startswith(hint)


def test_one_name_for_two_paths_is_refused(blobs: MemoryBlobs, root: Entry) -> None:
    again = folder(blobs, b"/", replace(root, name=b"copy"), root_entry(root))
    with pytest.raises(UsageError, match="/copy/etc and /root/etc would both become etc"):
        starts(blobs, again, [b"/copy/etc", b"/root/etc"])


def root_entry(root: Entry) -> Entry:
    return replace(root, name=b"root")


@given(name=names.filter(lambda name: len(name) <= MAX_NAME_SIZE), taken=st.integers(0, 30))
def test_names_that_are_set_aside_are_free_and_fit(name: bytes, taken: int) -> None:
    used: set[bytes] = set()
    for _ in range(taken):
        used.add(aside_name(name, b"before-2026-11-20T18-30-00", used.__contains__))
    assert len(used) == taken, "each name is another"
    assert all(len(each) <= MAX_NAME_SIZE for each in used)


def test_names_that_are_set_aside_say_why() -> None:
    assert aside_name(b"a.txt", b"damaged", lambda _: False) == b"a.txt.damaged"
    assert aside_name(b"a.txt", b"damaged", {b"a.txt.damaged"}.__contains__) == b"a.txt.damaged-2"
    assert aside_name(b"n" * 255, b"damaged", lambda _: False) == b"n" * 247 + b".damaged"
