"""What is in a folder, by the page: in a snapshot or now, also what was deleted, and how it is elsewhere.

Of a folder of a snapshot only the nodes that hold the page are read. Where all names are needed (of a folder now, or
when deleted ones are wanted) they are got once, and kept while more pages of it are asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import to_builtins

from yester.engine.blobs import BlobSource
from yester.engine.comparing.present import likeness
from yester.engine.entries import Entry
from yester.engine.errors import DamageError, UsageError
from yester.engine.events import shown
from yester.tui.cli.entry import described
from yester.tui.cli.history import snapshot_of
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.files import Folder, FolderPage, FolderSeek
from yester.tui.serve.names import Gone, Names, deleted, fitting
from yester.tui.serve.ordering import BY, next_of
from yester.tui.serve.sides import Side, Then, side

OFFLINE = "offline"
"""The mark of what is in archives only."""


class _Row(NamedTuple):
    """A name of a page, and what it is: there, or deleted."""

    name: bytes
    entry: Entry | None
    gone: Gone | None
    fields: dict[str, Any]


def folder(desk: Desk, asked: FolderPage, call: Call) -> Answers:
    """Yield a page of a folder; the return value says how many names there are."""
    with side(desk, asked, asked.snapshot, asked.folder.raw) as here:
        total, rows = _page(desk, asked, call, here)
        if isinstance(here, Then):
            _mark_offline(here, rows)
    there = _elsewhere(desk, asked, rows) if asked.against else None
    for row in rows:
        if there is not None and row.entry is not None:
            row.fields["there"] = likeness(row.entry, there.get(row.name))
        yield row.fields
    return {"total": total}


def seek(desk: Desk, asked: FolderSeek, call: Call) -> Answers:
    """Yield where the next name stands that holds a text; nothing where none does."""
    part = msgspec.structs.replace(asked, grep=asked.text, sort="name", falling=False)
    with side(desk, asked, asked.snapshot, asked.folder.raw) as here:
        if isinstance(here, Then) and not asked.deleted:
            shown, wanted = (here.positions(desk.orders, each, call) for each in (asked, part))
        else:
            names = _names(desk, asked, call, here).all
            fit = frozenset(fitting(names, asked.text))
            shown, wanted = range(len(names)), [at for at, name in enumerate(names) if name in fit]
    place = next_of(shown, wanted, asked.start, -1 if asked.backwards else 1)
    if place is not None:
        yield {"position": place}


def _page(desk: Desk, asked: FolderPage, call: Call, here: Side) -> tuple[int, list[_Row]]:
    if isinstance(here, Then) and not asked.deleted:
        positions = here.positions(desk.orders, asked, call)
        page = here.at(positions[asked.start : asked.start + asked.count])
        return len(positions), [_row(here.source, entry.name, entry, None) for entry in page]
    names = _names(desk, asked, call, here)
    wanted = names.all[asked.start : asked.start + asked.count]
    entries = _by_name(here.entries([name for name in wanted if name not in names.gone]))
    rows = [_row(here.source, name, entries.get(name), names.gone.get(name)) for name in wanted]
    return len(names.all), rows


def _mark_offline(here: Then, rows: Sequence[_Row]) -> None:
    """Say of the files of a page which are in archives only; what is damaged is said by whoever reads it."""
    files = [row for row in rows if row.entry is not None and row.gone is None]
    try:
        states = here.offline([row.entry for row in files if row.entry is not None])
    except DamageError:
        return
    for row, is_offline in zip(files, states, strict=True):
        if is_offline:
            row.fields["marks"] = [*row.fields.get("marks", ()), OFFLINE]


def _names(desk: Desk, asked: Folder, call: Call, here: Side) -> Names:
    key = (here.key, asked.profile, asked.grep, asked.sort, asked.falling, asked.deleted, asked.hidden)
    return desk.names.of(key, lambda: _got(desk, asked, call, here))


def _got(desk: Desk, asked: Folder, call: Call, here: Side) -> Names:
    there = here.names(call) if here.is_there or not asked.deleted else []
    gone: Mapping[bytes, Gone] = {}
    if asked.deleted:
        with desk.repositories.searching(asked, call) as catalogue:
            gone = deleted(catalogue, asked.folder.raw, there, asked.profile, here.time_ns)
    seen = [name for name in {*there, *gone} if asked.hidden or not name.startswith(b".")]
    names = fitting(sorted(seen), asked.grep)
    return Names(_ordered(names, gone, asked, here), gone)


def _ordered(names: Sequence[bytes], gone: Mapping[bytes, Gone], asked: Folder, here: Side) -> Sequence[bytes]:
    value_of = BY.get(asked.sort)
    if value_of is None:
        return names[::-1] if asked.falling else names
    values = {entry.name: value_of(entry) for entry in here.entries([name for name in names if name not in gone])}
    values |= {name: value_of(each.entry) for name, each in gone.items()}
    return sorted(names, key=lambda name: values.get(name, 0), reverse=asked.falling)


def _row(source: BlobSource | None, name: bytes, entry: Entry | None, gone: Gone | None) -> _Row:
    if gone is not None:
        below = {"size_below": gone.size} if gone.entry.is_directory else {}
        fields = to_builtins(described(None, name, gone.entry)) | below | {"last": snapshot_of(gone.last)}
    elif entry is not None:
        fields = to_builtins(described(source, name, entry))
    else:  # those after it keep their places
        fields = to_builtins(shown(name)) | {"type": "unknown", "marks": ["it went meanwhile"]}
    return _Row(name, entry, gone, fields)


def _elsewhere(desk: Desk, asked: FolderPage, rows: Sequence[_Row]) -> Mapping[bytes, Entry] | None:
    """Return what the entries of a page are elsewhere, by name; None where that cannot be told."""
    names = [row.name for row in rows if row.entry is not None]
    try:
        with side(desk, asked, asked.against, asked.folder.raw) as there:
            return _by_name(there.entries(names)) if there.is_there else {}
    except UsageError:  # it is no folder there, or may not be looked into
        return None


def _by_name(entries: Sequence[Entry]) -> dict[bytes, Entry]:
    return {entry.name: entry for entry in entries}
