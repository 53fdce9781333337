"""Work that may take so long and no longer, whatever it waits for: a name server, a dead peer, a byte a minute."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises. TimeoutError when it takes longer: then nobody waits for it.

    Timeouts of sockets are about each wait alone, and names are looked up without any.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as problem:  # noqa: BLE001  it is raised where somebody waits
            failed.append(problem)

    # It ends with the worker at the latest.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError
    return done[0]
