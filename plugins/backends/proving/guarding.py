"""The test's side of its guardian (guardian.py)."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec

from yester.engine.errors import YesterError
from yester.engine.places import Places
from yester.plugins.backends.proving.guardian import OVER, Order
from yester.plugins.backends.proving.leftovers import Standing, standing
from yester.plugins.backends.proving.names import Names


@contextmanager
def guarded(order: Order, places: Places) -> Iterator[None]:
    """Let a guardian take away what is left of a test that is killed within the block. YesterError: none starts.

    It is left to it as well where the block is broken off while it cleans up.
    """
    process = _started(order)
    is_over = True
    try:
        yield
    except Exception:
        raise
    except BaseException:
        is_over = standing(places, Names(order.prefix)) is Standing.ELSEWHERE
        raise
    finally:
        assert process.stdin is not None
        if is_over:
            process.communicate(OVER)
        else:
            process.stdin.close()


def _started(order: Order) -> "subprocess.Popen[bytes]":
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "yester.plugins.backends.proving.guardian"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as problem:
        raise YesterError(f"The process that would clean up after a kill cannot be started: {problem}") from None
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it was killed: then the next test cleans up
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        process.stdin.flush()
    return process
