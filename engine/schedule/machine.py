"""This machine as a schedule sees it: what starts things here, and how it starts this program."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yester.engine.host import user_name
from yester.engine.places import Places
from yester.engine.schedule.launch import Launch
from yester.engine.schedule.units import Units, systemd_runs

_HANDED_ON = (
    "PATH",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "YESTER_REPOSITORY",
    "YESTER_PASSPHRASE_FILE",
    "YESTER_PASSPHRASE_COMMAND",
    "PYTHONPATH",
)
"""Variables that say where things are. Never a passphrase itself: units and crontabs are no place for one."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where schedules are installed, for whom, and what they start."""

    systemd: bool
    """Whether systemd runs here."""
    units: Units
    rules: Path
    """The folder of udev's rules."""
    scripts: Path
    """Ours, for what a rule cannot hold."""
    user: str
    launch: Launch

    @classmethod
    def this(cls, places: Places) -> "Machine":
        """Return this machine, for this person."""
        return cls(
            systemd=systemd_runs(),
            units=Units.of_this_user(),
            rules=Path("/etc/udev/rules.d"),
            scripts=places.config / "drives",
            user=user_name(),
            launch=_this_program(os.environ),
        )


def _this_program(environment: Mapping[str, str]) -> Launch:
    """Return how to start the program that is running, from anywhere."""
    names = ("HOME", *_HANDED_ON) if os.geteuid() == 0 else _HANDED_ON  # the system's manager gives root's units none
    return Launch(_program(), tuple((name, os.fsencode(environment[name])) for name in names if environment.get(name)))


def _program() -> tuple[bytes, ...]:
    asked = sys.argv[0]
    found = shutil.which(asked) if os.path.basename(asked) == "yester" else None
    if found is not None:
        return (os.fsencode(os.path.abspath(found)),)
    return (os.fsencode(sys.executable), b"-P", b"-m", b"yester")
