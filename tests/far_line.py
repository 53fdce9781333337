"""A long line for tests and measurements: a TCP proxy on loopback that delivers every byte a while after it was sent.

Bytes are held back, not slowed down: as much may be on its way as the line is long, so that what is measured is how
many times somebody waits for an answer. It runs in a process of its own, whose processor time is not the client's.

    python -m tests.far_line PORT [DELAY_MS]       # prints the port that leads to PORT of loopback
"""

import asyncio
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DELAY_S = 0.025
"""Each way: what Europe is apart, or a machine at home from one in a data centre."""
_LONGEST = 64 << 20
"""Bytes on the way, each way; more wait at the sender, as with any line."""


class _Way(asyncio.Protocol):
    """One end of a connection: what comes in here leaves at `other`, later."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self.other: _Way | None = None
        self.transport: asyncio.Transport | None = None
        self._held: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self._is_due = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._hold(data)

    def eof_received(self) -> bool:
        self._hold(b"")
        return True

    def connection_lost(self, problem: Exception | None) -> None:
        self._hold(b"")

    def _hold(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self._held.append((loop.time() + self._delay_s, data))
        self._size += len(data)
        if self._size > _LONGEST and self.transport is not None:
            self.transport.pause_reading()
        if not self._is_due:
            self._is_due = True
            loop.call_at(self._held[0][0], self._deliver)

    def _deliver(self) -> None:
        loop = asyncio.get_running_loop()
        to = self.other.transport if self.other is not None else None
        now = loop.time() + 0.0005
        while self._held and self._held[0][0] <= now:
            _, data = self._held.popleft()
            self._size -= len(data)
            if to is None or to.is_closing():
                continue
            if data:
                to.write(data)
            else:
                to.close()
        if self._size <= _LONGEST and self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
        self._is_due = bool(self._held)
        if self._is_due:
            loop.call_at(self._held[0][0], self._deliver)


class _Near(_Way):
    """The client's end: it makes the other one."""

    def __init__(self, port: int, delay_s: float) -> None:
        super().__init__(delay_s)
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        far = _Way(self._delay_s)
        far.other, self.other = self, far
        try:
            await loop.create_connection(lambda: far, "127.0.0.1", self._port)
        except OSError:
            assert self.transport is not None
            self.transport.abort()


async def _serve(port: int, delay_s: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Near(port, delay_s), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def far_line(port: int, delay_s: float = DELAY_S) -> Iterator[int]:
    """Lay a line to a port of loopback for the block; yield the port at its near end."""
    command = [sys.executable, "-P", str(Path(__file__)), str(port), str(delay_s * 1000)]
    # A run of the tests that is killed leaves no line behind.
    process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else DELAY_S))
