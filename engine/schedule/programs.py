"""The system's own programs: running them, and their words when they refuse."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yester.engine.errors import YesterError

TIMEOUT_S = 60
"""None of these programs works long; one that waits for somebody waits for ever."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and what it said."""

    code: int
    out: bytes
    err: bytes

    @property
    def words(self) -> str:
        """What it said about why it failed, on one line."""
        said = (self.err or self.out).decode("utf-8", "replace")
        return "; ".join(line.strip() for line in said.splitlines() if line.strip()) or f"exit code {self.code}"


def ask(
    words: Sequence[str],
    *,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Said | None:
    """Run a program to its end; None when there is none of that name. YesterError when it does not come to an end."""
    try:
        done = subprocess.run(words, input=given, capture_output=True, check=False, timeout=timeout_s, env=environment)
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        raise YesterError(f"{words[0]} does not come to an end", hint=f"Try it by hand: {' '.join(words)}") from None
    except OSError as error:
        raise YesterError(f"{words[0]} cannot be run: {error.strerror}") from None
    return Said(done.returncode, done.stdout, done.stderr)


def tell(words: Sequence[str], *, given: bytes = b"") -> Said:
    """Run a program that must do what it is told. YesterError in its own words when it does not, or is not there."""
    said = ask(words, given=given)
    if said is None:
        raise YesterError(f"There is no program {words[0]} here", hint="Install it, or put it into the PATH.")
    if said.code != 0:
        raise YesterError(f"`{' '.join(words)}` failed: {said.words}")
    return said
