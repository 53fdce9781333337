"""What holds while a run works: it steps back for other programs, and keeps the machine from going to sleep."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from yester.engine.errors import YesterError
from yester.engine.profiles.profile import LimitSpec, Profile

Tell = Callable[[str], None]

_TIMEOUT_S = 10
_ENDS_WITHIN_S = 5.0
"""The child that holds the machine awake ends when its input does."""


@contextmanager
def gentle(profile: Profile, tell: Tell) -> Iterator[None]:
    """Take the process's place among others for good, and keep the machine awake for the block.

    Threads and processes that are started from now on have the same place. What cannot be done is told.
    """
    step_back(profile.limits, tell)
    if profile.limits.inhibit_suspend:
        with awake(f"a snapshot of {profile.name}", tell):
            yield
    else:
        yield


def step_back(limits: LimitSpec, tell: Tell) -> None:
    """Set the nice value and the place in the queues of disks; a process that is nicer already stays so."""
    if limits.nice is not None and (limits.nice < 0 or limits.nice > os.getpriority(os.PRIO_PROCESS, 0)):
        try:
            os.setpriority(os.PRIO_PROCESS, 0, limits.nice)
        except OSError as problem:
            tell(f"nice = {limits.nice} cannot be set: {problem.strerror}")
    if limits.ionice is not None:
        _set_ionice(limits.ionice, tell)


def _set_ionice(wanted: str, tell: Tell) -> None:
    from yester.engine.schedule.programs import ask

    kind, _, number = wanted.partition(":")
    place = ["-c", "3"] if kind == "idle" else ["-c", "2", "-n", number]
    try:
        said = ask(["ionice", *place, "-p", str(os.getpid())], timeout_s=_TIMEOUT_S)
    except YesterError as problem:
        tell(problem.what)
        return
    if said is None:
        tell(f"ionice is not here, so that ionice = {wanted} has no effect")
    elif said.code != 0:
        tell(f"ionice = {wanted} cannot be set: {said.words}")


@contextmanager
def awake(why: str, tell: Tell) -> Iterator[None]:
    """Keep the machine from going to sleep, by a child that ends with its input: so also when this process is killed.

    Nothing waits for the child to have done it. What hindered it is told at the end.
    """
    words = ["systemd-inhibit", "--what=sleep", "--mode=block", "--who=yester", f"--why={why}", "cat"]
    try:
        child = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as problem:
        tell(f"The machine may go to sleep during the run: systemd-inhibit: {problem.strerror}")
        yield
        return
    try:
        yield
    finally:
        if (failed := _ended(child)) is not None:
            tell(f"The machine might have gone to sleep during the run: {failed}")


def _ended(child: "subprocess.Popen[bytes]") -> str | None:
    """End the child; return its words when it failed."""
    try:
        _, said = child.communicate(timeout=_ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        with suppress(subprocess.TimeoutExpired):
            child.communicate(timeout=_ENDS_WITHIN_S)
        return None
    return None if child.returncode == 0 else said.decode("utf-8", "replace").strip() or f"exit code {child.returncode}"
