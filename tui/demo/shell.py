"""Commands, shown as a person would type them and then run."""

import os
import signal
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

TIME_TO_END = 10.0
"""Seconds that an interrupted command has to put its things in order."""


class CommandFailed(Exception):
    """A command of the demonstration ended otherwise than it should."""

    def __init__(self, line: str, code: int) -> None:
        super().__init__(f"`{line}` ended with exit code {code}")


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs command lines in one folder, with one environment; the terminal is theirs."""

    folder: Path
    environment: Mapping[str, str]

    def say(self, text: str) -> None:
        """Print a line of the story."""
        click.secho(f"\n{text}", bold=True)

    def show(self, line: str) -> None:
        """Print a command line without running it."""
        click.secho(f"$ {line}", fg="cyan")

    def run(self, line: str, *, accept: Collection[int] = (0,)) -> None:
        """Print a command line and run it; CommandFailed when its exit code is not one of `accept`."""
        self.show(line)
        # In a group of their own, so that an interrupt reaches this program alone, which then ends them all. With a
        # trap the shell outlives what it runs, so that its end is the end of everything.
        words = ["/bin/sh", "-c", f"trap : TERM; {line}"]
        process = subprocess.Popen(words, cwd=self.folder, env=self.environment, process_group=0)
        try:
            code = process.wait()
        except BaseException:
            _end(process)
            raise
        if code not in accept:
            raise CommandFailed(line, code)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a command and what it started to end, and wait until they have."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(TIME_TO_END)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
