"""A real SSH server for tests: on a port of loopback, with keys, configuration and a log of its own."""

import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = "/usr/sbin/sshd"
SFTP_SERVER = "/usr/lib/openssh/sftp-server"

_CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/key.pub
PidFile {folder}/pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
LogLevel VERBOSE
"""

_CLIENT = """
IdentityFile {folder}/key
IdentitiesOnly yes
UserKnownHostsFile {folder}/known_hosts
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
"""


class Sshd:
    """A server that is running, and what reaches it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []
        for name in ("host", "key", "other"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        self._choose_port()
        self.start()

    def _choose_port(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        (self.folder / "config").write_text(_CONFIG.format(port=self.port, folder=self.folder))
        (self.folder / "client").write_text(_CLIENT.format(folder=self.folder))
        self.know("host")

    @property
    def ssh(self) -> str:
        """The command that stands in for `ssh`."""
        return f"ssh -F {self.folder}/client"

    def url(self, path: Path) -> str:
        """Return the URL of a folder."""
        return f"sftp://127.0.0.1:{self.port}{path}"

    def know(self, key: str) -> None:
        """Let the client take this for the server's key."""
        public = (self.folder / f"{key}.pub").read_text()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}")

    def start(self) -> None:
        """Start it, and wait until it listens; elsewhere, when somebody was faster at taking the port that was free."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        while not self._listens():
            if "Address already in use" not in "".join(self.log):
                pytest.fail(f"sshd does not start: {''.join(self.log)}", pytrace=False)
            self.log.clear()
            self._choose_port()
        self._reading = threading.Thread(target=self.log.extend, args=(self._process.stderr,))
        self._reading.start()

    def _listens(self) -> bool:
        """Start it, and say whether it listens or has ended."""
        # A run of the tests that is killed leaves no server behind.
        command = ["setpriv", "--pdeathsig", "TERM", PROGRAM, "-D", "-e", "-f", str(self.folder / "config")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)
            if "Server listening" in line:
                return True
        self._process.stderr.close()
        self._process.wait()
        return False

    def stop(self) -> None:
        """End it and its connections."""
        self.drop()
        self._process.terminate()
        self._process.wait()
        self._reading.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def drop(self) -> None:
        """Kill the processes of its connections, so that all that hold one lose it."""
        for child in self._children():
            os.kill(child, signal.SIGKILL)

    def connections(self) -> list[int]:
        """Return the processes of its connections, those that serve files among them."""
        found = self._children()
        for pid in found:
            found += _children_of(pid)
        return found

    def _children(self) -> list[int]:
        return _children_of(self._process.pid)


def _children_of(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@contextmanager
def running(folder: Path) -> Iterator[Sshd]:
    """Run a server in an empty folder; a failure where there is none to run."""
    if not Path(PROGRAM).exists() or not shutil.which("ssh-keygen"):
        pytest.fail("openssh-server is not installed: run `make setup`", pytrace=False)
    server = Sshd(folder)
    try:
        yield server
    finally:
        server.stop()
