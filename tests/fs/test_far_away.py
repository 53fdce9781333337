"""A mount of a repository on another machine: how it bears a server that stands still, and what it asks for."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.fs.mounting import World
from tests.sshd import Sshd, running

SOURCE_ROOT = Path(__file__).parents[2] / "src"


@pytest.fixture
def server(world: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sshd]:
    """A server that reaches the repository of `world`, which is what `yester` uses."""
    folder = world.root / "sshd"
    folder.mkdir()
    with running(folder) as server:
        monkeypatch.setenv("YESTER_SSH_COMMAND", server.ssh)
        monkeypatch.setenv("YESTER_REPOSITORY", f"sftp://far{world.repository}")
        tell_where_it_is(server)
        yield server


def tell_where_it_is(server: Sshd) -> None:
    """Let `far` be the server, which may have another port when it is started again."""
    with open(server.folder / "client", "a") as client:
        client.write(f"Host far\n  HostName 127.0.0.1\n  Port {server.port}\n")


def yester(*arguments: str | Path) -> None:
    command = [sys.executable, "-P", "-m", "yester", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def mounted(mountpoint: Path, *options: str) -> Iterator[None]:
    yester("mount", mountpoint, *options)
    try:
        yield
    finally:
        yester("umount", mountpoint)


@contextmanager
def standing_still(server: Sshd) -> Iterator[None]:
    """Let the server's connections stand still, as a machine that hangs."""
    pids = server.connections()
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_while_the_server_stands_still_what_was_read_once_is_there_all_else_is_eio_and_then_all_is_well(
    server: Sshd, world: World
) -> None:
    old, new = os.urandom(1 << 20), os.urandom(1 << 20)
    (world.source / "old").write_bytes(old)
    world.take()
    # In a pack of its own, since what is read ahead may be the whole pack.
    (world.source / "new").write_bytes(new)
    world.take()
    with mounted(world.mountpoint):
        assert (world.latest / "old").read_bytes() == old
    # Nothing is in the memory of this one; it is in the cache on this machine.
    with mounted(world.mountpoint, "--patience", "3"):
        with standing_still(server):
            with pytest.raises(OSError) as caught:
                (world.latest / "new").read_bytes()
            assert caught.value.errno == errno.EIO
            assert (world.latest / "old").read_bytes() == old
            assert sorted(os.listdir(world.latest)) == ["new", "old"]
        assert (world.latest / "new").read_bytes() == new


def test_a_server_that_goes_and_comes_back(server: Sshd, world: World) -> None:
    (world.source / "old").write_bytes(b"old")
    world.take()
    (world.source / "new").write_bytes(b"new")
    world.take()
    with mounted(world.mountpoint, "--patience", "1"):
        assert (world.latest / "old").read_bytes() == b"old"
        server.stop()
        try:
            with pytest.raises(OSError) as caught:
                (world.latest / "new").read_bytes()
            assert caught.value.errno == errno.EIO
            assert (world.latest / "old").read_bytes() == b"old"
        finally:
            server.start()
            tell_where_it_is(server)
        # A try again may be under way, after a pause that began while there was no server.
        content = b""
        while not content:
            with suppress(OSError):
                content = (world.latest / "new").read_bytes()
        assert content == b"new"


COUNTING = """
import os
import sys
from pathlib import Path
import yester.plugins.backends.folder as folder
from tests.plugins.backends.counting import FarStore as Counting
from yester.plugins.backends.cached.store import CachedStore

log = os.open(sys.argv[1] + ".requests", os.O_WRONLY | os.O_CREAT | os.O_APPEND)


class Counted(CachedStore):
    def __init__(self, path, near=folder.FolderStore):
        store = Counting(near(path))
        store.before = lambda request: os.write(log, (" ".join(request) + "\\n").encode())
        super().__init__(store, lambda repository: Path(sys.argv[1] + ".cache"), 1 << 30)


folder.FolderStore = Counted
"""
SMALL, LARGE_SIZE = 300, 6 << 20


class Requests:
    """What a mount asks of its store."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._log = Path(f"{world.repository}.requests")
        self.packs = {
            path.name: path.stat().st_size
            for path in world.repository.rglob("*")
            if path.name[:5] in ("data.", "meta.")
        }

    def of(self, *command: str | Path, afresh: bool = False) -> list[list[str]]:
        """Mount, run a program, and return what was asked for since the views were looked at."""
        if afresh:
            shutil.rmtree(f"{self._world.repository}.cache")
        with self._world.mounted(before=COUNTING):
            top = self._world.latest.resolve()
            self._log.write_bytes(b"")
            subprocess.run([*command, top], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return [line.split() for line in self._log.read_text().splitlines()]


def test_a_program_asks_the_store_for_each_byte_once_in_long_stretches_and_for_nothing_twice(world: World) -> None:
    for number in range(SMALL):
        folder = world.source / f"{number % 20}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}").write_bytes(os.urandom(20_000))
    (world.source / "large").write_bytes(os.urandom(LARGE_SIZE))
    world.take()
    requests = Requests(world)
    metadata = sum(name.startswith("meta.") for name in requests.packs)
    content = sum(size for name, size in requests.packs.items() if name.startswith("data."))

    for number in range(2):
        (world.root / f"{number}").mkdir()
    found = requests.of("find")
    assert {verb for verb, *_ in found} <= {"get", "list"}
    assert sum(each[1].startswith("meta.") for each in found) <= metadata
    programs: list[list[str | Path]] = [
        ["tar", "cf", world.root / "archive.tar", "-C", "/"],
        ["cp", "-a", "-t", world.root / "1"],
    ]
    for command in programs:
        asked = requests.of(*command, afresh=True)
        parts = [each for each in asked if each[1].startswith("data.")]
        assert {verb for verb, *_ in parts} == {"range"}
        assert sum(int(size) for *_, size in parts) <= content, "no byte is asked for twice"
        assert len(parts) <= content // (1 << 20) + 4, "a megabyte at a time"
        assert len(asked) - len(parts) <= metadata + 4
    again = requests.of("cp", "-a", "-t", world.root / "0", afresh=False)
    assert [each for each in again if each[0] != "list"] == [], "all of it is on this machine"
