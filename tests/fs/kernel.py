"""The kernel's part in the tests of the server: requests as it writes them, on a socket in place of the device."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yester.fs.handlers import Handlers
from yester.fs.requests import VERSION, Call
from yester.fs.server import Server
from yester.fs.sources import MountSource
from yester.fs.versions.history import History

ALL = (1 << 32) - 1
NOTICE = 0
"""The id of what the kernel did not ask for."""
_HEADER = struct.Struct("<IIQQIII4x")
_ANSWER = struct.Struct("<IiQ")


def read_body(offset: int, size: int) -> bytes:
    """What belongs to READ and READDIRPLUS."""
    return struct.pack("<QQIIQII", 0, offset, size, 0, 0, 0, 0)


class Kernel:
    """Asks one server, which runs on a thread."""

    def __init__(self, device: socket.socket) -> None:
        self._device = device
        self._ids = 0
        self.notices: list[bytes] = []
        self._answers: dict[int, tuple[int, bytes]] = {}

    def send(self, call: int, inode: int = 1, body: bytes = b"", uid: int = 0) -> int:
        """Ask; the answer is fetched by the id that is returned."""
        self._ids += 1
        self._device.send(_HEADER.pack(_HEADER.size + len(body), call, self._ids, inode, uid, 0, 1) + body)
        return self._ids

    def answer(self, id: int, seconds: float = 30.0) -> tuple[int, bytes]:
        """Return the errno and the body of an answer, once it is there."""
        while id not in self._answers:
            assert select.select([self._device], [], [], seconds)[0], "no answer"
            data = self._device.recv(2 << 20)
            size, error, of = _ANSWER.unpack_from(data)
            assert size == len(data)
            if of == NOTICE:
                self.notices.append(data[_ANSWER.size :])
            else:
                assert of not in self._answers, "answered twice"
                self._answers[of] = (-error, data[_ANSWER.size :])
        return self._answers.pop(id)

    def has_answered(self, id: int) -> bool:
        """Whether an answer is there by now."""
        while select.select([self._device], [], [], 0)[0] and id not in self._answers:
            other = self.send(Call.GETATTR, 1, bytes(16))
            self._answers[other] = self.answer(other)
        return id in self._answers

    def ask(self, call: int, inode: int = 1, body: bytes = b"", uid: int = 0) -> tuple[int, bytes]:
        """Ask and wait for the answer."""
        return self.answer(self.send(call, inode, body, uid))

    def greet(self, flags: int = ALL) -> tuple[int, bytes]:
        """Send what a mount begins with."""
        return self.ask(Call.INIT, 0, struct.pack("<IIII", *VERSION, 1 << 20, flags))

    def look_up(self, parent: int, name: bytes) -> int:
        """Return the number of a name, 0 when there is none."""
        error, body = self.ask(Call.LOOKUP, parent, name + b"\0")
        assert not error
        return int.from_bytes(body[:8], "little")

    def read(self, inode: int, offset: int, size: int) -> tuple[int, bytes]:
        """Read of a file."""
        return self.ask(Call.READ, inode, read_body(offset, size))


@contextmanager
def served(
    system: Any, source: MountSource, history: History | None = None, *, xattrs: bool = True
) -> Iterator[Kernel]:
    """Serve a tree for the length of the block."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for each in (ours, theirs):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    server = Server(theirs.fileno())
    handlers = Handlers(system, server.invalidate, xattrs=xattrs)
    problems: list[BaseException] = []

    def serve() -> None:
        try:
            server.serve(handlers, source, history)
        except BaseException as problem:
            problems.append(problem)
            raise

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        kernel = Kernel(ours)
        kernel.greet()
        yield kernel
    finally:
        server.stop()
        thread.join(30)
        assert not thread.is_alive() and not problems
        server.close()
        ours.close()
        theirs.close()
