"""This machine and this person, as snapshots name them."""

import getpass
import os
from pathlib import Path

from blake3 import blake3

from yester.engine.errors import YesterError
from yester.engine.places import Places, remember

_MACHINE_ID = Path("/etc/machine-id")


def host_id(places: Places | None = None, *, machine_id: Path = _MACHINE_ID) -> bytes:
    """Return 16 bytes that stay the same for this machine whatever it is called.

    Derived from the machine id, which is not to be shown as it is; where there is none, random and kept in the state
    folder. YesterError when that cannot be written.
    """
    return own_id(machine_id) or kept_id((places or Places.default()).state / "host-id")


def own_id(machine_id: Path = _MACHINE_ID) -> bytes:
    """Return the 16 bytes that are derived from the machine id; empty where there is none."""
    try:
        text = machine_id.read_bytes().strip()
    except OSError:
        return b""
    # systemd writes "uninitialized" into images that are yet to be started.
    return blake3(text, derive_key_context="yester v1 host").digest(16) if len(text) >= 32 else b""


def kept_id(path: Path) -> bytes:
    """Return the 16 random bytes kept in a file, made on first use; of two that make it at once, one wins for both."""
    absent = not path.exists()  # asked first: one that comes to be after this is another's, and whole
    known = _read_id(path)
    if known is None:
        remember(path, os.urandom(16).hex().encode(), first=absent)
        known = _read_id(path)
    if known is None:
        raise YesterError(f"{path} cannot be read back", hint="Check that disk.")
    return known


def _read_id(path: Path) -> bytes | None:
    try:
        found = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError):
        return None
    return found if len(found) == 16 else None


def host_name() -> str:
    """Return what this machine calls itself, without the domain."""
    return _clean(os.uname().nodename.partition(".")[0] or "localhost")


def user_name() -> str:
    """Return the name of who runs this, or the number where the machine knows no name."""
    try:
        return _clean(getpass.getuser())
    except (KeyError, OSError):
        return str(os.getuid())


def _clean(text: str) -> str:
    """Return text that encodes: names of hosts and users may hold any bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
