"""Measure how the terminal program feels: when it is painted first, and how late keys are answered in mid-run.

    screen.py [--starts N] [--keys N] [--mib N] [--folder F] [--json]

Everything happens on real terminals (pseudo ones), with real engines and real runs. The first paint is compared with
that of a Textual app that has one word to show, started in turns with it. Keys are pressed in Browse, where each moves
the cursor, while a run of noise goes as fast as it can, followed by the same program; late is what passes until the
first byte is drawn.
"""

import argparse
import json
import os
import pty
import random
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from tempfile import TemporaryDirectory

PYTHON = (sys.executable, "-P")
YESTER = (*PYTHON, "-m", "yester")
EMPTY = """
from textual.app import App
from textual.widgets import Label
class Empty(App):
    def compose(self):
        yield Label("PAINTED")
Empty().run()
"""
IN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
LIMIT_S = 120.0
_PAINTS = ("first paint of an empty app", "first paint", "later than an empty app")
_OF_ALL = ("half of all", "99 of 100", "all")
MEASURES = (*_PAINTS, *(f"a key {when}, {name}" for when in ("at rest", "in mid-run") for name in _OF_ALL))
"""What is measured."""
_PAUSE_S = (0.03, 0.08)
"""Between keys: as fast as a person who holds one down, and not in step with anything."""
_QUIET_S = 0.015
"""Nothing is drawn for so long: the key before is dealt with."""


class Terminal:
    """A program on a terminal of 120 by 40, and what it draws."""

    def __init__(self, words: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [*PYTHON, "-c", IN_TERMINAL, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(theirs)

    def drawn(self, seconds: float) -> bytes:
        """Return what is drawn next, as soon as it is; empty when nothing is for so long."""
        ready, _, _ = select.select([self._ours], [], [], seconds)
        try:
            return os.read(self._ours, 1 << 20) if ready else b""
        except OSError:
            return b""

    def until(self, word: bytes) -> float:
        """Wait until a word was drawn and return after how many seconds from the start it was."""
        seen, end = b"", time.perf_counter() + LIMIT_S
        while word not in seen:
            if time.perf_counter() > end:
                raise TimeoutError(f"{word!r} was not drawn: {seen[-2000:]!r}")
            seen = (seen + self.drawn(1.0))[-(1 << 20) :]
        return time.perf_counter() - self.began

    def settle(self) -> None:
        """Wait until nothing is drawn any more."""
        while self.drawn(_QUIET_S):
            continue

    def press(self, key: bytes) -> float:
        """Press a key and return after how many seconds the first byte was drawn."""
        began = time.perf_counter()
        os.write(self._ours, key)
        if not self.drawn(LIMIT_S):
            raise TimeoutError("The program draws nothing more")
        return time.perf_counter() - began

    def type(self, keys: bytes) -> None:
        """Press keys that need no answer."""
        os.write(self._ours, keys)

    def close(self) -> None:
        """End the program and the terminal."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._ours)


@contextmanager
def on_terminal(words: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Have a program on a terminal for the block."""
    terminal = Terminal(words, environment)
    try:
        yield terminal
    finally:
        terminal.close()


def first_paints(starts: int, environment: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """Yield when an empty app and the terminal program are painted first, and how much later the latter is."""
    empty, ours = [], []
    for _ in range(starts):
        with on_terminal((*PYTHON, "-c", EMPTY), environment) as terminal:
            empty.append(terminal.until(b"PAINTED"))
        with on_terminal(YESTER, environment) as terminal:
            ours.append(terminal.until(b"yester "))
    later = [mine - other for mine, other in zip(ours, empty, strict=True)]
    for what, figures in zip(_PAINTS, (empty, ours, later), strict=True):
        yield {"what": what, "seconds": statistics.median(figures)}


def keys_in_mid_run(keys: int, environment: Mapping[str, str], noise: Path) -> Iterator[dict[str, object]]:
    """Yield how late keys are answered while nothing runs, and while runs go as fast as they can."""
    with on_terminal(YESTER, environment) as terminal:
        terminal.until(b"names")
        terminal.type(b"3")
        terminal.until(b"0010")
        yield from _answered("at rest", terminal, keys)
        with runs_without_end(environment, noise):
            terminal.until(b"running")
            yield from _answered("in mid-run", terminal, keys)


def _answered(what: str, terminal: Terminal, keys: int) -> Iterator[dict[str, object]]:
    late = []
    for number in range(keys):
        time.sleep(random.uniform(*_PAUSE_S))
        terminal.settle()
        late.append(terminal.press(b"j" if number // 30 % 2 == 0 else b"k"))
    late.sort()
    for name, at in zip(_OF_ALL, (len(late) // 2, len(late) * 99 // 100, -1), strict=True):
        yield {"what": f"a key {what}, {name}", "seconds": late[at]}


@contextmanager
def runs_without_end(environment: Mapping[str, str], noise: Path) -> Iterator[None]:
    """Let run follow upon run while the block lasts, each of content that is not stored yet."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with open(noise / "noise", "r+b") as file:
                for at in range(0, noise.joinpath("noise").stat().st_size, 1 << 20):
                    file.seek(at)
                    file.write(os.urandom(64))
            _run(environment, "snap", "noise")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _run(environment: Mapping[str, str], *words: object) -> None:
    subprocess.run([*YESTER, *map(str, words)], env=dict(environment), check=True, stdout=subprocess.DEVNULL)


def prepared(folder: Path, mib: int) -> dict[str, str]:
    """Make a home with two profiles, one of names to go through and one of noise, and return its environment."""
    home, names, noise = folder / "home", folder / "names", folder / "noise"
    for each in (home, names, noise):
        each.mkdir()
    for number in range(2000):
        (names / f"{number:04}").touch()
    with open(noise / "noise", "wb") as file:
        for _ in range(mib):
            file.write(os.urandom(1 << 20))
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {**kept, "HOME": str(home), "LANG": "C.UTF-8", "YESTER_BACKGROUND": "0"}
    _run(environment, "init", "--no-encryption")
    for name, source in (("names", names), ("noise", noise)):
        _run(environment, "profile", "add", name, source)
    _run(environment, "snap", "names")
    return environment


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--keys", type=int, default=400)
    parser.add_argument("--mib", type=int, default=1024, help="noise that each run reads and stores")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        environment = prepared(folder, options.mib)
        for figures in (
            first_paints(options.starts, environment),
            keys_in_mid_run(options.keys, environment, folder / "noise"),
        ):
            for figure in figures:
                line = json.dumps(figure) if options.json else f"{figure['what']:40} {figure['seconds']:8.4f} s"
                print(line, flush=True)


if __name__ == "__main__":
    main()
