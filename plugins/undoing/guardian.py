"""The guardian of what must be undone: a process beside the run that outlives it.

    host ── requests ──▶ guardian ── runs ──▶ what undoes
         ◀── answers ──

It is started before anything is done, in a session of its own, so that what kills the run's process group does not kill
it too; nor is it below the worker of the plugin, all of whose processes end with it. It writes each record and holds
its lock. The run's end, however it comes, is the end of its pipe and makes the run's process descriptor readable;
then the guardian undoes what is left, says so among the messages, and ends. What kills the guardian as well leaves the
records, which the next yester finds (recovering.py).
"""

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from yester.engine.errors import YesterError
from yester.plugins.undoing.performing import undo_held
from yester.plugins.undoing.records import Held, Undo, folder_of, hold
from yester.plugins.undoing.telling import post

_CHUNK = 1 << 16
_AGAIN_S = 2.0
"""After how long what fails is tried a second time."""


class Request(msgspec.Struct, frozen=True):
    """What the run wants: `undo` with `hold`, else the id of one that is held."""

    do: Literal["hold", "perform", "drop"]
    undo: Undo | None = None
    id: str = ""


class Answer(msgspec.Struct, frozen=True):
    """Why it was not done; empty when it was."""

    problem: str = ""


class Guardian:
    """Holds the records of one run."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._held: dict[str, Held] = {}
        self._tried: set[str] = set()

    def answer(self, request: Request) -> Answer:
        """Do what the run wants."""
        if request.do == "hold" and request.undo is not None:
            return Answer(self._hold(request.undo))
        held = self._held.get(request.id)
        if held is None:
            return Answer(f"nothing is held as {request.id}")
        if request.do == "drop":
            return Answer(self._drop(held))
        self._tried.add(request.id)
        return Answer(self._undone(held))

    def run_ended(self) -> None:
        """Undo all that is left, the last first, and tell of it: nobody else can."""
        for id, held in reversed([*self._held.items()]):
            if id not in self._tried:
                problem = undo_held(held)
                if problem:
                    # What the run had started is being ended just now, and may have stood in the way.
                    time.sleep(_AGAIN_S)
                    problem = undo_held(held)
                post(self._state, held.undo, problem)

    def _hold(self, undo: Undo) -> str:
        try:
            self._held[undo.id] = hold(folder_of(self._state), undo)
        except YesterError as problem:
            return str(problem)
        return ""

    def _drop(self, held: Held) -> str:
        del self._held[held.undo.id]
        try:
            held.remove()
        except YesterError as problem:
            return str(problem)
        return ""

    def _undone(self, held: Held) -> str:
        problem = undo_held(held)
        if not problem:
            del self._held[held.undo.id]
        return problem


def serve(guardian: Guardian, host: int) -> None:
    """Answer requests on the standard streams until the process `host` ends or closes them."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    with suppress(ProcessLookupError):  # it has ended: so has the pipe
        poll.register(os.pidfd_open(host), select.POLLIN)
    requests = msgspec.json.Decoder(Request)
    said = b""
    while 0 in dict(poll.poll()):
        data = os.read(0, _CHUNK)
        if not data:
            return
        *lines, said = (said + data).split(b"\n")
        for line in lines:
            answer = guardian.answer(requests.decode(line))
            with suppress(BrokenPipeError):  # it ends, and that is heard of next
                os.write(1, msgspec.json.encode(answer) + b"\n")


def _step_forward() -> None:
    """Take an ordinary place again: a server that is started from here shall not be as patient as a snapshot."""
    with suppress(PermissionError):  # only root may
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    with suppress(FileNotFoundError):
        subprocess.run(["ionice", "-c", "0", "-p", str(os.getpid())], stderr=subprocess.DEVNULL, check=False)


def main(arguments: list[str]) -> None:
    """Be the guardian of a process; arguments: its id and the state folder."""
    host, state = arguments
    _step_forward()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Whoever ends a unit or a session ends all of it, and this goes on until the run has ended. Not ignored: what
        # is started from here would ignore it as well.
        signal.signal(number, lambda *_: None)
    guardian = Guardian(Path(state))
    try:
        serve(guardian, int(host))
    finally:
        guardian.run_ended()


if __name__ == "__main__":
    main(sys.argv[1:])
