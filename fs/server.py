"""Serves a mount: takes requests from the kernel one by one and answers them, on one thread.

A copying program sends a request, sleeps, gets the answer, sends the next. So what a request costs is mostly waking
whoever sleeps. For up to SPIN_NS after an answer the server looks at the device again and again: then it is awake when
the next request comes. On two idle virtual CPUs a request took 18 us so, and 50 to 90 us otherwise. When a look takes
long, other processes want the processor; then it is theirs, and the server sleeps at once for CROWD_LASTS_NS.

What may take long is done by workers, and what they bring is taken up between two requests.
"""

import errno
import os
import select
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from time import perf_counter_ns
from typing import Any

from yester.engine.store import Buffer
from yester.fs.answering import Answering
from yester.fs.complaints import Complaints
from yester.fs.handlers import Answer, Handlers
from yester.fs.inodes import Inode
from yester.fs.requests import REQUEST_SIZE, Call, Request, answer_header, invalidation, parse_request
from yester.fs.sources import MountSource
from yester.fs.versions.history import History
from yester.fs.workers import Workers

SPIN_NS = 200_000
"""What a copying program does between two requests (create, write and close a small file) takes 20 to 100 us."""
CROWDED_NS = 50_000
"""One look takes a microsecond. When it takes this long, another process was given the processor in between."""
CROWD_LASTS_NS = 50_000_000
THREADS = 40
"""So many requests may wait for a store at once; the others wait for them."""
TICK_NS = 1_000_000_000
_GONE = (errno.ENODEV, errno.EBADF, errno.ECONNABORTED)
_PASSED = (errno.EAGAIN, errno.EINTR, errno.ENOENT)
"""There is nothing to read, or whoever asked was killed meanwhile."""


def _nothing() -> None:
    return None


class Server:
    """One mount, on the descriptor of /dev/fuse that it has."""

    def __init__(self, fd: int, *, ready: Callable[[], None] = _nothing, tick: Callable[[], None] = _nothing) -> None:
        """`ready` is called when the kernel was greeted, `tick` at most once a second, and at the end."""
        self._fd = fd
        self._ready = ready
        self._tick = tick
        self._next_tick = 0
        self._is_ticking = False
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        for each in (fd, self._waker):
            self._poll.register(each, select.POLLIN)
        os.set_blocking(fd, False)
        self._workers = Workers(THREADS, "fetch")
        self._arrived: deque[Callable[[], None]] = deque()
        self._is_stopping = threading.Event()
        self._is_quick = False
        self._crowded_until = 0
        self._spin_ns = SPIN_NS if len(os.sched_getaffinity(0)) > 1 else 0

    def stop(self) -> None:
        """End soon; from any thread, or from a signal's handler."""
        self._is_stopping.set()
        self._wake()

    def serve(self, handlers: Handlers, source: MountSource, history: History | None = None) -> None:
        """Answer until someone unmounts, or `stop`. Nobody waits for what workers are at then."""
        answering = Answering(handlers, source, history, self._reply, self, Complaints())
        try:
            while not self._is_stopping.is_set():
                self._wait(answering)
                while self._arrived:
                    self._arrived.popleft()()
                if not self._take(answering):
                    return
        finally:
            self._workers.close()
            self._tick()

    def close(self) -> None:
        """Let go of what this holds, but not of the device. Afterwards nothing may be called."""
        os.close(self._waker)

    def run(self, work: Callable[[], Any], then: Callable[[Any, Exception | None], None]) -> None:
        """Do `work` on a thread, then call `then` with its result or error on the one that serves."""

        def at_work() -> None:
            result, error = None, None
            try:
                result = work()
            except Exception as problem:  # noqa: BLE001  it is for `then` to say
                error = problem
            self._arrived.append(partial(then, result, error))
            self._wake()

        self._workers.submit(at_work)

    def invalidate(self, inode: Inode) -> None:
        """Tell the kernel to let go of what it keeps of a folder's listing."""
        # It may have forgotten the folder.
        with suppress(OSError):
            os.write(self._fd, invalidation(inode))

    def _wake(self) -> None:
        with suppress(OSError):  # it has ended, or was woken very often
            os.eventfd_write(self._waker, 1)

    # Requests

    def _take(self, answering: Answering) -> bool:
        """Answer the next request, if there is one; False when the mount is gone."""
        try:
            data = os.read(self._fd, REQUEST_SIZE)
        except OSError as error:
            if error.errno in _PASSED:
                return True
            if error.errno in _GONE:
                return False
            raise
        if not data:
            return False
        request = parse_request(data)
        answering.answer(request)
        if request.call == Call.INIT:
            self._ready()
        return True

    def _reply(self, request: Request, error: int, answer: Answer) -> None:
        size = sum(map(len, answer))
        pieces: Sequence[Buffer] = (answer_header(request.id, size, error), *answer)
        try:
            os.writev(self._fd, pieces)
        except OSError as problem:
            # Whoever asked was killed meanwhile, or the mount is gone, which the next look will tell.
            if problem.errno not in (*_PASSED, *_GONE):
                raise

    # Waiting

    def _wait(self, answering: Answering) -> None:
        """Return when there is something to do."""
        start = perf_counter_ns()
        if start >= self._next_tick:
            self._next_tick = start + TICK_NS
            self._is_ticking = False
            self._tick()
            answering.give_up()
        if self._is_quick and self._spun(start):
            self._is_ticking = True
            return
        # Idle, it sleeps for as long as nothing happens.
        limit = (self._next_tick - start) // 1_000_000 + 1 if self._is_ticking or answering.waiting else None
        if self._looked(limit):
            self._is_ticking = True
        now = perf_counter_ns()
        self._is_quick = now - start < self._spin_ns and now > self._crowded_until

    def _looked(self, limit_ms: int | None) -> bool:
        """Return whether there is something to do, at the latest after so long."""
        found = self._poll.poll(limit_ms)
        for fd, _ in found:
            if fd == self._waker:
                os.eventfd_read(fd)
        return bool(found)

    def _spun(self, now: int) -> bool:
        """Look for something to do for a while; True when there is."""
        until = now + self._spin_ns
        while now < until:
            if self._looked(0):
                return True
            last, now = now, perf_counter_ns()
            if now - last > CROWDED_NS:
                self._crowded_until = now + CROWD_LASTS_NS
                return False
        return False
