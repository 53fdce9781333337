"""A real PostgreSQL under load: snapshots of it, and servers that are started on what comes back."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.plugins.shipped.conftest import Configure
from tests.plugins.shipped.load import check_rows, free_port, writing
from tests.tui.cli.conftest import Yester, finish, start

from yester.engine.places import Places
from yester.plugins.quiescing.postgres import program, psql_words
from yester.plugins.quiescing.programs import as_user, run
from yester.plugins.quiescing.sessions import Session

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

USER = "postgres" if os.geteuid() == 0 else ""
"""A server of PostgreSQL does not run as root."""
SETTINGS = """
listen_addresses = '127.0.0.1'
fsync = off
max_wal_size = 32MB
wal_keep_size = 0
shared_buffers = 2MB
"""


@dataclass
class Cluster:
    """A server of our own."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def control(self, verb: str, *words: str) -> int:
        command = [program("pg_ctl", "", str(self.data)), verb, "-s", "-w", "-D", str(self.data), *words]
        return run(as_user(USER, command), timeout_s=120).code

    def start(self) -> None:
        assert self.control("start", "-l", str(self.log), "-o", f"-p {self.port} -k {self.folder}") == 0

    def runs(self) -> bool:
        return self.control("status") == 0

    def connect(self, database: str = "postgres") -> Session:
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "writer", "PGPASSFILE": str(self.passfile)}
        return Session(psql_words("psql"), {**where, "PGDATABASE": database}, 60)

    @property
    def passfile(self) -> Path:
        return self.folder / "pass"


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder in which the server's user may do as he likes; pytest's own are for nobody else."""
    if not shutil.which("psql"):
        pytest.fail("postgresql is not installed: run `make test-servers`", pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="yester-postgresql-", dir="/var/tmp"))
    own(folder)
    yield folder
    shutil.rmtree(folder)


def own(folder: Path) -> None:
    if USER:
        shutil.chown(folder, USER, USER)


@contextmanager
def cluster(folder: Path, *, fresh: bool) -> Iterator[Cluster]:
    """Run a server, of a fresh cluster or of one whose data is there."""
    folder.mkdir(exist_ok=True)
    own(folder)
    server = Cluster(folder, free_port())
    if fresh:
        secret = folder / "secret"
        secret.write_text("not to be seen\n")
        own(secret)
        command = [program("initdb", "", ""), "-D", str(server.data), "-U", "writer", "-A", "scram-sha-256", "-N"]
        run(as_user(USER, [*command, "--pwfile", str(secret)]), timeout_s=120).well()
        with open(server.data / "postgresql.conf", "a") as file:
            file.write(SETTINGS)
    server.passfile.write_text("127.0.0.1:*:*:writer:not to be seen\n")
    server.passfile.chmod(0o600)
    own(server.passfile)
    server.start()
    try:
        yield server
    finally:
        assert server.control("stop", "-m", "immediate") == 0


def options(server: Cluster, way: str, *more: str) -> tuple[str, ...]:
    where = ('host = "127.0.0.1"', f"port = {server.port}", 'user = "writer"', f'passfile = "{server.passfile}"')
    return (f'way = "{way}"', *where, f'system_user = "{USER}"', f'data = "{server.data}"', *more)


def restored(yester: Yester, server: Cluster, target: Path) -> Path:
    """Bring the data folder back; return where it is now, ready to be started on."""
    assert yester("restore", "latest", server.data, "--target", target).code == 0
    return target


def no_secret_in(yester: Yester) -> None:
    assert "not to be seen" not in yester("log").out


@pytest.mark.parametrize("databases", [[], ["postgres", "odd/na'me"]])
def test_a_dump(yester: Yester, configure: Configure, room: Path, tmp_path: Path, databases: list[str]) -> None:
    with cluster(room / "a", fresh=True) as server:
        with server.connect() as session:
            session.ask('CREATE DATABASE "odd/na\'me"')
        configure(
            "postgresql", *options(server, "dump", f"databases = {databases}".replace("'", '"').replace('"me', "'me"))
        )
        with writing(server.connect) as load:
            before = load.wait(50)
            done = yester("snap", "data")
            assert (done.code, done.err) == (0, "")
            load.wait(1)
        most = load.committed
        no_secret_in(yester)
    copies = Places.default().data / "copies"
    assert yester("restore", "latest", copies, "--target", tmp_path / "back").code == 0
    folder = next((tmp_path / "back").glob("copies/postgresql-*"))
    with cluster(room / "b", fresh=True) as fresh:
        where = {"PGHOST": "127.0.0.1", "PGPORT": str(fresh.port), "PGUSER": "writer"}
        given = {**where, "PGPASSFILE": str(fresh.passfile), "PGDATABASE": "postgres"}
        if not databases:
            said = run(["psql", "-X", "-q", "-f", str(folder / "all.sql")], timeout_s=120, environment=given)
            errors = [
                line for line in said.errors.splitlines() if "ERROR" in line and 'role "writer" already' not in line
            ]
            assert errors == []
        else:
            assert sorted(path.name for path in folder.glob("[!.]*")) == [
                "globals.sql", "odd%2Fna%27me.dump", "postgres.dump",
            ]  # fmt: skip
            words = [program("pg_restore", "", ""), "--dbname=postgres", "--exit-on-error"]
            run([*words, str(folder / "postgres.dump")], timeout_s=120, environment=given).well()
        with fresh.connect() as session:
            check_rows(session, before, most)


def test_a_base_backup(yester: Yester, configure: Configure, room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        configure("postgresql", *options(server, "backup"))
        with writing(server.connect) as load:
            before = load.wait(200)
            done = yester("snap", "data")
            assert (done.code, done.err) == (0, "")
            load.wait(1)
        most = load.committed
        with server.connect() as session:
            assert session.ask("SELECT count(*) FROM pg_replication_slots") == ["0"]
        no_secret_in(yester)
    with cluster(restored(yester, server, room / "b"), fresh=False) as again:
        with again.connect() as session:
            check_rows(session, before, most)
        log = again.log.read_text()
        assert "consistent recovery state reached" in log
        assert "PANIC" not in log


def test_a_base_backup_that_is_kept_is_brought_up_to_date(yester: Yester, configure: Configure, room: Path) -> None:
    copy = room / "copy"
    with cluster(room / "a", fresh=True) as server:
        configure("postgresql", *options(server, "backup", "keep = true", f'folder = "{copy}"'))
        with writing(server.connect) as load:
            for _ in range(3):
                before = load.wait(100)
                assert yester("snap", "data").err == ""
        untouched = [path for path in copy.rglob("base/*/*") if path.stat().st_mtime_ns == 0]
        assert len(untouched) < 20, "what settled is not copied again"
    with cluster(restored(yester, server, room / "b"), fresh=False) as again, again.connect() as session:
        check_rows(session, before, load.committed)


def moved_log(server: Cluster, to: Path) -> None:
    """Put the write-ahead log elsewhere, as `initdb --waldir` does."""
    assert server.control("stop") == 0
    shutil.move(server.data / "pg_wal", to)
    (server.data / "pg_wal").symlink_to(to)
    server.start()


@pytest.mark.parametrize("way", ["backup", "stop"])
def test_a_log_that_lies_elsewhere(yester: Yester, configure: Configure, room: Path, way: str) -> None:
    with cluster(room / "a", fresh=True) as server:
        moved_log(server, room / "a" / "wal")
        configure("postgresql", *options(server, way, f'log = "{server.log}"'))
        with writing(server.connect) as load:
            before = load.wait(100)
            done = yester("snap", "data")
            assert (done.code, done.err) == (0, "")
        with server.connect() as session:
            session.ask("CHECKPOINT")
            check_rows(session, before, load.committed + 1)
        assert (server.data / "pg_wal").is_symlink()
    shutil.rmtree(room / "a" / "wal")
    if way == "stop":
        assert yester("restore", "latest", room / "a" / "wal", "--target", room / "a").code == 0
    with cluster(restored(yester, server, room / "b"), fresh=False) as again:
        with again.connect() as session:
            check_rows(session, before, load.committed + 1)
        assert (again.data / "pg_wal").is_symlink() == (way == "stop")


def test_what_lies_in_a_tablespace_elsewhere_is_taken_while_the_server_is_stopped(
    yester: Yester, configure: Configure, room: Path
) -> None:
    with cluster(room / "a", fresh=True) as server:
        (room / "space").mkdir(mode=0o700)
        own(room / "space")
        with server.connect() as session:
            session.ask(f"CREATE TABLESPACE other LOCATION '{room / 'space'}'")
            session.ask("CREATE TABLE far (id INTEGER) TABLESPACE other")
            session.ask("INSERT INTO far VALUES (42)")
        configure("postgresql", *options(server, "stop", f'log = "{server.log}"'))
        assert yester("snap", "data").err == ""
    shutil.rmtree(room / "space")
    assert yester("restore", "latest", room / "space", "--target", room).code == 0
    with cluster(restored(yester, server, room / "b"), fresh=False) as again, again.connect() as session:
        assert session.ask("SELECT id FROM far") == ["42"]


def test_a_server_that_is_stopped(yester: Yester, configure: Configure, room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        configure("postgresql", *options(server, "stop", f'log = "{server.log}"'))
        with writing(server.connect) as load:
            before = load.wait(50)
            done = yester("snap", "data")
            assert (done.code, done.err) == (0, "")
        assert server.runs()
        with server.connect() as session:
            check_rows(session, before, load.committed + 1)
            [count] = session.ask("SELECT count(*) FROM debit")
    with cluster(restored(yester, server, room / "b"), fresh=False) as again:
        with again.connect() as session:
            check_rows(session, int(count), int(count))
        assert "was not properly shut down" not in again.log.read_text()


def test_a_run_that_is_killed_starts_the_server_again(
    yester: Yester, configure: Configure, room: Path, home: Path
) -> None:
    os.mkfifo(home / "stands")
    stand = home / "stand"
    stand.write_text(f'#!/bin/sh\necho $$ >"{home}/stands"\nexec sleep 1000\n')
    stand.chmod(0o755)
    with cluster(room / "a", fresh=True) as server:
        configure("postgresql", *options(server, "stop", f'log = "{server.log}"'))
        with server.connect() as session:
            session.ask("CREATE TABLE kept (id INTEGER)")
        snap = start("snap", "data", "--from-command", "--stdin-name", "x", "--", str(stand))
        stands = int((home / "stands").read_text())
        assert not server.runs()
        os.killpg(snap.pid, signal.SIGKILL)
        os.kill(stands, signal.SIGKILL)
        assert finish(snap).code == -signal.SIGKILL
        while not server.runs():
            os.sched_yield()
        with server.connect() as session:
            assert session.ask("SELECT count(*) FROM kept") == ["0"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('user = "nobody"', "error: connection to server at"),
        ('host = "127.0.0.2"', "onnection to server at"),
        ('passfile = "/no/such"', "/no/such is not there (passfile)"),
        ('system_user = "no-such"', "there is no user no-such here (system_user)"),
        ('programs = "/no"', "there is no /no/p"),
    ],
)
@pytest.mark.parametrize("way", ["dump", "backup"])
def test_what_cannot_be_done_is_told(
    yester: Yester, configure: Configure, room: Path, way: str, wrong: str, words: str
) -> None:
    with cluster(room / "a", fresh=True) as server:
        name = wrong.partition(" ")[0]
        given = [each for each in options(server, way) if not each.startswith(f"{name} ")]
        configure("postgresql", *given, wrong)
        done = yester("snap", "data")
    assert done.code == 0
    assert words in done.err
    assert "; the snapshot is taken all the same" in done.err
    assert not [*(Places.default().data / "copies").glob("*")]
    no_secret_in(yester)


def test_a_server_that_does_not_run_is_left_alone(yester: Yester, configure: Configure, room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        configure("postgresql", *options(server, "stop"))
    assert yester("snap", "data").err == ""
    assert f"no server runs on {server.data}" in yester("log").out
    assert not server.runs()
