"""The guardian: a small process above a worker that ends whatever the worker leaves behind.

    host ── lifeline ──▶ guardian ── fork ──▶ worker ──▶ what plugins start

A plugin may loop in C and never let go of the interpreter, stop itself, or fork and slip into a session of its own;
so the worker cannot see to its own end. The guardian waits for two things: that the lifeline closes, which happens
when the host ends, however it ends, and that the worker ends. Then it kills everything below: the worker's session,
and, since orphans are handed to the guardian (PR_SET_CHILD_SUBREAPER), whoever has left it.

One thing is left alone: what serves a mounted file system (FUSE) in a session of its own. A script that mounts a disk
starts such a program; killed, it would lose what was written last, and leave a folder that nobody can look into.
"""

import ctypes
import os
import select
import signal
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_SIGNALLED = 128
_NOT_KILLED = (ProcessLookupError, PermissionError)
"""What killing may raise: it has ended, or has rights of its own, as sudo has."""
_FUSE = "/dev/fuse"
_PAUSE_MS = 5
_ROUNDS = 400
"""How often whoever is left is killed: a process may fork while it is being looked for."""


def guard(lifeline: int, outgoing: int) -> None:
    """Fork; return in the worker, in a session of its own. The guardian never returns.

    Its exit code is the worker's; 128 + N after signal N. Whoever holds `outgoing` is never left alone: the host waits
    until nobody can say anything any more.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    parent = os.getpid()
    worker = os.fork()
    if worker:
        os._exit(_watch(worker, lifeline, f"pipe:[{os.fstat(outgoing).st_ino}]"))
    os.close(lifeline)
    os.setsid()
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before it could be noticed
        os._exit(1)


def _watch(worker: int, lifeline: int, voice: str) -> int:
    os.dup2(lifeline, 3)
    os.closerange(4, 1 << 16)
    os.closerange(0, 3)
    ended = os.pidfd_open(worker)
    poll = select.poll()
    poll.register(3, select.POLLIN)
    poll.register(ended, select.POLLIN)
    poll.poll()
    status = _end(worker)
    _end_the_rest(worker, voice)
    return os.waitstatus_to_exitcode(status) % 256 if os.WIFEXITED(status) else _SIGNALLED + os.WTERMSIG(status)


def _end(worker: int) -> int:
    """Kill the worker unless it has ended, and its session; return its status."""
    with suppress(*_NOT_KILLED):
        os.kill(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    with suppress(*_NOT_KILLED):
        os.killpg(worker, signal.SIGKILL)
    return status


def _end_the_rest(worker: int, voice: str) -> None:
    """Kill and reap all children, those that are handed over meanwhile included, until none is left that must go."""
    for _ in range(_ROUNDS):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        doomed = [child for child in _children() if not _serves(child, worker, voice)]
        if not doomed:
            return
        for child in doomed:
            with suppress(*_NOT_KILLED):
                os.kill(child, signal.SIGKILL)
        select.poll().poll(_PAUSE_MS)


def _serves(pid: int, worker: int, voice: str) -> bool:
    """Whether a process serves a file system, in a session of its own, and cannot speak in the worker's name."""
    try:
        held = {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
        return _FUSE in held and voice not in held and os.getsid(pid) != worker
    except OSError:  # it has ended, or is somebody else's
        return False


def _children() -> list[int]:
    me, found = os.getpid(), []
    for name in os.listdir("/proc"):
        if name.isdecimal() and _parent_of(name) == me:
            found.append(int(name))
    return found


def _parent_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name of the program stands in brackets and may hold anything.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
