"""SQLite databases in snapshots, taken while a program writes to them."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.plugins.shipped.conftest import Configure
from tests.tui.cli.conftest import Yester

WRITER = """
import sqlite3, sys, time
base = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
number = 0
while True:
    base.execute("BEGIN IMMEDIATE")
    base.execute("INSERT INTO debit VALUES (?, ?)", (number, "x" * 500))
    base.execute("INSERT INTO credit VALUES (?, ?)", (number, "y" * 500))
    base.execute("COMMIT")
    number += 1
    print(number, flush=True)
    time.sleep(0.002)  # SQLite gives no turns: who writes without a break keeps all others waiting
"""

Write = Callable[[Path], Callable[[], int]]


def make(path: Path, journal: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as base:
        base.execute(f"PRAGMA journal_mode={journal}")
        for name in ("debit", "credit", "old"):
            base.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, text TEXT)")
        base.executemany("INSERT INTO old VALUES (?, ?)", [(n, "z" * 900) for n in range(2000)])
        base.commit()


@pytest.fixture
def write() -> Iterator[Write]:
    """Start a program that writes; what is returned tells how many rows it has committed."""
    writers = []

    def start(path: Path) -> Callable[[], int]:
        process = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
        writers.append(process)
        assert process.stdout is not None
        said = process.stdout
        return lambda: int(said.readline())

    yield start
    for process in writers:
        process.kill()
        process.communicate()


def restored(yester: Yester, path: Path, target: Path) -> Path:
    assert yester("restore", "latest", "--target", target).code == 0
    return target / path.relative_to("/")


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("way", ["backup", "vacuum"])
def test_a_database_that_is_written_to(
    yester: Yester, configure: Configure, home: Path, tmp_path: Path, write: Write, journal: str, way: str
) -> None:
    path = home / "data" / "app [1].sqlite"
    make(path, journal)
    configure("sqlite", f'databases = ["{home}/data/*.sqlite"]', f'way = "{way}"')
    committed = write(path)
    for _ in range(20):
        before = committed()
    done = yester("snap", "data")
    assert (done.code, done.err) == (0, "")
    back = restored(yester, path.with_name(f"{path.name}.snapshot"), tmp_path / "back")
    assert [each.name for each in back.parent.iterdir()] == [back.name], "neither the live one nor its log"
    with closing(sqlite3.connect(back)) as base:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        debits, credits = ([row[0] for row in base.execute(f"SELECT id FROM {t}")] for t in ("debit", "credit"))
        assert base.execute("SELECT count(*) FROM old").fetchone() == (2000,)
    assert debits == credits == list(range(len(debits)))
    assert len(debits) >= before
    assert not [*path.parent.glob("*.snapshot*")], "the copy is gone"


def test_the_copy_is_as_old_as_its_database(yester: Yester, configure: Configure, home: Path, tmp_path: Path) -> None:
    path = home / "data" / "a.db"
    make(path, "wal")
    os.utime(path, ns=(10**18, 10**18))
    configure("sqlite", f'databases = ["{path}"]')
    assert yester("snap", "data").code == 0
    assert restored(yester, path.with_name("a.db.snapshot"), tmp_path / "back").stat().st_mtime_ns == 10**18


def test_what_cannot_be_copied_is_told_and_the_rest_is(
    yester: Yester, configure: Configure, home: Path, tmp_path: Path
) -> None:
    good, bad = home / "data" / "good.db", home / "data" / "bad.db"
    make(good, "wal")
    bad.write_text("no database")
    configure("sqlite", f'databases = ["{home}/data/*.db", "{home}/none.db"]')
    done = yester("snap", "data")
    assert done.code == 0
    assert f"{home}/none.db: there is no such database" in done.err
    assert f"{bad}: it is no SQLite database; the snapshot is taken all the same" in done.err
    back = restored(yester, good.with_name("good.db.snapshot"), tmp_path / "back")
    assert back.with_name("bad.db").read_text() == "no database"
    with closing(sqlite3.connect(back)) as base:
        assert base.execute("SELECT count(*) FROM old").fetchone() == (2000,)


def test_a_locked_database_stops_the_run_where_it_shall(yester: Yester, configure: Configure, home: Path) -> None:
    path = home / "data" / "a.db"
    make(path, "delete")
    configure("sqlite", f'databases = ["{path}"]', 'timeout = "1s"', 'on_failure = "stop"')
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("BEGIN EXCLUSIVE")
        done = yester("snap", "data")
    assert done.code == 1
    assert f"sqlite stops the run: {path}: database is locked" in done.err
    assert [each.name for each in path.parent.iterdir()] == ["a.db"]


def test_a_dry_run_copies_nothing(yester: Yester, configure: Configure, home: Path) -> None:
    path = home / "data" / "a.db"
    make(path, "wal")
    configure("sqlite", f'databases = ["{path}"]')
    assert yester("snap", "data", "--dry-run").code == 0
    assert not path.with_name("a.db.snapshot").exists()
    assert "nothing is done in a dry run" in yester("log").out
