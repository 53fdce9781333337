"""A client of `yester serve` for tests: the program in a process of its own, asked line by line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.tui.cli.conftest import environment

Line = dict[str, Any]


class Client:
    """Asks one server, and keeps the answers to each request apart."""

    def __init__(self, process: "subprocess.Popen[bytes]", secrets: int) -> None:
        self.process, self.secrets = process, secrets
        self._number = 0
        self._kept: dict[int | None, list[Line]] = {}
        self.hello = self._read()

    def _read(self) -> Line:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the server ended"
        found: Line = json.loads(line)
        return found

    def raw(self, line: bytes) -> None:
        """Send bytes."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def ask(self, method: str, **params: object) -> int:
        """Send a request and return its id."""
        self._number += 1
        self.raw(json.dumps({"id": self._number, "method": method, "params": params}).encode() + b"\n")
        return self._number

    def next(self, id: int | None) -> Line:
        """Return the next line that answers a request; those to others are kept."""
        while not self._kept.get(id):
            line = self._read()
            self._kept.setdefault(line["id"], []).append(line)
        return self._kept[id].pop(0)

    def end(self, id: int) -> tuple[list[Any], Line]:
        """Return all items of a request, and its last line."""
        items: list[Any] = []
        while True:
            line = self.next(id)
            if "done" in line or "error" in line:
                return items, line
            if "item" in line:
                items.append(line["item"])

    def call(self, method: str, **params: object) -> tuple[list[Any], Line]:
        """Ask, and return all items and what `done` says."""
        items, last = self.end(self.ask(method, **params))
        assert "done" in last, last
        return items, last["done"]

    def refused(self, method: str, **params: object) -> Line:
        """Ask, and return why it failed."""
        _, last = self.end(self.ask(method, **params))
        error: Line = last["error"]
        return error

    def leave(self) -> int:
        """Close the server's input and return its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait()


@contextmanager
def served(program: Sequence[str] = ("-m", "yester"), **more: str) -> Iterator[Client]:
    """Start a server for the block; it must end by itself, well and without complaint."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-P", *program, "serve", "--secrets-fd", str(reading)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**more),
        pass_fds=(reading,),
        start_new_session=True,
    )
    os.close(reading)
    try:
        with process:
            client = Client(process, writing)
            yield client
            if process.poll() is None:
                assert client.leave() == 0
            assert process.stderr is not None
            assert process.stderr.read() == b""
    finally:
        os.close(writing)
