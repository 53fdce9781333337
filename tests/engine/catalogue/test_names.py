"""All names as text, against looking at each."""

import sqlite3
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from yester.engine.catalogue.names import ROOT, add_names, blank_names, containing, next_id
from yester.engine.catalogue.schema import connect, prepare

PARTS = ["a", "A", "ab", "ß", "ss", "S", "\udcff", "é", "文档", "aa", "b", ""]
some_names = st.lists(
    st.lists(st.sampled_from([b"a", b"b", b"A", "ß".encode(), b"\xff", "é".encode(), "文档".encode()])).map(b"".join),
    max_size=12,
)


def kept(batches: list[list[bytes]]) -> sqlite3.Connection:
    db = connect(None)
    prepare(db, bytes(32))
    for batch in batches:
        add_names(db, batch)
    return db


def text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


@given(st.lists(some_names, max_size=4), st.sets(st.integers(0, 40)), st.integers(1, 5))
def test_finds_what_looking_at_each_finds(batches: list[list[bytes]], swept: set[int], chunk: int) -> None:
    names = [name for batch in batches for name in batch]
    with mock.patch("yester.engine.catalogue.names.CHUNK", chunk):
        db = kept(batches)
        assert next_id(db) == ROOT + len(names)
        gone = {number for number in swept if number < len(names)}
        blank_names(db, [ROOT + number for number in gone])
        names = [b"" if number in gone else name for number, name in enumerate(names)]
        for part in filter(None, PARTS):
            for ignore_case, fold in ((False, str), (True, str.casefold)):
                looked = [(ROOT + number, name, fold(text(name))) for number, name in enumerate(names)]
                found = list(containing(db, [part], ignore_case=ignore_case))
                assert found == [(id, name) for id, name, folded in looked if fold(part) in folded]
                found = list(containing(db, [part], ignore_case=ignore_case, whole=True))
                assert found == [(id, name) for id, name, folded in looked if fold(part) == folded]
                found = list(containing(db, [part, "a"], ignore_case=ignore_case))
                assert found == [(id, name) for id, name, folded in looked if "a" in folded.partition(fold(part))[2]]
    db.close()


def test_names_go_on_in_the_last_row() -> None:
    with mock.patch("yester.engine.catalogue.names.CHUNK", 3):
        db = kept([[b"", b"a"], [b"b", b"c", b"d", b"e", b"f"], [], [b"g"]])
        rows = db.execute("SELECT first, joined FROM names ORDER BY first").fetchall()
        assert rows == [(1, b"\0\0a\0b\0"), (4, b"\0c\0d\0e\0"), (7, b"\0f\0g\0")]
    db.close()
