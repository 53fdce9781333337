"""Mounts that autofs makes when somebody looks and takes away when nobody does: a real automount(8)."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.fs.test_serving import wait_for
from tests.tui.cli.conftest import SOURCE_ROOT, Yester

pytestmark = [
    pytest.mark.servers,
    pytest.mark.usefixtures("as_root", "fuse"),
    pytest.mark.skipif("autofs" not in Path("/proc/filesystems").read_text(), reason="this kernel has no autofs"),
]
ASK_AGAIN_S = 2.0


@contextmanager
def automounting(folder: Path, map_line: str) -> Iterator[None]:
    """Run automount(8) for one folder; what nobody looks at for a second is unmounted."""
    home = folder.parent
    (home / "map").write_text(map_line)
    (home / "master").write_text(f"{folder} file:{home}/map --timeout=1\n")
    command = ["automount", "--foreground", "--dont-check-daemon", f"--pid-file={home}/pid", "-v", f"{home}/master"]
    with open(home / "said", "wb") as said:
        # For the kernel all of its process group are the daemon itself, for whom nothing is mounted.
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
    try:
        wait_for(lambda: is_mounted(folder) or server.poll() is not None)
        yield
    finally:
        end(server)
    assert not is_mounted(folder), (home / "said").read_text()


def end(server: "subprocess.Popen[bytes]") -> None:
    """Ask until it ends: while it unmounts something it forgets that it was asked."""
    while server.poll() is None:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(ASK_AGAIN_S)


def is_mounted(folder: Path) -> bool:
    """By the kernel's table: to ask the folder itself would mount what is below it."""
    return f" {folder} " in Path("/proc/self/mountinfo").read_text()


def test_who_looks_finds_it_and_it_goes_when_nobody_does(
    yester: Yester, home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = home / "key"
    key.write_text("secret")
    key.chmod(0o600)
    repository = home / "store"
    assert yester("init", repository, "--passphrase-file", key).code == 0
    assert yester("profile", "add", "docs", docs, "--repo", repository).code == 0
    monkeypatch.setenv("YESTER_PASSPHRASE", "secret")
    assert yester("snap", "docs").code == 0
    monkeypatch.delenv("YESTER_PASSPHRASE")
    program = home / "yester"
    command = shlex.join([sys.executable, "-P", "-m", "yester"])
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(SOURCE_ROOT))} exec {command} "$@"\n')
    program.chmod(0o755)
    auto = home / "auto"
    auto.mkdir()
    options = f"-fstype=fuse,passphrase_file={key},owner=by-name"
    with automounting(auto, rf"yesterday  {options}  :{program}\#{repository}" + "\n"):
        shown = auto / "yesterday"
        for _ in range(2):
            with open(shown / "latest" / str(docs).lstrip("/") / "b.txt") as file:
                # While it is open, the mount stays.
                assert file.read() == "b\n"
                assert is_mounted(shown)
                assert str(shown) in yester("mounts").out
            wait_for(lambda: not os.listdir(auto))
            assert not is_mounted(shown)
        with pytest.raises(FileNotFoundError):
            os.listdir(auto / "tomorrow")
