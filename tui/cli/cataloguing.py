"""Bringing the catalogue up to date in the background: after a run, in a process of its own that nobody waits for.

It gets the master key through a pipe: no passphrase is asked for again, nothing secret is in an argument or on a disk.
It works at the lowest priority, one process a repository at a time, and nothing is lost when it is killed or
fails: whoever asks the catalogue next goes on where it was.

    python -m yester.tui.cli.cataloguing PLACE < MASTER-KEY
"""

import os
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from yester.engine.errors import YesterError
from yester.engine.places import Places

if TYPE_CHECKING:
    from yester.engine.repository import Repository

SWITCH = "YESTER_BACKGROUND"
"""Set to 0, this variable keeps anything from being started in the background."""

_NICEST = 19


def update_in_background(repository: "Repository", place: str) -> None:
    """Start the process; where it cannot be started, whoever asks the catalogue brings it up to date.

    A write-only client has no catalogue: it cannot read what would be in it.
    """
    if os.environ.get(SWITCH) == "0" or not repository.can_read:
        return
    with suppress(OSError):
        _start(place, repository.master.encode())


def _start(place: str, key: bytes) -> None:
    reader, writer = os.pipe()
    try:
        nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            streams = [(os.POSIX_SPAWN_DUP2, reader, 0), *((os.POSIX_SPAWN_DUP2, nowhere, fd) for fd in (1, 2))]
            command = [sys.executable, "-P", "-m", __name__, place]
            # In a session of its own: the end of the terminal is not its end.
            os.posix_spawn(sys.executable, command, os.environ, file_actions=streams, setsid=True)
        finally:
            os.close(nowhere)
        os.write(writer, key)
    finally:
        os.close(reader)
        os.close(writer)


def main() -> int:
    """Be that process."""
    os.nice(_NICEST)
    try:
        _update(sys.argv[1], sys.stdin.buffer.read())
    except YesterError:
        return 1
    return 0


def _update(place: str, key: bytes) -> None:
    from yester.engine.catalogue.catalogue import Catalogue
    from yester.engine.repository import Repository
    from yester.engine.sealed.keys import MasterKey
    from yester.tui.cli.opening import limited_store

    repository = Repository.open_with(limited_store(place), MasterKey.decode(key), places=Places.default())
    with closing(repository), Catalogue.open(repository) as catalogue:
        catalogue.update(sweeping=True, private=False)


if __name__ == "__main__":
    sys.exit(main())
