"""Azurite for tests, the emulator of Azure's store: a process of its own on a port of loopback, nothing on disk."""

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from tests.azure_signing import signed

from yester.plugins.backends.objects.web import ask

PROGRAM = Path(__file__).parents[1] / "build/azurite/node_modules/azurite/dist/src/blob/main.js"
"""Where .ci/test-servers puts it."""
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Known to all: https://learn.microsoft.com/en-us/azure/storage/common/storage-connect-azurite"""
_OPTIONS = ("--blobHost=127.0.0.1", "--blobPort=0", "--inMemoryPersistence", "--disableTelemetry", "--silent")
_LISTENS = re.compile(r"successfully listens on http://127\.0\.0\.1:([0-9]+)")


class Azurite:
    """A server that is running."""

    def __init__(self) -> None:
        # A run of the tests that is killed leaves no server behind.
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "node", str(PROGRAM), *_OPTIONS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if found := _LISTENS.search(line):
                self.port = int(found[1])
                break
        else:
            pytest.fail(f"Azurite does not start: {''.join(said)}", pytrace=False)
        self._reading = threading.Thread(target=said.extend, args=(self._process.stdout,))
        self._reading.start()
        self._containers = count(1)

    @property
    def endpoint(self) -> str:
        """Where its account is."""
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection(self) -> str:
        """The connection string of its account."""
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={self.endpoint};"

    def container(self) -> str:
        """Make a container, and return its name."""
        name = f"container-{next(self._containers)}"
        headers = signed("PUT", f"/{ACCOUNT}/{name}", {"restype": "container"}, ACCOUNT, KEY)
        reply = ask("PUT", f"{self.endpoint}/{name}?restype=container", headers, b"", "", 30)
        assert reply.status == 201, reply
        return name

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._reading.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def running() -> Iterator[Azurite]:
    """Run one; a failure where there is none to run."""
    if not PROGRAM.exists() or not shutil.which("node"):
        pytest.fail("Azurite is not installed: run `make test-servers`", pytrace=False)
    server = Azurite()
    try:
        yield server
    finally:
        server.stop()
