"""Going on without the terminal: the command returns when the work has begun, and says so when it could not.

The process forks before it starts a thread, since threads do not survive a fork. Until the work has begun the child is
still at the terminal: it may ask for a passphrase, and says itself what goes wrong. Then it has a session of its own.
"""

import os
import signal
import sys
from collections.abc import Callable

from yester.tui.cli.failures import Terminated, explain
from yester.tui.cli.terminals import lead_nowhere


def detached(work: Callable[[Callable[[], None]], int]) -> int:
    """Call `work(begun)` in a child, which must call `begun`; return 0 then, or the code with which it ended before."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(work, writing)
    os.close(writing)
    try:
        return _outcome(child, reading)
    finally:
        os.close(reading)


def _outcome(child: int, reading: int) -> int:
    # An interrupt goes to both; the child words it.
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if os.read(reading, 1):
            return 0
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except Terminated:
        os.kill(child, signal.SIGTERM)
        raise
    finally:
        signal.signal(signal.SIGINT, heard)
    return code if code >= 0 else 128 - code


def _work(work: Callable[[Callable[[], None]], int], writing: int) -> None:
    has_begun = False

    def begun() -> None:
        nonlocal has_begun
        if has_begun:
            return
        has_begun = True
        os.setsid()
        for descriptor in (0, 1, 2):
            lead_nowhere(descriptor)
        os.write(writing, b"+")
        os.close(writing)

    code = 1
    try:
        code = work(begun)
    except BaseException as problem:  # noqa: BLE001  this is the outermost place of this process
        code = explain(problem)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)
