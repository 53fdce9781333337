"""This machine and this person, as snapshots name them."""

import getpass
import os
import secrets
import socket
from pathlib import Path

from blake3 import blake3

from yester.engine.places import Places, ensured

_MACHINE_ID = Path("/etc/machine-id")


def host_id(places: Places | None = None, *, machine_id: Path = _MACHINE_ID) -> bytes:
    """Return 16 bytes that stay the same for this machine whatever it is called.

    Derived from the machine id, which is not to be shown as it is; where there is none, random and kept in the state
    folder. OSError when that cannot be written.
    """
    try:
        text = machine_id.read_bytes().strip()
    except OSError:
        text = b""
    # systemd writes "uninitialized" into images that are yet to be started.
    if len(text) < 32:
        return _remembered((places or Places.default()).state)
    return blake3(text, derive_key_context="yester v1 host").digest(16)


def _remembered(state: Path) -> bytes:
    return kept_id(state / "host-id")


def kept_id(path: Path) -> bytes:
    """Return the 16 random bytes kept in a file, made on first use; of two that make it at once, one wins for both."""
    try:
        found = bytes.fromhex(path.read_text("ascii"))
        if len(found) == 16:
            return found
    except (FileNotFoundError, ValueError):
        pass
    ensured(path.parent)
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    fresh.write_text(secrets.token_hex(16), "ascii")
    try:
        if path.exists():
            os.replace(fresh, path)
        else:
            os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)
    return bytes.fromhex(path.read_text("ascii"))


def host_name() -> str:
    """Return what this machine calls itself, without the domain."""
    return _clean(socket.gethostname().partition(".")[0] or "localhost")


def user_name() -> str:
    """Return the name of who runs this, or the number where the machine knows no name."""
    try:
        return _clean(getpass.getuser())
    except (KeyError, OSError):
        return str(os.getuid())


def _clean(text: str) -> str:
    """Return text that encodes: names of hosts and users may hold any bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
