"""The run's side of the guardian: started when a plugin first says what must be undone."""

import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from yester.engine.errors import YesterError
from yester.plugins.undoing.guardian import Answer, Request
from yester.plugins.undoing.performing import undo_held
from yester.plugins.undoing.records import Undo, folder_of, take

_GRACE_S = 30.0
"""How long the guardian may take besides what an undoing takes."""
_CHUNK = 1 << 16


class Gone(Exception):
    """The guardian does not answer."""


class UndoGuard:
    """Holds and undoes by the guardian; where that one has died, by itself. Any thread may call."""

    def __init__(self, state: Path) -> None:
        """Nothing is started."""
        self._state = state
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._left: dict[str, Undo] = {}

    def hold(self, undo: Undo) -> None:
        """Make sure that it will be undone. YesterError: it cannot be made sure, so do nothing that needs it."""
        with self._lock:
            try:
                problem = self._ask(Request("hold", undo), _GRACE_S)
            except (OSError, Gone) as gone:
                raise YesterError(f"The process that would {undo.about} does not run: {gone}") from None
            if problem:
                raise YesterError(problem)
            self._left[undo.id] = undo

    def perform(self, id: str) -> str:
        """Undo it now; return why it failed. Then it is tried again by the next run. YesterError: it is unknown."""
        with self._lock:
            if id not in self._left:
                raise YesterError("This was undone, or never announced")
            undo = self._left.pop(id)
            try:
                return self._ask(Request("perform", id=id), undo.timeout_s + _GRACE_S)
            except (OSError, Gone):
                return self._alone(undo)

    def drop(self, id: str) -> None:
        """Nothing was done: forget it. YesterError: it is unknown, or its record cannot be removed."""
        with self._lock:
            if self._left.pop(id, None) is None:
                raise YesterError("This was undone, or never announced")
            try:
                problem = self._ask(Request("drop", id=id), _GRACE_S)
            except (OSError, Gone) as gone:
                raise YesterError(f"The guardian is gone: {gone}") from None
            if problem:
                raise YesterError(problem)

    def close(self) -> list[tuple[Undo, str]]:
        """Undo what is left, the last first, and let the guardian end; return each with why it failed."""
        done = [(self._left[id], self.perform(id)) for id in reversed([*self._left])]
        with self._lock:
            if self._process is not None:
                self._end(self._process)
                self._process = None
        return done

    def _alone(self, undo: Undo) -> str:
        """Undo in this process, with the record that the guardian left."""
        try:
            held = take(folder_of(self._state) / f"{undo.id}.json")
        except YesterError as error:
            return str(error)
        if held is None:
            return ""  # it was undone before the guardian died, or is being undone
        problem = undo_held(held)
        held.release()
        return problem

    def _ask(self, request: Request, timeout_s: float) -> str:
        if self._process is None:
            self._process = self._started()
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(request) + b"\n")
        answer = b""
        poll = select.poll()
        poll.register(process.stdout, select.POLLIN)
        while not answer.endswith(b"\n"):
            if not poll.poll(timeout_s * 1000):
                process.kill()  # then its locks are free
                process.wait()
                raise Gone("it does not answer")
            said = os.read(process.stdout.fileno(), _CHUNK)
            if not said:
                raise Gone(f"it ended with exit code {process.wait()}")
            answer += said
        return msgspec.json.decode(answer, type=Answer).problem

    def _started(self) -> "subprocess.Popen[bytes]":
        words = [sys.executable, "-P", "-m", "yester.plugins.undoing.guardian", str(os.getpid()), str(self._state)]
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )

    @staticmethod
    def _end(process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait()
        process.stdout.close()
