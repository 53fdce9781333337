"""Runs a server in the background: the command returns when the server says that it is ready, or why it is not.

The process forks before it starts a thread or an event loop, since neither survives a fork. Parent and child share
a pipe; the child writes one msgpack map to it: empty when it is ready, else what went wrong. When the child dies
before, the parent reads the end of the pipe.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from yester.engine.errors import YesterError
from yester.engine.places import unwritable

_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


class Failure(msgspec.Struct, omit_defaults=True):
    """A YesterError on its way to the parent; empty means ready."""

    what: str = ""
    hint: str = ""
    exit_code: int = 0


def run_in_background(server: Callable[[Callable[[], None]], None], log: Path) -> None:
    """Fork and call `server(ready)` in the child, which must call `ready` once it serves. Return in the parent then.

    Raises in the parent the YesterError that the child met. Once ready, the child writes to `log` only.
    """
    reading, writing = os.pipe()
    # A signal that came between the fork and the wait would leave a server that nobody wants.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        child = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        raise
    if child:
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(writing)
            with open(reading, "rb") as pipe:
                said = pipe.read()
        except BaseException:
            # Who was interrupted, or stopped, while he waited wants no server any more.
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
            raise
        _judge(said, log)
        return
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(reading)
    status = 1
    try:
        status = _serve(server, writing, log)
    finally:
        os._exit(status)


def _serve(server: Callable[[Callable[[], None]], None], pipe: int, log: Path) -> int:
    parent = _Parent(pipe)

    def ready() -> None:
        _leave_terminal(out)
        parent.tell(Failure())

    try:
        # Now, while a person can still be told that it cannot be.
        out = _opened(log)
        server(ready)
        parent.tell(Failure("It was unmounted before it was ready", "Mount it again, if that was not meant.", 1))
    except YesterError as error:
        parent.tell(Failure(error.what, error.hint, error.exit_code))
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


class _Parent:
    """The process that waits; it is told once. Its pipe's number may be another file's afterwards."""

    def __init__(self, pipe: int) -> None:
        self._pipe: int | None = pipe

    def tell(self, failure: Failure) -> None:
        """Say what became of the server, unless something was said before."""
        pipe, self._pipe = self._pipe, None
        if pipe is None:
            return
        with suppress(BrokenPipeError):  # it waits no more
            os.write(pipe, msgspec.msgpack.encode(failure))
        os.close(pipe)


def _judge(said: bytes, log: Path) -> None:
    if not said:
        raise YesterError("The mount's process ended before it was ready", hint=f"See {log}, or try --foreground.")
    failure = msgspec.msgpack.decode(said, type=Failure)
    if failure.what:
        error = YesterError(failure.what, hint=failure.hint)
        # Its class is lost on the way; what a shell needs of it is the code.
        error.exit_code = failure.exit_code  # type: ignore[misc]
        raise error


def _opened(log: Path) -> int:
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(log, error) from None


def _leave_terminal(out: int) -> None:
    os.setsid()
    os.chdir("/")
    sys.stdout.flush()
    sys.stderr.flush()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    os.close(null)
    os.dup2(out, 2)
    os.close(out)
