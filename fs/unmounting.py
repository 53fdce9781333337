"""Ends a mount: cleanly, saying so when it is busy, and clearing away one whose server is gone."""

import os
import select
import shutil
import subprocess
from pathlib import Path

from yester.engine.errors import UsageError, YesterError
from yester.fs.mounts import canonical, find_mount, is_dead
from yester.fs.registry import MountRegistry

GRACE_SECONDS = 10.0
"""How long to wait for the server's process to end once its mount is gone."""


def unmount(mountpoint: Path, runtime: Path, *, lazy: bool = False) -> None:
    """Unmount a mount of yester's and wait until its server has ended.

    With `lazy` it is gone from sight at once, and ends when the last program that uses it lets go; nobody waits.
    UsageError when none is there, YesterError when it is busy or the system refuses.
    """
    if find_mount(mountpoint) is None:
        raise UsageError(f"{mountpoint} is not a mount of yester", hint="List them: yester mounts")
    mountpoint = canonical(mountpoint)
    registry = MountRegistry(runtime)
    record = registry.find(mountpoint)
    if is_dead(mountpoint):
        clear_dead_mount(mountpoint)
    elif lazy:
        _unmount_live(mountpoint, "-z")
    else:
        _unmount_live(mountpoint)
        if record is not None:
            await_end(record.pid)
    registry.remove(mountpoint)


def clear_dead_mount(mountpoint: Path) -> None:
    """Take away a mount whose server is gone. YesterError when the system refuses."""
    said = _run("-u", "-z", mountpoint)
    if said is not None:
        raise YesterError(f"Cannot clear the dead mount {mountpoint}: {said}", hint=f"Try: umount -l {mountpoint}")


def _unmount_live(mountpoint: Path, *how: str) -> None:
    said = _run("-u", *how, mountpoint)
    if said is None:
        return
    if "busy" in said.lower():
        raise YesterError(
            f"{mountpoint} is busy: a program has a file or a folder of it open",
            hint=f"Close it and try again (fuser -vm {mountpoint} shows which), "
            f"or let it go when unused: yester umount --lazy {mountpoint}",
        )
    raise YesterError(f"Cannot unmount {mountpoint}: {said}", hint=f"Try: umount {mountpoint}")


def _run(*arguments: str | Path) -> str | None:
    """Run fusermount3, or where there is none umount; None on success, else what it said."""
    program = shutil.which("fusermount3") or shutil.which("fusermount")
    command = [program, *arguments] if program else ["umount", *("-l" for a in arguments if a == "-z"), arguments[-1]]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError as error:
        raise YesterError("Neither fusermount3 nor umount is there", hint="Install the package fuse3.") from error
    if done.returncode == 0:
        return None
    return done.stderr.decode(errors="replace").strip() or f"{command[0]} ended with {done.returncode}"


def await_end(pid: int) -> None:
    """Wait until a process has ended, but not for ever."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:  # ended already
        return
    try:
        # select(2) takes no descriptor above 1023, which a long-lived program may well reach.
        ended = select.poll()
        ended.register(fd, select.POLLIN)
        ended.poll(GRACE_SECONDS * 1000)
    finally:
        os.close(fd)
