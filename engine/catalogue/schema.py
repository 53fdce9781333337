"""The catalogue's file: its tables, and opening it or throwing it away.

`path` has every path once, whatever snapshots hold it. `state` says what a path was from a snapshot of a series on
(`first`, an ordinal), until the path's next state in that series; mode 0 means that it was not there. So a snapshot
costs rows for what changed in it and nothing for what did not, and forgetting one costs one row of `snapshot`: a state
counts only where a snapshot that is still there lies in it. Ordinals count the snapshots of a series as the catalogue
met them, which need not be as they were taken.

`differs` is 0 where a folder's own attributes are as before and only what is in it is not, which is so of half of all
rows and nothing that a comparison shows; and in the first snapshot of a series, which has none before it to be compared
with. Where it is in doubt, it is 1.

`names` has the names once more, as text to search (names.py).

The number of a series is never used again: states of one that is gone stay until they are swept up.

`leaf` knows the nodes of large directories, so that a name more in a million is found without comparing the million.
`lost` names the nodes that could not be read when a snapshot was taken in. Once one can be read (its pack was put
back), only making the file anew brings what was left out.

`chunks` has the blobs of files of several (`du` adds up what they take); no row: `content` is the one blob itself.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from yester.engine.places import begun

VERSION = 3
"""Raised with any change to tables or to what is put into them: a file of another version is made anew."""

_CACHE_KIB = 4 << 10
"""For questions: what each reads is read once, and filling a larger cache takes longer than asking the kernel again."""
_WRITING_CACHE_KIB = 48 << 10
_WAIT_S = 30.0

_TABLES = (
    "CREATE TABLE about(key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE series(id INTEGER PRIMARY KEY AUTOINCREMENT, host_id BLOB NOT NULL, profile_id BLOB NOT NULL,"
    " partial INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0, UNIQUE(host_id, profile_id, partial))",
    "CREATE TABLE snapshot(sid BLOB PRIMARY KEY, series INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
    " damaged INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE lost(sid BLOB NOT NULL, kind INTEGER NOT NULL, blob BLOB NOT NULL)",
    "CREATE UNIQUE INDEX snapshot_place ON snapshot(series, ordinal)",
    "CREATE TABLE owner(id INTEGER PRIMARY KEY, uid INTEGER, gid INTEGER, user BLOB, team BLOB,"
    " UNIQUE(uid, gid, user, team))",
    "CREATE TABLE path(id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name BLOB NOT NULL, newest INTEGER NOT NULL)",
    "CREATE UNIQUE INDEX path_name ON path(parent, name)",
    "CREATE INDEX path_newest ON path(newest)",
    "CREATE TABLE names(first INTEGER PRIMARY KEY, joined BLOB NOT NULL)",
    "CREATE TABLE state(path INTEGER NOT NULL, series INTEGER NOT NULL, first INTEGER NOT NULL,"
    " mode INTEGER NOT NULL, owner INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
    " content BLOB NOT NULL, extra BLOB, differs INTEGER NOT NULL, PRIMARY KEY(path, series, first)) WITHOUT ROWID",
    # `differs` is in it so that asking for it does not read the row.
    "CREATE INDEX state_change ON state(series, first, path, differs) WHERE differs = 1",
    "CREATE TABLE leaf(path INTEGER NOT NULL, series INTEGER NOT NULL, name BLOB NOT NULL, node BLOB NOT NULL,"
    " PRIMARY KEY(path, series, name)) WITHOUT ROWID",
    "CREATE TABLE chunks(content BLOB PRIMARY KEY, ids BLOB NOT NULL) WITHOUT ROWID",
)
_TRIGRAM = (
    "CREATE VIRTUAL TABLE trigram USING"
    " fts5(name, content='', detail=none, columnsize=0, tokenize='trigram case_sensitive 1')"
)
_TRIGRAMS_AT_ONCE = 8 << 20
"""Bytes of them that are held before they are written: eight times the usual, which saves a third of the work."""


class Stale(Exception):
    """The file is of another version or repository, or damaged: it is to be made anew. Never leaves the package."""


def connect(path: Path | None, *, writable: bool = True) -> sqlite3.Connection:
    """Open a file, or with None one that nobody else sees and that vanishes with the connection.

    sqlite3.Error when that fails. Threads may share the connection, one at a time; `interrupt` may come from any.
    """
    if path is None:
        place = ""
    else:
        # `immutable`: a reader in a folder that is read-only can make none of the files that a shared one needs.
        place = f"{path.absolute().as_uri()}?mode={'rwc' if writable else 'ro&immutable=1'}"
        if writable:
            begun(path)
    db = sqlite3.connect(place, timeout=_WAIT_S, isolation_level=None, check_same_thread=False, uri=path is not None)
    try:
        db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        db.execute("PRAGMA temp_store=FILE")
        if path is None:
            db.execute("PRAGMA synchronous=OFF")
        elif writable:
            # Readers go on while a snapshot is taken in, and after a power cut the file is as it was.
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def written(db: sqlite3.Connection) -> Iterator[None]:
    """Hold more of the file in memory while snapshots are taken in."""
    db.execute(f"PRAGMA cache_size=-{_WRITING_CACHE_KIB}")
    try:
        yield
    finally:
        db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Change the file in one transaction, which leaves nothing behind when the block fails."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has ended it already where it was interrupted.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def prepare(db: sqlite3.Connection, repository: bytes) -> None:
    """Make the tables where there are none; Stale when those that are there are not those of this repository."""
    if not _names(db):
        _create(db, repository)
        return
    try:
        about = dict(db.execute("SELECT key, value FROM about"))
    except sqlite3.DatabaseError as error:
        raise Stale(str(error)) from None
    if about.get("version") != VERSION or about.get("repository") != repository:
        raise Stale("another version or repository")


def _names(db: sqlite3.Connection) -> Sequence[object]:
    try:
        return db.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise Stale(str(error)) from None


def _create(db: sqlite3.Connection, repository: bytes) -> None:
    with transaction(db):
        if _names(db):
            return
        for statement in _TABLES:
            db.execute(statement)
        try:
            db.execute(_TRIGRAM)
            db.execute("INSERT INTO trigram(trigram, rank) VALUES ('hashsize', ?)", (_TRIGRAMS_AT_ONCE,))
        except sqlite3.OperationalError as error:
            # Without full-text search, or before its trigrams (3.34), names are searched one by one.
            if is_interrupt(error):
                raise
        db.executemany("INSERT INTO about VALUES (?, ?)", [("version", VERSION), ("repository", repository)])


def has_trigrams(db: sqlite3.Connection) -> bool:
    """Whether names can be looked up by three characters in a row."""
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'trigram'").fetchone())


def throw_away(path: Path) -> None:
    """Remove the file and what SQLite keeps beside it."""
    for suffix in ("-wal", "-shm", ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def is_interrupt(error: sqlite3.Error) -> bool:
    """Whether a query ended because somebody wanted it to."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def checkpoint(db: sqlite3.Connection) -> None:
    """Give back the room of the log, unless someone reads."""
    with suppress(sqlite3.OperationalError), closing(db.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as answer:
        answer.fetchall()
