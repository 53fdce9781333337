"""The record of a run: the events of engine/events.py, one a line, in a file and to whoever follows.

The file is the journal: it lies in the state folder, the terminal program follows it and looks back at it, and it takes
progress at most once a second. The stream is `--events`: progress ten times a second. A run never waits for its
followers: when a pipe is full, progress is left out and all else is kept until there is room; when a pipe is closed,
nobody is watching, which is no failure. A journal that cannot be written (a full disk) stops, is complained about
once, and the run goes on.
"""

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from yester.engine.events import Event, Phase, RunPhase, encode
from yester.engine.hooks import AllEvents
from yester.engine.progress import Counters, progress_event

JOURNAL_INTERVAL_NS = 1_000_000_000
FLUSH_TIMEOUT_S = 5.0
"""How long the end of a run waits for a follower that does not read."""
_PIPE_ROOM = select.PIPE_BUF
"""A pipe that polls as writable takes at least this many bytes without blocking."""
_MAX_WAITING = 10_000
"""Lines kept for a follower that does not read; older ones are dropped then, and `seq` shows the gap."""


def new_run_id(now_ns: int) -> str:
    """Return a fresh run id: its time in UTC, for sorting, and four random digits."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_ns // 1_000_000_000)) + "-" + os.urandom(2).hex()


def journal_path(state: Path, run: str) -> Path:
    """Return where the journal of a run lies in the state folder."""
    return state / "runs" / f"{run}.jsonl"


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
    """A journal on disk; each line is there when `write` returns."""

    def __init__(self, path: Path) -> None:
        self.problem = ""
        self._last_progress_ns = 0
        self._file = -1
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            self.problem = f"The run's journal {path} cannot be written: {problem.strerror}"

    def write(self, line: bytes) -> None:
        """Append a line."""
        if self.problem:
            return
        try:
            whole = os.write(self._file, line) == len(line)
        except OSError as problem:
            self.problem = f"The run's journal is not complete: {problem.strerror}"
        else:
            self.problem = "" if whole else "The run's journal is not complete: no room is left"

    def write_progress(self, line: bytes, time_ns: int) -> None:
        """Append a line when the last one is a second old."""
        if time_ns - self._last_progress_ns >= JOURNAL_INTERVAL_NS:
            self._last_progress_ns = time_ns
            self.write(line)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


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
        self._lock = threading.Lock()

    def event(self, event: Event) -> None:
        """Write an event to every sink."""
        with self._lock:
            line = self._next(event, self._clock())
            for sink in self._sinks:
                sink.write(line)

    def phase(self, phase: Phase) -> None:
        """Tell followers of a new phase."""
        self.event(RunPhase(phase))

    def update(self, counters: Counters) -> None:
        """Tell followers how far the run has come, where they keep up."""
        with self._lock:
            now_ns = self._clock()
            line = self._next(progress_event(counters), now_ns)
            for sink in self._sinks:
                sink.write_progress(line, now_ns)

    def close(self) -> list[str]:
        """Close every sink; return what went wrong with them, in words."""
        with self._lock:
            for sink in self._sinks:
                sink.close()
            return [sink.problem for sink in self._sinks if sink.problem]

    def _next(self, event: Event, time_ns: int) -> bytes:
        self._seq += 1
        return encode(self._seq, time_ns, event)
