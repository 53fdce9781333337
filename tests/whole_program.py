"""The whole program over a store, as its user has it: real processes, one of them killed, a mount, a restore."""

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


def words(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-P", "-m", "yester", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}


def start(*arguments: str) -> "subprocess.Popen[bytes]":
    """Start a command that says nothing."""
    silent = subprocess.DEVNULL
    return subprocess.Popen(words(*arguments), env=environment(), stdin=silent, stdout=silent, stderr=silent)


def yester(*arguments: str | Path, code: int = 0) -> str:
    """Run a command and return what it said."""
    done = subprocess.run(
        words(*arguments), env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def fill(folder: Path, seed: int, files: int = FILES) -> None:
    """Write files of many sizes that cannot be compressed."""
    noise = random.Random(seed)
    for number in range(files):
        path = folder / f"{number % 5}" / f"{seed}-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(noise.choice((0, 50, 5_000, 300_000, 2_000_000))))


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same."""
    return subprocess.run(["diff", "-r", one, other], capture_output=True, check=False).returncode == 0


def wait_for(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def live_in(url: str, folder: Path, work: Path, packs: Callable[[], int]) -> None:
    """Make a repository, take snapshots, prune, be killed, check, mount, copy, restore; `packs` counts data packs."""
    fill(folder, 1)
    assert url in yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    yester("snap", "docs")
    shutil.rmtree(folder / "0")
    yester("snap", "docs")
    yester("forget", "docs", "--keep-last", "1", "--yes")
    yester("prune", "--repo", url)
    # A run that dies with packs stored and no snapshot.
    fill(folder, 2)
    before = packs()
    run = start("snap", "docs")
    wait_for(lambda: packs() > before or run.poll() is not None)
    run.send_signal(signal.SIGKILL)
    run.wait()
    yester("snap", "docs")
    yester("check", "--repo", url, "--read-data")
    mounted, copy, restored = work / "mounted", work / "copy", work / "restored"
    mounted.mkdir()
    yester("mount", "--repo", url, mounted)
    try:
        shutil.copytree(f"{mounted}/latest{folder}", copy)
    finally:
        yester("umount", mounted)
    assert same(folder, copy)
    yester("restore", "--repo", url, "latest", "--target", restored)
    assert same(folder, Path(f"{restored}{folder}"))
