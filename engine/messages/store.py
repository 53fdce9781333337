"""The store of messages: a file of lines in the state folder, the file before it, a lock and a read mark.

Any process writes at any time. Whoever writes holds the lock, gives the next id, and moves a file that has become
large out of the way: what was in the one before it is forgotten. Readers take no lock, so that they work where nothing
can be written. A power cut may tear the last line; the next one begins on a line of its own.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from yester.engine.errors import YesterError
from yester.engine.messages.posted import (
    Posted,
    ReadMark,
    decode_mark,
    decode_messages,
    encode_mark,
    encode_message,
)
from yester.engine.places import ensured, remember, unwritable

MAX_SIZE = 1 << 20
"""Bytes of the file; at most twice as much is kept."""
LOCK_TIMEOUT_S = 5.0
"""A process that was stopped while it wrote must not stop all others."""
_PAUSE_S = 0.01
_TAIL_SIZE = 64 << 10
"""Bytes among which the newest id is found, unless the end of the file is damaged."""


class MessageStore:
    """The messages of this person on this machine. Any thread may call."""

    def __init__(self, state: Path, clock: Callable[[], int] = time.time_ns) -> None:
        """Nothing is touched yet; `state` is the state folder."""
        self._folder = state / "messages"
        self._clock = clock
        self._file, self._before = self._folder / "messages.jsonl", self._folder / "messages.1.jsonl"
        self._mark = self._folder / "read.json"

    def post(self, message: Posted) -> Posted:
        """Add a message; return it with its id and time. YesterError: the store cannot be written."""
        try:
            with self._locked():
                posted = replace(message, id=self._next_id(), time_ns=self._clock())
                _append(self._file, encode_message(posted))
                if self._file.stat().st_size >= MAX_SIZE:
                    os.replace(self._file, self._before)
        except OSError as problem:
            raise unwritable(self._folder, problem) from None
        return posted

    def messages(self) -> list[Posted]:
        """Return all that are kept, oldest first. YesterError: they cannot be read."""
        # The newer file first: one that is moved in between is met twice, and not missed.
        newer = decode_messages(_content(self._file))
        found = {message.id: message for message in [*decode_messages(_content(self._before)), *newer]}
        return [found[id] for id in sorted(found)]

    def mark(self) -> ReadMark:
        """Return which of them were read."""
        return decode_mark(_content(self._mark))

    def mark_read(self, ids: Iterable[int]) -> None:
        """Say that messages were read. YesterError: that cannot be written."""
        try:
            with self._locked():
                known = [message.id for message in self.messages()]
                remember(self._mark, encode_mark(self.mark().with_read(ids, known)))
        except OSError as problem:
            raise unwritable(self._folder, problem) from None

    def _next_id(self) -> int:
        """Return an id above all that were ever given, as far as anything is left that tells of them."""
        newest = _newest_id(self._file) or _newest_id(self._before)
        return max(newest, self.mark().newest) + 1

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(ensured(self._folder) / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _wait_for(descriptor, self._folder)
            yield
        finally:
            os.close(descriptor)


def _wait_for(descriptor: int, folder: Path) -> None:
    end = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise YesterError(
                    f"{folder} is locked by another process", hint="Does a stopped yester stand in the way?"
                ) from None
            time.sleep(_PAUSE_S)


def _append(path: Path, line: bytes) -> None:
    """Add a line, whole or not at all."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = memoryview(b"\n" + line if is_torn else line)
        offset = size
        try:
            while rest:
                written = os.pwrite(descriptor, rest, offset)
                rest, offset = rest[written:], offset + written
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _newest_id(path: Path) -> int:
    """Return the highest id of a file; 0 when there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_SIZE))
            found = decode_messages(file.read())
    except FileNotFoundError:
        return 0
    return max((message.id for message in found or decode_messages(_content(path))), default=0)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as problem:
        raise YesterError(f"{path} cannot be read: {problem.strerror}") from None
