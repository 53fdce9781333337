"""A server for all tests of SFTP, and stores on it."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.sshd import SFTP_SERVER, Sshd, running

from yester.engine.store import Store
from yester.plugins.backends.registry import open_store
from yester.plugins.backends.sftp.address import Address
from yester.plugins.backends.sftp.connection import Connection
from yester.plugins.backends.sftp.ssh import COMMAND_VARIABLE


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def server(sshd: Sshd, home: Path, monkeypatch: pytest.MonkeyPatch) -> Sshd:
    """The server, as this process reaches it: after `home`, which takes all variables away."""
    monkeypatch.setenv(COMMAND_VARIABLE, sshd.ssh)
    sshd.know("host")
    return sshd


@pytest.fixture
def store(server: Sshd, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(server.url(tmp_path / "repository"), create=True)
    yield opened
    opened.close()


Connect = Callable[[bool], Connection]


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Address, Connect]:
    """OpenSSH's SFTP server on pipes, without ssh: what a test of many connections has time for."""
    address = Address("host", bytes(tmp_path / "repository"))
    return address, lambda asking: Connection(address, piped(SFTP_SERVER))


def piped(*command: str) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
