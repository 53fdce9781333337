"""Answers about what is in snapshots: entries, versions of a path, and names in all of them (folders: folders.py)."""

from collections.abc import Iterable, Iterator
from itertools import islice

from msgspec import to_builtins

from yester.engine.archive.needing import offline_size
from yester.engine.comparing.present import Present
from yester.engine.events import shown
from yester.engine.restore.foreseeing import foresee
from yester.engine.trees.directories import decode_root
from yester.tui.cli.entry import rows_of
from yester.tui.cli.find import found_as_json
from yester.tui.cli.restore import foreseen_as_json
from yester.tui.cli.versions import version_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.contents import entry_of, opened_file
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.files import Entry, Foresee, Path, Read, Search
from yester.tui.serve.methods.params import NOW


def details(desk: Desk, asked: Entry, call: Call) -> Answers:
    """Yield all that is kept of an entry, as rows."""
    path = asked.entry.raw
    if asked.snapshot == NOW:
        yield from _rows(rows_of(None, path, Present().entry(path)))
        return
    with desk.repositories.using(asked) as opened:
        rows = [*rows_of(opened.reader(), path, entry_of(opened, asked.snapshot, path))]
    yield from _rows(rows)


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[object]:
    return ({"name": name, "value": value} for name, value in rows)


def read(desk: Desk, asked: Read, call: Call) -> Answers:
    """Yield a part of a file: as a snapshot has it, or as it is now."""
    with opened_file(desk, asked, asked.snapshot, asked.entry.raw) as file:
        found = {"size": file.size, "bytes": file.read(asked.start, asked.count)}
    yield found


def foreseen(desk: Desk, asked: Foresee, call: Call) -> Answers:
    """Yield what a restore would do."""
    with desk.repositories.using(asked) as opened:
        _, snapshot = opened.find_snapshot(asked.snapshot)
        paths = [entry.raw for entry in asked.entries]
        root = decode_root(snapshot.root)
        found = foresee(opened.reader(), root, paths, asked.target.raw or None, call.is_cancelled.is_set)
        offline = offline_size(opened, root, paths, lambda directories, pieces: call.check())
    yield foreseen_as_json(found, offline)


def find(desk: Desk, asked: Search, call: Call) -> Answers:
    """Yield paths by name, newest content first, each as soon as it is found; ended at once when it is cancelled."""
    from yester.engine.catalogue.patterns import Pattern

    with desk.repositories.searching(asked, call) as catalogue:
        found = catalogue.find(Pattern(asked.pattern, asked.ignore_case))
        yield from map(found_as_json, islice(found, asked.limit))
        return {"more": next(found, None) is not None}


def versions(desk: Desk, asked: Path, call: Call) -> Answers:
    """Yield the versions of a path, oldest first."""
    with desk.repositories.searching(asked, call) as catalogue:
        found = catalogue.versions(asked.entry.raw)
    yield from map(version_as_json, found)
    return to_builtins(shown(asked.entry.raw))
