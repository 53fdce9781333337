"""A made-up home of a Kolibri: the files and databases that a real one has, and a process that learns all day."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

DATABASES = ("db", "syncqueue", "notifications", "networklocation", "job_storage")

LEARNING = """
import sqlite3, sys
home, number = sys.argv[1], 0
main = sqlite3.connect(home + "/db.sqlite3", timeout=100)
queue = sqlite3.connect(home + "/syncqueue.sqlite3", timeout=100)
number = main.execute("SELECT coalesce(max(id), 0) FROM logger_attemptlog").fetchone()[0]
while True:
    number += 1
    with main:  # both tables, or none
        main.execute("INSERT INTO logger_attemptlog VALUES (?, ?)", (number, "answer " * 40))
        main.execute("UPDATE logger_masterylog SET attempts = ?", (number,))
    with queue:
        queue.execute("INSERT INTO entry VALUES (?, ?)", (number, "x" * 100))
    print(number, flush=True)
"""

OLD_IDENTITY = "0" * 31 + "1"


def make(home: Path) -> Path:
    """Make a home, with a channel and all that shall not be taken."""
    home.mkdir(parents=True)
    with closing(sqlite3.connect(home / "db.sqlite3")) as main:
        main.execute("PRAGMA journal_mode=WAL")
        with main:
            main.executescript(
                f"""
                CREATE TABLE kolibriauth_facilityuser (id TEXT PRIMARY KEY, username TEXT);
                INSERT INTO kolibriauth_facilityuser VALUES ('a1', 'amina'), ('b2', 'björn');
                CREATE TABLE logger_attemptlog (id INTEGER PRIMARY KEY, answer TEXT);
                CREATE TABLE logger_masterylog (attempts INTEGER);
                INSERT INTO logger_masterylog VALUES (0);
                CREATE TABLE morango_databaseidmodel (
                    id CHAR(32) NOT NULL PRIMARY KEY, current BOOL NOT NULL, date_generated DATETIME NOT NULL,
                    initial_instance_id VARCHAR(32) NOT NULL);
                INSERT INTO morango_databaseidmodel VALUES ('{OLD_IDENTITY}', 1, '2025-01-01 00:00:00', '');
                """
            )
    for name in DATABASES[1:]:
        with closing(sqlite3.connect(home / f"{name}.sqlite3")) as database, database:
            database.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, content TEXT)")
    files = {
        "options.ini": "[Deployment]\nHTTP_PORT = 8080\n",
        "plugins.json": '{"INSTALLED_PLUGINS": ["kolibri.plugins.learn"]}',
        "logs/kolibri.txt": "INFO hello\n",
        "logs/archive/kolibri-2025.txt": "INFO old\n",
        "backups/db-v0.17.0_2025-01-01_00-00-00.dump": "BEGIN TRANSACTION;\n",
        "media/logo.png": "PNG",
        "content/databases/5f2d.sqlite3": "a channel",
        "content/storage/a/b/ab12.mp4": "a video",
        "process_cache/x.cache": "x",
        "static/app.js": "x",
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return home


@contextmanager
def at_work(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Let people learn: a process that commits as fast as it can, and says the number of each commit."""
    with subprocess.Popen([sys.executable, "-c", LEARNING, home], stdout=subprocess.PIPE, bufsize=0) as process:
        try:
            yield process
        finally:
            process.kill()


def committed(process: "subprocess.Popen[bytes]", more: int = 20) -> int:
    """Return the number of a commit, some commits on."""
    assert process.stdout is not None
    return [int(process.stdout.readline()) for _ in range(more)][-1]


def learned(home: Path) -> int:
    """Return how many attempts are in the default database, which must be whole."""
    for name in DATABASES:
        with closing(sqlite3.connect(home / f"{name}.sqlite3")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with closing(sqlite3.connect(home / "db.sqlite3")) as main:
        rows = [row[0] for row in main.execute("SELECT id FROM logger_attemptlog ORDER BY id")]
        [(attempts,)] = main.execute("SELECT attempts FROM logger_masterylog")
        assert rows == list(range(1, attempts + 1)), "no commit in halves, and none is missing"
        users = {row[0] for row in main.execute("SELECT username FROM kolibriauth_facilityuser")}
        assert users == {"amina", "björn"}
    return len(rows)


def identities(home: Path) -> list[tuple[str, int]]:
    """Return the identities that the device has had, the current one last."""
    with closing(sqlite3.connect(home / "db.sqlite3")) as main:
        return list(main.execute("SELECT id, current FROM morango_databaseidmodel ORDER BY current"))
