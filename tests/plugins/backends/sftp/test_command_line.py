"""The whole program over a real SSH server: what is stored there comes back, whatever is killed on the way."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sshd import Sshd

SOURCE_ROOT = Path(__file__).parents[4] / "src"
FILES = 30

pytestmark = pytest.mark.usefixtures("server")


def words(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-P", "-m", "yester", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}


def start(*arguments: str) -> "subprocess.Popen[bytes]":
    silent = subprocess.DEVNULL
    return subprocess.Popen(words(*arguments), env=environment(), stdin=silent, stdout=silent, stderr=silent)


def yester(*arguments: str | Path, code: int = 0) -> str:
    """Run a command and return what it said."""
    done = subprocess.run(
        words(*arguments), env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def fill(folder: Path, seed: int) -> None:
    noise = random.Random(seed)
    for number in range(FILES):
        path = folder / f"{number % 5}" / f"{seed}-{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise.randbytes(noise.choice((0, 50, 5_000, 300_000, 2_000_000))))


def same(one: Path, other: Path) -> bool:
    return subprocess.run(["diff", "-r", one, other], capture_output=True, check=False).returncode == 0


def wait_for(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_repository_lives_there(folder: Path, sshd: Sshd, tmp_path: Path, fuse: None) -> None:
    place = tmp_path / "there" / "repository"
    url = sshd.url(place)
    fill(folder, 1)
    assert url in yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    yester("snap", "docs")
    # A run that dies with packs stored and no snapshot.
    fill(folder, 2)
    before = len(list(place.glob("data/*/*")))
    run = start("snap", "docs")
    wait_for(lambda: len(list(place.glob("data/*/*"))) > before or run.poll() is not None)
    run.send_signal(signal.SIGKILL)
    run.wait()
    yester("snap", "docs")
    yester("check", "--repo", url, "--read-data")
    # The same files, as a folder on the machine where they lie.
    yester("check", "--repo", place, "--read-data")
    mounted, copy, restored = tmp_path / "mounted", tmp_path / "copy", tmp_path / "restored"
    mounted.mkdir()
    yester("mount", "--repo", url, mounted)
    try:
        shutil.copytree(f"{mounted}/latest{folder}", copy)
    finally:
        yester("umount", mounted)
    assert same(folder, copy)
    yester("restore", "--repo", url, "latest", "--target", restored)
    assert same(folder, Path(f"{restored}{folder}"))


def test_a_server_that_drops_connections_harms_no_snapshot(folder: Path, sshd: Sshd, tmp_path: Path) -> None:
    url = sshd.url(tmp_path / "repository")
    fill(folder, 1)
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    run = start("snap", "docs")
    wait_for(lambda: list((tmp_path / "repository").glob("data/*/*")) or run.poll() is not None)
    sshd.drop()
    assert run.wait() == 0
    yester("check", "--repo", url, "--read-data")


def test_room_comes_back(folder: Path, sshd: Sshd, tmp_path: Path) -> None:
    place = tmp_path / "repository"
    url = sshd.url(place)
    fill(folder, 1)
    yester("init", "--no-encryption", url)
    yester("profile", "add", "docs", folder, "--repo", url)
    yester("snap", "docs")
    shutil.rmtree(folder / "0")
    shutil.rmtree(folder / "3")
    yester("snap", "docs")
    before = {path.name for path in place.glob("data/*/*")}
    yester("forget", "docs", "--keep-last", "1", "--yes")
    yester("prune", "--repo", url)
    assert before - {path.name for path in place.glob("data/*/*")}
    yester("check", "--repo", url, "--read-data")
    assert list(place.rglob(".put-*")) == []


def test_nothing_of_a_password_is_kept_or_shown(home: Path, folder: Path, tmp_path: Path) -> None:
    url = "sftp://me:hunter2@127.0.0.1/srv"
    said = yester("init", "--no-encryption", url, code=2)
    said += yester("list", "--repo", url, code=2)
    said += yester("profile", "add", "docs", folder, "--repo", url, code=2)
    assert "hunter2" not in said
    kept = [path for path in home.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert kept == []


def test_a_changed_host_key_ends_with_a_hint(sshd: Sshd, tmp_path: Path) -> None:
    sshd.know("other")
    said = yester("list", "--repo", sshd.url(tmp_path), code=6).splitlines()
    assert said[0] == "yester: The host key of 127.0.0.1 is not the one that known_hosts has"
    assert said[1].startswith("  hint: Somebody may be between you and it")
    assert len(said) == 2
