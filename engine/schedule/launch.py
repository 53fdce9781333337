"""How the system's own schedulers start this program: from an empty environment, with nobody there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Launch:
    """The words that start the program, and the variables that it needs."""

    program: tuple[bytes, ...]
    environment: tuple[tuple[str, bytes], ...] = ()

    def snap(self, profile: str, *, if_due: bool = False) -> tuple[bytes, ...]:
        """Return the command of one run."""
        options = (b"--if-due",) if if_due else ()
        return (*self.program, b"snap", *options, profile.encode("utf-8", "surrogateescape"))
