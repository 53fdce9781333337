"""Records what `yester serve` answers to one request of each method.

It is the server itself, on pipes, in a home that is empty at first. Four things alone are not as they are for people:
each command is a copy of this process (fork) instead of one that loads the program anew, keys are cheap, the clock
stands still at a time of its own while a request is answered, and no mounts are seen but those in the home.
"""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import msgspec

from yester.engine.places import Places
from yester.engine.schedule import zone
from yester.engine.sealed import keyslots
from yester.fs import mounts
from yester.tui.cli.program import COMMANDS, run
from yester.tui.serve import commands
from yester.tui.serve.desk import Desk
from yester.tui.serve.protocol import encode_line
from yester.tui.serve.serving import Server

BEGIN_NS = 1_804_800_600_000_000_000
"""2027-03-11T10:10:00Z, when the recording begins; each request comes half a minute later."""
STEP_NS = 30_000_000_000


class Clock:
    """Tells the time, which goes on when it is told to."""

    now_ns = BEGIN_NS

    def set(self) -> None:
        """Be the clock of this process, and of all that it becomes."""
        time.time_ns = lambda: self.now_ns
        time.time = lambda: self.now_ns / 1e9
        zone.datetime = _Datetime  # type: ignore[attr-defined]


class _Datetime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(time.time(), UTC).astimezone(tz)


class _OwnMounts:
    """The mounts of this machine below a folder: others are none of ours, to list or to clean."""

    def __init__(self, folder: Path, table: Path) -> None:
        self._folder, self._table = os.fsencode(folder), table

    def read_bytes(self) -> bytes:
        """Return the lines that name the folder."""
        return b"".join(line for line in self._table.read_bytes().splitlines(True) if self._folder in line)


class Forked:
    """A command, as a copy of this process: as much of a Popen as serve needs."""

    def __init__(
        self, line: Sequence[str], stdin: int, stdout: int, stderr: int, pass_fds: object, start_new_session: bool
    ) -> None:
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self.pid = os.fork()
        if not self.pid:
            self._be(line, os.open(os.devnull, os.O_RDONLY) if stdin == subprocess.DEVNULL else stdin, stdout, stderr)

    def _be(self, line: Sequence[str], *streams: int) -> NoReturn:
        code = 1
        try:
            os.setsid()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, "w" if number else "r") for number in range(3))
            signal.signal(signal.SIGINT, signal.default_int_handler)
            code = run(line[line.index("yester") + 1 :])
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def poll(self) -> int | None:
        """Return how it ended, if it has."""
        return self._reaped(os.WNOHANG)

    def wait(self) -> int:
        """Return how it ended, once it has."""
        code = self._reaped(0)
        assert code is not None
        return code

    def _reaped(self, how: int) -> int | None:
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, how)
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
            return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        os.kill(self.pid, signal.SIGTERM)


class Session:
    """A client that asks one thing after the other, and keeps what was said the first time for each method."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self.home, self._clock, self._number = home, clock, 0
        self.recorded: dict[str, list[tuple[str, bytes]]] = {}
        self._lines: list[tuple[str, bytes]] = []
        self.requests, self._asked = os.pipe()
        answers, self.answers = os.pipe()
        self._told = os.fdopen(answers, "rb")
        self.secrets, self._secrets = os.pipe()

    def hello(self) -> None:
        """Read the first line."""
        self._told.readline()

    def ask(self, method: str, until: str = "", **params: Any) -> tuple[list[Any], dict[str, Any]]:
        """Ask, and return all items and the last line; `until` is where it is cancelled: at an item."""
        self._number += 1
        self._clock.now_ns += STEP_NS
        self._lines = []
        self._send(encode_line(id=self._number, method=method, params=params))
        items = []
        while True:
            line = self._told.readline()
            self._lines.append(("yester", line))
            told = msgspec.json.decode(line)
            if "item" in told:
                items.append(told["item"])
                if until:
                    self._send(encode_line(cancel=self._number))
            if "done" in told or "error" in told:
                self.recorded.setdefault(method, self._lines)
                return items, told

    def done(self, method: str, **params: Any) -> Any:
        """Ask, and return what is done; where it is a run, when that has ended."""
        items, last = self.ask(method, **params)
        assert "done" in last, (method, last)
        if isinstance(last["done"], dict) and "run" in last["done"]:
            recorded = dict(self.recorded)
            _, end = self.ask("runs.follow", run=last["done"]["run"])
            assert end["done"]["ended"], end
            self.recorded = recorded
        return items or last["done"]

    def refused(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask, and return why it failed."""
        error: dict[str, Any] = self.ask(method, **params)[1]["error"]
        return error

    def give(self, secret: str) -> None:
        """Put a passphrase where the next request finds it."""
        os.write(self._secrets, secret.encode() + b"\n")

    def leave(self) -> None:
        """Close the server's input."""
        os.close(self._asked)

    def _send(self, line: bytes) -> None:
        self._lines.append(("client", line))
        os.write(self._asked, line)


def record(home: Path, play: Callable[[Session], None]) -> dict[str, list[tuple[str, bytes]]]:
    """Play a session against a server of its own, and return what was said."""
    clock = Clock()
    clock.set()
    for module, _ in COMMANDS.values():
        importlib.import_module(module)
    keyslots._MEMORY_KIB, keyslots._PASSES = 32, 1
    commands.subprocess = SimpleNamespace(  # type: ignore[attr-defined, assignment]
        Popen=Forked, DEVNULL=subprocess.DEVNULL
    )
    mounts.MOUNT_TABLE = _OwnMounts(home, mounts.MOUNT_TABLE)  # type: ignore[assignment]
    session = Session(home, clock)
    player = threading.Thread(target=_played, args=(session, play))
    player.start()
    Server(Desk.at(Places.default(), session.secrets)).serve(session.requests, session.answers)
    player.join()
    return session.recorded


def _played(session: Session, play: Callable[[Session], None]) -> None:
    try:
        session.hello()
        play(session)
    finally:
        session.leave()
