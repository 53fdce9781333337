"""The whole program over a backend, as real processes: a repository is made, used, broken off, thinned and read."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

SOURCE_ROOT = Path(__file__).parents[1] / "src"
FILES = 30
WAIT_S = 300.0


def words(*arguments: str | Path) -> list[str]:
    """Return the command that runs yester."""
    return [sys.executable, "-P", "-m", "yester", *map(str, arguments)]


def environment() -> dict[str, str]:
    """Return what a yester of these sources needs besides what there is."""
    return {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}


def start(*arguments: str | Path) -> "subprocess.Popen[bytes]":
    """Start a command that nobody listens to."""
    silent = subprocess.DEVNULL
    return subprocess.Popen(words(*arguments), env=environment(), stdin=silent, stdout=silent, stderr=silent)


def yester(*arguments: str | Path, code: int = 0) -> str:
    """Run a command, which ends with this code, and return what it said."""
    done = subprocess.run(
        words(*arguments), env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def fill(folder: Path, seed: int, files: int = FILES) -> None:
    """Put files of many sizes that cannot be compressed into a folder, the same for each seed."""
    noise = random.Random(seed)
    for number in range(files):
        path = folder / f"{number % 5}" / f"{seed}-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(noise.choice((0, 50, 5_000, 300_000, 2_000_000))))


def same(one: Path | str, other: Path | str) -> bool:
    """Whether two folders hold the same."""
    return subprocess.run(["diff", "-r", one, other], capture_output=True, check=False).returncode == 0


def wait_for(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def live(url: str, folder: Path, work: Path, packs: Callable[[], set[str]]) -> None:
    """Make a repository, snap, prune, kill a run, snap, check, mount, copy and restore; `packs` names data packs."""
    fill(folder, 1)
    assert url in yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    yester("snap", "docs")
    before = packs()
    shutil.rmtree(folder / "0")
    shutil.rmtree(folder / "3")
    yester("snap", "docs")
    yester("forget", "docs", "--keep-last", "1", "--yes")
    yester("prune", "--repo", url)
    assert before - packs()
    # A run that dies with packs stored and no snapshot.
    fill(folder, 2)
    before = packs()
    run = start("snap", "docs")
    wait_for(lambda: packs() > before or run.poll() is not None)
    run.send_signal(signal.SIGKILL)
    run.wait()
    yester("snap", "docs")
    yester("check", "--repo", url, "--read-data")
    mounted, copied, restored = work / "mounted", work / "copied", work / "restored"
    mounted.mkdir()
    yester("mount", "--repo", url, mounted)
    try:
        subprocess.run(["cp", "-a", f"{mounted}/latest{folder}", copied], check=True)
    finally:
        yester("umount", mounted)
    assert same(folder, copied)
    yester("restore", "--repo", url, "latest", "--target", restored)
    assert same(folder, f"{restored}{folder}")
