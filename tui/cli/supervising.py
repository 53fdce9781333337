"""Long work under trio: in a worker thread, with signals heard and progress shown meanwhile.

The first SIGINT or SIGTERM asks the work to stop (`cancelled`), which leaves everything in order; the second ends the
process at once, which is safe as well and only leaves more for the next run to pick up. The work never awaits: it is
system calls and hashing, and a hop into the pool for each would cost more than the work.
"""

import os
import signal
import threading
from collections.abc import Callable
from typing import TypeVar

import outcome
import trio

from yester.engine.errors import CancelledError
from yester.engine.runs.control import RunControl
from yester.tui.cli.failures import Terminated, complain

T = TypeVar("T")

TICK_S = 0.1
"""How often progress is shown."""
AT_ONCE_S = 0.5
"""How long a process that is to end at once may still take."""


def supervise(
    work: Callable[[Callable[[], bool]], T],
    tick: Callable[[], None] | None,
    control: RunControl | None = None,
    at_once: Callable[[], None] = lambda: None,
) -> T:
    """Run `work(cancelled)` in a thread and return its value or raise its error; `tick` is called every TICK_S.

    `control` may be asked from elsewhere to stop the work or to let it stand still; ticks go on then. `at_once` is
    called when the second signal ends the process, and gets AT_ONCE_S. CancelledError out of the work after SIGTERM
    becomes Terminated.
    """
    control = control or RunControl()
    result = trio.run(_supervise, lambda: outcome.capture(work, control.cancelled), tick, control, at_once)
    try:
        return result.unwrap()
    except CancelledError:
        if control.signal == signal.SIGTERM:
            raise Terminated from None
        raise


async def _supervise(
    work: Callable[[], outcome.Maybe[T]],
    tick: Callable[[], None] | None,
    control: RunControl,
    at_once: Callable[[], None],
) -> outcome.Maybe[T]:
    async with trio.open_nursery() as nursery:
        await nursery.start(_hear_signals, control, at_once)
        if tick is not None:
            nursery.start_soon(_tick, tick)
        result = await trio.to_thread.run_sync(work)
        nursery.cancel_scope.cancel()
    return result


async def _hear_signals(control: RunControl, at_once: Callable[[], None], task_status: trio.TaskStatus[None]) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if control.signal:
                # On a thread: what it needs may be in the hands of the work, which nobody waits for now.
                last = threading.Thread(target=at_once, daemon=True)
                last.start()
                last.join(AT_ONCE_S)
                complain("Stopped at once; the repository is in order")
                os._exit(128 + number)
            control.cancel(number)


async def _tick(tick: Callable[[], None]) -> None:
    while True:
        await trio.sleep(TICK_S)
        tick()
