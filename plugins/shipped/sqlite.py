"""Copy SQLite databases as they are at one moment, also while programs write to them, and take the copies."""

import glob
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import ClassVar

from yester.engine.events import RunBegin
from yester.plugins.native import AskError, Option
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.resting import KEEP, ON_FAILURE, Resting
from yester.plugins.sqlite_checking import COMPANIONS, damage_in, is_database


class Sqlite(Resting):
    """Take SQLite databases as they are at one moment, also while programs write to them."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "databases": Option("path_list", [], "The databases; * and ** stand for names."),
        "way": Option("option", "backup", "By SQLite's backup, or compacted by VACUUM INTO.", ("backup", "vacuum")),
        "suffix": Option("string", ".snapshot", "What is added to a database's name for the copy beside it."),
        "keep": KEEP,
        "timeout": Option("seconds", 60, "How long a program may hold the database locked."),
        "on_failure": ON_FAILURE,
    }

    def rest(self, event: RunBegin) -> None:
        """Copy them all; what is wrong with one does not keep the others from it."""
        if not self.options["databases"]:
            raise Failed("no database is named (databases)")
        if not self.options["suffix"] or "/" in self.options["suffix"]:
            raise Failed("what is added to a name must be some of it (suffix)")
        problems: list[str] = []
        for database in self._found(problems):
            try:
                self._copy(database, event)
            except (sqlite3.Error, Failed, AskError, OSError) as problem:
                problems.append(f"{database}: {problem}")
        if problems:
            self._complain("; ".join(problems))

    def _found(self, problems: list[str]) -> list[Path]:
        """Return the databases that the patterns name, none of them twice."""
        found: dict[Path, None] = {}
        for pattern in self.options["databases"]:
            others = (self.options["suffix"], *COMPANIONS)
            paths = [path for path in sorted(glob.glob(pattern, recursive=True)) if not path.endswith(others)]
            found.update(dict.fromkeys(Path(path).resolve() for path in paths if os.path.isfile(path)))
            if not paths:
                problems.append(f"{pattern}: there is no such database")
        return [*found]

    def _complain(self, text: str) -> None:
        """Say what is wrong with some; the copies of the others stay for the run."""
        if self.options["on_failure"] == "stop":
            raise Failed(text)
        self.say(f"{text}; the snapshot is taken all the same", "error")

    def _copy(self, database: Path, event: RunBegin) -> None:
        if not str(database).isprintable():
            raise Failed("a plugin can only take what has a name of printable text")
        if not is_database(database):
            raise Failed("it is no SQLite database")
        copy = database.with_name(database.name + self.options["suffix"])
        fresh = copy.with_name(f"{copy.name}-new")
        gone = [fresh] if self.options["keep"] else [fresh, copy]
        self.promise(["rm", "-f", "--", *map(str, gone)], f"remove {copy}")
        fresh.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        mtime_ns = _written_ns(database)
        _WAYS[self.options["way"]](database, fresh, self.options["timeout"])
        damage = damage_in(fresh)
        if damage:
            self.say(f"The database {database} is damaged ({damage}); older snapshots may have it whole", "warning")
        shutil.copymode(database, fresh)
        os.utime(fresh, ns=(mtime_ns, mtime_ns))
        if os.geteuid() == 0:
            status = database.stat()
            os.chown(fresh, status.st_uid, status.st_gid)
        fresh.replace(copy)
        self.add_source(copy)
        for beside in ("", *COMPANIONS):
            self.leave_out(Path(f"{database}{beside}"), event)
        self.log(f"{database} is copied")


def _written_ns(database: Path) -> int:
    """Return when something was written last to a database or its log."""
    times = [database.stat().st_mtime_ns]
    with suppress(FileNotFoundError):
        times.append(Path(f"{database}-wal").stat().st_mtime_ns)
    return max(times)


def _by_backup(database: Path, copy: Path, timeout_s: float) -> None:
    with closing(_opened(database, timeout_s)) as source, closing(sqlite3.connect(copy)) as target:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchall()  # a lock that is waited for, not for ever
        source.backup(target)  # in one step: whoever writes meanwhile does not make it begin again


def _by_vacuum(database: Path, copy: Path, timeout_s: float) -> None:
    with closing(_opened(database, timeout_s)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))


def _opened(database: Path, timeout_s: float) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=timeout_s, isolation_level=None)


_WAYS: Mapping[str, Callable[[Path, Path, float], None]] = {"backup": _by_backup, "vacuum": _by_vacuum}
