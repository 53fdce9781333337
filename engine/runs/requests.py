"""What goes over a run's socket besides the lines of its journal (docs/runs.md); pure.

A follower sends requests, one JSON object a line. Each is answered by one line, an Answer or a Refusal, which are told
from events by having no `type`. After a refusal the run closes the connection.
"""

import re
from contextlib import suppress

import msgspec

MAX_REQUEST_SIZE = 4096
"""Bytes of one request; who sends more without a line end is refused."""


class Request(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One wish; exactly one field is set."""

    subscribe: int | None = None
    """Send the journal's lines from this sequence number on, then live ones; 0 and 1 mean all."""
    cancel: bool = False
    pause: bool = False
    resume: bool = False

    @property
    def name(self) -> str:
        """The field that is set; empty unless it is exactly one."""
        said = [name for name in ("cancel", "pause", "resume") if getattr(self, name)]
        wishes = said + ["subscribe"] * (self.subscribe is not None)
        return wishes[0] if len(wishes) == 1 else ""


class Answer(msgspec.Struct, frozen=True):
    """A request was carried out."""

    answer: str
    """Which."""
    run: str
    newest: int
    """The number of the newest line: what comes up to it is not live."""
    paused: bool = False


class Refusal(msgspec.Struct, frozen=True):
    """A request was not understood."""

    refused: str
    """Why."""


_NUMBER = re.compile(rb'\{"v":\d+,"seq":(\d{1,18}),')

_requests = msgspec.json.Decoder(Request)
_answers: msgspec.json.Decoder[Answer | Refusal] = msgspec.json.Decoder(Answer)
_refusals: msgspec.json.Decoder[Answer | Refusal] = msgspec.json.Decoder(Refusal)


def encode_message(message: Request | Answer | Refusal) -> bytes:
    """Return a message as its line, newline included."""
    return msgspec.json.encode(message) + b"\n"


def decode_request(line: bytes) -> Request | Refusal:
    """Return what a line asks for. Never raises."""
    try:
        request = _requests.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        return Refusal(f"no request: {problem}")
    if not request.name or (request.subscribe or 0) < 0:
        return Refusal("no request: exactly one of subscribe (a number from 0 on), cancel, pause, resume")
    return request


def decode_reply(line: bytes) -> Answer | Refusal | None:
    """Return the answer or refusal that a line is; None when it is an event or nothing known."""
    if b'"type":' in line[:MAX_REQUEST_SIZE]:
        return None
    for decoder in (_answers, _refusals):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return decoder.decode(line)
    return None


def sequence_of(line: bytes) -> int:
    """Return the sequence number of an event's line without decoding all of it; 0 when it is none."""
    match = _NUMBER.match(line)
    return int(match[1]) if match else 0
