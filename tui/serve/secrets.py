"""Passphrases as a client sends them: on a descriptor of their own, a line each, kept in memory alone.

A request takes all of its lines before anything else. One that is refused afterwards has taken them too: none is left
to be the answer to the next question.
"""

import os
import select
import threading

from yester.engine.errors import UsageError
from yester.engine.secrets import LONGEST, as_secret
from yester.tui.serve.call import Call

_LOOK_S = 0.2
"""How often a request that waits for a line looks whether it is wanted."""
_BLOCK = 4096
_ORIGIN = "the descriptor of --secrets-fd"


class GivenSecrets:
    """The lines on a descriptor. Any thread may take some; lines that belong together go to one."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._rest = bytearray()

    def take(self, count: int, call: Call) -> list[bytes]:
        """Return the next passphrases; waits for them. UsageError: they are none. CancelledError."""
        if not count:
            return []
        while not self._lock.acquire(timeout=_LOOK_S):
            call.check()
        try:
            lines = [self._line(call) for _ in range(count)]
        finally:
            self._lock.release()
        return [_checked(line) for line in lines]

    def _line(self, call: Call) -> bytes:
        while (end := self._rest.find(b"\n")) < 0:
            del self._rest[LONGEST + 1 :]  # it is too long already, and read to its end all the same
            self._rest += self._piece(call)
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return line

    def _piece(self, call: Call) -> bytes:
        if self._descriptor is None:
            raise UsageError(
                "No descriptor for passphrases was named", hint="Start it with yester serve --secrets-fd N."
            )
        while not select.select([self._descriptor], [], [], _LOOK_S)[0]:
            call.check()
        piece = os.read(self._descriptor, _BLOCK)
        if not piece:
            raise UsageError(f"No passphrase stands on {_ORIGIN}", hint="Write it there, with a line end.")
        return piece


def _checked(line: bytes) -> bytes:
    if len(line) > LONGEST:
        raise UsageError(f"The passphrase on {_ORIGIN} is longer than {LONGEST:,} bytes", hint="Send a shorter one.")
    return as_secret(line, _ORIGIN)
