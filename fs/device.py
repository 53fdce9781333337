"""Attaches a mount to a folder: `fusermount3` mounts, and hands over the descriptor that requests come from.

It is the program by which everybody may mount, and asks root for nothing either. It passes the descriptor through the
socket whose number stands in _FUSE_COMMFD (util/fusermount.c of libfuse).
"""

import os
import select
import shutil
import socket
import subprocess
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from yester.engine.errors import YesterError
from yester.fs.unmounting import clear_dead_mount

_SOCKET = "_FUSE_COMMFD"


def attach(mountpoint: Path, options: Collection[str]) -> int:
    """Mount on a folder and return the descriptor; YesterError when that cannot be."""
    program = shutil.which("fusermount3")
    if program is None:
        raise YesterError("The program fusermount3 is not there", hint="Install the package fuse3.")
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            number = theirs.fileno()
            command = [program, "-o", ",".join(sorted(options)), "--", str(mountpoint)]
            environment = {**os.environ, _SOCKET: str(number), "LC_ALL": "C"}
            done = subprocess.run(command, env=environment, pass_fds=(number,), capture_output=True, check=False)
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    if done.returncode or not fds:
        said = done.stderr.decode(errors="replace").strip() or f"fusermount3 ended with {done.returncode}"
        raise YesterError(
            f"{mountpoint} cannot be mounted: {said}", hint="Check that fuse3 is installed and may be used."
        )
    os.set_inheritable(fds[0], False)
    return fds[0]


def detach(fd: int, mountpoint: Path) -> None:
    """Unmount what `attach` mounted, unless somebody has; from sight at once, also while it is in use."""
    gone = select.poll()
    gone.register(fd, 0)
    is_gone = bool(gone.poll(0))
    os.close(fd)
    if not is_gone:
        # Somebody may be quicker.
        with suppress(YesterError):
            clear_dead_mount(mountpoint)
