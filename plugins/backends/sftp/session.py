"""One side of an SFTP conversation, without the wire: requests get numbers, bytes become answers. Pure.

Any number of requests may be on their way; answers come in any order and are known by their numbers. An answer that
nobody asked for, or of a kind that cannot answer its question, is Garbled, and so is a packet beyond LARGEST_PACKET.
"""

from collections.abc import Iterator

from yester.engine.store import Buffer
from yester.plugins.backends.sftp.packets import Fields, Garbled, Kind, Reply, answers, decode, extensions, packet

LARGEST_PACKET = 1 << 20
"""Servers send a quarter of this at most."""

_LENGTH = 4


class Session:
    """The state of a conversation."""

    def __init__(self) -> None:
        self._inbox = bytearray()
        self._asked: dict[int, Kind] = {}
        self._number = 0
        self.offered: dict[bytes, bytes] | None = None
        """What extensions the server has; None until it has said so."""

    @property
    def waiting(self) -> int:
        """How many answers are still to come."""
        return len(self._asked)

    def ask(self, kind: Kind, parts: tuple[Buffer, ...]) -> tuple[int, bytes]:
        """Return a new request's number, and what is to be sent before its parts."""
        self._number = (self._number + 1) & 0xFFFFFFFF
        self._asked[self._number] = kind
        return self._number, packet(kind, self._number, parts)

    def receive(self, data: Buffer) -> Iterator[tuple[int, Reply]]:
        """Yield the answers that are whole with these bytes. Garbled."""
        self._inbox += data
        while (body := self._body()) is not None:
            fields = Fields(body)
            if self.offered is None:
                self.offered = extensions(fields)
                continue
            number, reply = decode(fields)
            kind = self._asked.pop(number, None)
            if kind is None:
                raise Garbled("an answer to no question")
            if not answers(kind, reply):
                raise Garbled(f"{type(reply).__name__.lower()} as an answer to {kind.name.lower()}")
            yield number, reply

    def _body(self) -> bytes | None:
        """Take the first packet that is whole; None when there is none."""
        if len(self._inbox) < _LENGTH:
            return None
        size = int.from_bytes(self._inbox[:_LENGTH], "big")
        if not 0 < size <= LARGEST_PACKET:
            raise Garbled(f"a packet of {size} bytes")
        if len(self._inbox) < _LENGTH + size:
            return None
        with memoryview(self._inbox) as view:
            body = bytes(view[_LENGTH : _LENGTH + size])
        del self._inbox[: _LENGTH + size]
        return body
