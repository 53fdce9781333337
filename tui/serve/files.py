"""Answers about what is in snapshots: folders by the page, entries, versions of a path, and names in all of them."""

import os
from collections.abc import Iterator
from itertools import islice
from stat import S_ISREG

from msgspec import to_builtins

from yester.engine.entries import Entry as StoredEntry
from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.repository import Repository
from yester.engine.restore.foreseeing import foresee
from yester.engine.trees.content import Content
from yester.engine.trees.directories import Directory, decode_root, open_directory, resolve
from yester.tui.cli.entry import described, rows_of
from yester.tui.cli.find import found_as_json
from yester.tui.cli.restore import foreseen_as_json
from yester.tui.cli.versions import version_as_json
from yester.tui.cli.wording import printable
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.params import Entry, FolderPage, Foresee, OneSnapshot, Path, Read, Search


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


def read(desk: Desk, asked: Read, call: Call) -> Answers:
    """Yield the beginning of a file: as a snapshot has it, or as it is now."""
    path = asked.entry.raw
    if not asked.snapshot:
        yield _live(path, asked.count)
        return
    with desk.repositories.using(asked) as opened:
        entry = _entry(opened, asked, path)
        if not entry.is_file:
            raise UsageError(f"{printable(path)} is no file")
        content = Content.of(entry, opened.reader())
        found = {"size": content.size, "bytes": bytes(content.read(0, min(asked.count, content.size)))}
    yield found


def _live(path: bytes, count: int) -> dict[str, object]:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not S_ISREG(status.st_mode):
                raise UsageError(f"{printable(path)} is no file")
            return {"size": status.st_size, "bytes": file.read(count)}
    except OSError as problem:
        raise UsageError(f"{printable(path)} cannot be read: {problem.strerror}") from None


def foreseen(desk: Desk, asked: Foresee, call: Call) -> Answers:
    """Yield what a restore would do."""
    with desk.repositories.using(asked) as opened:
        _, snapshot = opened.find_snapshot(asked.snapshot)
        paths = [entry.raw for entry in asked.entries]
        root = decode_root(snapshot.root)
        found = foresee(opened.reader(), root, paths, asked.target.raw, call.is_cancelled.is_set)
    yield foreseen_as_json(found)


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
