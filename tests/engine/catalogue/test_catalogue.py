"""The catalogue against a plain account of the same snapshots: whatever happens to them, it says the same."""

import os
import random
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count, groupby, permutations
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.catalogue.history import CLOSED, Files, History, all_paths, closed

from yester.engine.catalogue.catalogue import Catalogue, Version
from yester.engine.catalogue.changing import CHANGES
from yester.engine.catalogue.patterns import Pattern
from yester.engine.catalogue.schema import connect, is_interrupt, prepare
from yester.engine.errors import CancelledError, StoreError, YesterError
from yester.engine.ids import SnapshotId

BULK = {b"many/n%04d" % number: b"x" for number in range(700)}


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "cache")


@pytest.fixture
def catalogue(history: History) -> Iterator[Catalogue]:
    with Catalogue.open(history) as opened:
        yield opened


def told(versions: list[Version]) -> list[tuple[int, int, int, int, int | None]]:
    """Size, first, last, count, gone: times in seconds."""
    return [
        (
            version.state.size,
            version.first[1].time_ns // 10**9,
            version.last[1].time_ns // 10**9,
            version.count,
            version.gone[1].time_ns // 10**9 if version.gone else None,
        )
        for version in versions
    ]


def found(catalogue: Catalogue, text: str, *, ignore_case: bool = False) -> dict[bytes, bool]:
    return {each.path: each.deleted for each in catalogue.find(Pattern(text, ignore_case))}


def test_versions_have_first_and_last_snapshot_and_gaps(history: History, catalogue: Catalogue) -> None:
    history.snap({b"a/f": b"one"})
    history.snap({b"a/f": b"one", b"b": b""})
    history.snap({b"a/f": b"three"})
    history.snap({b"b": b""})
    history.snap({b"a/f": b"three"})
    catalogue.update()
    assert told(catalogue.versions(b"/a/f")) == [(3, 1, 2, 2, None), (5, 3, 3, 1, 4), (5, 5, 5, 1, None)]
    assert told(catalogue.versions(b"/b")) == [(0, 2, 2, 1, 3), (0, 4, 4, 1, 5)]
    assert told(catalogue.versions(b"/never")) == []
    assert [version.state.is_directory for version in catalogue.versions(b"/a")] == [True] * 3
    assert len(catalogue.versions(b"/")) == 5


def test_what_did_not_change_is_not_read(history: History, catalogue: Catalogue) -> None:
    files = {b"%d/%d" % (folder, file): b"x" for folder in range(20) for file in range(20)}
    history.snap(files)
    catalogue.update()
    history.read = 0
    history.snap({**files, b"7/7": b"changed"})
    history.snap({**files, b"7/7": b"changed"})
    catalogue.update()
    assert history.read == 2  # the root and the folder 7, once


def test_one_name_more_in_a_large_folder_reads_one_leaf(history: History, catalogue: Catalogue) -> None:
    history.snap(BULK)
    catalogue.update()
    all_nodes, history.read = history.read, 0
    history.snap({**BULK, b"many/n0350x": b"new"})
    catalogue.update()
    assert history.read <= 5 < all_nodes
    assert told(catalogue.versions(b"/many/n0350x")) == [(3, 2, 2, 1, None)]


def test_forgetting_joins_what_lay_around(history: History, catalogue: Catalogue) -> None:
    sids = [history.snap({b"f": content}) for content in (b"1", b"1", b"22", b"1", b"333")]
    catalogue.update()
    history.forget(sids[2])
    history.read = 0
    catalogue.update()
    assert history.read == 0
    assert told(catalogue.versions(b"/f")) == [(1, 1, 4, 3, None), (3, 5, 5, 1, None)]
    history.forget(sids[4])
    history.snap({b"f": b"1"})
    catalogue.update()
    assert told(catalogue.versions(b"/f")) == [(1, 1, 6, 4, None)]


def test_the_newest_may_be_forgotten_and_its_trees_pruned(history: History, catalogue: Catalogue) -> None:
    history.snap({b"d/a": b"1", b"d/b": b"1"})
    gone = history.snap({b"d/a": b"22", b"e/c": b"22"})
    catalogue.update()
    history.forget(gone)
    history.blobs.clear()
    history.snap({b"d/a": b"1", b"d/b": b"1"})
    catalogue.update()
    assert told(catalogue.versions(b"/d/a")) == [(1, 1, 3, 2, None)]
    assert told(catalogue.versions(b"/d/b")) == [(1, 1, 3, 2, None)]
    assert found(catalogue, "c") == {}


def test_a_series_that_begins_anew_knows_nothing_of_the_old_one(history: History, catalogue: Catalogue) -> None:
    old = [history.snap({b"a": b"1"}), history.snap({b"a": b"1", b"b": b"1"})]
    catalogue.update()
    for sid in old:
        history.forget(sid)
    catalogue.update()
    history.snap({b"b": b"1"})
    catalogue.update()
    assert (told(catalogue.versions(b"/a")), told(catalogue.versions(b"/b"))) == ([], [(1, 3, 3, 1, None)])


def test_a_partial_snapshot_deletes_nothing(history: History, catalogue: Catalogue) -> None:
    history.snap({b"a": b"1", b"b": b"1"})
    history.snap({b"a": b"22"}, partial=True)
    history.snap({b"a": b"22", b"b": b"1"})
    catalogue.update()
    assert told(catalogue.versions(b"/b")) == [(1, 1, 3, 2, None)]
    assert sorted(told(catalogue.versions(b"/a"))) == [(1, 1, 1, 1, None), (2, 2, 2, 1, None), (2, 3, 3, 1, None)]


def test_two_hosts_with_one_profile_name_are_two_series(history: History, catalogue: Catalogue) -> None:
    history.snap({b"etc/hosts": b"1"})
    history.snap({b"etc/hosts": b"22"}, host="desk")
    history.snap({b"etc/hosts": b"1"})
    catalogue.update()
    assert sorted(told(catalogue.versions(b"/etc/hosts"))) == [(1, 1, 3, 2, None), (2, 2, 2, 1, None)]
    only = catalogue.versions(b"/etc/hosts", lambda listed: listed[1].host == "desk")
    assert told(only) == [(2, 2, 2, 1, None)]


def test_snapshots_that_come_out_of_order_are_told_by_time(history: History, catalogue: Catalogue) -> None:
    history.snap({b"f": b"333"}, 30)
    catalogue.update()
    history.snap({b"f": b"1"}, 10)
    history.snap({b"f": b"22"}, 20)
    catalogue.update()
    history.snap({b"f": b"333"}, 40)
    catalogue.update()
    assert told(catalogue.versions(b"/f")) == [(1, 10, 10, 1, None), (2, 20, 20, 1, None), (3, 30, 40, 2, None)]


def test_two_snapshots_in_one_second(history: History, catalogue: Catalogue) -> None:
    history.snap({b"f": b"1"}, 10)
    history.snap({b"f": b"22"}, 10)
    catalogue.update()
    assert sorted(size for size, *_ in told(catalogue.versions(b"/f"))) == [1, 2]


def test_a_folder_becomes_a_file_and_back(history: History, catalogue: Catalogue) -> None:
    history.snap({b"x/a/b": b"1"})
    history.snap({b"x": b"file"})
    history.snap({b"x/a/b": b"1"})
    catalogue.update()
    assert told(catalogue.versions(b"/x/a/b")) == [(1, 1, 1, 1, 2), (1, 3, 3, 1, None)]
    assert [version.state.is_directory for version in catalogue.versions(b"/x")] == [True, False, True]


def test_hostile_names(history: History, catalogue: Catalogue) -> None:
    names = [b"caf\xe9.txt", b"line\nbreak", b"tab\t", "straße".encode(), b'"quote"', b"%", b"*"]
    history.snap({b"d/" + name: b"1" for name in names})
    catalogue.update()
    assert sorted(child.name for child in catalogue.children(b"/d")) == sorted(names)
    for name in names:
        assert told(catalogue.versions(b"/d/" + name)) == [(1, 1, 1, 1, None)]
        text = os.fsdecode(name).replace("*", "[*]")
        assert b"/d/" + name in found(catalogue, text), name
    assert found(catalogue, "STRASSE", ignore_case=True) == {b"/d/" + "straße".encode(): False}
    assert found(catalogue, "ss", ignore_case=True) == {b"/d/" + "straße".encode(): False}


def test_a_thousand_folders_deep(history: History, catalogue: Catalogue) -> None:
    path = b"/".join([b"d"] * 1000)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)  # for the making of them
    for content in (b"1", b"22"):
        history.snap({path + b"/f": content})
    sys.setrecursionlimit(limit)
    history.snap({b"other": b""})
    catalogue.update()
    assert told(catalogue.versions(b"/" + path + b"/f")) == [(1, 1, 1, 1, None), (2, 2, 2, 1, 3)]
    assert [each.path for each in catalogue.find(Pattern("f"))] == [b"/" + path + b"/f"]


def test_search_finds_deleted_paths_newest_first(history: History, catalogue: Catalogue) -> None:
    history.snap({b"docs/letter-old": b"1", b"docs/letter-new": b"55555"})
    history.snap({b"docs/letter-new": b"55555", b"LETTER": b"22"})
    catalogue.update()
    assert found(catalogue, "letter") == {b"/docs/letter-new": False, b"/docs/letter-old": True}
    order = [each.path for each in catalogue.find(Pattern("letter", True))]
    assert order == [b"/docs/letter-new", b"/LETTER", b"/docs/letter-old"]


def test_search_that_is_broad_gives_the_same_as_a_narrow_one(history: History, catalogue: Catalogue) -> None:
    history.snap({b"d%d/file-%05d" % (number % 7, number): b"x" * (number % 90) for number in range(6000)})
    catalogue.update()
    broad = [each.path for each in catalogue.find(Pattern("file-"))]
    assert len(broad) == len(set(broad)) == 6000
    in_order = [each.path for each in catalogue.find(Pattern("file-"), sorted_by_path=True)]
    assert in_order == sorted(broad, key=lambda path: path.split(b"/"))
    few = [each.path for each in catalogue.find(Pattern("/d3/file-0012*"), sorted_by_path=True)]
    assert few == sorted(path for path in broad if path.startswith(b"/d3/file-0012")) != []
    assert set(found(catalogue, "file-0012")) == {path for path in broad if b"file-0012" in path}
    sizes = [each.state.size for each in catalogue.find(Pattern("*"))]
    files = [size for size in sizes if size < 90]
    assert files[:5989] == sorted(files[:5989], reverse=True)


def test_interrupt_ends_a_search(history: History, catalogue: Catalogue) -> None:
    history.snap({b"f%05d" % number: b"" for number in range(5000)})
    catalogue.update()
    rows = catalogue.find(Pattern("f"))
    next(rows)
    threading.Thread(target=catalogue.interrupt).start()
    with pytest.raises(CancelledError):
        for _ in rows:
            pass
    assert len(found(catalogue, "f0000")) == 10


def test_damaged_trees_are_told_and_the_rest_answers(history: History, catalogue: Catalogue) -> None:
    history.snap({b"good/f": b"1", b"deep/bad/f": b"1"})
    catalogue.update()
    files = {b"good/f": b"22", b"deep/bad/f": b"333"}
    bad = history.snap(files)
    lost = history.folder({b"f": b"333"})[0]
    kept = history.blobs.pop(lost)
    catalogue.update()
    assert [(listed[0], count) for listed, count in catalogue.damage()] == [(bad, 1)]
    assert told(catalogue.versions(b"/good/f")) == [(1, 1, 1, 1, None), (2, 2, 2, 1, None)]
    assert told(catalogue.versions(b"/deep/bad/f")) == [(1, 1, 2, 2, None)]  # what is not known is not gone
    history.snap({**files, b"new": b""})
    del history.blobs[lost]
    catalogue.update()
    assert len(catalogue.damage()) == 2
    history.blobs[lost] = kept
    catalogue.update(sweeping=True)
    assert catalogue.damage() == []
    assert told(catalogue.versions(b"/deep/bad/f")) == [(1, 1, 1, 1, None), (3, 2, 3, 2, None)]


def test_damage_that_is_read_by_a_later_snapshot(history: History, catalogue: Catalogue) -> None:
    history.snap({**BULK, b"f": b"1"})
    changed = {**BULK, b"many/n0350": b"22", b"f": b"1"}
    before = set(history.blobs)
    history.snap(changed)
    pages = [
        id for id in set(history.blobs) - before if b"n0350" in history.blobs[id] and b"n0351" in history.blobs[id]
    ]
    [leaf] = [id for id in pages if b"\x00\x00n0350" not in history.blobs[id]][:1]
    kept = history.blobs.pop(leaf)
    catalogue.update()
    assert len(catalogue.damage()) == 1
    assert told(catalogue.versions(b"/many/n0350")) == [(1, 1, 2, 2, None)]
    history.blobs[leaf] = kept
    history.snap({**changed, b"f": b"22"})
    catalogue.update()
    assert told(catalogue.versions(b"/many/n0350")) == [(1, 1, 1, 1, None), (2, 2, 3, 2, None)]


def test_errors_of_the_store_lose_nothing(
    history: History, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.snap({b"f": b"1"})
    catalogue.update()
    history.snap({b"f": b"22"})
    with monkeypatch.context() as patch:
        patch.setattr(history, "blob", _refusing)
        with pytest.raises(StoreError):
            catalogue.update()
    catalogue.update()
    assert told(catalogue.versions(b"/f")) == [(1, 1, 1, 1, None), (2, 2, 2, 1, None)]


def _refusing(kind: object, id: bytes) -> bytes:
    raise StoreError("The store fails")


# The file

CATALOGUE = "catalogue.sqlite"


def remade(history: History) -> None:
    with Catalogue.open(history) as catalogue:
        catalogue.update()
        assert told(catalogue.versions(b"/f")) == [(1, 1, 1, 1, None)]
        assert catalogue.note == ""


def made(history: History) -> Path:
    history.snap({b"f": b"1"})
    remade(history)
    return history.cache / CATALOGUE


def test_only_its_owner_may_read_it(history: History) -> None:
    path = made(history)
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_file_is_made_anew(history: History, content: bytes) -> None:
    made(history).write_bytes(content)
    remade(history)


def test_damage_within_is_met_and_the_file_made_anew(history: History) -> None:
    path = made(history)
    history.snap({**BULK, b"f": b"1"})
    with Catalogue.open(history) as catalogue:
        catalogue.update()
    history.snap({**BULK, b"f": b"1", b"more": b"2"})
    data = bytearray(path.read_bytes())
    data[4096:] = random.Random(1).randbytes(len(data) - 4096)
    path.write_bytes(data)
    with Catalogue.open(history) as catalogue:
        catalogue.update()
        assert told(catalogue.versions(b"/more")) == [(1, 3, 3, 1, None)]


def test_another_version_is_made_anew(history: History) -> None:
    path = made(history)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE about SET value = 0 WHERE key = 'version'")
    db.close()
    remade(history)


def test_the_file_of_another_repository_is_made_anew(history: History, tmp_path: Path) -> None:
    other = History(tmp_path / "other", b"o" * 32)
    other.snap({b"f": b"22", b"g": b"22"})
    with Catalogue.open(other) as catalogue:
        catalogue.update()
    made(history).write_bytes((other.cache / CATALOGUE).read_bytes())
    remade(history)


def test_a_folder_that_cannot_be_written_is_said_and_queries_answer(history: History) -> None:
    history.snap({b"f": b"1"})
    history.cache.rmdir()
    history.cache.write_bytes(b"in the way")
    with Catalogue.open(history) as catalogue:
        catalogue.update()
        assert told(catalogue.versions(b"/f")) == [(1, 1, 1, 1, None)]
        assert "this command only" in catalogue.note and str(history.cache) in catalogue.note


def test_a_full_disk_is_said_and_queries_answer(
    history: History, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SQLite says when its file may grow no more is what it says of a full disk."""
    history.snap({b"f": b"22"})
    catalogue.update()

    def limited(path: Path | None, *, writable: bool = True) -> sqlite3.Connection:
        db = connect(path, writable=writable)
        if path is not None:
            db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0] + 5}")
        return db

    monkeypatch.setattr("yester.engine.catalogue.keeping.connect", limited)
    history.snap({b"more/%d" % number: b"1" for number in range(5000)} | {b"f": b"1"})
    catalogue.update()
    assert "full" in catalogue.note
    assert told(catalogue.versions(b"/f")) == [(2, 1, 1, 1, None), (1, 2, 2, 1, None)]
    monkeypatch.undo()
    with Catalogue.open(history) as fresh:
        fresh.update()
        assert not fresh.note and len(fresh.versions(b"/f")) == 2


def test_without_trigrams_it_answers_the_same(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.engine.catalogue.schema._TRIGRAM", "CREATE VIRTUAL TABLE trigram USING nothing()")
    history.snap({b"docs/Letter-1": b"1", b"docs/other": b"2"})
    with Catalogue.open(history) as catalogue:
        catalogue.update()
        assert found(catalogue, "Letter") == {b"/docs/Letter-1": False}
        assert found(catalogue, "letter") == {}
        assert found(catalogue, "lettER", ignore_case=True) == {b"/docs/Letter-1": False}
        history.forget(history.listed[0][0])
        catalogue.update(sweeping=True)


def test_a_search_for_what_is_broad_and_old_is_in_order(history: History, catalogue: Catalogue) -> None:
    """What fits lies behind the newest that are looked at, in two numbers: to be sorted, and to be gone through."""
    history.snap({b"%s/%d-%04d" % (name, number % 7, number): b"x" * number for name, number in OLD_AND_NEW})
    catalogue.update()
    for limits in ({"_ENOUGH": 10, "_LOOKED": 100, "_SORTED": 1000}, {"_ENOUGH": 10, "_LOOKED": 100, "_SORTED": 20}):
        with _limited("searching", limits):
            for text in ("-00", "-0", "old/", "-*1"):
                sizes = [each.state.size for each in catalogue.find(Pattern(text)) if not each.state.is_directory]
                fits = Pattern(text).matcher()
                paths = [b"/old/%d-%04d" % (number % 7, number) for number in range(200)]
                paths += [b"/new/%d-%04d" % (number % 7, number) for number in range(1000, 1300)]
                expected = [path for path in paths if fits(path if "/" in text else path.rpartition(b"/")[2])]
                assert sizes == sorted((int(path[-4:]) for path in expected), reverse=True), (text, limits)


OLD_AND_NEW = [(b"old", number) for number in range(200)] + [(b"new", number) for number in range(1000, 1300)]


def test_changes_after_a_sweep_are_those_that_are_left(history: History, catalogue: Catalogue) -> None:
    """A folder is closed in a snapshot that is swept up, and only what is in it changes in the next one."""
    history.snap({b"d/a": b"1"})
    gone = history.snap({b"d/a": b"1", b"d/": CLOSED})
    history.snap({b"d/a": b"22", b"d/": CLOSED})
    catalogue.update()
    history.forget(gone)
    with mock.patch("yester.engine.catalogue.updating._SWEPT_AFTER", 1):
        catalogue.update(sweeping=True)
    changes = catalogue.changes(history.listed[0][0], history.listed[1][0])
    assert changes is not None
    assert {change.path for change in changes} == {b"/d", b"/d/a"}


def test_ids_are_not_given_out_twice(history: History, catalogue: Catalogue) -> None:
    """The name that was swept up is not found where a newer one took its place."""
    history.snap({b"a": b"1"})
    gone = history.snap({b"a": b"1", b"old": b"1"})
    catalogue.update()
    history.forget(gone)
    history.snap({b"a": b"1"})
    with mock.patch("yester.engine.catalogue.updating._SWEPT_AFTER", 1):
        catalogue.update(sweeping=True)
    history.snap({b"a": b"1", b"new": b"1"})
    catalogue.update()
    assert (found(catalogue, "ol"), found(catalogue, "ne")) == ({}, {b"/new": False})


def test_a_comparison_reads_only_the_changes_between_the_two(history: History, catalogue: Catalogue) -> None:
    history.snap({b"a": b"1"})
    catalogue.update()
    with sqlite3.connect(history.cache / CATALOGUE) as db:
        plan = [row[-1] for row in db.execute(f"EXPLAIN QUERY PLAN {CHANGES}", (1, 1, 2))]
    db.close()
    assert plan[0] == "SEARCH c USING COVERING INDEX state_change (series=? AND first>? AND first<?)"


# Whatever happens

NAMES = [
    *(b"a", b"b", b"d/a", b"d/b", b"d/e/a", b"d/e/", b"d/", b"x/a", b"many/n0100", b"many/n0300x", b"many/", b"\xff"),
    "d/Straße".encode(),
]
CONTENTS = [b"", b"1", b"22", b"333"]
some_files = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONTENTS), max_size=8).map(
    lambda files: {
        path: content if not path.endswith(b"/") else CLOSED if content else b"" for path, content in files.items()
    }
)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("snap"), some_files, st.integers(1, 40), st.sampled_from(["laptop", "desk"]), st.booleans()),
        st.tuples(st.just("forget"), st.integers(0, 50)),
        st.sampled_from([("update",), ("sweep",), ("reopen",)]),
    ),
    max_size=14,
)


@given(actions, st.booleans(), st.sampled_from([5, 5000]))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_says_what_a_plain_account_says(
    tmp_path_factory: pytest.TempPathFactory, todo: list[tuple[object, ...]], bulky: bool, at_once: int
) -> None:
    """Also with so few rows at once, and so little that counts as much, that every way is gone."""
    limits: dict[str, dict[str, int]] = {
        "intake": {"_AT_ONCE": at_once, "_BATCH": at_once},
        "names": {"CHUNK": at_once},
        "searching": {"_ENOUGH": at_once, "_LOOKED": at_once, "_SORTED": 2 * at_once, "_AT_ONCE": at_once},
        "updating": {"_SWEPT_AFTER": 1},
    }
    with ExitStack() as patches:
        for module, values in limits.items():
            patches.enter_context(_limited(module, values))
        _act(tmp_path_factory, todo, bulky)


def _limited(module: str, limits: dict[str, int]) -> ExitStack:
    patches = ExitStack()
    for name, limit in limits.items():
        patches.enter_context(mock.patch(f"yester.engine.catalogue.{module}.{name}", limit))
    return patches


def _act(tmp_path_factory: pytest.TempPathFactory, todo: list[tuple[object, ...]], bulky: bool) -> None:
    history = History(tmp_path_factory.mktemp("cache") / "c")
    account: dict[SnapshotId, Files] = {}
    catalogue = Catalogue.open(history)
    for action, *details in todo:
        if action == "snap":
            files, time_s, host, large = details
            assert isinstance(files, dict) and isinstance(time_s, int) and isinstance(host, str)
            whole = {**BULK, **files} if bulky and large else files
            account[history.snap(whole, time_s, host=host)] = whole
        elif action == "forget" and history.listed:
            history.forget(history.listed[int(str(details[0])) % len(history.listed)][0])
        elif action in ("update", "sweep"):
            catalogue.update(sweeping=action == "sweep")
        elif action == "reopen":
            catalogue.close()
    catalogue.update()
    _compare(catalogue, history, account)
    with sqlite3.connect(history.cache / CATALOGUE) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
    catalogue.close()


def _compare(catalogue: Catalogue, history: History, account: dict[SnapshotId, Files]) -> None:
    there = {sid: all_paths(account[sid]) for sid, _ in history.listed}
    paths = {path for files in there.values() for path in files if not path.startswith(b"/many/n0")}
    paths |= {b"/" + name for name in NAMES if not name.endswith(b"/")}
    for path in paths:
        expected = []
        for host in ("desk", "laptop"):
            mine = [(sid, snapshot) for sid, snapshot in history.snapshots() if snapshot.host == host]
            expected += _runs(path, [(there[sid].get(path, b"-"), sid) for sid, _ in mine])
        versions = catalogue.versions(path)
        shown = [
            (None if version.state.is_directory else version.state.size, version.first[0], version.last[0])
            for version in versions
        ]
        if all(content is not None for content, *_ in expected):
            assert sorted(shown, key=str) == sorted(expected, key=str), path
        else:
            assert bool(shown) == bool(expected)
    _compare_searches(catalogue, {path for files in there.values() for path in files})
    for many in (0, 20_000):
        with mock.patch("yester.engine.catalogue.changing._MANY", many):
            _compare_changes(catalogue, history, account)


SEARCHES = ["*", "", "a", "A", "n0", "n0*0x", "0*x", "ß", "S", "SS", "\udcff", "zz", "q", "many", "0X", "[ab]", "?"]
PLACED = [
    "d/",
    "/d/",
    "/d/e/",
    "x/a",
    "/",
    "/a",
    "many/n03",
    "nowhere/",
    "d/*",
    "e/A",
    "d//a",
    "d/St",
    "D/STRASS",
    "//",
]


def _compare_searches(catalogue: Catalogue, everything: set[bytes]) -> None:
    for text in (*SEARCHES, *PLACED):
        for ignore_case in (False, True):
            pattern = Pattern(text, ignore_case)
            fits = pattern.matcher()
            expected = {path for path in everything if fits(path if pattern.of_paths else path.rpartition(b"/")[2])}
            shown = [each.path for each in catalogue.find(pattern)]
            assert sorted(shown) == sorted(expected), pattern
            in_order = [each.path for each in catalogue.find(pattern, sorted_by_path=True)]
            assert in_order == sorted(expected, key=lambda path: path.split(b"/")), pattern


def _runs(path: bytes, seen: list[tuple[bytes | None, SnapshotId]]) -> list[tuple[int | None, SnapshotId, SnapshotId]]:
    found = []
    for content, group in groupby(seen, key=lambda each: each[0]):
        sids = [sid for _, sid in group]
        if content != b"-":
            found.append((None if content is None else len(content), sids[0], sids[-1]))
    return found


def _compare_changes(catalogue: Catalogue, history: History, account: dict[SnapshotId, Files]) -> None:
    for one, other in permutations(history.snapshots()[-4:], 2):
        for below in (b"/", b"/d", b"/d/e", b"/many/", b"/a", b"/nowhere"):
            changes = catalogue.changes(one[0], other[0], below)
            if one[1].host != other[1].host:
                assert changes is None
                continue
            assert changes is not None
            shown = [change.path for change in changes]
            expected = _differing(account[one[0]], account[other[0]])
            place = below.rstrip(b"/")
            assert sorted(shown) == sorted(
                path for path in expected if path == place or path.startswith(place + b"/")
            ), (below, one[1].sequence, other[1].sequence)


def _differing(one: Files, other: Files) -> set[bytes]:
    before, after = all_paths(one), all_paths(other)
    found = {path for path in before.keys() | after.keys() if before.get(path, b"-") != after.get(path, b"-")}
    return found | (closed(one) ^ closed(other))


def test_there_is_always_an_answer_or_a_sentence(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.snap({b"f": b"1"})

    def full(*_: object, **__: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("yester.engine.catalogue.keeping.connect", full)
    with Catalogue.open(history) as catalogue, pytest.raises(YesterError, match="no room for the catalogue"):
        catalogue.update()


def test_who_stops_it_while_it_is_made_is_told_just_that() -> None:
    """SQLite ends the transaction itself then, and what was made in it is not there any more."""

    def is_stopped_after(steps: int) -> bool:
        taken = count()
        with closing(connect(None)) as db:
            db.set_progress_handler(lambda: next(taken) == steps, 1)
            try:
                prepare(db, b"r" * 32)
            except sqlite3.Error as error:
                assert is_interrupt(error), error
        return next(taken) > steps

    stops = 0
    while is_stopped_after(stops):
        stops += 10
    assert stops > 100
