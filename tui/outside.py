"""Programs of a person's own: the pager, the editor, commands on keys; in the terminal, which is theirs meanwhile, or
in the background.
"""

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from textual.app import App, SuspendNotSupported

from yester.engine.errors import UsageError, YesterError

YESTER = (sys.executable, "-P", "-m", "yester")
"""How yester's own command line is started."""
MOST = 1 << 20
"""Bytes of what a program in the background says that are kept: the last ones."""

Viewer = Literal["pager", "editor"]

_VARIABLES: Mapping[Viewer, tuple[str, ...]] = {"pager": ("PAGER",), "editor": ("VISUAL", "EDITOR")}
_USUAL: Mapping[Viewer, tuple[str, ...]] = {
    "pager": ("pager", "less", "more"),
    "editor": ("sensible-editor", "editor", "nano", "vi"),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program in the background ended, and the last that it said."""

    code: int
    said: bytes


def viewer(kind: Viewer, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return the words of the person's pager or editor. UsageError: there is none."""
    variable = _VARIABLES[kind][-1]
    asked = next(filter(None, map(environment.get, _VARIABLES[kind])), "")
    try:
        words = shlex.split(asked)
    except ValueError as problem:
        raise UsageError(f"The {kind} {asked} cannot be run: {problem}", hint=f"Set {variable} anew.") from None
    words = words or [*filter(None, map(shutil.which, _USUAL[kind]))][:1]
    if not words:
        raise UsageError(f"There is no {kind} here", hint=f"Set {variable} to a program.")
    return words


class Outside:
    """Starts programs for the terminal program."""

    def __init__(self, app: App[None]) -> None:
        self._app = app

    def in_terminal(
        self,
        words: Sequence[str | bytes],
        more: Mapping[bytes, bytes] | None = None,
        *,
        stays: bool = False,
        stays_unless_well: bool = False,
    ) -> int:
        """Run a program that has the terminal to itself, and return its exit code. YesterError: it cannot be run.

        The screen stands still meanwhile; runs and the engine do not. `stays`: what it said is left to be read until
        Enter is pressed; `stays_unless_well`: unless its exit code is 0.
        """
        try:
            with self._app.suspend(), _interrupts_are_theirs():
                code = subprocess.run(words, env={**os.environb, **(more or {})}, check=False).returncode
                if stays or (stays_unless_well and code):
                    sys.stdout.write(f"\n{_ending(code)}; Enter goes back to yester ")
                    sys.stdout.flush()
                    sys.stdin.readline()
                return code
        except SuspendNotSupported:
            raise YesterError("This terminal cannot be given to another program") from None
        except OSError as problem:
            raise _cannot_run(words, problem) from None

    async def in_background(
        self, words: Sequence[str | bytes], more: Mapping[bytes, bytes] | None = None, *, most: int = MOST
    ) -> Ended:
        """Run a program without a terminal and return what came of it. YesterError: it cannot be run."""
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environb, **(more or {})},
                start_new_session=True,
            )
        except OSError as problem:
            raise _cannot_run(words, problem) from None
        assert process.stdout is not None
        said = b""
        while piece := await process.stdout.read(65536):
            said = (said + piece)[-most:]
        return Ended(await process.wait(), said)

    def tell_multiplexer(self, text: str) -> None:
        """Let tmux know what was copied: what a program in it sends to the terminal's clipboard stays in it."""
        tmux = shutil.which("tmux") if os.environ.get("TMUX") else None
        if tmux is not None:
            subprocess.run(
                [tmux, "load-buffer", "-w", "-"],
                input=text.encode("utf-8", "backslashreplace"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )


def _ending(code: int) -> str:
    return f"It ended with exit code {code}" if code >= 0 else f"It was ended by signal {-code}"


def _cannot_run(words: Sequence[str | bytes], problem: OSError) -> YesterError:
    return UsageError(f"{os.fsdecode(words[0])} cannot be run: {problem.strerror}", hint="Is it installed?")


@contextmanager
def _interrupts_are_theirs() -> Iterator[None]:
    """Let Ctrl+C reach the program in the terminal alone. A handler, since what is ignored is so for who is started."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
