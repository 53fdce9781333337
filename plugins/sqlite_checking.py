"""SQLite databases as files: which they are, what belongs to them, and whether one is sound."""

import sqlite3
from contextlib import closing
from pathlib import Path

MAGIC = b"SQLite format 3\0"
COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; only together with the right one of these a database file is whole."""


def is_database(path: Path) -> bool:
    """Whether a file is an SQLite database; one that nothing was written into yet is not."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def damage_in(path: Path) -> str:
    """Return the first thing that SQLite finds wrong in a database, which it reads whole; empty when it is sound."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
    except sqlite3.Error as problem:
        return str(problem)
    if found == ["ok"]:
        return ""
    return " ".join(str(found[0]).split()) if found else "integrity_check says nothing"
