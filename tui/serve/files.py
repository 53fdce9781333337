"""Answers about what is in snapshots: folders by the page, entries, versions of a path, and names in all of them."""

from collections.abc import Iterator
from itertools import islice

from msgspec import to_builtins

from yester.engine.entries import Entry as StoredEntry
from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.repository import Repository
from yester.engine.trees.directories import Directory, decode_root, open_directory, resolve
from yester.tui.cli.entry import described, rows_of
from yester.tui.cli.find import found_as_json
from yester.tui.cli.versions import version_as_json
from yester.tui.cli.wording import printable
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.params import Entry, FolderPage, OneSnapshot, Path, Search


def folder(desk: Desk, asked: FolderPage, call: Call) -> Answers:
    """Yield a page of a folder. Only the nodes that hold the page are read, unless names are filtered."""
    with desk.repositories.using(asked) as opened:
        entry = _entry(opened, asked, asked.folder.raw)
        if not entry.is_directory:
            raise UsageError(f"{printable(asked.folder.raw)} is no folder")
        if not entry.refs:
            return {"total": 0}
        source = opened.reader()
        total, page = _page(open_directory(source, entry), asked, call)
        answers = [described(source, child.name, child) for child in page]
    yield from answers
    return {"total": total}


def _page(inside: Directory, asked: FolderPage, call: Call) -> tuple[int, list[StoredEntry]]:
    """Return how many names there are, and the entries of the page."""
    if not asked.grep:
        return len(inside), [*islice(_entries(inside, asked.start), asked.count)]
    wanted, total, page = asked.grep.casefold(), 0, []
    for leaf, _, _ in inside.leaves():
        call.check()
        for row, name in enumerate(leaf.names()):
            if wanted in name.decode("utf-8", "replace").casefold():
                if asked.start <= total < asked.start + asked.count:
                    page.append(leaf.entry(row))
                total += 1
    return total, page


def _entries(inside: Directory, start: int) -> Iterator[StoredEntry]:
    for leaf, first, _ in inside.leaves(start):
        for row in range(max(0, start - first), leaf.count):
            yield leaf.entry(row)


def details(desk: Desk, asked: Entry, call: Call) -> Answers:
    """Yield all that is kept of an entry, as rows."""
    path = asked.entry.raw
    with desk.repositories.using(asked) as opened:
        rows = [*rows_of(opened.reader(), path, _entry(opened, asked, path))]
    yield from ({"name": name, "value": value} for name, value in rows)


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


def _entry(opened: Repository, asked: OneSnapshot, path: bytes) -> StoredEntry:
    sid, snapshot = opened.find_snapshot(asked.snapshot)
    entry = resolve(opened.reader(), decode_root(snapshot.root), path)
    if entry is None:
        raise UsageError(f"There is no {printable(path)} in snapshot {sid.hex()[:8]}")
    return entry
