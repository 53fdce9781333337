"""A mount of a repository on another machine: how it bears a server that stands still, and what it asks for."""

import errno
import os
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
        monkeypatch.setenv("YESTER_REPOSITORY", server.url(world.repository))
        yield server


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
