"""Bringing the catalogue up to date: what was forgotten goes, each new snapshot comes in one transaction.

A process that is killed loses the snapshot that it was taking in; the next one takes it in again. One process writes at
a time, under a lock of its own beside the file; SQLite's would let two of them do the same work.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from yester.engine.blobs import BlobSource
from yester.engine.catalogue.intake import SnapshotIntake, folded
from yester.engine.catalogue.names import blank_names
from yester.engine.catalogue.schema import has_trigrams, transaction, written
from yester.engine.errors import DamageError
from yester.engine.ids import SnapshotId
from yester.engine.sealed.records import Snapshot
from yester.engine.selection import Listed

_SWEPT_AFTER = 10
"""Snapshots that are forgotten before what only they had is looked for, which reads the whole file."""

Tick = Callable[[int, int, int], None]
"""Told how many snapshots are done, how many there are to do, and of each number of names that were compared."""


def missing(db: sqlite3.Connection, listed: Iterable[Listed]) -> tuple[list[Listed], list[SnapshotId]]:
    """Return the snapshots that the catalogue lacks, oldest first, and those that it has but that are forgotten."""
    known = {SnapshotId(row[0]) for row in db.execute("SELECT sid FROM snapshot")}
    there = dict(listed)
    lacking = [each for each in there.items() if each[0] not in known]
    return sorted(lacking, key=lambda each: (each[1].time_ns, each[0])), sorted(known - there.keys())


def update(
    db: sqlite3.Connection, source: BlobSource, listed: Sequence[Listed], tick: Tick, *, sweeping: bool = False
) -> None:
    """Make the catalogue know exactly these snapshots. sqlite3.Error; and what `source` and `tick` raise.

    With `sweeping`, rows that no snapshot needs any more are removed once there may be many.
    """
    new, forgotten = missing(db, listed)
    if forgotten:
        with transaction(db):
            _forget(db, forgotten)
    with written(db):
        for done, each in enumerate(new):
            tick(done, len(new), 0)
            with transaction(db):
                _take(db, source, each, lambda names, done=done: tick(done, len(new), names))  # type: ignore[misc]
    if sweeping and _about(db, "forgotten") >= max(_SWEPT_AFTER, len(listed) // 2):
        with transaction(db):
            _sweep(db)


def _about(db: sqlite3.Connection, key: str) -> int:
    row = db.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
    return int(row[0]) if row else 0


def _take(db: sqlite3.Connection, source: BlobSource, listed: Listed, tick: Callable[[int], None]) -> None:
    sid, snapshot = listed
    series, applied = _series(db, snapshot)
    intake = SnapshotIntake(db, source, series, applied + 1, tick)
    try:
        intake.run(snapshot.root)
        damaged = len(intake.lost)
    except DamageError:
        damaged = 1
    db.executemany("INSERT INTO lost VALUES (?, ?, ?)", [(sid, *each) for each in intake.lost])
    db.execute("INSERT INTO snapshot VALUES (?, ?, ?, ?)", (sid, series, applied + 1, damaged))
    db.execute("UPDATE series SET applied = ? WHERE id = ?", (applied + 1, series))


def _series(db: sqlite3.Connection, snapshot: Snapshot) -> tuple[int, int]:
    """Return the snapshot's series and its last ordinal. Partial snapshots are one of their own: what such a one has
    not is not deleted."""
    key = (snapshot.host_id, snapshot.profile_id, int(snapshot.partial))
    db.execute("INSERT OR IGNORE INTO series(host_id, profile_id, partial) VALUES (?, ?, ?)", key)
    query = "SELECT id, applied FROM series WHERE host_id = ? AND profile_id = ? AND partial = ?"
    series, applied = db.execute(query, key).fetchone()
    return series, applied


def _forget(db: sqlite3.Connection, forgotten: Sequence[SnapshotId]) -> None:
    for table in ("snapshot", "lost"):
        db.executemany(f"DELETE FROM {table} WHERE sid = ?", [(sid,) for sid in forgotten])
    # A series of which nothing is left begins anew, should it come back. Its rows wait for the next sweep.
    db.execute("DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM snapshot WHERE series = series.id)")
    db.execute("INSERT OR REPLACE INTO about VALUES ('forgotten', ?)", (_about(db, "forgotten") + len(forgotten),))


def _sweep(db: sqlite3.Connection) -> None:
    """Remove states that lie in no snapshot, but for the newest of each path, and paths without any."""
    for table in ("state", "leaf"):
        db.execute(f"DELETE FROM {table} WHERE series NOT IN (SELECT id FROM series)")
    db.execute("CREATE TEMP TABLE dead(path INTEGER, series INTEGER, first INTEGER, next INTEGER)")
    db.execute(
        "INSERT INTO dead SELECT path, series, first, next FROM (SELECT path, series, first, lead(first)"
        " OVER (PARTITION BY path, series ORDER BY first) AS next FROM state) AS e"
        " WHERE next IS NOT NULL AND NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.series = e.series"
        " AND s.ordinal >= e.first AND s.ordinal < next)"
    )
    # What follows is compared with another state from now on.
    db.execute("UPDATE state SET differs = 1 WHERE (path, series, first) IN (SELECT path, series, next FROM dead)")
    db.execute("DELETE FROM state WHERE (path, series, first) IN (SELECT path, series, first FROM dead)")
    db.execute("DROP TABLE dead")
    # A path that begins with its absence was in no snapshot that is left.
    db.execute(
        "DELETE FROM state WHERE mode = 0 AND first = (SELECT min(first) FROM state AS e WHERE e.path = state.path"
        " AND e.series = state.series)"
    )
    lost = "id NOT IN (SELECT path FROM state)"
    names = db.execute(f"SELECT id, name FROM path WHERE {lost}").fetchall()
    blank_names(db, [path for path, _ in names])
    if has_trigrams(db):
        words = "INSERT INTO trigram(trigram, rowid, name) VALUES ('delete', ?, ?)"
        db.executemany(words, [(path, folded(name)) for path, name in names])
    db.execute(f"DELETE FROM path WHERE {lost}")
    db.execute("DELETE FROM about WHERE key = 'forgotten'")


def series_of(db: sqlite3.Connection, listed: Iterable[Listed]) -> Mapping[int, list[tuple[int, Listed]]]:
    """Return the known snapshots among `listed` by series, with their ordinals."""
    there = dict(listed)
    found: dict[int, list[tuple[int, Listed]]] = {}
    for sid, series, ordinal in db.execute("SELECT sid, series, ordinal FROM snapshot ORDER BY series, ordinal"):
        snapshot = there.get(SnapshotId(sid))
        if snapshot is not None:
            found.setdefault(series, []).append((ordinal, (SnapshotId(sid), snapshot)))
    return found
