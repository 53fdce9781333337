"""A session with a database by its own program, psql or mariadb: the program ends with the plugin, and so does the
session, with whatever it locks or has begun.
"""

import os
import secrets
import select
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.programs import program_in, tail

_CHUNK = 1 << 16


class Session:
    """Asks one question at a time. Leaving the block ends the session."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> None:
        """Start the program; `timeout_s` is for each question. Failed: it cannot be run."""
        self._name, self._timeout_s = os.path.basename(program_in(words)), timeout_s
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the session
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                cwd="/",
                env={**os.environ, **environment},
            )
        except OSError as problem:
            self._errors.close()
            raise Failed(f"{words[0]} cannot be run: {problem.strerror}") from None

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if error is not None:
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def ask(self, statement: str) -> list[str]:
        """Return the lines that a statement gives. Failed, with the database's words; the session is over then."""
        assert self._process.stdin is not None
        mark = secrets.token_hex(16)
        try:
            self._process.stdin.write(f"{statement};\nSELECT '{mark}';\n".encode())
        except BrokenPipeError:
            raise self._failed() from None
        *lines, last = self._heard(mark)
        assert last == mark
        return lines

    def _heard(self, mark: str) -> list[str]:
        assert self._process.stdout is not None
        end, said = time.monotonic() + self._timeout_s, b""
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        while not said.endswith(f"{mark}\n".encode()):
            if not poll.poll(max(0, end - time.monotonic()) * 1000):
                raise Failed(f"{self._name}: no answer within {self._timeout_s:g} s")
            data = os.read(self._process.stdout.fileno(), _CHUNK)
            if not data:
                raise self._failed()
            said += data
        return said.decode("utf-8", "backslashreplace").splitlines()

    def _failed(self) -> Failed:
        self._process.wait()
        said = " ".join(tail(self._errors).split()).removeprefix(f"{self._name}: ")
        return Failed(f"{self._name}: {said or 'the session ended'}")
