"""The jobs of a repository's archives: a database in this machine's state folder.

What archives hold, and which packs were purged, every machine reads in the repository (engine/archive/holdings.py);
here is only what this machine has asked for, and how far that is. Lost, it loses what was still queued, and nothing
else.

Each change is one transaction, and durable when it returns. A job is *claimed* for a call before the archive is asked,
and *settled* after the repository knows what came of it. So whoever finds a claimed job that nobody works on knows that
a process was killed in between, and asks once more, by the same call. Who claims holds the lock of his kind of work.

Tables: `request` is what a person asked for at one time; `job` has one row for each pack of it. At most one open job of
a kind is about one pack, archive and policy: who asks for it again waits for the same job. `sha1` and `external_ids`
are empty until the archive has said them.
"""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from yester.engine.archive.asked import AT_WORK, COURSES, FIRST, Job, Kind, Outcome, Request, State, Summary, Wanted
from yester.engine.errors import YesterError
from yester.engine.ids import ID_SIZE, PackId, SnapshotId
from yester.engine.places import begun, ensured, unwritable

VERSION = 1
"""Of the tables. A file of a newer version is left alone."""
FILE = "archive.sqlite"
KEPT_NS = 90 * 24 * 3600 * 10**9
"""How long a request is remembered of which nothing is open."""
_WAIT_S = 30.0

_OPEN = " OR ".join(f"(kind='{kind}' AND state IN ('{FIRST[kind]}', '{AT_WORK[kind]}'))" for kind in Kind)
_TABLES = (
    "CREATE TABLE about(key TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE request(id TEXT PRIMARY KEY, kind TEXT NOT NULL, asked_ns INTEGER NOT NULL, about TEXT NOT NULL,"
    " user TEXT NOT NULL, purging INTEGER NOT NULL, snapshots BLOB NOT NULL)",
    "CREATE TABLE job(id INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL REFERENCES request(id),"
    " kind TEXT NOT NULL, state TEXT NOT NULL, pack BLOB NOT NULL, size INTEGER NOT NULL, archive TEXT NOT NULL,"
    " policy TEXT NOT NULL, sha1 TEXT NOT NULL, external_ids TEXT NOT NULL, archive_name TEXT NOT NULL,"
    " purging INTEGER NOT NULL, call TEXT NOT NULL DEFAULT '', words TEXT NOT NULL DEFAULT '',"
    " queued_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL)",
    f"CREATE UNIQUE INDEX job_open ON job(kind, pack, archive, policy) WHERE {_OPEN}",
    "CREATE INDEX job_request ON job(request, state)",
    f"PRAGMA user_version={VERSION}",
)
_COLUMNS = (
    "id, request, kind, state, pack, size, archive, policy, sha1, external_ids, archive_name, purging, call, words,"
    " queued_ns, changed_ns"
)


class Jobs:
    """The jobs of one repository on this machine. Threads may share it; so may processes."""

    def __init__(self, folder: Path) -> None:
        """Open those of the repository whose state folder this is. YesterError: they cannot be kept, or read."""
        self.path = ensured(folder) / FILE
        self._lock = threading.RLock()
        with self._explained():
            begun(self.path)
            self._db = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            with self._explained():
                self._db.execute("PRAGMA journal_mode=WAL")
                # What is settled must not be undone by a power cut: an archive would be asked twice.
                self._db.execute("PRAGMA synchronous=FULL")
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    # Asking for something

    def add(self, request: Request, wanted: Sequence[Wanted]) -> int:
        """Queue a job for each pack; return how many are new. Of what is queued already only the purge is added.

        Such a job is from then on the request's that wants the purge: a pack goes when none but its snapshots need it.
        """
        about = b"".join(request.snapshots)
        with self._changing() as db:
            self._forget(db, request.asked_ns - KEPT_NS)
            db.execute(
                "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?)",
                (request.id, request.kind, request.asked_ns, request.about, request.user, request.is_purging, about),
            )
            rows = [_row_of(request, each) for each in wanted]
            last = db.execute("SELECT coalesce(max(id), 0) FROM job").fetchone()[0]
            db.executemany(
                "INSERT INTO job(request, kind, state, pack, size, archive, policy, sha1, external_ids,"
                " archive_name, purging, queued_ns, changed_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                f" ON CONFLICT(kind, pack, archive, policy) WHERE {_OPEN}"
                " DO UPDATE SET request=CASE WHEN excluded.purging > purging THEN excluded.request ELSE request END,"
                " purging=max(purging, excluded.purging)",
                rows,
            )
            new: int = db.execute("SELECT count(*) FROM job WHERE id > ?", (last,)).fetchone()[0]
            db.execute("DELETE FROM request WHERE id NOT IN (SELECT request FROM job)")
        return new

    def cancel(self, request: str = "") -> int:
        """Take back what no archive was asked for yet, of one request or of all; return of how many packs.

        What was archived and was to be purged stays archived, and online.
        """
        with self._changing() as db:
            count = 0
            for kind in Kind:
                kept = (kind, FIRST[kind], request, request)
                after = ("state=?, purging=0", (State.CANCELLED,)) if kind is not Kind.PURGE else _UNPURGED
                where = "kind=? AND state=? AND (?='' OR request=?)"
                count += db.execute(f"UPDATE job SET {after[0]} WHERE {where}", (*after[1], *kept)).rowcount
        return count

    def retry(self, request: str = "") -> list[int]:
        """Queue again what failed, of one request or of all; return which jobs. A purge begins with reading back."""
        with self._changing() as db:
            again = db.execute(
                "SELECT id, kind FROM job WHERE state=? AND (?='' OR request=?) ORDER BY id DESC",
                (State.FAILED, request, request),
            ).fetchall()
            return [id for id, kind in again if _queue(db, id, Kind(kind))]

    def copy_again(self, jobs: Sequence[Job]) -> list[int]:
        """Queue purges that failed to be archived anew and purged then; return which."""
        with self._changing() as db:
            return [job.id for job in jobs if _queue(db, job.id, Kind.ARCHIVE, is_purging=True)]

    # Working on it

    def waiting(self, kind: Kind) -> list[Job]:
        """Return the jobs of a kind that wait to be done, in the order in which they were asked for."""
        return self._jobs("kind=? AND state=?", (kind, FIRST[kind]))

    def broken_off(self, kind: Kind) -> list[Job]:
        """Return the jobs of a kind that are in a call: for who holds the lock, those whose process was killed."""
        return self._jobs("kind=? AND state=?", (kind, AT_WORK[kind]))

    def claim(self, jobs: Sequence[Job], call: str, now_ns: int) -> list[Job]:
        """Note that an archive is about to be asked, by a call of this id; return the jobs that still want it."""
        with self._changing() as db:
            for job in jobs:
                assert AT_WORK[job.kind] in COURSES[job.kind][job.state]
                db.execute(
                    "UPDATE job SET state=?, call=?, changed_ns=? WHERE id=? AND kind=? AND state=?",
                    (AT_WORK[job.kind], call, now_ns, job.id, job.kind, job.state),
                )
        return [job for job in self._jobs("call=?", (call,)) if job.state is AT_WORK[job.kind]]

    def settle(self, jobs: Sequence[Job], outcomes: Iterable[Outcome], now_ns: int) -> None:
        """Note what became of the jobs of a call, all at once; what is archived and to be purged goes on to that."""
        kinds = {job.id: job for job in jobs}
        with self._changing() as db:
            for each in outcomes:
                job = kinds[each.job]
                assert each.state in COURSES[job.kind][job.state]
                purges = job.kind is Kind.ARCHIVE and each.state is State.ARCHIVED
                db.execute(
                    "UPDATE job SET state=?, words=?, changed_ns=?, external_ids=coalesce(nullif(?, '[]'),"
                    " external_ids), sha1=coalesce(nullif(?, ''), sha1) WHERE id=?",
                    (each.state, each.words, now_ns, json.dumps(each.external_ids), each.sha1, each.job),
                )
                if purges:
                    # Whether it is to be purged may have been asked for meanwhile. One to purge may be open already.
                    db.execute("UPDATE OR IGNORE job SET kind=? WHERE id=? AND purging", (Kind.PURGE, each.job))

    def note(self, jobs: Sequence[Job], words: str) -> None:
        """Note why nothing was done for jobs that wait, in words."""
        with self._changing() as db:
            db.executemany("UPDATE job SET words=? WHERE id=?", [(words, job.id) for job in jobs])

    def note_asked(self, kind: Kind, now_ns: int) -> None:
        """Note that archives were asked for all that waits of a kind."""
        with self._changing() as db:
            db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (f"asked {kind}", now_ns))

    def last_asked_ns(self, kind: Kind) -> int:
        """Return when archives were last asked for all that waits of a kind; 0: never."""
        with self._reading() as db:
            found = db.execute("SELECT value FROM about WHERE key=?", (f"asked {kind}",)).fetchone()
        return int(found[0]) if found else 0

    # Looking at it

    def summaries(self) -> list[Summary]:
        """Return all requests, newest first."""
        with self._reading() as db:
            requests = db.execute("SELECT * FROM request ORDER BY asked_ns DESC, id").fetchall()
            counts = db.execute(
                f"SELECT request, state, archive_name, count(*), sum(size), sum({_OPEN}) FROM job"
                " GROUP BY request, state, archive_name"
            ).fetchall()
            said = db.execute(
                f"SELECT DISTINCT request, words FROM job WHERE words!='' AND (state='failed' OR {_OPEN}) ORDER BY id"
            ).fetchall()
        return [_summary(_request(row), counts, said) for row in requests]

    def request(self, id: str) -> Request:
        """Return one request, which is there."""
        with self._reading() as db:
            return _request(db.execute("SELECT * FROM request WHERE id=?", (id,)).fetchone())

    def jobs_of(self, request: str) -> list[Job]:
        """Return the jobs of one request."""
        return self._jobs("request=?", (request,))

    def failed(self, kind: Kind) -> list[Job]:
        """Return the jobs of a kind that failed and are the last about their pack, archive and policy."""
        last = "SELECT max(id) FROM job WHERE kind=? GROUP BY pack, archive, policy"
        return self._jobs(f"state=? AND id IN ({last})", (State.FAILED, kind))

    def last(self, kind: Kind, packs: Collection[PackId]) -> list[Job]:
        """Return the job of a kind that changed last, of each of these packs that has one."""
        of = {job.wanted.pack: job for job in sorted(self._jobs("kind=?", (kind,)), key=lambda job: job.changed_ns)}
        return [of[pack] for pack in packs if pack in of]

    def open_jobs(self) -> list[Job]:
        """Return all jobs for which something is still to be done."""
        return self._jobs(_OPEN, ())

    def _jobs(self, where: str, values: Sequence[object]) -> list[Job]:
        with self._reading() as db:
            return [_job(row) for row in db.execute(f"SELECT {_COLUMNS} FROM job WHERE {where} ORDER BY id", values)]

    # The file

    def _prepare(self) -> None:
        [found] = self._db.execute("PRAGMA user_version").fetchone()
        if found > VERSION:
            raise YesterError(f"{self.path} was written by a newer yester", hint="Upgrade yester on this machine.")
        if found < VERSION:
            with self._changing() as db:
                if db.execute("PRAGMA user_version").fetchone() == (0,):
                    for statement in _TABLES:
                        db.execute(statement)

    def _forget(self, db: sqlite3.Connection, before_ns: int) -> None:
        """Forget the jobs of requests of long ago of which nothing is open."""
        gone = f"SELECT id FROM request WHERE asked_ns < ? AND id NOT IN (SELECT request FROM job WHERE {_OPEN})"
        db.execute(f"DELETE FROM job WHERE request IN ({gone})", (before_ns,))

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """Give the database for one transaction."""
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            yield self._db

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """YesterError for what keeps the file from being read or written."""
        try:
            yield
        except OSError as error:
            raise unwritable(self.path, error) from None
        except sqlite3.OperationalError as error:
            raise YesterError(f"{self.path}: {error}", hint="Is the disk full, or another yester stopped?") from None
        except sqlite3.DatabaseError as error:
            raise YesterError(
                f"{self.path} is damaged: {error}",
                hint="Move it away: what archives hold is known to the repository, only what was queued is lost.",
            ) from None


_UNPURGED = ("kind=?, state=?, purging=0", (Kind.ARCHIVE, State.ARCHIVED))


def _queue(db: sqlite3.Connection, id: int, kind: Kind, *, is_purging: bool = False) -> bool:
    """Let a job begin again as one of a kind; return whether it does: one that is open is not to be there twice."""
    with suppress(sqlite3.IntegrityError):
        db.execute(
            "UPDATE job SET kind=?, state=?, call='', words='', purging=max(purging, ?) WHERE id=?",
            (kind, FIRST[kind], is_purging, id),
        )
        return True
    return False


def _row_of(request: Request, wanted: Wanted) -> tuple[object, ...]:
    ids = json.dumps(wanted.external_ids)
    start = (request.id, request.kind, FIRST[request.kind], wanted.pack, wanted.size, wanted.archive, wanted.policy)
    is_purging = request.is_purging and not wanted.stays
    more = (wanted.archive_name, is_purging, request.asked_ns, request.asked_ns)
    return (*start, wanted.sha1, ids, *more)


def _request(row: Sequence[Any]) -> Request:
    id, kind, asked_ns, about, user, purging, snapshots = row
    sids = tuple(SnapshotId(snapshots[at : at + ID_SIZE]) for at in range(0, len(snapshots), ID_SIZE))
    return Request(id, Kind(kind), asked_ns, about, user, bool(purging), sids)


def _job(row: Sequence[Any]) -> Job:
    id, request, kind, state, pack, size, archive, policy, sha1, ids, name, purging, *rest = row
    wanted = Wanted(PackId(pack), size, archive, policy, sha1, tuple(json.loads(ids)), name)
    return Job(id, request, Kind(kind), State(state), wanted, bool(purging), *rest)


def _summary(request: Request, counts: Sequence[Sequence[Any]], said: Sequence[Sequence[Any]]) -> Summary:
    mine = [row[1:] for row in counts if row[0] == request.id]
    states: dict[State, int] = {}
    for state, _, number, *_ in mine:
        states[State(state)] = states.get(State(state), 0) + number
    return Summary(
        request,
        states,
        open=sum(row[4] for row in mine),
        size=sum(row[3] for row in mine),
        archives=tuple(dict.fromkeys(row[1] for row in mine)),
        words=tuple(words for id, words in said if id == request.id),
    )
