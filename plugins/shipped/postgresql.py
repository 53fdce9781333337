"""Take a PostgreSQL database so that it can be opened again: by a dump, a base backup, or while it is stopped."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from yester.engine.events import RunBegin
from yester.plugins.native import Option
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.managers import manager_of
from yester.plugins.quiescing.postgres import Server, base_backup, elsewhere, program, psql_words
from yester.plugins.quiescing.programs import as_user, run
from yester.plugins.quiescing.resting import FOLDER, KEEP, ON_FAILURE, TIMEOUT, Resting
from yester.plugins.quiescing.sessions import Session


class Postgresql(Resting):
    """Take a PostgreSQL database so that it can be opened again."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "way": Option("option", "dump", "How: dump, backup or stop.", ("dump", "backup", "stop")),
        "databases": Option("list", [], "Dump these, each to a file; none: everything, in one."),
        "host": Option("string", "", "Host, or folder of the socket."),
        "port": Option("port", None, "Port."),
        "user": Option("string", "", "Role to connect as."),
        "passfile": Option("path", "", "File with the password, as ~/.pgpass."),
        "system_user": Option("string", "", "User of the system whose work it is, such as postgres; for root."),
        "data": Option("path", "", "The data folder."),
        "service": Option("string", "", "The service to stop; with data alone pg_ctl stops the server."),
        "log": Option("path", "", "Where a server that pg_ctl starts again writes what it says."),
        "programs": Option("path", "", "Folder of PostgreSQL's programs."),
        "folder": FOLDER,
        "keep": KEEP,
        "timeout": TIMEOUT,
        "on_failure": ON_FAILURE,
    }

    def rest(self, event: RunBegin) -> None:
        """Do it in the way that was chosen."""
        ways: Mapping[str, Callable[[RunBegin], None]] = {
            "dump": self._dump,
            "backup": self._backup,
            "stop": self._stop,
        }
        ways[self.options["way"]](event)

    def _dump(self, event: RunBegin) -> None:
        folder, names = self.copy_folder(event), self.options["databases"]
        first = folder / ("globals.sql" if names else "all.sql")
        self._dumped(first, "", "pg_dumpall", *(["--globals-only"] if names else []))
        files = {folder / f"{quote(name, safe=' ')}.dump": name for name in names}
        for file, name in files.items():
            self._dumped(file, name, "pg_dump", "--format=custom", "--compress=0")
        self.take_dumps([first, *files], event)

    def _dumped(self, file: Path, database: str, name: str, *words: str) -> None:
        """Let a program write a file, which is there whole or not at all."""
        fresh = file.with_name(f"{file.name}-new")
        command = as_user(self.options["system_user"], [self._program(name), "--no-password", *words])
        with open(fresh, "wb") as output:
            run(
                command,
                timeout_s=self.options["timeout"],
                environment=self._environment(database),
                into=output,
            ).well()
        fresh.replace(file)
        self.log(f"{database or 'all'}: dumped, {file.stat().st_size} bytes")

    def _backup(self, event: RunBegin) -> None:
        words = as_user(self.options["system_user"], psql_words(self._program("psql")))
        with Session(words, self._environment("postgres"), self.options["timeout"]) as session:
            data = Path(self.options["data"] or session.ask("SHOW data_directory")[0])
            copy = self.copy_folder(event) / "data"
            copy.mkdir(mode=0o700, exist_ok=True)
            base_backup(session, data, copy)
        self.take_instead(data, copy)
        self.log(f"{data} is copied")

    def _stop(self, event: RunBegin) -> None:
        if self.options["service"] or not self.options["data"]:
            self.stop_service(manager_of(self.options["service"] or "postgresql"))
            if self.options["data"]:
                self._take(Path(self.options["data"]))
            return
        data = Path(self.options["data"])
        server = Server.of(data, self._program("pg_ctl"), self.options["system_user"], self.options["log"])
        if not server.runs():
            self.log(f"no server runs on {data}")
            return
        self.promise(server.start(), f"start the server of {data}")
        server.stop(self.options["timeout"])
        self._take(data)
        self.log(f"the server of {data} is stopped")

    def _take(self, data: Path) -> None:
        """Let the snapshot hold a data folder, and what of it lies elsewhere."""
        for folder in (data, *elsewhere(data)):
            self.add_source(folder)

    def _program(self, name: str) -> str:
        return program(name, self.options["programs"], self.options["data"])

    def _environment(self, database: str) -> dict[str, str]:
        """Return how to connect, for programs of libpq; a password comes from a file, and is never seen here."""
        said = {
            "PGDATABASE": database,
            "PGHOST": self.options["host"],
            "PGPORT": str(self.options["port"] or ""),
            "PGUSER": self.options["user"],
            "PGPASSFILE": self.options["passfile"],
        }
        if self.options["passfile"] and not Path(self.options["passfile"]).exists():
            raise Failed(f"{self.options['passfile']} is not there (passfile)")
        return {"PGCONNECT_TIMEOUT": "30", "PGAPPNAME": "yester", **{name: text for name, text in said.items() if text}}
