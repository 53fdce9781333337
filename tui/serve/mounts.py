"""Answers about mounts."""

import os

from msgspec import to_builtins

from yester.engine.events import shown
from yester.fs.known_mounts import known_mounts
from yester.tui.cli.mounts import mount_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.mounts import Mounted
from yester.tui.serve.methods.params import Params


def mounts(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield the mounts of this machine, in the order in which they were made."""
    yield from map(mount_as_json, known_mounts(desk.places.runtime))


def path_of(desk: Desk, asked: Mounted, call: Call) -> Answers:
    """Yield the folder of a snapshot in a mount, by its time; the kernel answers what it remembers by itself."""
    place = asked.mountpoint.raw
    folder = os.path.join(place, b"ids")
    try:
        link = os.readlink(os.path.join(folder, asked.snapshot.encode()))
    except OSError:  # it shows one profile or one snapshot alone, or is not a mount any more
        yield to_builtins(shown(place))
        return
    yield to_builtins(shown(os.path.normpath(os.path.join(folder, link))))
