"""The socket of a run: whoever may connect follows its journal, and cancels, pauses and resumes it.

One thread serves all followers. A follower is sent the journal's file from the line it asked for; when the file has no
more, it is *live* and gets lines as they are written. Both happen under one lock, and a line is in the file before it
comes here, so at the seam no line is lost and none comes twice. A live follower who is too slow goes back to the file:
he costs no memory, misses nothing but progress, and never makes the run wait. Lines that the file could not take are
kept here, the newest of them.

Nothing that a client does may harm the run: what is no request is refused and its connection closed, so is one who
sends without end or never reads answers; more than MAX_FOLLOWERS are turned away.
"""

import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from yester.engine.runs.control import RunControl
from yester.engine.runs.requests import (
    MAX_REQUEST_SIZE,
    Answer,
    Refusal,
    decode_request,
    encode_message,
    sequence_of,
)
from yester.engine.runs.sockets import listening, socket_path, sweep

MAX_FOLLOWERS = 32
_CHUNK_SIZE = 256 << 10
_MAX_LINE = 16 << 20
_MAX_QUEUE = 1000
"""Lines that wait for a live follower; with more he reads the file again."""
_MAX_QUEUED_PROGRESS = 3
_MAX_UNREAD = 1 << 20
"""Bytes of answers that a client may leave unread."""
_KEPT_LINES = 1000
"""Lines kept for followers in case that the file does not have them."""
_LOOK_S = 5.0
"""How often the thread looks whether its socket is still there: a session's folder goes when the person logs out."""
_SPARE_S = 0.1
"""The pause where no descriptor is left for who connects."""
FLUSH_S = 0.5
"""How long the end of a run waits for followers to take the last lines; the journal has them."""


class _Follower:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.inbox = b""
        self.outbox = b""
        self.next = 0
        """The number of the next line to send; 0 before anything was asked for."""
        self.offset = 0
        """Up to where the journal's file was read."""
        self.queue: deque[bytes] = deque()
        self.is_live = False
        self.is_refused = False


class RunSocket:
    """A sink of the Recorder (engine/journal.py), after the journal's file, that others connect to."""

    def __init__(self, run: str, folders: Sequence[Path], journal: Path, control: RunControl) -> None:
        """Listen in the first of `folders` where that is possible; `problem` says so when it is in none."""
        self.problem = ""
        self.path: Path | None = None
        self._run, self._folders, self._journal, self._control = run, folders, journal, control
        self._lock = threading.Lock()
        self._newest = 0
        self._kept: deque[bytes] = deque(maxlen=_KEPT_LINES)
        self._followers: list[_Follower] = []
        self._server: socket.socket | None = None
        self._inode = 0
        self._closing_at = 0.0
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        self._listen()
        self._thread = threading.Thread(target=self._serve, name="run-socket", daemon=True)
        self._thread.start()

    # The recorder's side; any thread.

    def write(self, line: bytes) -> None:
        """Hand a line to live followers."""
        with self._lock:
            self._newest = sequence_of(line)
            self._kept.append(line)
            live = [follower for follower in self._followers if follower.is_live]
            for follower in live:
                self._queue(follower, line)
        if live:
            self._rouse()

    def write_progress(self, line: bytes, time_ns: int) -> None:
        """Hand a line to live followers who keep up."""
        with self._lock:
            self._newest = sequence_of(line)
            ready = [each for each in self._followers if each.is_live and len(each.queue) < _MAX_QUEUED_PROGRESS]
            for follower in ready:
                follower.queue.append(line)
        if ready:
            self._rouse()

    def close(self) -> None:
        """Let followers take the last lines, for as long as FLUSH_S, and be gone."""
        if not self._closing_at:
            self._closing_at = time.monotonic() + FLUSH_S
            self._rouse()
            self._thread.join()
            self._selector.close()
            wake, self._wake = self._wake, -1
            os.close(wake)

    @staticmethod
    def _queue(follower: _Follower, line: bytes) -> None:
        follower.queue.append(line)
        if len(follower.queue) > _MAX_QUEUE:
            follower.queue.clear()
            follower.is_live = False

    def _rouse(self) -> None:
        if self._wake >= 0:
            with suppress(BlockingIOError):
                os.eventfd_write(self._wake, 1)

    # The thread.

    def _serve(self) -> None:
        look_at = time.monotonic() + _LOOK_S
        while True:
            closing_at = self._closing_at
            until = look_at if not closing_at else closing_at if self._is_awaited() else 0.0
            ready = self._selector.select(max(0.0, until - time.monotonic()))
            for key, mask in ready:
                key.data(mask)
            now = time.monotonic()
            # Those who came in the last moment are served too: the end is not before nothing happens any more.
            if closing_at and (now >= closing_at or not (ready or self._is_awaited())):
                break
            if now >= look_at:
                look_at = now + _LOOK_S
                self._listen_again_if_lost()
        for follower in list(self._followers):
            self._drop(follower)
        self._stop_listening()

    def _is_awaited(self) -> bool:
        """Whether a follower has yet to take lines."""
        return any(each.outbox or (each.next and not each.is_live) or each.queue for each in self._followers)

    def _woken(self, mask: int) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        for follower in list(self._followers):
            self._send(follower)

    # Listening.

    def _listen(self) -> None:
        why = ""
        for folder in self._folders:
            try:
                server = listening(folder, self._run)
            except OSError as problem:
                why = why or f"{folder}: {problem.strerror or problem}"
                continue
            self._server, self.path = server, socket_path(folder, self._run)
            with suppress(OSError):
                self._inode = self.path.stat().st_ino
            self._selector.register(server, selectors.EVENT_READ, self._accept)
            sweep(folder)
            return
        self.problem = f"Nobody can follow or cancel this run from elsewhere: no socket in {why}"

    def _stop_listening(self) -> None:
        if self._server is None or self.path is None:
            return
        self._selector.unregister(self._server)
        self._server.close()
        self._server = None
        with suppress(OSError):
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()

    def _listen_again_if_lost(self) -> None:
        if self.path is None:
            return
        try:
            lost = self.path.stat().st_ino != self._inode
        except OSError:
            lost = True
        if lost:
            self._stop_listening()
            self._listen()

    def _accept(self, mask: int) -> None:
        assert self._server is not None
        try:
            connection, _ = self._server.accept()
        except BlockingIOError:
            return
        except OSError:  # no descriptor is left: whoever waits, waits; do not spin meanwhile
            time.sleep(_SPARE_S)
            return
        connection.setblocking(False)
        follower = _Follower(connection)
        with self._lock:
            self._followers.append(follower)
        self._selector.register(connection, selectors.EVENT_READ, self._handler(follower))
        if len(self._followers) > MAX_FOLLOWERS:
            self._refuse(follower, f"there are {MAX_FOLLOWERS} followers already")

    def _handler(self, follower: _Follower) -> Callable[[int], None]:
        def handle(mask: int) -> None:
            if mask & selectors.EVENT_READ:
                self._receive(follower)
            if follower in self._followers:
                self._send(follower)

        return handle

    # Requests.

    def _receive(self, follower: _Follower) -> None:
        try:
            received = follower.connection.recv(_CHUNK_SIZE)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._drop(follower)
            return
        *lines, follower.inbox = (follower.inbox + received).split(b"\n")
        for line in lines:
            if not follower.is_refused and line.strip():
                self._obey(follower, line)
        if len(follower.inbox) > MAX_REQUEST_SIZE:
            self._refuse(follower, f"no request: longer than {MAX_REQUEST_SIZE} bytes")

    def _obey(self, follower: _Follower, line: bytes) -> None:
        request = decode_request(line) if len(line) <= MAX_REQUEST_SIZE else Refusal("no request: too long")
        if isinstance(request, Refusal):
            self._refuse(follower, request.refused)
            return
        match request.name:
            case "cancel":
                self._control.cancel()
            case "pause":
                self._control.pause()
            case "resume":
                self._control.resume()
        with self._lock:
            newest = self._newest
            answer = encode_message(Answer(request.name, self._run, newest, self._control.is_paused))
            follower.outbox += b"".join(follower.queue) + answer
            follower.queue.clear()
            if request.subscribe is not None:
                follower.next, follower.offset, follower.is_live = max(1, request.subscribe), 0, False
        if len(follower.outbox) > _MAX_UNREAD:
            self._drop(follower)

    def _refuse(self, follower: _Follower, why: str) -> None:
        follower.is_refused = True
        with suppress(OSError):
            follower.connection.send(encode_message(Refusal(why)))
        self._drop(follower)

    def _drop(self, follower: _Follower) -> None:
        with self._lock:
            if follower not in self._followers:
                return
            self._followers.remove(follower)
        self._selector.unregister(follower.connection)
        follower.connection.close()

    # Lines.

    def _send(self, follower: _Follower) -> None:
        """Send what there is, until the follower takes no more."""
        while follower.outbox or self._filled(follower):
            try:
                sent = follower.connection.send(follower.outbox[:_CHUNK_SIZE])
            except BlockingIOError:
                break
            except OSError:
                self._drop(follower)
                return
            follower.outbox = follower.outbox[sent:]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if follower.outbox else 0)
        self._selector.modify(follower.connection, events, self._handler(follower))

    def _filled(self, follower: _Follower) -> bool:
        """Whether there were further lines for the outbox: from the file, or live."""
        while follower.next and not follower.is_live:
            lines = self._read(follower)
            if lines is None:
                with self._lock:
                    lines = self._read(follower)  # what was written since, before nobody else writes
                    if lines is None:
                        follower.queue.extend(line for line in self._kept if sequence_of(line) >= follower.next)
                        follower.is_live = True
            if lines:
                self._take(follower, lines)
                return True
        with self._lock:
            lines = [line for line in follower.queue if sequence_of(line) >= follower.next]
            follower.queue.clear()
        self._take(follower, lines)
        return bool(lines)

    @staticmethod
    def _take(follower: _Follower, lines: Sequence[bytes]) -> None:
        if lines:
            follower.outbox += b"".join(lines)
            follower.next = sequence_of(lines[-1]) + 1

    def _read(self, follower: _Follower) -> list[bytes] | None:
        """Return the next wanted lines of the file, maybe none of a whole piece of it; None at its end."""
        try:
            with open(self._journal, "rb") as file:
                if os.fstat(file.fileno()).st_size < follower.offset:  # progress was given up for room
                    follower.offset = 0
                file.seek(follower.offset)
                piece = file.read(_CHUNK_SIZE)
                end = piece.rfind(b"\n") + 1
                if piece and not end:  # one line longer than a piece
                    piece += file.readline(_MAX_LINE)
                    end = len(piece) if piece.endswith(b"\n") else 0
        except OSError:
            return None
        follower.offset += end
        return (
            [line for line in piece[:end].splitlines(keepends=True) if sequence_of(line) >= follower.next]
            if end
            else None
        )
