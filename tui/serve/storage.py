"""Answers about what takes the room in a repository."""

import os
from collections.abc import Callable

from msgspec import to_builtins

from yester.engine.events import shown
from yester.tui.cli.history import snapshot_of, wanted
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.storage import UsageWanted


def usage(desk: Desk, asked: UsageWanted, call: Call) -> Answers:
    """Yield what the snapshots of a repository take in the store, and the heaviest paths right below a folder."""
    from yester.engine.catalogue.usage import usage as added_up

    with desk.repositories.using(asked) as opened, desk.repositories.searching(asked, call) as catalogue:
        everything = opened.snapshots()
        place = asked.folder.raw or _above([source for _, snapshot in everything for source in snapshot.sources])
        index, source = opened.index, opened.reader()
        found = added_up(catalogue, index, source, wanted(None, None), place, 1, _checking(call))
    yield {
        "size": found.size,
        "plain_size": found.plain_size,
        "folder": shown(place),
        "snapshots": [{**snapshot_of(listed), "unique_size": own} for listed, own in found.unique],
        "paths": [{**to_builtins(shown(each)), "size": own} for each, own in found.paths[: asked.limit]],
        "missing": found.missing,
    }


def _checking(call: Call) -> Callable[[int], None]:
    return lambda number: call.check()


def _above(sources: list[bytes]) -> bytes:
    """Return the folder that holds all of these."""
    return os.path.commonpath(sources) if sources else b"/"
