"""Whether anything starts a profile's runs at the times that it says, and what to do when nothing does; pure."""

from collections.abc import Mapping
from shlex import quote
from types import MappingProxyType
from typing import Literal

Started = Literal["off", "on", "missing", "disabled", "outdated", "stray", "unknown"]
"""`off`: no times, and nothing starts it; `on`: as the profile says; `unknown`: the system does not tell in time."""

WORDS: Mapping[Started, str] = MappingProxyType(
    {
        "missing": "Its times are in the profile, but nothing starts it",
        "disabled": "Its timer is installed, but nothing starts that",
        "outdated": "It is started at other times than the profile says",
        "stray": "It is still started by itself, though the profile has no times any more",
    }
)
"""What is wrong; the others are in order, or nobody knows."""


def started(when: str, there: tuple[bool, bool] | None) -> Started:
    """Return how a profile with this `schedule.when` is started; `there`: what is installed matches it, is enabled."""
    if when == "off":
        return "off" if there is None else "stray"
    if there is None:
        return "missing"
    matches, is_enabled = there
    if not is_enabled:
        return "disabled"
    return "on" if matches else "outdated"


def mending(state: Started, profile: str) -> str:
    """Return the command that lets the system start what the profile says; empty when it does."""
    verb = "disable" if state == "stray" else "enable"
    return f"yester schedule {verb} {quote(profile)}" if state in WORDS else ""
