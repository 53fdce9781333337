"""A message in the store and which of them were read, as values; pure.

A line of the store is a Posted as JSON. Ids rise by one and are never given again, so that "read up to here" is a
number; messages that were read out of turn stand beside it until the number passes them.
"""

from collections.abc import Iterable, Sequence

import msgspec

from yester.engine.events import Level, clean

LEVELS: Sequence[Level] = ("info", "warning", "error")
"""From the least to the most pressing."""
MAX_TEXT = 4000
"""Characters of a text, a hint or a name that are kept: one plugin must not push out all the others' messages."""


class Posted(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One message in the store."""

    id: int = 0
    """Given by the store, from 1 on."""
    time_ns: int = 0
    """When it was posted, ns since 1970; given by the store."""
    level: Level = "info"
    text: str
    hint: str = ""
    """What to do next."""
    source: str = "yester"
    """Who says it, or whom it is about: `yester` or the name of a plugin."""
    action: str = ""
    """What can be done about it: an action of the plugin that is the source (`yester plugin run SOURCE ACTION`)."""
    run: str = ""
    """The id of the run that it is from; empty when it is from none."""
    profile: str = ""
    profile_id: str = ""


class ReadMark(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which messages were read."""

    up_to: int = 0
    also: tuple[int, ...] = ()

    def has(self, id: int) -> bool:
        """Whether a message was read."""
        return id <= self.up_to or id in self.also

    @property
    def newest(self) -> int:
        """The highest id that was read."""
        return max(self.up_to, *self.also, 0)

    def with_read(self, ids: Iterable[int], known: Iterable[int]) -> "ReadMark":
        """Return the mark after `ids` were read too; `known` are the ids of all messages that are kept."""
        read, up_to = {*self.also, *ids}, self.up_to
        for id in sorted(known):
            if id > up_to and id not in read:
                break
            up_to = max(up_to, id)
        return ReadMark(up_to, tuple(sorted(id for id in read if id > up_to)))


_encoder = msgspec.json.Encoder()
_messages = msgspec.json.Decoder(Posted)
_marks = msgspec.json.Decoder(ReadMark)


def encode_message(message: Posted) -> bytes:
    """Return a message as a line, newline included; what is too long is cut, and what is no text is escaped."""
    fields = msgspec.structs.asdict(message).items()
    texts = {name: shortened(clean(value)) for name, value in fields if isinstance(value, str)}
    texts = {name: text for name, text in texts.items() if text != getattr(message, name)}
    return _encoder.encode(msgspec.structs.replace(message, **texts)) + b"\n"


def decode_messages(data: bytes) -> list[Posted]:
    """Return the messages of a file; lines that are torn or not understood are passed over. Never raises."""
    found = []
    for line in data.split(b"\n"):
        try:
            message = _messages.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if message.id > 0:
            found.append(message)
    return found


def encode_mark(mark: ReadMark) -> bytes:
    """Return a mark as its file holds it."""
    return _encoder.encode(mark) + b"\n"


def decode_mark(data: bytes) -> ReadMark:
    """Return what a file says was read; nothing was when it cannot be understood: better twice than never."""
    try:
        return _marks.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ReadMark()


def at_least(level: Level) -> frozenset[Level]:
    """Return the levels from this one up."""
    return frozenset(LEVELS[LEVELS.index(level) :])


def shortened(text: str) -> str:
    """Return as much of a text as anybody reads."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
