"""Programs of a database or a service manager: run to their end, as the right user, never asked for a password."""

import os
import pwd
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

from yester.plugins.quiescing.failing import Failed

_TAIL_SIZE = 2000
"""Bytes of what a program says that are told when it fails."""


def as_user(user: str, words: Sequence[str]) -> list[str]:
    """Return the command that runs `words` as another user of the system; only root may do so. Failed: no such user."""
    if not user:
        return [*words]
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Failed(f"there is no user {user} here (system_user)") from None
    if entry.pw_uid == os.geteuid():
        return [*words]
    if os.geteuid() != 0:
        raise Failed(f"only root can work as {user} (system_user)")
    given = ["--reuid", user, "--regid", str(entry.pw_gid), "--init-groups", "--"]
    return ["setpriv", *given, "env", f"HOME={entry.pw_dir}", *words]


def program_in(words: Sequence[str]) -> str:
    """Return which program a command runs, also as another user."""
    return words[words.index("--") + 3] if words[0] == "setpriv" else words[0]


def run(
    words: Sequence[str],
    *,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    into: IO[bytes] | None = None,
) -> "Said":
    """Run a program to its end; its output goes `into` a file, if there is one. Failed: it cannot run, or goes on."""
    name = program_in(words)
    # Into files: a server that it starts keeps them open, and would never let a pipe end.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=into or out,
                stderr=errors,
                cwd="/",
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        except OSError as problem:
            raise Failed(f"{name} cannot be run: {problem.strerror}") from None
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise Failed(f"{name} does not come to an end within {timeout_s:g} s") from None
        return Said(os.path.basename(name), code, _content(out), tail(errors))


class Said:
    """How a program ended, and what it said."""

    def __init__(self, name: str, code: int, out: str, errors: str) -> None:
        self.name, self.code, self.out, self.errors = name, code, out, errors

    @property
    def words(self) -> str:
        """What it said of its failure, on one line."""
        said = " ".join((self.errors or self.out).split()).removeprefix(f"{self.name}: ")
        return f"{self.name}: {said[-_TAIL_SIZE:] or f'exit code {self.code}'}"

    def well(self) -> str:
        """Return its output; Failed unless it ended well."""
        if self.code != 0:
            raise Failed(self.words)
        return self.out


def tail(file: IO[bytes]) -> str:
    """Return the end of what a file holds."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_SIZE))
    return file.read().decode("utf-8", "backslashreplace")


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "backslashreplace")
