"""Answers about the ways into a repository."""

from yester.engine.ways_in import ways_in
from yester.tui.cli.key import way_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import Where


def keys(desk: Desk, asked: Where, call: Call) -> Answers:
    """Yield the keys, oldest first."""
    with desk.repositories.using(asked) as opened:
        ways = ways_in(opened)
    yield from map(way_as_json, ways)
