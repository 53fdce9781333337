"""Differences of two snapshots, by their trees and by the catalogue, against the plain account of both."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.catalogue.history import History, all_paths

from yester.engine.catalogue.catalogue import Catalogue
from yester.engine.comparing.differences import Difference, Happened, with_renames
from yester.engine.comparing.trees import compare_trees, state_difference
from yester.engine.errors import DamageError, Offline
from yester.engine.selection import Listed
from yester.engine.trees.directories import decode_root

BULK = {b"many/n%04d" % number: b"x" for number in range(700)}
NAMES = [b"a", b"b", b"d/a", b"d/e/a", b"x/a", b"x/y/z", b"many/n0100", b"many/n0300x", b"\xff"]
some_files = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([b"", b"1", b"22", b"333"]), max_size=8)


def by_trees(history: History, before: Listed, after: Listed) -> list[Difference]:
    def damaged(path: bytes, error: DamageError | Offline) -> None:
        raise error

    old, new = decode_root(before[1].root), decode_root(after[1].root)
    return list(compare_trees(history, old, new, b"/", damaged))


@given(some_files, some_files, st.booleans(), st.booleans())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_trees_and_catalogue_say_what_differs(
    tmp_path_factory: pytest.TempPathFactory,
    one: dict[bytes, bytes],
    other: dict[bytes, bytes],
    bulk_before: bool,
    bulk_after: bool,
) -> None:
    history = History(tmp_path_factory.mktemp("cache") / "c")
    one, other = {**(BULK if bulk_before else {}), **one}, {**(BULK if bulk_after else {}), **other}
    history.snap(one)
    history.snap(other)
    before, after = history.listed
    found = by_trees(history, before, after)
    old, new = all_paths(one), all_paths(other)
    expected = {path for path in old.keys() | new.keys() if old.get(path, b"-") != new.get(path, b"-")}
    assert sorted(each.path for each in found) == sorted(expected)
    assert all((each.before is None) == (each.path not in old) for each in found)
    with Catalogue.open(history) as catalogue:
        catalogue.update()
        changes = catalogue.changes(before[0], after[0])
        assert changes is not None
        told = [state_difference(each.path, each.before, each.after, catalogue.owner) for each in changes]
        assert {each.path: each for each in told if each is not None} == {each.path: each for each in found}


def test_what_is_equal_is_not_read(tmp_path: Path) -> None:
    history = History(tmp_path / "cache")
    files = {**BULK, b"deep/down/f": b"1", b"other/f": b"1"}
    history.snap(files)
    history.snap({**files, b"many/n0350": b"2", b"other/f": b"2"})
    history.read = 0
    found = by_trees(history, *history.listed)
    assert [(each.path, each.what) for each in found] == [
        (b"/many/n0350", ("content",)),
        (b"/other/f", ("content",)),
    ]
    assert history.read <= 8  # both roots, both `other`, both `many` and a leaf of each


def test_a_damaged_folder_is_told_and_the_rest_compared(tmp_path: Path) -> None:
    history = History(tmp_path / "cache")
    history.snap({b"bad/f": b"1", b"good/f": b"1"})
    history.snap({b"bad/f": b"333", b"good/f": b"22"})
    del history.blobs[history.folder({b"f": b"333"})[0]]
    told: list[bytes] = []
    old, new = (decode_root(listed[1].root) for listed in history.listed)
    found = list(compare_trees(history, old, new, b"/", lambda path, error: told.append(path)))
    assert told == [b"/bad"]
    assert [each.path for each in found] == [b"/good/f"]


def arranged(history: History, *pair: dict[bytes, bytes]) -> list[tuple[Happened, bytes, bytes]]:
    for files in pair:
        history.snap(files)
    return [(each.happened, each.origin, each.path) for each in with_renames(by_trees(history, *history.listed))]


def test_renames(tmp_path: Path) -> None:
    history = History(tmp_path / "cache")
    assert arranged(
        history,
        {b"a": b"one", b"d/x": b"x", b"d/y": b"yy", b"empty": b"", b"kept": b"k"},
        {b"b": b"one", b"e/x": b"x", b"e/y": b"yy", b"void": b"", b"kept": b"k"},
    ) == [
        (Happened.RENAMED, b"/a", b"/b"),
        (Happened.RENAMED, b"/d", b"/e"),
        (Happened.REMOVED, b"", b"/empty"),
        (Happened.ADDED, b"", b"/void"),
    ]


def test_one_of_two_equal_files_is_renamed_once(tmp_path: Path) -> None:
    history = History(tmp_path / "cache")
    assert arranged(
        history, {b"p/x": b"same", b"q/y": b"same"}, {b"p/new": b"same", b"r/y": b"same", b"z": b"same"}
    ) == [
        (Happened.RENAMED, b"/p/x", b"/p/new"),
        (Happened.RENAMED, b"/q", b"/r"),
        (Happened.ADDED, b"", b"/z"),
    ]


def test_a_file_out_of_a_renamed_folder(tmp_path: Path) -> None:
    history = History(tmp_path / "cache")
    found = arranged(history, {b"d/x": b"x", b"d/y": b"yy"}, {b"a": b"x", b"e/y": b"yy"})
    assert (Happened.RENAMED, b"/d/x", b"/a") in found
    assert (Happened.RENAMED, b"/d/y", b"/e/y") in found
