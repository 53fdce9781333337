"""The record of a run: the events of engine/events.py, one a line, in a file and to whoever follows.

The file is the journal: it lies in the state folder, the terminal program follows it and looks back at it, and it takes
progress at most once a second. The stream is `--events`: progress ten times a second. A run never waits for its
followers: when a pipe is full, progress is left out and all else is kept until there is room; when a pipe is closed,
nobody is watching, which is no failure. What a journal cannot take (a full disk) is complained about once, and the run
goes on. Those who follow from elsewhere do so by the run's socket (engine/runs/serving.py), a sink like the others.
"""

import fcntl
import os
import select
import stat
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from yester.engine.events import Event, Phase, RunPhase, encode
from yester.engine.hooks import AllEvents
from yester.engine.progress import Counters, progress_event
from yester.engine.reserving import reserve

JOURNAL_INTERVAL_NS = 1_000_000_000
FLUSH_TIMEOUT_S = 5.0
"""How long the end of a run waits for a follower that does not read."""
_PIPE_ROOM = select.PIPE_BUF
"""A pipe that polls as writable takes at least this many bytes without blocking."""
_MAX_WAITING = 10_000
"""Lines kept for a follower that does not read; older ones are dropped then, and `seq` shows the gap."""
_PROGRESS_LINES = 600
"""About as many lines of progress a journal has when they come less often than once a second."""
_LOCK = struct.Struct("hhqqixxxx")
"""The kernel's `struct flock`, for a lock that lasts until every copy of the descriptor is closed."""
_PROGRESS = b'"type":"run.progress"'
_HEAD_SIZE = 120
_RESERVE = 8192
"""Bytes that are kept for the end of a run from its beginning: what progress takes of them it gives back."""
"""The type of a line stands within so many bytes."""


def new_run_id(now_ns: int) -> str:
    """Return the id of a run that begins now: its time in UTC and, as four digits, the part of that second.

    So ids sort by time, also those of runs in one second. (Two that begin within 15 µs would share a journal; the one
    that comes second then has none.)
    """
    seconds, rest_ns = divmod(now_ns, 1_000_000_000)
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds)) + f"-{(rest_ns << 16) // 1_000_000_000:04x}"


def journal_path(state: Path, run: str) -> Path:
    """Return where the journal of a run lies in the state folder."""
    return state / "runs" / f"{run}.jsonl"


def is_alive(journal: Path) -> bool:
    """Whether a process still holds the journal's lock. False when there is no journal."""
    try:
        descriptor = os.open(journal, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Only asked, not taken: a run that begins just now must find it free.
        asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, *_ = _LOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked))
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return bool(kind != fcntl.F_UNLCK)


class LineSink(Protocol):
    """Somewhere that lines go. Never raises."""

    problem: str
    """What somebody should hear of it; empty while there is nothing to complain about."""

    def write(self, line: bytes) -> None:
        """Take a line that matters."""
        ...

    def write_progress(self, line: bytes, time_ns: int) -> None:
        """Take a line that may be left out."""
        ...

    def close(self) -> None:
        """Write what is still to be written."""
        ...


class JournalFile:
    """A journal on disk; each line is there when `write` returns, or is lost and said to be.

    The file is locked for as long as the process lives: a journal without an end that nobody locks is of a run that
    died. Where there is no room, progress is given up for what matters, its end above all, and some is kept for that
    from the beginning: a disk may be full before there was any progress.
    """

    def __init__(self, path: Path) -> None:
        self.problem = ""
        self._path = path
        self._file = -1
        self._size = 0
        self._began_ns = self._last_progress_ns = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            self.problem = f"The run's journal {path} cannot be written: {problem.strerror}"
            return
        self._size = os.fstat(self._file).st_size
        try:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
        except BlockingIOError:
            self.problem = f"The run's journal {path} is another run's"
            os.close(self._file)
            self._file = -1
        except OSError:  # a file system without locks: the run will be taken for dead while it works
            return
        reserve(self._file, self._size, _RESERVE)

    def write(self, line: bytes) -> None:
        """Append a line, at the expense of earlier progress if need be."""
        if self._file >= 0 and not self._append(line) and self._made_room():
            self._append(line)

    def write_progress(self, line: bytes, time_ns: int) -> None:
        """Append a line when the last one is a second old; later less often, so that a day fills no disk."""
        self._began_ns = self._began_ns or time_ns
        interval_ns = max(JOURNAL_INTERVAL_NS, (time_ns - self._began_ns) // _PROGRESS_LINES)
        if self._file >= 0 and not self.problem and time_ns - self._last_progress_ns >= interval_ns:
            self._last_progress_ns = time_ns
            self._append(line)

    def close(self) -> None:
        """Close the file; one that took nothing goes."""
        if self._file >= 0:
            status = os.fstat(self._file)
            if stat.S_ISREG(status.st_mode) and not status.st_size:
                with suppress(OSError):
                    self._path.unlink()
            with suppress(OSError):  # what is left of the reserve
                os.ftruncate(self._file, status.st_size)
            os.close(self._file)
            self._file = -1

    def _append(self, line: bytes) -> bool:
        try:
            if os.pwrite(self._file, line, self._size) == len(line):
                self._size += len(line)
                return True
            why = "No space left on device"
        except OSError as problem:
            why = problem.strerror or str(problem)
        self.problem = self.problem or f"The run's journal is not complete: {why}"
        with suppress(OSError):  # else the next line begins in the middle of this one
            os.ftruncate(self._file, self._size)
        return False

    def _made_room(self) -> bool:
        """Whether progress was taken out of the file. It is rewritten in place: a full disk takes no second one."""
        try:
            whole = os.pread(self._file, self._size, 0)
            kept = b"".join(line for line in whole.splitlines(keepends=True) if _PROGRESS not in line[:_HEAD_SIZE])
            if len(kept) == len(whole):
                return False
            os.pwrite(self._file, kept, 0)
            os.ftruncate(self._file, len(kept))
        except OSError:
            return False
        self._size = len(kept)
        return True


class EventStream:
    """A descriptor that a follower reads, or has stopped reading, or never reads."""

    def __init__(self, descriptor: int) -> None:
        self.problem = ""
        self._is_read = True
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque(maxlen=_MAX_WAITING)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, line: bytes) -> None:
        """Write a line, or keep it while there is no room."""
        if self._is_read:
            self._waiting.append(line)
            self._drain(0)

    def write_progress(self, line: bytes, time_ns: int) -> None:
        """Write a line if nothing waits and there is room."""
        self._drain(0)
        if not self._waiting and len(line) <= _PIPE_ROOM and self._has_room(0):
            self._send(line)

    def close(self) -> None:
        """Write what waits, for as long as FLUSH_TIMEOUT_S."""
        end = time.monotonic() + FLUSH_TIMEOUT_S
        while self._waiting and self._is_read and (left := end - time.monotonic()) > 0:
            self._drain(int(left * 1000))

    def _drain(self, timeout_ms: int) -> None:
        while self._waiting and self._is_read and self._has_room(timeout_ms):
            line = self._waiting.popleft()
            sent = self._send(line[:_PIPE_ROOM])
            if sent < len(line):
                self._waiting.appendleft(line[sent:])

    def _has_room(self, timeout_ms: int) -> bool:
        return self._is_read and bool(self._poll.poll(timeout_ms))

    def _send(self, part: bytes) -> int:
        """Return how many bytes went: all, when nobody reads any more."""
        try:
            return os.write(self._descriptor, part)
        except BlockingIOError:
            return 0
        except OSError:
            self._is_read = False
            self._waiting.clear()
            return len(part)


class Recorder(AllEvents):
    """Numbers and times the events and progress of one run, and writes them to its sinks. Any thread may call."""

    def __init__(self, sinks: Sequence[LineSink], clock: Callable[[], int] = time.time_ns) -> None:
        self._sinks = sinks
        self._clock = clock
        self._seq = 0
        self._is_closed = False
        self._lock = threading.Lock()

    def event(self, event: Event) -> None:
        """Write an event to every sink; nothing once it is closed."""
        with self._lock:
            if self._is_closed:
                return
            line = self._next(event, self._clock())
            for sink in self._sinks:
                sink.write(line)

    def phase(self, phase: Phase) -> None:
        """Tell followers of a new phase."""
        self.event(RunPhase(phase))

    def update(self, counters: Counters, eta_s: int | None = None) -> None:
        """Tell followers how far the run has come, where they keep up."""
        with self._lock:
            if self._is_closed:
                return
            now_ns = self._clock()
            line = self._next(progress_event(counters, eta_s), now_ns)
            for sink in self._sinks:
                sink.write_progress(line, now_ns)

    def close(self) -> list[str]:
        """Close every sink; return what went wrong with them, in words."""
        with self._lock:
            self._is_closed = True
        for sink in self._sinks:  # without the lock: a sink's own thread may be about to tell something
            sink.close()
        return [sink.problem for sink in self._sinks if sink.problem]

    def _next(self, event: Event, time_ns: int) -> bytes:
        self._seq += 1
        return encode(self._seq, time_ns, event)
