"""Answers about mounts."""

from yester.fs.known_mounts import known_mounts
from yester.tui.cli.mounts import mount_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.params import Params


def mounts(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield the mounts of this machine, in the order in which they were made."""
    yield from map(mount_as_json, known_mounts(desk.places.runtime))
