"""A real FTP server for tests, Debian's pyftpdlib: on a port of loopback, with a folder and a login of its own."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PYTHON = "/usr/bin/python3"
MODULE = Path("/usr/lib/python3/dist-packages/pyftpdlib")
USER, PASSWORD = "ada", "p:ss word"


class Ftpd:
    """A server that is running. Its log is beside its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.top = folder, folder / "files"
        self.top.mkdir()
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens; elsewhere, when somebody was faster at taking the port that was free."""
        for _ in range(10):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = int(probe.getsockname()[1])
            if self._listens():
                return
        pytest.fail(f"pyftpdlib does not start: {self._log.read_text()}", pytrace=False)

    def stop(self) -> None:
        """End it and its connections."""
        self._process.terminate()
        self._process.wait()

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _listens(self) -> bool:
        words = ["-m", "pyftpdlib", "-i", "127.0.0.1", "-p", str(self.port), "-w", "-d", str(self.top)]
        # A run of the tests that is killed leaves no server behind. The password is a secret of this test alone.
        command = ["setpriv", "--pdeathsig", "TERM", PYTHON, *words, "-u", USER, "-P", PASSWORD]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while self._process.poll() is None:
            if "starting FTP server" in self._log.read_text():
                return True
        return False


@contextmanager
def running(folder: Path) -> Iterator[Ftpd]:
    """Run a server in an empty folder; a failure where there is none to run."""
    if not MODULE.exists():
        pytest.fail("python3-pyftpdlib is not installed: run `make test-servers`", pytrace=False)
    server = Ftpd(folder)
    try:
        yield server
    finally:
        server.stop()
