"""One connection: requests go out, answers come in, nothing waits for ever.

It belongs to one thread at a time (pool.py), and whoever waits for an answer moves the bytes of all of them; so there
is no thread to be lost in a fork, and none between ssh and the caller. What goes wrong is a StoreError: Retry when the
connection is lost, or nothing moves for STALL_S; Broken when the server talks nonsense.
"""

import math
import os
import select
import subprocess
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NoReturn

from yester.engine.errors import Broken, Retry, StoreError
from yester.engine.store import Buffer
from yester.plugins.backends.sftp.address import Address
from yester.plugins.backends.sftp.packets import LIMITS, Extended, Fields, Garbled, Kind, Reply, hello, text
from yester.plugins.backends.sftp.refusals import refusal
from yester.plugins.backends.sftp.session import Session

STALL_S = 120.0
"""How long nothing may move: longer than a disk takes to wake up, or to make a large object durable."""

IDLE_S = 30.0
"""After so long without a word a connection is asked whether it is still there, before it is relied on: a network that
went away, with a laptop that slept, says nothing."""
ALIVE_S = 10.0
"""How long that answer may take."""

_LOOK_S = 60.0
"""How often a wait without end looks up."""
_END_S = 2.0
"""How long ssh may take to end when it is no longer needed."""
_READ_SIZE = 1 << 20
_PARTS = 512
"""How many buffers go out at once; the system takes 1024."""
_KEPT_WORDS = 8192

_CHUNK = 32 << 10
"""What every server reads and writes at once, draft section 3."""
_LARGEST_CHUNK = 255 << 10


class Connection:
    """An SFTP conversation over a process."""

    def __init__(
        self,
        address: Address,
        process: "subprocess.Popen[bytes]",
        *,
        asking: bool = False,
        stall_s: float = STALL_S,
        clock: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        """Greet the server; while ssh may be asking a person, without haste. StoreError."""
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self._address, self._process, self._stall_s, self._clock = address, process, stall_s, clock
        self._to, self._from, self._words = process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno()
        self._session = Session()
        self._outbox: deque[memoryview] = deque()
        self._arrived: dict[int, Reply] = {}
        self._unheeded: set[int] = set()
        self._said = b""
        self._heard = clock()
        self._lost: StoreError | None = None
        self.chunk_size = _CHUNK
        """How much a read or a write may move."""
        try:
            self._greet(asking)
        except BaseException:
            self.close()
            raise

    @property
    def offered(self) -> dict[bytes, bytes]:
        """The extensions that the server has."""
        return self._session.offered or {}

    @property
    def is_sound(self) -> bool:
        """Whether it can be used by another: nothing is under way, and the other side is there."""
        if self._lost or self._outbox or self._session.waiting > len(self._unheeded):
            return False
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        # Late answers that nobody waits for are fine; an end is not.
        return not any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))

    def is_alive(self, patience_s: float = ALIVE_S) -> bool:
        """Whether the server is there; it is asked when it has not been heard for IDLE_S."""
        if self._clock() - self._heard < IDLE_S:
            return True
        try:
            number = self.send(Kind.LSTAT, text(b"."))
            self._move_until(lambda: number in self._arrived, patience_s)
        except StoreError:
            return False
        return self._arrived.pop(number) is not None

    def send(self, kind: Kind, *parts: Buffer) -> int:
        """Send a request, in time; its number is to be waited for, or not to be heeded. StoreError."""
        number, head = self._session.ask(kind, parts)
        self._outbox.append(memoryview(head))
        self._outbox.extend(view for part in parts if (view := memoryview(part).cast("B")))
        self._move(0)
        return number

    def extend(self, name: bytes, *parts: Buffer) -> int:
        """Send a request of an extension."""
        return self.send(Kind.EXTENDED, text(name), *parts)

    def wait(self, number: int) -> Reply:
        """Return the answer to a request. StoreError."""
        self._move_until(lambda: number in self._arrived, self._stall_s)
        return self._arrived.pop(number)

    def do_not_heed(self, number: int) -> None:
        """Drop the answer to a request when it comes."""
        if self._arrived.pop(number, None) is None:
            self._unheeded.add(number)

    def close(self) -> None:
        """End ssh: by the end of its input, else by force."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        self._lost = self._lost or Retry(f"The connection to {self._address.host} is closed")
        for force in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                force()
        self._process.wait()

    def _greet(self, asking: bool) -> None:
        self._outbox.append(memoryview(hello()))
        self._move_until(lambda: self._session.offered is not None, math.inf if asking else self._stall_s)
        if LIMITS in self.offered:
            reply = self.wait(self.extend(LIMITS))
            if isinstance(reply, Extended):
                self.chunk_size = self._chunk(Fields(reply.body))

    def _chunk(self, limits: Fields) -> int:
        """Return how much this server reads and writes at once, by its own word."""
        try:
            _, largest_read, largest_write = limits.number64(), limits.number64(), limits.number64()
        except Garbled as problem:
            raise self._nonsense(problem) from None
        return max(_CHUNK, min(largest_read or _CHUNK, largest_write or _CHUNK, _LARGEST_CHUNK))

    def _move_until(self, is_so: Callable[[], bool], stall_s: float) -> None:
        """Move bytes until something is so; Retry when none moves for so long."""
        end = self._clock() + stall_s
        while not is_so():
            if self._move(min(end - self._clock(), _LOOK_S)):
                end = self._clock() + stall_s
            elif self._clock() >= end:
                self._lose(Retry(f"{self._address.host} has not answered for {stall_s:.0f} seconds"))

    def _move(self, patience_s: float) -> bool:
        """Move what can be moved, after waiting so long at most; whether anything did. StoreError."""
        if self._lost:
            raise self._lost
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        if self._words >= 0:
            poll.register(self._words, select.POLLIN)
        if self._outbox:
            poll.register(self._to, select.POLLOUT)
        ready = {file for file, _ in poll.poll(max(0.0, patience_s) * 1000)}
        if self._words in ready:
            self._listen()
        if self._from in ready:
            self._take_in()
        if self._to in ready:
            self._let_out()
        return not ready.isdisjoint((self._from, self._to))

    def _let_out(self) -> None:
        try:
            sent = os.writev(self._to, list(islice(self._outbox, _PARTS)))
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._end()
        while sent:
            first = self._outbox.popleft()
            if sent < len(first):
                self._outbox.appendleft(first[sent:])
                return
            sent -= len(first)

    def _take_in(self) -> None:
        try:
            data = os.read(self._from, _READ_SIZE)
        except BlockingIOError:
            return
        if not data:
            self._end()
        self._heard = self._clock()
        try:
            for number, reply in self._session.receive(data):
                if number in self._unheeded:
                    self._unheeded.remove(number)
                else:
                    self._arrived[number] = reply
        except Garbled as problem:
            self._lose(self._nonsense(problem))

    def _listen(self) -> bool:
        """Take in what ssh says about itself; whether there was something."""
        try:
            said = os.read(self._words, _READ_SIZE)
        except BlockingIOError:
            return False
        self._said = (self._said + said)[-_KEPT_WORDS:]
        if not said:
            # Nothing more comes from there, and a closed pipe is always ready.
            self._words = -1
        return bool(said)

    def _end(self) -> NoReturn:
        """The other side has ended: say why."""
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        while self._words >= 0 and self._listen():
            pass
        self._lose(refusal(self._address, self._said))

    def _lose(self, problem: StoreError) -> NoReturn:
        self._lost = problem
        raise problem

    def _nonsense(self, problem: Garbled) -> Broken:
        return Broken(
            f"{self._address.host} does not talk SFTP: it sent {problem}",
            hint=f"Does a login there print something? Try it by hand: {self._address.by_hand}",
        )
