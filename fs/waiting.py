"""How the mount's worker waits for the kernel's next request.

A copying program sends a request, sleeps, gets the answer, sends the next. So what a request costs is mostly waking
whoever sleeps, and three ways of waiting follow each other, each for requests that come more slowly:

1. Look at the device again and again, for up to SPIN_NS: the server is awake when the next request comes. On two idle
   virtual CPUs a request took 18 us so, and 50 to 90 us otherwise. When a look takes long, other processes
   want the processor; then it is theirs, and this way is left out for CROWD_LASTS_NS.
2. Sleep in the system call, for up to DOZE_MS: a round through the event loop costs as much as answering (20 us of
   processor a request with it, 8 us without).
3. Sleep in the event loop, for as long as it takes. An idle mount uses no processor.

pyfuse3 takes its event loop from its own name `trio`, which its asyncio mode replaces too; `patient_trio` gives it
one with two changes. `wait_readable` is the above. `Lock` is one that its releaser may take again before a waiter
does: pyfuse3 keeps a second worker parked on it, and a fair lock hands over, with a switch of tasks, at each
request. The second worker runs as soon as the first awaits something else, which is when it is needed.

Every PATIENCE requests the loop gets a turn, so that other tasks are not starved by a busy client. While a handler
waits for a thread (`others_wait`) there is only the third way: the thread's answer must come through the loop.
"""

import os
import select
from collections.abc import Callable
from time import perf_counter_ns
from types import SimpleNamespace, TracebackType

import trio

SPIN_NS = 200_000
"""What a copying program does between two requests (create, write and close a small file) takes 20 to 100 us."""

CROWDED_NS = 50_000
"""One look takes a microsecond. When it takes this long, another process was given the processor in between."""
CROWD_LASTS_NS = 50_000_000

DOZE_MS = 20
"""As long as this a signal, or a task of the loop, may have to wait."""

PATIENCE = 64


class Turn:
    """A lock that may be taken by whoever asks first; all on one event loop."""

    def __init__(self) -> None:
        self._held = False
        self._lot = trio.lowlevel.ParkingLot()

    async def __aenter__(self) -> None:
        while self._held:
            await self._lot.park()
        self._held = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held = False
        if self._lot:
            self._lot.unpark()


class Patience:
    """Waits for requests on the FUSE device; one for each mount."""

    def __init__(self, answering: Callable[[], None] = lambda: None) -> None:
        """`answering` is called once, when the first request, the kernel's greeting, was answered."""
        self._answering = answering
        self.others_wait = 0
        """How many handlers wait for a thread."""
        self._poll = select.poll()
        self._fd = -1
        self._awake = False
        self._quick = False
        self._crowded_until = 0
        self._requests = 0
        self._spin_ns = SPIN_NS if len(os.sched_getaffinity(0)) > 1 else 0

    async def wait_readable(self, fd: int) -> None:
        """Return when the kernel has sent a request."""
        if fd != self._fd:
            self._poll.register(fd, select.POLLIN)
            self._fd = fd
        self._requests += 1
        if self._requests == 2:
            self._answering()
        if self._requests % PATIENCE == 0:
            await trio.lowlevel.checkpoint()
        if self.others_wait or not self._came_soon():
            await trio.lowlevel.wait_readable(fd)
            self._awake = True

    def _came_soon(self) -> bool:
        """Wait in the first two ways; False when no request came."""
        start = perf_counter_ns()
        if self._quick and self._spun(start):
            return True
        if not self._awake:
            return False
        self._awake = bool(self._poll.poll(DOZE_MS))
        now = perf_counter_ns()
        self._quick = now - start < self._spin_ns and now > self._crowded_until
        return self._awake

    def _spun(self, now: int) -> bool:
        """Look for a request for a while; True when there is one."""
        until, poll = now + self._spin_ns, self._poll.poll
        while now < until:
            if poll(0):
                return True
            last, now = now, perf_counter_ns()
            if now - last > CROWDED_NS:
                self._crowded_until = now + CROWD_LASTS_NS
                return False
        return False


def patient_trio(patience: Patience) -> SimpleNamespace:
    """What pyfuse3 uses of trio, with this way of waiting."""
    low = trio.lowlevel
    return SimpleNamespace(
        Lock=Turn,
        ClosedResourceError=trio.ClosedResourceError,
        open_nursery=trio.open_nursery,
        lowlevel=SimpleNamespace(
            wait_readable=patience.wait_readable,
            notify_closing=low.notify_closing,
            current_task=low.current_task,
            current_trio_token=low.current_trio_token,
        ),
    )
