"""Which files are SQLite databases, and which are sound."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from yester.plugins.sqlite_checking import damage_in, is_database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a ?#%.db"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, padding TEXT)")
        opened.executemany("INSERT INTO t VALUES (?, ?)", [(row, "x" * 900) for row in range(200)])
    return path


def test_a_sound_one(database: Path) -> None:
    assert is_database(database)
    assert damage_in(database) == ""


def test_a_page_that_was_overwritten(database: Path) -> None:
    with open(database, "r+b") as file:
        file.seek(4096 * 8)
        file.write(b"\xee" * 4096 * 20)
    assert is_database(database)
    words = damage_in(database)
    assert words and "\n" not in words


def test_what_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no database at all, by any means")
    assert not any(is_database(tmp_path / name) for name in ("empty", "text", "gone"))
    assert damage_in(tmp_path / "text") == "file is not a database"
    assert "unable to open" in damage_in(tmp_path / "gone")
    assert not (tmp_path / "gone").exists()
