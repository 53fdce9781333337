"""A server that speaks S3, for tests: moto, a process of its own on a port of loopback, with nothing on disk."""

import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret"}
"""It takes any."""

PAGE = 100
"""Names that it gives at a time; Amazon gives ten times as many."""

_PROGRAM = """
import threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
served = DomainDispatcherApplication(create_backend_app)
creating = threading.Lock()
def serve(environ, start_response):
    # It looks, and then stores: without this, two that create at the same time may both win.
    if "HTTP_IF_NONE_MATCH" not in environ:
        return served(environ, start_response)
    with creating:
        return list(served(environ, start_response))
server = make_server("127.0.0.1", 0, serve, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Moto:
    """A server that is running."""

    def __init__(self) -> None:
        # A run of the tests that is killed leaves no server behind.
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **KEYS, "AWS_DEFAULT_REGION": "us-east-1", "MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)},
        )
        assert self._process.stdout is not None and self._process.stderr is not None
        said = self._process.stdout.readline()
        if not said:
            pytest.fail(f"moto does not start: {self._process.stderr.read()}", pytrace=False)
        self.port = int(said)
        self._log: list[str] = []
        self._reading = threading.Thread(target=self._log.extend, args=(self._process.stderr,))
        self._reading.start()
        self._buckets = count(1)

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> str:
        """Make a bucket, and return its name."""
        name = f"bucket-{next(self._buckets)}"
        self.request("PUT", f"/{name}")
        return name

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Send a request that is not signed, which this server does not mind. urllib.error.HTTPError."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.endpoint}{path}", data=body or None, method=method, headers=sent)
        with urllib.request.urlopen(request) as response:
            found: bytes = response.read()
        return found

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._reading.join()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()


@contextmanager
def running() -> Iterator[Moto]:
    """Run a server."""
    server = Moto()
    try:
        yield server
    finally:
        server.stop()
