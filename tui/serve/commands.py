"""Running the one command that a changing method is: the program itself, in a process of its own.

What it says goes into files that have no name, so that it never waits for this process and goes on without it. A run's
id is an item as soon as its journal is there. The request is answered when the work has begun, which is when the
repository was opened: until then the run may lack a passphrase. How it ends is told to those who follow it.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from yester.engine.events import Phase, RunPhase, decode
from yester.engine.journal import journal_path
from yester.engine.lacking import NOBODY_TO_ASK, lacks_passphrase
from yester.engine.places import Places
from yester.engine.runs.history import read_run, run_ids
from yester.tui.cli.failures import TERMINATED
from yester.tui.serve.call import Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.kinds import Change
from yester.tui.serve.methods.params import Params, Where
from yester.tui.serve.methods.repositories import NewRepository
from yester.tui.serve.methods.runs import SnapRun
from yester.tui.serve.methods.words import as_typed
from yester.tui.serve.protocol import Failure

_GOOD = (0, 3)
"""Exit codes of commands that did what they were for."""
_LOOK_S = 0.05
_HINT = "  hint: "
_SAID = re.compile(r"^yester: ", re.MULTILINE)


def run_command(desk: Desk, change: Change, asked: Params, call: Call) -> Callable[[], None]:
    """Run the command of a method and return what sends its last line."""
    given = _Given.of(desk, change, asked, call)
    where = _repository_of(desk, asked) if change.needs_repository or change.makes_repository else ""
    if isinstance(asked, Where) and where:
        asked = msgspec.structs.replace(asked, repository=where)
    words = change.words(asked)
    call.command(as_typed(words))
    secret = given.first
    if not change.makes_repository:
        secret = desk.repositories.secret(where, asked.profile if isinstance(asked, Where) else "")
    known = frozenset(run_ids(desk.places.state)) if change.is_run else frozenset()
    command = Command.start(words, {"passphrase": secret, "new-passphrase": given.new}, given.typed)
    with call.stopped_by(command.stop, when_left=False):
        run = command.run(desk.places, known, call) if change.is_run else ""
        if run:
            call.item({"run": run})
            if command.begins(journal_path(desk.places.state, run), call):
                return lambda: call.done({"run": run})
        while command.process.poll() is None and not call.is_cancelled.is_set():
            call.is_cancelled.wait(_LOOK_S)
        if call.is_left:
            call.check()
        ended = command.wait()
    desk.starters.forget()
    if ended.code in _GOOD:
        if change.makes_repository and secret is not None:
            desk.repositories.remember(where, secret)
        return lambda: call.done({"code": ended.code, "answer": ended.answer(), "said": ended.complaints()})
    if ended.code == TERMINATED:
        call.check()
    failure = ended.failure()
    if change.needs_repository and lacks_passphrase(failure.message):
        failure = _locked(desk, asked, where, failure)
    return lambda: call.fail(failure)


def _repository_of(desk: Desk, asked: Params) -> str:
    where = Where(profile=asked.profile) if isinstance(asked, SnapRun) else asked
    return desk.repositories.place_of(where) if isinstance(where, Where) else ""


class _Given(NamedTuple):
    """The passphrases that were sent along with a request."""

    first: bytes | None
    """That of a new repository."""
    new: bytes | None
    """One that is to be added."""
    typed: bytes
    """What the command reads on its standard input."""

    @classmethod
    def of(cls, desk: Desk, change: Change, asked: Params, call: Call) -> "_Given":
        is_first = change.makes_repository and isinstance(asked, NewRepository) and asked.encrypted
        lines = desk.repositories.given(is_first + change.takes_secret + change.secrets(asked), call)
        first = lines.pop(0) if is_first else None
        new = lines.pop(0) if change.takes_secret else None
        return cls(first, new, b"".join(line + b"\n" for line in lines))


def _locked(desk: Desk, asked: Params, where: str, failure: Failure) -> Failure:
    """Return that a passphrase is needed, and what is wrong with where it is kept.

    A command that names the repository knows nothing of where the profile keeps it.
    """
    lack = failure.message
    if lack.startswith(NOBODY_TO_ASK):
        lack = desk.repositories.lack(where, asked.profile if isinstance(asked, Where | SnapRun) else "")
    return Failure(failure.code, lack, failure.hint, "passphrase")


@dataclass(frozen=True, slots=True)
class Command:
    """A command line that was started, in a session of its own."""

    process: "subprocess.Popen[bytes]"
    out: int
    err: int

    @classmethod
    def start(cls, words: Sequence[str], secrets: Mapping[str, bytes | None], typed: bytes = b"") -> "Command":
        """Start it; each passphrase goes through a descriptor of its own, and what it asks for is `typed`."""
        out, err = os.memfd_create("out"), os.memfd_create("err")
        handed = {what: _handed(secret + b"\n") for what, secret in secrets.items() if secret is not None}
        answers = _handed(typed) if typed else None
        options = [f"--{what}-file=/proc/self/fd/{descriptor}" for what, descriptor in handed.items()]
        # Options stand before the words that a client sent, which are behind `--`.
        at = words.index("--") if "--" in words else len(words)
        line = [sys.executable, "-P", "-m", "yester", *words[:at], *options, *words[at:]]
        try:
            process = subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL if answers is None else answers,
                stdout=out,
                stderr=err,
                pass_fds=(*handed.values(),),
                start_new_session=True,
            )
        finally:
            for descriptor in (*handed.values(), answers):
                if descriptor is not None:
                    os.close(descriptor)
        return cls(process, out, err)

    def stop(self) -> None:
        """Ask it to stop, in good order."""
        if self.process.poll() is None:
            self.process.terminate()

    def run(self, places: Places, known: Set[str], call: Call) -> str:
        """Wait until it has a journal and return the run's id; empty when it ended without one.

        `known` are the runs that there were before it was started.
        """
        while True:
            is_over = self.process.poll() is not None
            for run in run_ids(places.state):
                if run not in known and self._is_own(places, run):  # at first nothing may be in its journal
                    return run
            if is_over or call.is_left:
                return ""
            call.is_cancelled.wait(_LOOK_S)

    def _is_own(self, places: Places, run: str) -> bool:
        record = read_run(places.state, run)
        return record is not None and record.pid == self.process.pid

    def begins(self, journal: Path, call: Call) -> bool:
        """Wait until the work of its run has begun, and let it go; False when it ended before."""
        while True:
            is_over = self.process.poll() is not None or call.is_left  # before the look: it may end right after it
            if _has_begun(journal):
                threading.Thread(target=self.wait, daemon=True).start()
                return True
            if is_over:
                return False
            call.is_cancelled.wait(_LOOK_S)

    def wait(self) -> "Ended":
        """Wait for its end and return what came of it."""
        code = self.process.wait()
        try:
            return Ended(code if code >= 0 else 128 - code, _content(self.out), _content(self.err))
        finally:
            os.close(self.out)
            os.close(self.err)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: bytes
    err: bytes

    def answer(self) -> Any:
        """Return what it printed as JSON; None when that is none."""
        try:
            return msgspec.json.decode(self.out)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def complaints(self) -> list[str]:
        """Return what it complained about on its way."""
        return [message for message, _ in complaints_in(self._text())]

    def failure(self) -> Failure:
        """Return why it failed, in its own words: the last complaint is the reason."""
        text = self._text()
        said = complaints_in(text) or [(text.strip() or f"yester ended with exit code {self.code}", "")]
        message, hint = said[-1]
        return Failure(self.code, message, hint)

    def _text(self) -> str:
        return self.err.decode("utf-8", "backslashreplace")


def _has_begun(journal: Path) -> bool:
    """Whether a run has turned to anything that comes after opening the repository."""
    with open(journal, "rb") as lines:
        events = (decode(line).event for line in lines)
        return any(isinstance(event, RunPhase) and event.phase != Phase.OPEN for event in events)


def complaints_in(text: str) -> list[tuple[str, str]]:
    """Return what the command line complained of, and the hint of each; empty when it has none."""
    said = []
    for each in _SAID.split(text)[1:]:
        message, _, hint = each.rstrip("\n").partition("\n" + _HINT)
        said.append((message, hint.partition("\n")[0]))
    return said


def _content(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _handed(secret: bytes) -> int:
    """Return a descriptor, in memory alone, that a command may read from the beginning."""
    descriptor = os.memfd_create("secret", 0)
    os.write(descriptor, secret)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
