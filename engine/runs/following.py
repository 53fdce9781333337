"""Following a run from outside: its lines from a sequence number on, and its end, whether it ended or died.

While the run lasts its socket is asked; when it is over, or has no socket, its journal alone. Both have the same lines,
and each goes on where the other left off. A run that died is known by its journal: no end, and nobody holds its lock.
"""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from yester.engine.errors import YesterError
from yester.engine.events import RunBegin, decode
from yester.engine.journal import is_alive, journal_path
from yester.engine.places import Places
from yester.engine.runs.requests import Answer, Refusal, Request, decode_reply, encode_message, sequence_of
from yester.engine.runs.sockets import connected_first, control_folders, socket_path

LOOK_S = 0.2
"""How often the journal of a run without a socket is looked at."""
_END = b'"type":"run.end"'


def sockets_of(places: Places, run: str) -> tuple[Path, ...]:
    """Return where the socket of a run may be: where its journal says, then where sockets usually are."""
    usual = tuple(socket_path(folder, run) for folder in control_folders(places))
    with suppress(OSError), open(journal_path(places.state, run), "rb") as file:
        begin = decode(file.readline()).event
        if isinstance(begin, RunBegin) and begin.control.raw:
            return (Path(os.fsdecode(begin.control.raw)), *usual)
    return usual


def ask(places: Places, run: str, request: Request) -> Answer:
    """Send one request to a run and return its answer. YesterError: it is over, died or does not answer."""
    client = connected_first(sockets_of(places, run))
    if client is None:
        if is_alive(journal_path(places.state, run)):
            raise YesterError(
                f"Run {run} is active but has no socket", hint="Send its process a signal: kill -INT PID."
            )
        raise YesterError(f"Run {run} is over", hint="See yester runs.")
    with client:
        try:
            client.sendall(encode_message(request))
            reply = decode_reply(_first_line(client))
        except OSError as problem:
            raise YesterError(f"Run {run} does not answer: {problem}", hint="See yester runs.") from None
    if isinstance(reply, Answer):
        return reply
    why = reply.refused if isinstance(reply, Refusal) else "it has just ended"
    raise YesterError(f"Run {run} did not obey: {why}", hint="See yester runs.")


def _first_line(client: socket.socket) -> bytes:
    received = b""
    while b"\n" not in received and (piece := client.recv(4096)):
        received += piece
    return received.partition(b"\n")[0]


class Following:
    """The lines of one run, each with its line end, as they come; ends after run.end, or when the run has died."""

    def __init__(self, journal: Path, sockets: Sequence[Path], first: int = 1) -> None:
        """`first` is the sequence number of the first line wanted."""
        self._journal, self._sockets = journal, sockets
        self.next = max(1, first)
        """The number of the next line that is wanted: where to go on another time."""
        self.ended = False
        """Whether run.end was seen. Not when the lines have ended: the run died."""
        self._client: socket.socket | None = None
        self._offset = 0
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        while not self._is_over():
            yield from self._live()
            if self._is_over():
                return
            alive = is_alive(self._journal)  # before the file is read: what is written last is then in it
            yield from self.stored()
            if not alive:
                return
            if not self._is_over():
                time.sleep(LOOK_S)

    def _is_over(self) -> bool:
        return self.ended or self._is_closed

    def close(self) -> None:
        """Let the iteration end soon. Any thread."""
        self._is_closed = True
        client = self._client
        if client is not None:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def _live(self) -> Iterator[bytes]:
        """Yield what the run sends, until it closes the connection; nothing when nobody listens."""
        client = connected_first(self._sockets)
        if client is None:
            return
        self._client = client
        with client, client.makefile("rb") as lines:
            try:
                client.sendall(encode_message(Request(subscribe=self.next)))
                client.settimeout(None)
                for line in lines:
                    if line.endswith(b"\n"):
                        yield from self._wanted(line)
            except OSError:  # it went away: the journal has the rest
                pass
            finally:
                self._client = None

    def stored(self) -> Iterator[bytes]:
        """Yield what the journal has by now, from the next line that is wanted on."""
        try:
            file = open(self._journal, "rb")  # noqa: SIM115 - only that it is not there may be passed over
        except OSError:
            return
        with file:
            if os.fstat(file.fileno()).st_size < self._offset:  # progress was given up for room
                self._offset = 0
            file.seek(self._offset)
            for line in file:
                if line.endswith(b"\n"):
                    self._offset += len(line)
                    yield from self._wanted(line)

    def _wanted(self, line: bytes) -> Iterator[bytes]:
        number = sequence_of(line)
        if number >= self.next:
            self.next = number + 1
            self.ended = _END in line[:120]
            yield line


def follow(places: Places, run: str, first: int = 1) -> Following:
    """Return the lines of a run from a sequence number on, stored and live."""
    return Following(journal_path(places.state, run), sockets_of(places, run), first)
