"""Running the command line: in this process where that is enough, in one of its own where it is about processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from yester.engine.moments import is_span
from yester.tui.cli.program import run

SOURCE_ROOT = Path(__file__).parents[3] / "src"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Yester(Protocol):
    """Runs a command line."""

    def __call__(self, *arguments: str | Path) -> Ended: ...


@pytest.fixture
def yester(home: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Yester]:
    """Run commands in this process, in a home of their own."""

    def call(*arguments: str | Path) -> Ended:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        return Ended(code, *capfd.readouterr())

    handler = signal.getsignal(signal.SIGTERM)
    yield call
    signal.signal(signal.SIGTERM, handler)


def environment(**more: str) -> dict[str, str]:
    """Return the environment for a process of yester's own."""
    return {**os.environ, "PYTHONPATH": str(SOURCE_ROOT), **more}


def start(*arguments: str | Path, **more: str) -> "subprocess.Popen[bytes]":
    """Start the program in a process of its own, without a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "yester", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**more),
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[bytes]") -> Ended:
    """Wait for a process and return how it ended."""
    out, err = process.communicate()
    return Ended(process.returncode, out.decode(), err.decode())


def beginning(sid: str) -> str:
    """Return the beginning of an id; one such as 74621d might be a span of time, and is refused."""
    return next(sid[:size] for size in range(6, len(sid)) if not is_span(sid[:size]))


def is_one_complaint(text: str) -> bool:
    """Whether standard error holds one complaint and, at most, its hint."""
    lines = text.splitlines()
    starts: Sequence[str] = [line for line in lines if line.startswith("yester: ")]
    return len(starts) == 1 and lines[0] == starts[0] and all(line.startswith("  hint: ") for line in lines[1:])


@pytest.fixture
def plain(yester: Yester, home: Path) -> Path:
    """An unencrypted repository at the default place."""
    assert yester("init", "--no-encryption").code == 0
    return home / ".local/share/yester/repository"


@pytest.fixture
def docs(home: Path) -> Path:
    """A folder to take snapshots of."""
    folder = home / "docs"
    (folder / "letters").mkdir(parents=True)
    (folder / "letters" / "a.txt").write_text("dear a\n")
    (folder / "b.txt").write_text("b\n")
    return folder
