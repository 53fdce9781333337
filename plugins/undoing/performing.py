"""Running what undoes something, to its end or to the end of its time."""

import os
import shlex
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import IO

from yester.engine.errors import YesterError
from yester.plugins.undoing.records import Held, Undo

_TAIL_SIZE = 2000
"""Bytes of its output that are told."""


def undo_held(held: Held) -> str:
    """Undo it and forget the record; return why it failed, and then the record stays. Never raises."""
    try:
        problem = perform(held.undo)
        if problem:
            held.leave()
        else:
            held.remove()
        return problem
    except YesterError as error:
        return str(error)


def perform(undo: Undo) -> str:
    """Run the command; return why it failed, empty when it did not."""
    # Into a file: a server that it starts keeps the output open, and would never let a pipe end.
    with _scratch() as output:
        try:
            process = subprocess.Popen(
                undo.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={**os.environ, **undo.environment},
                start_new_session=True,
            )
        except OSError as problem:
            return f"{undo.argv[0]} cannot be run: {problem.strerror}"
        except ValueError as problem:  # words that no program can be given
            return f"{undo.argv[0]!r} cannot be run: {problem}"
        try:
            code = process.wait(undo.timeout_s)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"{undo.argv[0]} does not come to an end within {undo.timeout_s:g} s"
        return "" if code == 0 else f"{undo.argv[0]}: {_said(output) or f'exit code {code}'}"


def _scratch() -> IO[bytes]:
    """Open a file without a name; in memory where the disk has no room, which is no reason to undo nothing."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.memfd_create("undoing"), "r+b")


def by_hand(undo: Undo) -> str:
    """Return the hint for a person whose machine could not be put right."""
    given = "".join(f"{name}={shlex.quote(value)} " for name, value in undo.environment.items())
    return f"It is tried again at the next run. By hand: {given}{shlex.join(undo.argv)}"


def _said(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL_SIZE))
    lines = output.read().decode("utf-8", "backslashreplace").splitlines()
    return "; ".join(line.strip() for line in lines if line.strip())
