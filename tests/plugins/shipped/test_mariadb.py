"""A real MariaDB under load: snapshots of it, and servers that are started on what comes back."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.plugins.shipped.conftest import Configure
from tests.plugins.shipped.load import Load, check_rows, free_port, writing
from tests.tui.cli.conftest import Yester, finish, start

from yester.engine.places import Places
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.mariadb import elsewhere
from yester.plugins.quiescing.programs import as_user, run
from yester.plugins.quiescing.sessions import Session

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

USER = "mysql" if os.geteuid() == 0 else ""
SECRET = "not to be seen"
SERVER = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin") or ""
SMALL = ("--innodb-buffer-pool-size=8M", "--innodb-log-file-size=16M", "--performance-schema=OFF")

SERVICE = """#!/bin/sh
# As Debian's: service NAME status|start|stop, for the server of the test.
case $2 in
status) [ -e "{folder}/pid" ] && kill -0 "$(cat "{folder}/pid")" 2>/dev/null || exit 3 ;;
stop) kill "$(cat "{folder}/pid")"; while [ -e "{folder}/pid" ]; do sleep 0.05; done ;;
start) {start} & while ! [ -e "{folder}/pid" ]; do sleep 0.05; done ;;
esac
"""


@dataclass
class Cluster:
    """A server of our own."""

    folder: Path
    port: int = field(default_factory=free_port)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    @property
    def defaults(self) -> Path:
        return self.folder / "client.cnf"

    def words(self) -> list[str]:
        names = {"datadir": self.data, "tmpdir": self.folder, "socket": self.socket, "pid-file": self.folder / "pid"}
        given = [f"--{name}={path}" for name, path in names.items()]
        log = f"--log-error={self.folder / 'server.err'}"
        return as_user(
            USER, [SERVER, "--no-defaults", "--bind-address=127.0.0.1", f"--port={self.port}", *SMALL, *given, log]
        )

    def connect(self) -> Session:
        client = ["mariadb", "--no-defaults", "--batch", "--skip-column-names", "--raw", "--unbuffered"]
        return Session([*client, f"--socket={self.socket}", "--user=root", "test"], {}, 60)

    def answers(self) -> bool:
        words = ["mariadb-admin", "--no-defaults", f"--socket={self.socket}", "--user=root", "--silent", "ping"]
        return run(words, timeout_s=60).code == 0


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder in which the server's user may do as he likes; pytest's own are for nobody else."""
    if not SERVER:
        pytest.fail("mariadb-server is not installed: run `make test-servers`", pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="yester-mariadb-", dir="/var/tmp"))
    own(folder)
    yield folder
    shutil.rmtree(folder)


def own(folder: Path) -> None:
    if USER:
        shutil.chown(folder, USER, USER)


@contextmanager
def cluster(folder: Path, *, fresh: bool) -> Iterator[Cluster]:
    """Run a server, with fresh data or with what is there."""
    folder.mkdir(exist_ok=True)
    own(folder)
    server = Cluster(folder)
    if fresh:
        server.data.mkdir()
        own(server.data)
        words = ["mariadb-install-db", "--no-defaults", f"--datadir={server.data}", "--skip-name-resolve"]
        command = as_user(USER, [*words, "--auth-root-authentication-method=normal"])
        run(command, timeout_s=120, environment={"TMPDIR": str(folder)}).well()
    process = subprocess.Popen(server.words(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not server.answers():
            assert process.poll() is None, (folder / "server.err").read_text()
        if fresh:
            prepare(server)
        yield server
    finally:
        pid = folder / "pid"
        if process.poll() is None:
            process.kill()
        elif pid.exists():  # another one was started in its place
            os.kill(int(pid.read_text()), 9)
            while server.answers():
                os.sched_yield()
        process.wait()
        pid.unlink(missing_ok=True)


def prepare(server: Cluster) -> None:
    with server.connect() as session:
        session.ask("CREATE DATABASE IF NOT EXISTS test")
        session.ask(f"CREATE USER backup@'127.0.0.1' IDENTIFIED BY '{SECRET}'")
        session.ask("GRANT ALL PRIVILEGES ON *.* TO backup@'127.0.0.1'")
    server.defaults.write_text(f'[client]\npassword="{SECRET}"\n')
    server.defaults.chmod(0o600)
    own(server.defaults)


def options(server: Cluster, way: str, *more: str) -> tuple[str, ...]:
    where = ('host = "127.0.0.1"', f"port = {server.port}", 'user = "backup"', f'defaults_file = "{server.defaults}"')
    return (f'way = "{way}"', *where, f'system_user = "{USER}"', *more)


@contextmanager
def loaded(server: Cluster) -> Iterator[Load]:
    with writing(server.connect) as load:
        yield load


@pytest.mark.parametrize("databases", [[], ["test", "odd name"]])
def test_a_dump(yester: Yester, configure: Configure, room: Path, tmp_path: Path, databases: list[str]) -> None:
    with cluster(room / "a", fresh=True) as server:
        with server.connect() as session:
            session.ask("CREATE DATABASE `odd name`")
        configure("mariadb", *options(server, "dump", f"databases = {databases}"))
        with loaded(server) as load:
            before = load.wait(50)
            done = yester("snap", "data")
            assert (done.code, done.err) == (0, "")
            load.wait(1)
        assert SECRET not in yester("log").out
    copies = Places.default().data / "copies"
    assert yester("restore", "latest", copies, "--target", tmp_path / "back").code == 0
    folder = next((tmp_path / "back").glob("copies/mariadb-*"))
    dumps = sorted(folder.glob("*.sql"))
    assert [path.stem for path in dumps] == sorted(databases or ["all"])
    with cluster(room / "b", fresh=True) as fresh:
        words = ["mariadb", "--no-defaults", f"--socket={fresh.socket}", "--user=root"]
        for path in dumps:
            with open(path, "rb") as file:
                subprocess.run(words, stdin=file, check=True)
        with fresh.connect() as session:
            check_rows(session, before, load.committed)


def test_a_copy_under_a_lock(yester: Yester, configure: Configure, room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        configure("mariadb", *options(server, "backup"))
        with loaded(server) as load:
            before = load.wait(200)
            done = yester("snap", "data")
            assert (done.code, done.err) == (0, "")
            load.wait(20)
        assert SECRET not in yester("log").out
    opens_clean(yester, server, room / "b", before, load.committed)


def test_a_copy_that_is_kept_is_brought_up_to_date(yester: Yester, configure: Configure, room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        configure("mariadb", *options(server, "backup", "keep = true", f'folder = "{room / "copy"}"'))
        with loaded(server) as load:
            for _ in range(3):
                before = load.wait(100)
                assert yester("snap", "data").err == ""
        opens_clean(yester, server, room / "b", before, load.committed)
        profile = Places.default().config / "profiles" / "data.toml"
        profile.write_text(profile.read_text().replace('way = "backup"', 'way = "dump"'))
        assert yester("snap", "data").err == ""
        assert [path.name for path in (room / "copy").glob("[!.]*")] == ["all.sql"]


def test_a_server_that_is_stopped(
    yester: Yester, configure: Configure, room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.path.isdir("/run/systemd/system"):
        pytest.skip("systemd runs here, and would be asked for a service of the test's")
    with cluster(room / "a", fresh=True) as server:
        script = tmp_path / "bin" / "service"
        script.parent.mkdir()
        script.write_text(SERVICE.format(folder=server.folder, start=" ".join(server.words())))
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
        configure("mariadb", *options(server, "stop", f'data = "{server.data}"'))
        with loaded(server) as load:
            before = load.wait(50)
            done = yester("snap", "data")
            assert (done.code, done.err) == (0, "")
        while not server.answers():
            os.sched_yield()
        with server.connect() as session:
            [count] = session.ask("SELECT count(*) FROM debit")
        assert int(count) >= before
    opens_clean(yester, server, room / "b", int(count), int(count))


def test_data_that_lie_elsewhere(yester: Yester, configure: Configure, room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        (room / "far").mkdir()
        own(room / "far")
        with server.connect() as session:
            session.ask(f"CREATE TABLE distant (id INTEGER) ENGINE=InnoDB DATA DIRECTORY='{room / 'far'}'")
        configure("mariadb", *options(server, "backup"))
        done = yester("snap", "data")
        assert f"{server.data} has data elsewhere ({room / 'far' / 'test' / 'distant.ibd'})" in done.err
        with server.connect() as session:
            session.ask("INSERT INTO distant VALUES (1)")
    assert elsewhere(server.data) == [room / "far" / "test" / "distant.ibd"]
    (server.data / "linked").symlink_to(room / "far")
    assert elsewhere(server.data) == [room / "far", room / "far" / "test" / "distant.ibd"]


def opens_clean(yester: Yester, server: Cluster, folder: Path, at_least: int, at_most: int) -> None:
    """Start a server on what the latest snapshot holds; fail unless it is whole."""
    assert yester("restore", "latest", server.data, "--target", folder).code == 0
    own(folder)
    with cluster(folder, fresh=False) as again:
        with again.connect() as session:
            check_rows(session, at_least, at_most)
            checked = session.ask("CHECK TABLE debit, credit")
            assert [line.split("\t")[3] for line in checked] == ["OK", "OK"]
        log = (folder / "server.err").read_text()
        assert "corrupt" not in log.lower()
        assert "[ERROR]" not in log


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('user = "nobody"', "Access denied for user 'nobody'@"),
        ('host = "127.0.0.2"', "Can't connect to server on '127.0.0.2'"),
        ('defaults_file = "/no/such"', "/no/such is not there (defaults_file)"),
    ],
)
@pytest.mark.parametrize("way", ["dump", "backup"])
def test_what_cannot_be_done_is_told(
    yester: Yester, configure: Configure, room: Path, way: str, wrong: str, words: str
) -> None:
    with cluster(room / "a", fresh=True) as server:
        name = wrong.partition(" ")[0]
        configure("mariadb", *(each for each in options(server, way) if not each.startswith(f"{name} ")), wrong)
        done = yester("snap", "data")
    assert done.code == 0
    assert words in done.err
    assert "; the snapshot is taken all the same" in done.err
    assert not [*(Places.default().data / "copies").glob("*")]
    assert SECRET not in yester("log").out


@pytest.mark.parametrize("way", ["dump", "backup"])
@pytest.mark.parametrize("keep", ["true", "false"])
def test_a_folder_with_something_in_it_is_left_alone(
    yester: Yester, configure: Configure, room: Path, way: str, keep: str
) -> None:
    (room / "mine").mkdir()
    (room / "mine" / "letter").write_text("dear")
    with cluster(room / "a", fresh=True) as server:
        configure("mariadb", *options(server, way, f"keep = {keep}", f'folder = "{room / "mine"}"'))
        done = yester("snap", "data")
    assert "mine holds something already (folder); give an empty one" in done.err
    assert (room / "mine" / "letter").read_text() == "dear"


def test_a_run_that_is_killed_lets_writers_go_on(yester: Yester, configure: Configure, room: Path) -> None:
    """It waits for the lock, and all writers for it; its session ends with it."""
    with cluster(room / "a", fresh=True) as server:
        configure("mariadb", *options(server, "backup", "lock_timeout = 3000"))
        with server.connect() as session, server.connect() as watching:
            session.ask("CREATE TABLE held (id INTEGER)")
            session.ask("LOCK TABLES held WRITE")
            snap = start("snap", "data")
            waits = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'FLUSH TABLES%'"
            while watching.ask(waits) == ["0"]:
                os.sched_yield()
            os.killpg(snap.pid, signal.SIGKILL)
            assert finish(snap).code == -signal.SIGKILL
            while watching.ask(waits) != ["0"]:
                os.sched_yield()
            session.ask("INSERT INTO held VALUES (1)")


def test_who_does_not_let_go_is_not_waited_for(yester: Yester, configure: Configure, room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        configure("mariadb", *options(server, "backup", 'lock_timeout = "1s"'))
        with server.connect() as session:
            session.ask("CREATE TABLE held (id INTEGER)")
            session.ask("LOCK TABLES held WRITE")
            done = yester("snap", "data")
        assert done.code == 0
        assert "Lock wait timeout exceeded" in done.err
        with server.connect() as session:
            session.ask("INSERT INTO held VALUES (1)")


def test_a_session_says_what_the_server_says(room: Path) -> None:
    with cluster(room / "a", fresh=True) as server:
        session = server.connect()
        with pytest.raises(Failed, match="You have an error in your SQL syntax"), session:
            session.ask("SELEKT 1")
