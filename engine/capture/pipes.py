"""Where streams come from: a descriptor that somebody else writes to, or a command that is run for it.

A command's exit status says whether what it wrote is all. It runs in a session of its own and ends with the run: what
it started is ended with it, at first politely.
"""

import fcntl
import os
import select
import shlex
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress

from yester.engine.capture.streams import StreamSource
from yester.engine.errors import YesterError

_POLL_MS = 100
_POLITE_S = 2.0
"""How long a command may take to end when it is asked to."""
_PIPE_SIZE = 1 << 20
_MAX_LINE = 4096
_F_SETPIPE_SZ = 1031
_SECRETS = ("YESTER_PASSPHRASE",)
"""Variables that are no business of a command's."""


class DescriptorSource:
    """What comes out of an open file or pipe, to its end. The descriptor stays open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def read(self, window: memoryview, idle: Callable[[], None]) -> int:
        """Read what there is."""
        while not self._poll.poll(_POLL_MS):
            idle()
        return _read(self._descriptor, window, "Standard input")

    def finish(self, idle: Callable[[], None]) -> None:
        """Nobody can tell whether that was all."""

    def close(self) -> None:
        """Leave it to whoever opened it."""


def from_descriptor(descriptor: int) -> Callable[[Callable[[str], None]], StreamSource]:
    """Return what begins the stream of a descriptor; YesterError when it is to begin a second time."""
    begun = False

    def begin(say: Callable[[str], None]) -> StreamSource:
        nonlocal begun
        if begun:
            raise YesterError(
                "A prune took what this run had stored, and standard input cannot be read again",
                hint="Run it once more; what it stored is used.",
            )
        begun = True
        return DescriptorSource(descriptor)

    return begin


class CommandSource:
    """What a command writes to its standard output. What it writes to standard error goes to `say`, line by line."""

    def __init__(self, words: Sequence[str], say: Callable[[str], None]) -> None:
        """Start it; YesterError when it cannot be."""
        self._say = say
        self._shown = shlex.join(words)
        environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise YesterError(f"The command {self._shown} cannot be run: {why}") from None
        assert self._process.stdout is not None and self._process.stderr is not None
        self._output, self._complaints = self._process.stdout.fileno(), self._process.stderr.fileno()
        with suppress(OSError):
            fcntl.fcntl(self._output, _F_SETPIPE_SZ, _PIPE_SIZE)
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)
        self._poll.register(self._complaints, select.POLLIN)
        self._line = b""
        self._last = ""
        """The last line that it complained of."""

    def read(self, window: memoryview, idle: Callable[[], None]) -> int:
        """Read what there is, and pass on complaints meanwhile."""
        while True:
            ready = dict(self._poll.poll(_POLL_MS))
            if self._complaints in ready:
                self._hear()
            if self._output in ready:
                return _read(self._output, window, f"What {self._shown} writes")
            if not ready:
                idle()

    def finish(self, idle: Callable[[], None]) -> None:
        """Wait until it has ended; YesterError unless its exit status is 0."""
        self._poll.unregister(self._output)
        while self._process.poll() is None:
            if self._poll.poll(_POLL_MS):
                self._hear()
            idle()
        while self._poll.poll(0) and self._hear():
            continue
        self._tell(self._line)
        status = self._process.returncode
        if status:
            how = f"ended with status {status}" if status > 0 else f"was ended by {signal.Signals(-status).name}"
            raise YesterError(
                f"The command {self._shown} {how}, so no snapshot was taken",
                hint=f"It said: {self._last}" if self._last else "",
            )

    def close(self) -> None:
        """End it, and what it started, when it still runs."""
        if self._process.poll() is None:
            self._end(signal.SIGTERM)
            ended = os.pidfd_open(self._process.pid)
            try:
                select.select([ended], [], [], _POLITE_S)
            finally:
                os.close(ended)
            # Not waited for yet, so that its number is still that of its group.
            self._end(signal.SIGKILL)
            self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _end(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _hear(self) -> bool:
        """Take what it complains of; whether there may be more."""
        found = os.read(self._complaints, _MAX_LINE)
        if not found:
            with suppress(KeyError):
                self._poll.unregister(self._complaints)
            return False
        *lines, self._line = (self._line + found).split(b"\n")
        for line in lines:
            self._tell(line)
        if len(self._line) >= _MAX_LINE:
            self._tell(self._line)
            self._line = b""
        return True

    def _tell(self, line: bytes) -> None:
        text = line.decode("utf-8", "backslashreplace").strip()
        if text:
            self._last = text
            self._say(text)


def from_command(words: Sequence[str]) -> Callable[[Callable[[str], None]], StreamSource]:
    """Return what begins the stream of a command: the program and its arguments."""
    return lambda say: CommandSource(words, say)


def _read(descriptor: int, window: memoryview, what: str) -> int:
    try:
        return os.readv(descriptor, [window])
    except OSError as error:
        raise YesterError(f"{what} cannot be read: {error.strerror}") from None
