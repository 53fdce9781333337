"""The lines that `yester serve` and its client exchange (docs/serve.md); pure.

A client sends requests, one JSON object a line, and each is answered under its id: the command that is run, if one is,
items, and at last `done` or `error`. Requests are answered side by side, and an id is free again after its last line.
"""

from collections.abc import Iterator

import msgspec

from yester.engine.events import clean

VERSION = 1
"""The `v` of the first line; raised only when a client of the old form would be misled."""
MAX_LINE = 1 << 20
"""Bytes of a request; what is longer is refused unread."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A method is asked for, or the answer to an earlier request is wanted no more (`cancel`)."""

    id: int | None = None
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")
    cancel: int | None = None


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request failed, in the words of the command line."""

    code: int
    """The exit code that the command line has for it."""
    message: str
    hint: str = ""
    """What to do next."""
    needs: str = ""
    """`passphrase`: ask the person for it, and send `repositories.unlock`."""


Answer = Failure | Request
"""What a line of a client is: a request, or why it is none."""

_requests = msgspec.json.Decoder(Request)


def decode_request(line: bytes) -> Answer:
    """Return what a line asks for. Never raises."""
    try:
        request = _requests.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        return Failure(2, f"A line is no request: {problem}", "See docs/serve.md for the form of requests.")
    is_call = request.id is not None and bool(request.method) and request.cancel is None
    is_cancel = request.id is None and not request.method and request.cancel is not None
    if is_call or is_cancel:
        return request
    return Failure(2, "A line is no request: it has id and method, or cancel alone", "See docs/serve.md.")


def encode_line(**fields: object) -> bytes:
    """Return an object as a line, newline included; text that is no UTF-8 is escaped."""
    try:
        return msgspec.json.encode(fields) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(_cleaned(msgspec.to_builtins(fields))) + b"\n"


def _cleaned(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case dict():
            return {_cleaned(name): _cleaned(each) for name, each in value.items()}
        case list() | tuple():
            return [*map(_cleaned, value)]
        case _:
            return value


class Splitter:
    """Cuts what a client sends into lines, and keeps no more than MAX_LINE of one."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_skipping = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """Yield the lines that are whole now, without their ends; None for one that was too long."""
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._keep(piece)
            line = None if self._is_skipping else bytes(self._rest)
            self._rest.clear()
            self._is_skipping = False
            if line is None or line.strip():
                yield line
        self._keep(rest)

    def _keep(self, piece: bytes) -> None:
        if not self._is_skipping and len(self._rest) + len(piece) <= MAX_LINE:
            self._rest += piece
        else:
            self._is_skipping = True
            self._rest.clear()
