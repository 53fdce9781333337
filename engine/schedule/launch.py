"""How the system's own schedulers start this program: from an empty environment, with nobody there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

_MADE_FROM = re.compile(rb"made from ([0-9a-f]{12})\b")


@dataclass(frozen=True, slots=True)
class Launch:
    """The words that start the program, and the variables that it needs."""

    program: tuple[bytes, ...]
    environment: tuple[tuple[str, bytes], ...] = ()

    @property
    def anywhere(self) -> "Launch":
        """The same on every machine and from every shell: what differs between two of these is the profile."""
        return Launch((b"yester",))

    def snap(self, profile: str, *, if_due: bool = False) -> tuple[bytes, ...]:
        """Return the command of one run."""
        options = (b"--if-due",) if if_due else ()
        return (*self.program, b"snap", *options, profile.encode("utf-8", "surrogateescape"))

    def wait_for_drive(self, drive: str) -> tuple[bytes, ...]:
        """Return the command that ends well once a drive is mounted."""
        return (*self.program, b"schedule", b"wait-for-drive", drive.encode())


def fingerprint(texts: Mapping[str, str]) -> str:
    """Return what tells texts made of one profile from those made of it later.

    It stands in what is installed, and is made from what is the same `anywhere`: the environment differs from shell to
    shell, and the terminal program is not started as the command line is.
    """
    lines = "\0".join(f"{name}\0{text}" for name, text in texts.items())
    return sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def fingerprint_in(text: bytes) -> bytes:
    """Return the fingerprint that an installed text bears; empty when it bears none."""
    found = _MADE_FROM.search(text)
    return found[1] if found is not None else b""
