"""What plugins are called in: one command, and what it is about."""

from dataclasses import dataclass

from yester.engine.places import Places
from yester.engine.profiles.profile import Profile


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One command at work."""

    places: Places
    action: str = ""
    """The command's name."""
    run: str = ""
    """The run's id; empty for a command that leaves no record."""
    profile: Profile | None = None
    repository: str = ""
    """Path or URL, without secrets."""
