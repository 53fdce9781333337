"""Samba shows the snapshots of a mount as the previous versions of a share: a real smbd, and a real client."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fs.mounting import World
from tests.fs.test_serving import wait_for

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(os.geteuid() != 0, reason="the share is served as root, which alone may"),
]

CONFIGURATION = """
[global]
 interfaces = lo
 bind interfaces only = yes
 smb ports = {port}
 {folders}
 log file = {home}/log
 map to guest = Bad User
 load printers = no
 disable spoolss = yes
 server role = standalone server
[docs]
 path = {share}
 guest ok = yes
 force user = root
 vfs objects = shadow_copy2
 shadow:snapdir = {mount}/.zfs/snapshot
 shadow:basedir = /
 shadow:mountpoint = /
 shadow:format = docs@%Y-%m-%dT%H-%M-%S
 shadow:localtime = yes
 shadow:sort = desc
"""
FOLDERS = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
DAY = 86_400 * 10**9


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def shared(world: World, home: Path) -> Iterator[list[str]]:
    """The source as a share; the words that begin a client's command line."""
    port, lines = free_port(), []
    for name in FOLDERS:
        (home / name).mkdir(parents=True)
        lines.append(f"{name} = {home / name}")
    file = home / "smb.conf"
    file.write_text(
        CONFIGURATION.format(
            port=port, folders="\n ".join(lines), home=home, share=world.source, mount=world.mountpoint
        )
    )
    command = ["smbd", "--foreground", "--no-process-group", "--debug-stdout", f"--configfile={file}"]
    with open(home / "said", "wb") as said:
        # When it ends it ends its process group, which must not be ours.
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
    try:
        client = ["smbclient", "--no-pass", f"--configfile={file}", f"--port={port}", "//127.0.0.1/docs", "--command"]
        wait_for(lambda: subprocess.run([*client, "ls"], capture_output=True, check=False).returncode == 0)
        yield client
    finally:
        server.terminate()
        server.wait()


def test_previous_versions_of_a_share(world: World, tmp_path: Path) -> None:
    repository = world.open()
    for day, text in enumerate(["one", "two", "three"]):
        (world.source / "letter.odt").write_text(text)
        sid = world.take()
        world.put(sid, time_ns=20_000 * DAY + day * DAY)
        repository.forget_snapshot(sid, "moved to another day")
    (world.source / "letter.odt").write_text("now")
    with world.mounted(others=True), shared(world, tmp_path / "smb") as client:

        def run(words: str) -> str:
            return subprocess.run([*client, words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

        versions = re.findall(r"^@GMT-.*$", run("allinfo letter.odt"), re.MULTILINE)
        assert len(versions) == 3
        assert versions == sorted(versions, reverse=True)
        back = []
        for version in versions:
            run(f"get {version}\\letter.odt back")
            back.append((tmp_path / "back").read_text())
        assert back == ["three", "two", "one"]
