"""Secrets of backends from the files and commands that are said to have them."""

import shlex
import subprocess
from typing import IO

from yester.engine.errors import UsageError

LONGEST = 64 << 10
"""Bytes of a secret that are read: what is longer is the wrong file, or endless."""


def from_file(path: str, name: str) -> str:
    """Return the secret `name` that a file holds, without its last line end. UsageError."""
    try:
        with open(path, "rb") as file:
            return _text(file, name, f"the file {path}")
    except OSError as problem:
        raise UsageError(f"{name} cannot be read from the file {path}: {problem.strerror}") from None


def from_command(command: str, name: str) -> str:
    """Return the secret `name` that a command prints; no shell reads it. UsageError."""
    try:
        process = subprocess.Popen(shlex.split(command), stdout=subprocess.PIPE)
    except (OSError, ValueError, IndexError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise UsageError(f"The command for {name} cannot be run: {command}: {why}") from None
    with process:
        assert process.stdout is not None
        try:
            said = _text(process.stdout, name, f"what {command} printed")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise UsageError(f"The command for {name} failed with status {process.returncode}: {command}")
    return said


def _text(file: IO[bytes], name: str, origin: str) -> str:
    raw = file.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise UsageError(f"{name} from {origin} is longer than {LONGEST:,} bytes")
    text = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not text:
        raise UsageError(f"{name} from {origin} is empty")
    return text.decode("utf-8", "surrogateescape")
