"""Where the sockets of runs are: files RUN.sock in a folder that only their owner enters.

A socket's path has at most 107 bytes. A longer one is reached through its folder's descriptor, below /proc/self/fd.

A socket takes its name when somebody already listens on it. So one that refuses a connection belongs to a run that
died, and may be swept away.
"""

import os
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from yester.engine.places import Places

MAX_ADDRESS_SIZE = 107
CONNECT_TIMEOUT_S = 2
_SUFFIX = ".sock"
_FRESH = ".fresh"
_STALE_S = 60.0
"""From then on a socket that never got its name is of a process that died in between."""
_BACKLOG = 64


def control_folders(places: Places) -> tuple[Path, ...]:
    """Return where sockets may be, in the order in which they are tried: the session's folder may be gone, or full."""
    return tuple(dict.fromkeys((places.runtime / "runs", places.state / "runtime" / "runs")))


def socket_path(folder: Path, run: str) -> Path:
    """Return where the socket of a run is."""
    return folder / f"{run}{_SUFFIX}"


def listening(folder: Path, run: str) -> socket.socket:
    """Return a socket that listens under the run's name, for its owner alone. OSError: it cannot be there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    fresh = folder / f"{run}{_FRESH}"
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(fresh) as address:
            server.bind(address)
            fresh.chmod(0o600)
            server.listen(_BACKLOG)
        server.setblocking(False)
        fresh.rename(socket_path(folder, run))
    except BaseException:
        server.close()
        fresh.unlink(missing_ok=True)
        raise
    return server


def connected(path: Path) -> socket.socket:
    """Return a connection to a run, with a timeout set. OSError: nobody listens there."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # With a time-out of Python's the connection would be refused at once while others wait to be let in.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", CONNECT_TIMEOUT_S, 0))
    try:
        with _address(path) as address:
            client.connect(address)
        client.settimeout(CONNECT_TIMEOUT_S)
    except BaseException:
        client.close()
        raise
    return client


def connected_first(paths: Sequence[Path]) -> socket.socket | None:
    """Return a connection to the first of these that somebody listens on."""
    for path in dict.fromkeys(paths):
        with suppress(OSError):
            return connected(path)
    return None


def sweep(folder: Path) -> list[str]:
    """Remove the sockets of runs that died, and return their ids; what cannot be removed stays."""
    swept = []
    for path in _sockets(folder):
        with suppress(OSError):
            if _is_dead(path):
                path.unlink()
                swept.append(path.stem)
    return swept


def _sockets(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.suffix in (_SUFFIX, _FRESH))
    except OSError:
        return []


def _is_dead(path: Path) -> bool:
    if path.suffix == _FRESH:
        return time.time() - path.stat().st_mtime > _STALE_S
    try:
        connected(path).close()
    except ConnectionRefusedError:
        return True
    except OSError:  # busy, or not ours to judge
        return False
    return False


@contextmanager
def _address(path: Path) -> Iterator[str | bytes]:
    """Give a name of at most MAX_ADDRESS_SIZE bytes for a path, for the time of the block."""
    plain = os.fsencode(path)
    if len(plain) <= MAX_ADDRESS_SIZE:
        yield plain
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
