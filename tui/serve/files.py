"""Answers about what is in snapshots: folders by the page, entries, versions of a path, and names in all of them."""

import os
from itertools import islice
from stat import S_ISREG

import msgspec
from msgspec import to_builtins

from yester.engine.entries import Entry as StoredEntry
from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.repository import Repository
from yester.engine.restore.foreseeing import foresee
from yester.engine.trees.content import Content
from yester.engine.trees.directories import decode_root, open_directory, resolve
from yester.tui.cli.entry import described, rows_of
from yester.tui.cli.find import found_as_json
from yester.tui.cli.restore import foreseen_as_json
from yester.tui.cli.versions import version_as_json
from yester.tui.cli.wording import printable
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.ordering import entries_at, next_of
from yester.tui.serve.params import Entry, FolderPage, FolderSeek, Foresee, OneSnapshot, Path, Read, Search


def folder(desk: Desk, asked: FolderPage, call: Call) -> Answers:
    """Yield a page of a folder. Only nodes that hold the page are read, unless it is filtered or in another order."""
    with desk.repositories.using(asked) as opened:
        entry = _entry(opened, asked, asked.folder.raw)
        if not entry.is_directory:
            raise UsageError(f"{printable(asked.folder.raw)} is no folder")
        if not entry.refs:
            return {"total": 0}
        source = opened.reader()
        inside = open_directory(source, entry)
        positions = desk.orders.of(inside, asked, call)
        page = entries_at(inside, positions[asked.start : asked.start + asked.count])
        answers = [described(source, child.name, child) for child in page]
    yield from answers
    return {"total": len(positions)}


def seek(desk: Desk, asked: FolderSeek, call: Call) -> Answers:
    """Yield where the next name stands that holds a text; nothing where none does."""
    with desk.repositories.using(asked) as opened:
        entry = _entry(opened, asked, asked.folder.raw)
        if not entry.is_directory or not entry.refs:
            return
        inside = open_directory(opened.reader(), entry)
        shown = desk.orders.of(inside, asked, call)
        wanted = desk.orders.of(
            inside, msgspec.structs.replace(asked, grep=asked.text, sort="name", falling=False), call
        )
    place = next_of(shown, wanted, asked.start, -1 if asked.backwards else 1)
    if place is not None:
        yield {"position": place}


def details(desk: Desk, asked: Entry, call: Call) -> Answers:
    """Yield all that is kept of an entry, as rows."""
    path = asked.entry.raw
    with desk.repositories.using(asked) as opened:
        rows = [*rows_of(opened.reader(), path, _entry(opened, asked, path))]
    yield from ({"name": name, "value": value} for name, value in rows)


def read(desk: Desk, asked: Read, call: Call) -> Answers:
    """Yield a part of a file: as a snapshot has it, or as it is now."""
    path = asked.entry.raw
    if not asked.snapshot:
        yield _live(path, asked.start, asked.count)
        return
    with desk.repositories.using(asked) as opened:
        entry = _entry(opened, asked, path)
        if not entry.is_file:
            raise UsageError(f"{printable(path)} is no file")
        content = Content.of(entry, opened.reader())
        start = min(asked.start, content.size)
        data = bytes(content.read(start, min(asked.count, content.size - start)))
        found = {"size": content.size, "bytes": data}
    yield found


def _live(path: bytes, start: int, count: int) -> dict[str, object]:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not S_ISREG(status.st_mode):
                raise UsageError(f"{printable(path)} is no file")
            file.seek(start)
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
