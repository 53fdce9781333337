"""Switching a profile's schedule on and off: by `yester schedule`, as a person would, so that it installs that name."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


class Refused(Exception):
    """`yester schedule` failed; the text says why."""


def switch_on(profile: str) -> list[str]:
    """Let the system start the profile; return what to tell the person."""
    try:
        [plan] = _schedule("enable", profile)
    except Refused as problem:
        return [f"but nothing starts it yet: {problem}", f"to try again: yester schedule enable {profile}"]
    return [f"the system starts it: yester schedule show {profile}", *plan["notes"]]


def switch_off(profile: str) -> list[str]:
    """Let the system start the profile no more; return what to tell the person."""
    try:
        _schedule("disable", profile)
    except Refused as problem:
        return [f"but its schedule is still installed: {problem}"]
    return []


def _schedule(verb: str, profile: str) -> Sequence[Any]:
    """Run `yester schedule`; return what it says of each profile. Refused when it fails."""
    command = [*_program(), "schedule", verb, profile, "--json"]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Refused(words[0].removeprefix("yester: ") if words else f"exit code {done.returncode}")
    said: Sequence[Any] = json.loads(done.stdout)
    return said


def _program() -> list[str]:
    """Return how a person starts yester here: what is installed is compared with what that would install."""
    beside = os.path.join(os.path.dirname(sys.executable), "yester")
    found = shutil.which("yester") or shutil.which(beside)
    return [found] if found else [sys.executable, "-P", "-m", "yester"]
