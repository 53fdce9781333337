"""Ends a mount: cleanly, saying so when it is busy, and clearing away one whose server is gone."""

import os
import pwd
import select
import shutil
import subprocess
import time
from pathlib import Path

from yester.engine.errors import UsageError, YesterError
from yester.fs.mounts import ActiveMount, canonical, find_mount, is_dead
from yester.fs.registry import MountRegistry

BUSY_TRIES = 5
BUSY_PAUSE_S = 0.1
"""Whoever lists mounts or files holds one for a moment: that is not yet somebody who works there."""
GRACE_SECONDS = 10.0
"""How long to wait for the server's process to end once its mount is gone."""


def unmount(mountpoint: Path, runtime: Path, *, lazy: bool = False) -> None:
    """Unmount a mount of yester's and wait until its server has ended.

    With `lazy` it is gone from sight at once, and ends when the last program that uses it lets go; nobody waits.
    UsageError when none is there, YesterError when it is busy or the system refuses.
    """
    mount = find_mount(mountpoint)
    if mount is None:
        raise UsageError(f"{mountpoint} is not a mount of yester", hint="List them: yester mounts")
    refuse_of_others(mount, os.geteuid())
    mountpoint = canonical(mountpoint)
    registry = MountRegistry(runtime)
    key, record, _, _ = registry.remembered(mount)
    if is_dead(mountpoint):
        clear_dead_mount(mountpoint)
    elif lazy:
        _unmount_live(mountpoint, "-z")
    else:
        _unmount_live(mountpoint)
        if record is not None:
            await_end(record.pid)
    registry.forget(key)


def refuse_of_others(mount: ActiveMount, user: int) -> None:
    """Raise YesterError unless this user may take the mount away: the one who mounted it, or root."""
    if mount.user is None or user in (0, mount.user):
        return
    name, place = user_name(mount.user), os.fsdecode(mount.path)
    raise YesterError(
        f"{place} is a mount of {name}'s, and yours to look at only",
        hint=f"{name} can unmount it, and so can an administrator: sudo yester umount {place}",
    )


def user_name(user: int) -> str:
    """Return what a user is called; the number where the machine has no name for it."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def clear_dead_mount(mountpoint: Path) -> None:
    """Take away a mount whose server is gone. YesterError when the system refuses."""
    said = _run("-u", "-z", mountpoint)
    if said is not None:
        raise YesterError(f"Cannot clear the dead mount {mountpoint}: {said}", hint=f"Try: umount -l {mountpoint}")


def _unmount_live(mountpoint: Path, *how: str) -> None:
    said = _run("-u", *how, mountpoint)
    for _ in range(BUSY_TRIES):
        if said is None or "busy" not in said.lower():
            break
        time.sleep(BUSY_PAUSE_S)
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
