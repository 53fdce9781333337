"""Switching a profile's schedule on and off: by `yester schedule`, as a person would, so that it installs that name."""

import os
import shutil
import subprocess
import sys


def switch_on(profile: str) -> list[str]:
    """Let the system start the profile; return what to tell the person."""
    said = _schedule("enable", profile)
    return (
        [f"the system starts it: yester schedule show {profile}"]
        if said is None
        else [
            f"but nothing starts it yet: {said}",
            f"to try again: yester schedule enable {profile}",
        ]
    )


def switch_off(profile: str) -> list[str]:
    """Let the system start the profile no more; return what to tell the person."""
    said = _schedule("disable", profile)
    return [] if said is None else [f"but its schedule is still installed: {said}"]


def _schedule(verb: str, profile: str) -> str | None:
    """Run `yester schedule`; return why it failed, None when it did not."""
    found = shutil.which("yester")
    program = [found] if found else [sys.executable, "-P", "-m", "yester"]
    done = subprocess.run(
        [*program, "schedule", verb, profile],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=os.environ,
        check=False,
    )
    if done.returncode == 0:
        return None
    words = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return words[0].removeprefix("yester: ") if words else f"exit code {done.returncode}"
