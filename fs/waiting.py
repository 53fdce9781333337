"""How the mount's worker waits for the kernel's next request.

A copying program sends a request, sleeps, gets the answer, sends the next. When the server sleeps in between, each
request pays for waking it, which takes longer than answering: 50 to 90 us with the event loop's round and the idle
CPU that must be roused, 18 us when the server looks for the next request for a moment before it sleeps (measured on
two virtual CPUs). So after a request that came soon after the one before, the worker polls the device up to
SPIN_NS; when nothing comes in that time it sleeps in the event loop until it is woken, and does not poll again
before requests come quickly once more. An idle mount uses no CPU.

pyfuse3 takes its event loop from its own name `trio`, which its asyncio mode replaces too; `patient_trio` gives it
one with two changes. `wait_readable` is the above. `Lock` is one that its releaser may take again before a waiter
does: pyfuse3 keeps a second worker parked on it, and a fair lock hands over, with a switch of tasks, at each
request. The second worker runs as soon as the first awaits something else, which is when it is needed.

Every PATIENCE requests the loop gets a turn, so that other tasks are not starved by a busy client. While a handler
waits for a thread (`others_wait`) there is no polling: the thread's answer must come through the loop.
"""

import os
import select
from collections.abc import Callable
from time import perf_counter_ns
from types import SimpleNamespace, TracebackType

import trio

SPIN_NS = 200_000
"""What a copying program does between two requests (create, write and close a small file) takes 20 to 100 us."""

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
        self._quick = False
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
        start = perf_counter_ns()
        if self._quick and not self.others_wait:
            until = start + self._spin_ns
            poll = self._poll.poll
            while perf_counter_ns() < until:
                if poll(0):
                    return
        await trio.lowlevel.wait_readable(fd)
        self._quick = perf_counter_ns() - start < self._spin_ns


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
