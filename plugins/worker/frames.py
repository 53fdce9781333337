"""Messages on a stream of bytes: u32 length (little-endian), then that many bytes of msgpack. Touches no descriptor."""

from collections.abc import Iterator
from struct import Struct
from typing import Generic, TypeVar

import msgspec

from yester.plugins.worker.messages import FromHost, FromWorker, Message

M = TypeVar("M")

MAX_SIZE = 16 << 20
"""Bytes of one message; more has to go by path."""

_LENGTH = Struct("<I")
_encoder = msgspec.msgpack.Encoder()


class ProtocolError(Exception):
    """Bytes that are no message, or a message of too many bytes."""


def frame(message: Message) -> bytes:
    """Return a message as it goes over the stream; ProtocolError when it cannot."""
    try:
        body = _encoder.encode(message)
    except (TypeError, ValueError, OverflowError, RecursionError) as problem:
        raise ProtocolError(f"this cannot be sent: {problem}") from None
    if len(body) > MAX_SIZE:
        raise ProtocolError(f"a message of {len(body)} bytes, where {MAX_SIZE} are allowed")
    return _LENGTH.pack(len(body)) + body


class FrameReader(Generic[M]):
    """Takes bytes as they come and gives whole messages."""

    def __init__(self, decoder: "msgspec.msgpack.Decoder[M]") -> None:
        self._decoder = decoder
        self._data = bytearray()

    @property
    def is_empty(self) -> bool:
        """Whether no part of a message is waiting for the rest."""
        return not self._data

    def feed(self, data: bytes) -> Iterator[M]:
        """Yield the messages that are whole now. ProtocolError; the stream is of no use after it."""
        self._data += data
        while len(self._data) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._data)
            if size > MAX_SIZE:
                raise ProtocolError(f"a message of {size} bytes, where {MAX_SIZE} are allowed")
            end = _LENGTH.size + size
            if len(self._data) < end:
                return
            body = bytes(self._data[_LENGTH.size : end])
            del self._data[:end]
            try:
                message = self._decoder.decode(body)
            except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
                raise ProtocolError(f"no message: {problem}") from None
            yield message


def from_host() -> FrameReader[FromHost]:
    """Return a reader of what a host says."""
    return FrameReader(msgspec.msgpack.Decoder(FromHost))


def from_worker() -> FrameReader[FromWorker]:
    """Return a reader of what a worker says."""
    return FrameReader(msgspec.msgpack.Decoder(FromWorker))
