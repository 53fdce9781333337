"""The terminal program as a person has it: in tmux, on a real repository, with a real run and a real mount."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, docs, environment, finish, plain, start, yester

__all__ = ["docs", "plain", "yester"]

LIMIT_S = 60.0
PAGER = """#!/bin/sh
echo "the pager has $(cat "$1") of mode $(stat -c %a "$1")"
read -r answer
"""


class Tmux:
    """A terminal multiplexer of one's own, and a program in it."""

    def __init__(self, folder: Path, **more: str) -> None:
        self._command = ("tmux", "-S", str(folder / "tmux"), "-f", "/dev/null")
        # The sizes are those of some terminal: shells and test runners export them.
        kept = environment(TERM="xterm-256color", COLUMNS="80", LINES="24", **more)
        self._environment = {name: value for name, value in kept.items() if name not in ("TMUX", "TMUX_PANE")}
        # How it ended is said on the screen: what tmux itself knows of that is sometimes nothing.
        program = shlex.join([sys.executable, "-P", "-m", "yester"]) + "; echo it ended with $?; cat"
        self.call("new-session", "-d", "-x", "80", "-y", "24", program)

    def call(self, *words: str) -> str:
        """Run a command of tmux and return what it says."""
        done = subprocess.run([*self._command, *words], env=self._environment, capture_output=True, check=True)
        return done.stdout.decode()

    def keys(self, *keys: str) -> None:
        """Press keys."""
        self.call("send-keys", *keys)

    def screen(self) -> str:
        """Return what is on the screen."""
        return self.call("capture-pane", "-p")

    def see(self, *words: str) -> str:
        """Wait until all of these words are on the screen."""
        end = time.monotonic() + LIMIT_S
        while not all(word in (seen := self.screen()) for word in words):
            assert time.monotonic() < end, f"{words} are not in\n{seen}"
            time.sleep(0.02)
        return seen

    def see_one_row(self, word: str) -> None:
        """Wait until one line alone goes on behind a word: a row of a list, and no title."""
        end = time.monotonic() + LIMIT_S
        while len(re.findall(rf"{word} +\S", seen := self.screen())) != 1:
            assert time.monotonic() < end, f"{word} does not begin one row in\n{seen}"
            time.sleep(0.02)

    def see_broken(self, word: str) -> None:
        """Wait until a word is on the screen that may be broken anywhere, and nothing that was said is over it."""
        end = time.monotonic() + LIMIT_S
        while word not in re.sub(r"[\s│]", "", seen := self.screen()):
            assert time.monotonic() < end, f"{word} is not in\n{seen}"
            time.sleep(0.02)

    def see_gone(self, word: str, *others: str) -> None:
        """Wait until a word is on the screen no more, and what is under it is: a notice alone may cover a word, too."""
        end = time.monotonic() + LIMIT_S
        while word in (seen := self.screen()) or not all(other in seen for other in others):
            assert time.monotonic() < end, f"{word} is in, or one of {others} is not:\n{seen}"
            time.sleep(0.02)

    def resize(self, columns: int, lines: int, *words: str) -> None:
        """Let the terminal have another size, until all of these words are on the screen.

        On a busy machine a program may ask for the size before tmux has set it, and hear of it no more.
        """
        end = time.monotonic() + LIMIT_S
        while True:
            self.call("resize-window", "-x", str(columns), "-y", str(lines))
            settled = time.monotonic() + LIMIT_S / 10
            while not all(word in self.screen() for word in words) and time.monotonic() < settled:
                time.sleep(0.02)
            if all(word in (seen := self.screen()) for word in words):
                return
            assert time.monotonic() < end, f"{words} are not in\n{seen}"
            self.call("resize-window", "-x", str(columns), "-y", str(lines + 1))

    def close(self) -> None:
        """End all of it."""
        subprocess.run([*self._command, "kill-server"], env=self._environment, capture_output=True, check=False)


@pytest.fixture
def tmux(yester: Yester, plain: Path, docs: Path, tmp_path: Path) -> Iterator[Tmux]:
    """The program, on a profile that never ran; the pager is a script."""
    assert yester("profile", "add", "docs", docs).code == 0
    pager = tmp_path / "pager"
    pager.write_text(PAGER)
    pager.chmod(0o755)
    found = Tmux(tmp_path, PAGER=str(pager))
    yield found
    found.close()


def test_a_run_a_look_a_mount_and_leaving(tmux: Tmux, yester: Yester, docs: Path, tmp_path: Path) -> None:
    tmux.see("docs", "never ran", "b back up")
    tmux.keys("b")
    tmux.see("docs", "ok", "ago")

    tmux.keys("3")
    tmux.see("b.txt", "letters/")
    tmux.keys("y")
    tmux.see("Copied")
    assert tmux.call("show-buffer") == f"{docs}/b.txt"
    tmux.keys("o")
    tmux.see("the pager has b of mode 400")
    tmux.keys("Enter")
    tmux.see("b.txt", "letters/", "3 Browse")

    # Mounts of other tests are listed, too.
    point = tmp_path / f"own-{os.getpid()}"
    point.mkdir()
    assert finish(start("mount", point)).code == 0
    tmux.keys("5")
    tmux.see("live")
    tmux.keys("/", *point.name, "Enter")
    tmux.see("live", "Mounts", point.name)
    tmux.see_one_row("✓ live")
    assert (point / f"latest{docs}/letters/a.txt").read_text() == "dear a\n"
    tmux.keys("u")
    tmux.see("Unmounted")
    assert not os.path.ismount(point)

    tmux.keys("@")
    tmux.see("$ yester snap docs", "$ yester umount", "b.txt")
    tmux.see_broken("/pagerb.txt")

    # What is pressed before the page is gone would be Alt and that key: so terminals send it.
    tmux.keys("Escape")
    tmux.see_gone("$ yester snap docs", "5 Mounts", "q quit")
    tmux.resize(20, 5, "yester needs a", "80 by")
    tmux.resize(80, 24, "5 Mounts", "q quit")
    tmux.keys("q")
    tmux.see("it ended with 0")
