"""Take a MariaDB or MySQL database so that it can be opened again: by a dump, a copy, or while it is stopped."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from yester.engine.events import RunBegin
from yester.plugins.native import Option
from yester.plugins.quiescing.managers import manager_of
from yester.plugins.quiescing.mariadb import connecting, elsewhere, locked_copy, program
from yester.plugins.quiescing.programs import as_user, run
from yester.plugins.quiescing.resting import FOLDER, KEEP, ON_FAILURE, TIMEOUT, Resting
from yester.plugins.quiescing.sessions import Session

_DUMP = ("--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob", "--no-tablespaces")


class Mariadb(Resting):
    """Take a MariaDB or MySQL database so that it can be opened again."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "way": Option("option", "dump", "How: dump, backup or stop.", ("dump", "backup", "stop")),
        "databases": Option("list", [], "Dump these, each to a file; none: everything, in one."),
        "host": Option("string", "", "Host."),
        "port": Option("port", None, "Port."),
        "socket": Option("path", "", "Socket."),
        "user": Option("string", "", "User to connect as."),
        "defaults_file": Option("path", "", "File with the password, as ~/.my.cnf."),
        "system_user": Option("string", "", "User of the system whose work it is, such as mysql; for root."),
        "data": Option("path", "", "The data folder; by default what the server says."),
        "service": Option("string", "mariadb", "The service to stop."),
        "folder": FOLDER,
        "keep": KEEP,
        "lock_timeout": Option("seconds", 60, "How long backup waits for those who write to end what they began."),
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
        folder = self.copy_folder(event)
        names = self.options["databases"]
        files = {folder / f"{quote(name, safe=' ')}.sql": ["--databases", "--", name] for name in names}
        files = files or {folder / "all.sql": ["--all-databases"]}
        for file, words in files.items():
            self._dumped(file, *words)
        self.take_dumps([*files], event)

    def _dumped(self, file: Path, *words: str) -> None:
        """Let a program write a file, which is there whole or not at all."""
        fresh = file.with_name(f"{file.name}-new")
        with open(fresh, "wb") as output:
            command = self._command("mariadb-dump", *_DUMP, *words)
            run(command, timeout_s=self.options["timeout"], into=output).well()
        fresh.replace(file)
        self.log(f"{file.name}: dumped, {file.stat().st_size} bytes")

    def _backup(self, event: RunBegin) -> None:
        with Session(self._client(), {}, self.options["timeout"]) as session:
            data = Path(self.options["data"] or session.ask("SELECT @@datadir")[0])
            copy = self.copy_folder(event) / "data"
            copy.mkdir(mode=0o700, exist_ok=True)
            locked_copy(session, data, copy, self.options["lock_timeout"])
        self.take_instead(data, copy)
        self.log(f"{data} is copied")

    def _stop(self, event: RunBegin) -> None:
        self.stop_service(manager_of(self.options["service"]))
        if self.options["data"]:
            data = Path(self.options["data"])
            for path in (data, *elsewhere(data)):
                self.add_source(path)

    def _client(self) -> list[str]:
        return self._command("mariadb", "--batch", "--skip-column-names", "--raw", "--unbuffered")

    def _command(self, name: str, *words: str) -> list[str]:
        return as_user(self.options["system_user"], [program(name), *connecting(self.options), *words])
